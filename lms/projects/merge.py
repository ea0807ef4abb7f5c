"""Two states of one section put together so that nothing of either is lost; a person then takes out what
is too much.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from lms.projects import diff
from lms.projects.content import ROW_ID, Table, filled_rows

MOST_LINES = 2_000
"""Lines of both texts together that are compared; difflib's time grows with their square."""


def texts(stored: str, typed: str) -> str:
    """Every line of both texts once where they agree; where they differ, the stored lines before the typed
    ones.
    """
    before, after = stored.split("\n"), typed.split("\n")
    if len(before) + len(after) > MOST_LINES:
        return f"{stored.rstrip()}\n\n{typed}"
    merged: list[str] = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for _, from_old, to_old, from_new, to_new in matcher.get_opcodes():
        merged += before[from_old:to_old]
        if before[from_old:to_old] != after[from_new:to_new]:
            merged += after[from_new:to_new]
    return "\n".join(merged)


class Row(NamedTuple):
    """A row of a merged table: whose it is where the two differ ("stored" or "typed"), else ''."""

    cells: dict[str, str]
    whose: str


def tables(stored: Table, typed: Table, new_id: Callable[[], str]) -> Iterator[Row]:
    """Every row of both tables; one that differs stands twice, as stored and, under a new id, as typed."""
    before, after = filled_rows(stored), filled_rows(typed)
    for change in diff.tables(stored, typed):
        if change.old is not None and change.op != "equal":
            yield Row(before[change.old], "stored")
        if change.new is not None:
            row = after[change.new]
            if change.op == "change":
                row = {**row, ROW_ID: new_id()}
            yield Row(row, "" if change.op == "equal" else "typed")
