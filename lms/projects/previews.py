"""Files of the work as pages to look at: made in a process of its own, kept beside the store by content hash.

What is kept can be thrown away at any time; it is made again. What nobody looked at for a while is (``forget``). Nothing
here believes a file.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from lms.projects.source import TableSection
from lms.projects.workbook import BadWorkbook, Reading

FOLDER = "previews"
"""Where the pages are kept, in the instance."""

SECONDS = 25.0
"""Longest time that one page may take."""

MADE_AT_ONCE = 2
"""Pages that one web process has made at the same time; others are asked to come back."""

FORMAT = "1"
"""Counts up when what is made changes, so that nothing old is shown."""

BARE_FORMAT = "2"
"""The same for files without their authors: what an older way of cleaning left in is not shown."""

ONE_DAY = 24 * 3600  # seconds

KEPT_FOR = timedelta(days=30)
"""How long a page is kept that nobody looks at."""

_turns = threading.BoundedSemaphore(MADE_AT_ONCE)


class Busy(Exception):
    """Too many files are being opened at once."""


class Unshowable(Exception):
    """The file cannot be shown: broken, locked by a password, or too much to open."""


class Shown(msgspec.Struct, frozen=True):
    """What the rendering process answered; ``picture`` are the bytes of a PNG, empty for texts and tables."""

    facts: dict[str, Any]
    picture: bytes


def shown(
    sha256: str, kind: str, opened: Callable[[], BinaryIO], folder: Path, *, now: datetime, page: int = 0
) -> Shown:
    """One page (from 0) of a file; ``opened`` gives its bytes. Raises Busy, Unshowable and FileNotFoundError."""
    name = f"{FORMAT}-{page}" if kind == "pdf" else FORMAT
    kept = folder / sha256[:2] / sha256 / name
    with contextlib.suppress(OSError):
        return _parts(_read(kept, now))
    made = _asked(kind, opened, {"page": page})
    result = _parts(made)
    _keep(kept, made)
    return result


def bare(sha256: str, kind: str, opened: Callable[[], BinaryIO], folder: Path, *, now: datetime) -> bytes:
    """A file without who made it (see ``bare``). Raises Busy, Unshowable and FileNotFoundError."""
    kept = folder / sha256[:2] / sha256 / f"{BARE_FORMAT}-bare"
    with contextlib.suppress(OSError):
        return _parts(_read(kept, now)).picture
    made = _asked(f"bare-{kind}", opened, {})
    result = _parts(made).picture
    _keep(kept, made)
    return result


def table(
    opened: Callable[[], BinaryIO], section: TableSection, choices: Mapping[str, Sequence[str]]
) -> Reading:
    """What a workbook would bring to a table. Raises BadWorkbook, Busy and Unshowable; nothing is kept."""
    made = _asked("table", opened, {"section": section, "choices": choices})
    facts = _parts(made).facts
    if "bad" in facts:
        raise BadWorkbook(facts["bad"])
    return msgspec.convert(facts, Reading)


def asked(module: str, kind: str, opened: Callable[[], BinaryIO]) -> dict[str, Any]:
    """What another module that may die (see ``render.serve``) says of a file. Raises Busy and Unshowable; nothing is
    kept.
    """
    return _parts(_asked(kind, opened, {}, module)).facts


def _asked(
    kind: str, opened: Callable[[], BinaryIO], request: dict[str, Any], module: str = "lms.projects.render"
) -> bytes:
    if not _turns.acquire(blocking=False):
        raise Busy
    try:
        return _render(kind, opened, request, module)
    finally:
        _turns.release()


def _parts(made: bytes) -> Shown:
    line, _, picture = made.partition(b"\n")
    facts: dict[str, Any] = msgspec.json.decode(line)
    if "error" in facts:
        raise Unshowable(facts["error"])
    return Shown(facts, picture)


def _keep(path: Path, made: bytes) -> None:
    with contextlib.suppress(OSError):  # a full disk costs speed, not the page
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as part:
            part.write(made)
        Path(part.name).replace(path)


def _read(path: Path, now: datetime) -> bytes:
    """What is kept there; its time of change says on which day it was last needed. Raises OSError."""
    made = path.read_bytes()
    with contextlib.suppress(OSError):
        if now.timestamp() - path.stat().st_mtime > ONE_DAY:
            os.utime(path, (now.timestamp(), now.timestamp()))
    return made


def forget(folder: Path, place: str, *, now: datetime) -> int:
    """Delete what nobody looked at for ``KEPT_FOR`` under one part of the folder (two letters of the hash).

    Returns how many pages. Whoever reads one of them at this moment has it already, or makes it again.
    """
    oldest = (now - KEPT_FOR).timestamp()
    count = 0
    for path in (folder / place).glob("*/*"):
        with contextlib.suppress(OSError):  # somebody else's sweep was faster
            if path.stat().st_mtime < oldest:
                path.unlink()
                count += 1
    for empty in (folder / place).glob("*"):
        with contextlib.suppress(OSError):  # it still holds something
            empty.rmdir()
    return count


def _render(kind: str, opened: Callable[[], BinaryIO], request: dict[str, Any], module: str) -> bytes:
    """Ask the other process, which is ended when it takes too long."""
    with tempfile.TemporaryDirectory(prefix="lms-look-") as folder:
        path = Path(folder) / f"berkas.{kind}"
        with opened() as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)
        root = str(Path(__file__).parents[2])
        try:
            done = subprocess.run(
                [sys.executable, "-m", module],
                input=msgspec.json.encode(request | {"kind": kind, "path": str(path)}),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=SECONDS,
                check=False,
                cwd=folder,
                # no secrets in there, whatever a file makes a library do
                env={"PYTHONPATH": root, "PATH": os.environ.get("PATH", ""), "OPENBLAS_NUM_THREADS": "1"},
            )
        except subprocess.TimeoutExpired as error:
            raise Unshowable("time") from error
    if done.returncode != 0 or b"\n" not in done.stdout:
        raise Unshowable("died")
    return done.stdout
