"""Writers of one SQLite file come one by one, whatever happens to the one before."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from lms import extensions
from lms.extensions import read_only


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'turns.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE counter (value INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))
    yield engine
    engine.dispose()


def value(engine: Engine) -> int:
    with read_only(), engine.connect() as connection:
        return int(connection.execute(text("SELECT value FROM counter")).scalar_one())


def add_one(engine: Engine) -> None:
    """A read that is written back: wrong as soon as two do it at once."""
    with engine.begin() as connection:
        found = connection.execute(text("SELECT value FROM counter")).scalar_one()
        connection.execute(text("UPDATE counter SET value = :value"), {"value": found + 1})


def test_many_writers_lose_nothing(engine: Engine) -> None:
    threads = [threading.Thread(target=lambda: [add_one(engine) for _ in range(25)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert value(engine) == 200


def test_readers_wait_for_nobody(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE counter SET value = 5"))
        assert value(engine) == 0
    assert value(engine) == 5


@pytest.mark.parametrize("end", ["rollback", "close", "error"])
def test_a_turn_is_given_back_however_it_ends(engine: Engine, end: str) -> None:
    connection = engine.connect()
    connection.execute(text("UPDATE counter SET value = 7"))
    if end == "error":
        with pytest.raises(OperationalError):
            connection.execute(text("UPDATE nothing SET value = 7"))
        connection.close()
    else:
        getattr(connection, end)()
    thread = threading.Thread(target=add_one, args=(engine,))
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert value(engine) == 1


def test_somebody_else_who_locks_the_file_is_an_error_and_not_a_hang(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(engine.url.database)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(extensions, "WAIT", 0.05)
    with engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA busy_timeout=50")  # type: ignore[union-attr]
        with pytest.raises(OperationalError, match="locked"):
            connection.execute(text("UPDATE counter SET value = 9"))
    other.execute("ROLLBACK")
    other.close()
    add_one(engine)
    assert value(engine) == 1


def test_who_waits_too_long_goes_on_to_the_error(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extensions, "WAIT", 0.05)
    with engine.begin() as first:
        first.execute(text("UPDATE counter SET value = 3"))
        with engine.connect() as second:
            second.connection.driver_connection.execute("PRAGMA busy_timeout=50")  # type: ignore[union-attr]
            with pytest.raises(OperationalError, match="locked"):
                second.execute(text("UPDATE counter SET value = 4"))
    assert value(engine) == 3
