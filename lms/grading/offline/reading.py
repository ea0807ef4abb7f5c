"""Reads a workbook that came back, in a process that may die: ``python -m lms.grading.offline.reading``."""

from pathlib import Path
from typing import Any

import msgspec

from lms.grading.offline import book
from lms.projects import render


def answer(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The sheets of the workbook, or why it cannot be read ("bad")."""
    try:
        return {"sheets": msgspec.to_builtins(book.read(Path(request["path"])))}, b""
    except book.BadBook as error:
        return {"bad": error.reason}, b""


if __name__ == "__main__":
    render.serve(answer)
