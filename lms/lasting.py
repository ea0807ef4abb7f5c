"""Making commits last: SQLite's log is synced once for all who committed meanwhile, before any of them is told.

With ``synchronous=FULL`` SQLite syncs its log inside every commit, and while one does everybody else who wants to write
waits: hundreds of people who save at once wait for hundreds of syncs, one after the other. Here a commit is written to
the log (``synchronous=NORMAL``: whatever happens, the file stays in order), the turn to write goes to the next, and only
then the log is synced, once for all whose commits are in it by then. Nobody is told that something was saved before it
is on the disk; what others read meanwhile is on the disk before whatever they write because of it.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import BinaryIO


class Log:
    """The write-ahead log of one SQLite file, as one process makes it last."""

    def __init__(self, path: str) -> None:
        self._path = Path(f"{path}-wal")
        self._turn = threading.Condition()
        self._asked = 0
        self._done = 0
        self._syncing = False
        self._failed: OSError | None = None
        self._file: BinaryIO | None = None
        self._inode = 0

    def wait(self) -> None:
        """Return once everything that is in the log when this is called is on the disk.

        Raises OSError where the disk refuses, and from then on always: what it once dropped it may later call written.
        """
        with self._turn:
            self._asked += 1
            mine = self._asked
            while self._done < mine:
                if self._failed is not None:
                    raise OSError("an earlier commit could not be made to last") from self._failed
                if self._syncing:
                    self._turn.wait()
                else:
                    self._sync_for_all()

    def _sync_for_all(self) -> None:
        """Sync for everybody who has asked so far; others may ask meanwhile, and wait for the next one."""
        covered = self._asked
        self._syncing = True
        self._turn.release()
        failed = None
        try:
            self._sync()
        except OSError as error:
            failed = error
        finally:
            self._turn.acquire()
            self._syncing = False
            self._turn.notify_all()
        if failed is None:
            self._done = covered
        else:
            self._failed = failed

    def _sync(self) -> None:
        inode = self._path.stat().st_ino
        if self._file is None or inode != self._inode:  # SQLite made the log anew
            if self._file is not None:
                self._file.close()
            self._file = self._path.open("r+b")
            self._inode = inode
        os.fsync(self._file.fileno())
