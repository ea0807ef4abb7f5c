"""What changed in a section since the version before, arranged to be read: paragraphs with what went out and
came in, long unchanged stretches folded, tables cell by cell, files one by one.

`projects.diff` finds the changes; this only lays them out. Everything stays plain text: the page shows it as
typed, so nothing a learner writes becomes markup here.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from lms.projects import content, diff
from lms.projects.content import Content, FileRef, Table
from lms.projects.diff import Change, FileChange

Standing = Literal["same", "changed", "new", "accepted"]


class Paragraph(msgspec.Struct, frozen=True):
    """A paragraph, or a heading (`level` from 1, 0 for text), as stretches that stayed, went or came."""

    runs: tuple[Change, ...]
    level: int = 0

    @property
    def changed(self) -> bool:
        return any(run.op != "equal" and run.text.strip() for run in self.runs)

    @property
    def words(self) -> int:
        """The words that stand in it now."""
        return content.words("".join(run.text for run in self.runs if run.op != "delete"))


class Block(msgspec.Struct, frozen=True):
    """Paragraphs to show, or (`folded`) unchanged ones that a reader who follows the changes may skip."""

    paragraphs: tuple[Paragraph, ...]
    folded: bool = False

    @property
    def words(self) -> int:
        return sum(paragraph.words for paragraph in self.paragraphs)


class Cell(msgspec.Struct, frozen=True):
    """A cell before and after; the same text twice where it did not change."""

    column: str
    old: str
    new: str

    @property
    def changed(self) -> bool:
        return self.old != self.new


class Row(msgspec.Struct, frozen=True):
    """A row of a table; `number` is its place now, from 1, or None for a row that went out."""

    op: Literal["equal", "insert", "delete", "change"]
    number: int | None
    cells: tuple[Cell, ...]
    moved: bool = False


_BREAK = re.compile(r"\n[ \t]*\n\s*")
_HEADING = re.compile(r"(#{1,6})[ \t]+")
_FOLD_FROM = 12
"""Words from which unchanged paragraphs are folded: less is read faster than it is opened."""

_FOLD_ROWS_FROM = 6
"""Unchanged rows from which they are folded."""


def paragraphs(changes: Iterable[Change]) -> tuple[Paragraph, ...]:
    """The changes of a text cut at its blank lines, also at those that only half changed."""
    listed = list(changes)
    whole = "".join(change.text for change in listed)
    done: list[Paragraph] = []
    at = run = begun = 0  # where the next paragraph begins, the run it begins in, where that run begins
    for end, after in [
        *((found.start(), found.end()) for found in _BREAK.finditer(whole)),
        (len(whole),) * 2,
    ]:
        runs: list[Change] = []
        while run < len(listed) and begun < end:
            text = listed[run].text
            piece = text[max(at - begun, 0) : end - begun]
            if piece:
                runs.append(Change(listed[run].op, piece))
            if begun + len(text) > end:
                break
            begun += len(text)
            run += 1
        if any(each.text.strip() for each in runs):
            done.append(_paragraph(runs))
        at = after
    return tuple(done)


def _paragraph(runs: Sequence[Change]) -> Paragraph:
    """Headings show their words, not their marks, where the mark itself did not change."""
    first = runs[0]
    mark = _HEADING.match(first.text)
    whole = "".join(run.text for run in runs)
    if mark is None or "\n" in whole.strip("\n") or any(_HEADING.match(run.text) for run in runs[1:]):
        return Paragraph(tuple(runs))
    rest = Change(first.op, first.text[mark.end() :])
    return Paragraph(tuple(run for run in (rest, *runs[1:]) if run.text), len(mark[1]))


def folded(found: Sequence[Paragraph]) -> tuple[Block, ...]:
    """Changed paragraphs with one unchanged neighbour on either side; what is left between them is folded."""
    near = [any(other.changed for other in found[max(0, at - 1) : at + 2]) for at, _ in enumerate(found)]
    blocks: list[Block] = []
    start = 0
    for end in range(1, len(found) + 1):
        if end < len(found) and near[end] == near[start]:
            continue
        part = Block(tuple(found[start:end]), folded=not near[start])
        if part.folded and part.words < _FOLD_FROM:
            part = Block(part.paragraphs)
        if blocks and not blocks[-1].folded and not part.folded:
            blocks[-1] = Block((*blocks[-1].paragraphs, *part.paragraphs))
        else:
            blocks.append(part)
        start = end
    return tuple(blocks)


def text_blocks(old: str, new: str) -> tuple[Block, ...]:
    """A text with its changes, folded where nothing changed."""
    return folded(paragraphs(diff.texts(old, new)))


def table_rows(old: Table, new: Table, columns: Sequence[str]) -> tuple[Row, ...]:
    """The rows of both tables with every cell of these columns, before and after."""
    before, after = content.filled_rows(old), content.filled_rows(new)
    rows = []
    for change in diff.tables(old, new):
        was = before[change.old] if change.old is not None else {}
        now = after[change.new] if change.new is not None else {}
        cells = tuple(Cell(column, was.get(column, ""), now.get(column, "")) for column in columns)
        number = None if change.new is None else change.new + 1
        rows.append(Row(change.op, number, cells, change.moved))
    return tuple(rows)


def shown_rows(rows: Sequence[Row]) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """The rows that changed, and those that did not where they are many enough to be folded away."""
    same = tuple(row for row in rows if row.op == "equal" and not row.moved)
    if len(same) < _FOLD_ROWS_FROM:
        return tuple(rows), ()
    return tuple(row for row in rows if row.op != "equal" or row.moved), same


def file_changes(old: Sequence[FileRef], new: Sequence[FileRef]) -> tuple[FileChange, ...]:
    """The files with what became of each."""
    return diff.files(old, new)


def size(held: Content) -> int:
    """The words of a text, the filled rows of a table, the number of files."""
    if isinstance(held, str):
        return content.words(held)
    if isinstance(held, Table):
        return sum(1 for row in held.rows if not content.is_blank_row(row))
    return len(held)


def standing(sha256: str, before: str | None, carried_from: int | None) -> Standing:
    """How a section stands to the version before; `before` is its hash there, None where it was not."""
    if carried_from is not None:
        return "accepted"
    if before is None:
        return "new"
    return "same" if before == sha256 else "changed"
