"""Finds the pages that take too long to render, without letting one hang the server.

Python-Markdown can need minutes for a few kilobytes of unlucky text, and Python cannot interrupt it. So pages
are rendered beside the server, in a process that is thrown away when a page keeps it too long.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from lms.markup import Link, Links, strict_page

START_SECONDS = 60.0
"""Longest time the rendering process may take to start; a busy machine needs some."""


class NotStarted(RuntimeError):
    """The rendering process did not start."""


def slow_pages(pages: Sequence[tuple[str, str, Links]], seconds: float = 5.0) -> list[str]:
    """Return the names of the pages (name, text, links) that need over `seconds` or cannot be rendered.

    One process renders them all; it is replaced after a page that it did not survive. Raises NotStarted.
    """
    slow: list[str] = []
    worker: _Worker | None = None
    try:
        for name, text, links in pages:
            worker = worker or _Worker()
            if not worker.renders(text, links, seconds):
                slow.append(name)
                worker.stop()
                worker = None
    finally:
        if worker:
            worker.stop()
    return slow


class _Worker:
    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lms.publishing.timing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": path},
            text=True,
        )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        if not self.renders("", (), START_SECONDS):
            self.stop()
            raise NotStarted

    def renders(self, text: str, links: Links, seconds: float) -> bool:
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps([text, links]) + "\n")
            self._process.stdin.flush()
            return self._answers.get(timeout=seconds) == "ok\n"
        except (OSError, queue.Empty):
            return False

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(OSError):  # what was still to be written has no reader any more
                    pipe.close()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")  # it ended


def _serve() -> None:
    """Answer each [text, links] line with "ok" or "failed"."""
    for line in sys.stdin:
        text, links = json.loads(line)
        try:
            strict_page(text, tuple((written, Link(*link)) for written, link in links))
        except Exception:  # whatever stops a page is that page's problem
            print("failed", flush=True)
        else:
            print("ok", flush=True)


if __name__ == "__main__":
    _serve()
