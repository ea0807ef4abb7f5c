"""A commit to SQLite is over when it is on the disk; many at once share a sync."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from lms import lasting


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lms.db"


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE saved (number INTEGER)"))
    yield engine
    engine.dispose()


def save(engine: Engine, number: int) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO saved VALUES (:number)"), {"number": number})


class Disk:
    """Stands before fsync: what the log held when the last sync began is all that a power cut leaves."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log = path.with_name(f"{path.name}-wal")
        self.kept = b""
        self.syncs = 0
        self.gate: Callable[[], Any] = lambda: None
        monkeypatch.setattr(lasting.os, "fsync", self.sync)

    def sync(self, handle: int) -> None:
        assert os.fstat(handle).st_ino == self.log.stat().st_ino
        there = self.log.read_bytes()
        self.syncs += 1
        self.gate()
        self.kept = there


@pytest.fixture
def disk(engine: Engine, path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(path, monkeypatch)


def after_a_power_cut(path: Path, log: bytes, folder: Path) -> set[int]:
    """What is there when only so much of the log came to the disk."""
    folder.mkdir()
    copy = folder / path.name
    shutil.copy(path, copy)
    copy.with_name(f"{copy.name}-wal").write_bytes(log)
    with sqlite3.connect(copy) as connection:
        return {number for (number,) in connection.execute("SELECT number FROM saved")}


def test_whatever_was_confirmed_is_there_after_a_power_cut(
    engine: Engine, path: Path, disk: Disk, tmp_path: Path
) -> None:
    confirmed: list[tuple[int, bytes]] = []

    def work(first: int) -> None:
        for number in range(first, first + 12):
            save(engine, number)
            confirmed.append((number, disk.kept))

    threads = [threading.Thread(target=work, args=(100 * at,)) for at in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(confirmed) == 72
    assert disk.syncs <= 72
    for at, (number, log) in enumerate(confirmed):
        if at % 6 == 0 or at == 71:
            assert number in after_a_power_cut(path, log, tmp_path / f"cut-{at}")


def test_nobody_is_told_before_the_disk_has_it_and_the_others_share_one_sync(
    engine: Engine, disk: Disk
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def gate() -> None:
        begun.set()
        assert go_on.wait(30)

    disk.gate = gate
    told: list[int] = []
    threads = [
        threading.Thread(target=lambda number=number: (save(engine, number), told.append(number)))
        for number in range(1, 6)
    ]
    threads[0].start()
    assert begun.wait(30)
    for thread in threads[1:]:  # their turn to write comes although the first is not on the disk yet
        thread.start()
    deadline = threading.Event()
    with sqlite3.connect(str(engine.url.database)) as other:
        while other.execute("SELECT count(*) FROM saved").fetchone()[0] < 5:
            assert not deadline.wait(0.01)
    assert told == []
    assert disk.syncs == 1
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert sorted(told) == [1, 2, 3, 4, 5]
    assert disk.syncs <= 3


def test_reading_waits_for_no_disk(engine: Engine, disk: Disk) -> None:
    from lms.extensions import read_only

    with read_only(), engine.begin() as connection:
        connection.execute(text("SELECT count(*) FROM saved"))
    assert disk.syncs == 0
    # whoever writes although it had said it would only read is made to last all the same
    with read_only(), engine.begin() as connection:
        connection.execute(text("INSERT INTO saved VALUES (1)"))
    assert disk.syncs == 1


def test_a_disk_that_refuses_is_believed_no_more(engine: Engine, disk: Disk) -> None:
    def gate() -> None:
        raise OSError("input/output error")

    disk.gate = gate
    with pytest.raises(OSError, match="made to last"):
        save(engine, 1)
    disk.gate = lambda: None
    with pytest.raises(OSError, match="made to last"):
        save(engine, 2)


def test_a_log_that_was_made_anew_is_the_one_that_is_synced(engine: Engine, disk: Disk, path: Path) -> None:
    save(engine, 1)
    engine.dispose()  # the last connection takes the log away
    assert not disk.log.exists()
    save(engine, 2)
    assert disk.syncs == 2
