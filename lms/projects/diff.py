"""What changed between two versions of a section: word by word, cell by cell, file by file.

Texts are compared around what stands once in both (patience comparison): first whole lines, then words within
lines that differ. Unlike difflib this costs little more than the length of the texts, whatever is in them;
stretches that have nothing in common to hold on to and are long are shown as taken out and put in.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import Literal

import msgspec

from lms.projects.content import ROW_ID, Content, FileRef, Table, filled_rows

Op = Literal["equal", "insert", "delete"]


class Change(msgspec.Struct, frozen=True):
    """A stretch of text that stayed, came in or went out."""

    op: Op
    text: str


class CellChange(msgspec.Struct, frozen=True):
    """A cell before and after."""

    column: str
    old: str
    new: str


class RowChange(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a table: `old` and `new` are its places (from 0), None where it was not there.

    `cells` holds the cells that differ. `moved` is true when rows that are in both versions changed order
    around it.
    """

    op: Literal["equal", "insert", "delete", "change"]
    row_id: str
    old: int | None
    new: int | None
    cells: tuple[CellChange, ...] = ()
    moved: bool = False


class FileChange(msgspec.Struct, frozen=True):
    """A file that stayed, came in, went out, or stayed under another name (`old_name`)."""

    op: Literal["equal", "insert", "delete", "rename"]
    file: FileRef
    old_name: str = ""


def texts(old: str, new: str) -> tuple[Change, ...]:
    """The changes from one text to another.

    Equal and inserted stretches together are the new text, equal and deleted ones the old; what goes out
    stands before what comes in.
    """
    if old == new:
        return (Change("equal", old),) if old else ()
    return tuple(_merged(_by_lines(old, new)))


def tables(old: Table, new: Table) -> tuple[RowChange, ...]:
    """The rows of both tables by row id, in the order of the new one, each that went out where it was."""
    before, after = _rows(old), _rows(new)
    order = set(_longest_rising([before[row_id][0] for row_id in after if row_id in before]))
    changes: list[RowChange] = []
    for row_id, (place, row) in after.items():
        if row_id not in before:
            changes.append(RowChange(op="insert", row_id=row_id, old=None, new=place, cells=_cells({}, row)))
            continue
        was, earlier = before[row_id]
        cells = _cells(earlier, row)
        changes.append(
            RowChange(
                op="change" if cells else "equal",
                row_id=row_id,
                old=was,
                new=place,
                cells=cells,
                moved=was not in order,
            )
        )
    for row_id, (place, row) in before.items():
        if row_id not in after:
            change = RowChange(op="delete", row_id=row_id, old=place, new=None, cells=_cells(row, {}))
            changes.insert(_after(changes, place), change)
    return tuple(changes)


def files(old: Sequence[FileRef], new: Sequence[FileRef]) -> tuple[FileChange, ...]:
    """The files of the new version, then those that went out; the same bytes are the same file."""
    left = Counter((file.sha256, file.name) for file in old)
    names: dict[str, list[str]] = {}
    same = []
    for file in new:
        known = left[file.sha256, file.name] > 0
        left[file.sha256, file.name] -= known
        same.append(known)
    for file in old:
        if left[file.sha256, file.name] > 0:
            left[file.sha256, file.name] -= 1
            names.setdefault(file.sha256, []).append(file.name)
    changes = []
    for file, known in zip(new, same, strict=True):
        if known:
            changes.append(FileChange("equal", file))
        elif names.get(file.sha256):
            changes.append(FileChange("rename", file, names[file.sha256].pop(0)))
        else:
            changes.append(FileChange("insert", file))
    for file in old:
        if file.name in names.get(file.sha256, ()):
            names[file.sha256].remove(file.name)
            changes.append(FileChange("delete", file))
    return tuple(changes)


def compare(
    old: Content, new: Content
) -> tuple[Change, ...] | tuple[RowChange, ...] | tuple[FileChange, ...]:
    """The changes between two contents of one section; raises TypeError when they are not of one kind."""
    if isinstance(old, str) and isinstance(new, str):
        return texts(old, new)
    if isinstance(old, Table) and isinstance(new, Table):
        return tables(old, new)
    if isinstance(old, tuple) and isinstance(new, tuple):
        return files(old, new)
    raise TypeError("contents of two kinds cannot be compared")


# Texts

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
# "4,64" and "1.250.000" are one number: half a figure marked as changed reads as another figure
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*\w*|\w+|\s+|[^\w\s]")

_DEEPEST = 24  # rounds of looking for what stands once; each costs the length of what still differs
_LONGEST_WORDS = 20_000  # words in one stretch of differing lines; a longer one is shown line by line
_MOST_LINES = 50_000
_IN_A_ROW = (1, 4, 8)  # tokens to look for; every second one is a space
_LARGEST_GRID = 10_000  # pairs compared one by one where nothing stands once


def _by_lines(old: str, new: str) -> Iterator[Change]:
    before, after = _LINE.findall(old), _LINE.findall(new)
    if len(before) + len(after) > _MOST_LINES:
        yield from _replaced(old, new)
        return
    for op, out, in_ in _stretches(before, after):
        if op == "equal":
            yield Change("equal", "".join(out))
            continue
        gone, came = _TOKEN.findall("".join(out)), _TOKEN.findall("".join(in_))
        if gone and came and len(gone) + len(came) <= _LONGEST_WORDS:
            yield from _by_words(gone, came)
        else:
            yield from _replaced("".join(gone), "".join(came))


def _by_words(old: list[str], new: list[str]) -> Iterator[Change]:
    gone = came = ""
    held = ""  # a stretch that stayed but holds no word; between two changes it is noise
    for op, out, in_ in _stretches(old, new):
        if op == "equal":
            if (gone or came) and not any(token[0].isalnum() for token in out):
                held += "".join(out)
                continue
            yield from _replaced(gone, came)
            gone = came = ""
            if held:
                yield Change("equal", held)
                held = ""
            yield Change("equal", "".join(out))
        else:
            gone += held + "".join(out)
            came += held + "".join(in_)
            held = ""
    yield from _replaced(gone, came)
    if held:
        yield Change("equal", held)


def _replaced(gone: str, came: str) -> Iterator[Change]:
    if gone:
        yield Change("delete", gone)
    if came:
        yield Change("insert", came)


def _merged(changes: Iterator[Change]) -> Iterator[Change]:
    """Neighbours of one kind as one, and between two equal stretches what goes out before what comes in."""
    gone: list[str] = []
    came: list[str] = []
    same: list[str] = []
    for change in changes:
        if change.op == "equal":
            if gone or came:
                yield from _equal(same)
                yield from _replaced("".join(gone), "".join(came))
                gone, came, same = [], [], []
            same.append(change.text)
        else:
            (gone if change.op == "delete" else came).append(change.text)
    yield from _equal(same)
    yield from _replaced("".join(gone), "".join(came))


def _equal(parts: list[str]) -> Iterator[Change]:
    if any(parts):
        yield Change("equal", "".join(parts))


_Stretch = tuple[Literal["equal", "change"], list[str], list[str]]


def _stretches(old: list[str], new: list[str]) -> Iterator[_Stretch]:
    """Both sequences cut into stretches that are equal and stretches that differ, alternating."""
    at_old = at_new = 0
    for from_old, from_new, length in _joined(_matches(old, new)):
        if from_old > at_old or from_new > at_new:
            yield "change", old[at_old:from_old], new[at_new:from_new]
        at_old, at_new = from_old + length, from_new + length
        yield "equal", old[from_old:at_old], new[from_new:at_new]
    if at_old < len(old) or at_new < len(new):
        yield "change", old[at_old:], new[at_new:]


def _joined(pairs: list[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Pairs that follow each other as runs: (place in old, place in new, length)."""
    start = 0
    for end in range(1, len(pairs) + 1):
        if end == len(pairs) or pairs[end] != (pairs[end - 1][0] + 1, pairs[end - 1][1] + 1):
            yield *pairs[start], end - start
            start = end


def _matches(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Pairs of places that hold the same, rising in both sequences."""
    pairs: list[tuple[int, int]] = []
    waiting = [(0, len(old), 0, len(new), 0)]
    while waiting:
        low, high, low_new, high_new, depth = waiting.pop()
        while low < high and low_new < high_new and old[low] == new[low_new]:
            pairs.append((low, low_new))
            low, low_new = low + 1, low_new + 1
        while low < high and low_new < high_new and old[high - 1] == new[high_new - 1]:
            high, high_new = high - 1, high_new - 1
            pairs.append((high, high_new))
        if low == high or low_new == high_new:
            continue
        anchors = _anchors(old, new, low, high, low_new, high_new) if depth < _DEEPEST else []
        if not anchors:
            if (high - low) * (high_new - low_new) <= _LARGEST_GRID:
                pairs += _one_by_one(old, new, low, high, low_new, high_new)
            continue
        for place, place_new in anchors:
            pairs.append((place, place_new))
            waiting.append((low, place, low_new, place_new, depth + 1))
            low, low_new = place + 1, place_new + 1
        waiting.append((low, high, low_new, high_new, depth + 1))
    pairs.sort()
    return pairs


def _anchors(
    old: list[str], new: list[str], low: int, high: int, low_new: int, high_new: int
) -> list[tuple[int, int]]:
    """What stands exactly once on both sides, as many pairs as keep their order.

    Single words first; where each is repeated, a few in a row.
    """
    for length in _IN_A_ROW:
        before, after = _runs(old, low, high, length), _runs(new, low_new, high_new, length)
        count, count_new = Counter(before), Counter(after)
        where = {run: low + place for place, run in enumerate(before) if count[run] == 1}
        pairs = [
            (where[run], low_new + place)
            for place, run in enumerate(after)
            if run in where and count_new[run] == 1
        ]
        if pairs:
            kept = set(_longest_rising([place for place, _ in pairs]))
            return [pair for pair in pairs if pair[0] in kept]
    return []


def _runs(tokens: list[str], low: int, high: int, length: int) -> Sequence[Hashable]:
    """Every token with those that follow it, `length` in all."""
    part = tokens[low:high]
    return part if length == 1 else list(zip(*(part[step:] for step in range(length)), strict=False))


def _longest_rising(numbers: list[int]) -> list[int]:
    """A longest rising part of a sequence of different numbers, in n log n steps."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for place, number in enumerate(numbers):
        pile = bisect_left(tails, number)
        before.append(ends[pile - 1] if pile else -1)
        if pile == len(tails):
            tails.append(number)
            ends.append(place)
        else:
            tails[pile], ends[pile] = number, place
    rising = []
    place = ends[-1] if ends else -1
    while place >= 0:
        rising.append(numbers[place])
        place = before[place]
    return rising[::-1]


def _one_by_one(
    old: list[str], new: list[str], low: int, high: int, low_new: int, high_new: int
) -> list[tuple[int, int]]:
    """A longest common part, by comparing every pair; for small stretches only."""
    width = high_new - low_new
    rows = [[0] * (width + 1)]
    for place in range(high - 1, low - 1, -1):
        below, row = rows[-1], [0] * (width + 1)
        token = old[place]
        for step in range(width - 1, -1, -1):
            if token == new[low_new + step]:
                row[step] = below[step + 1] + 1
            else:
                row[step] = below[step] if below[step] >= row[step + 1] else row[step + 1]
        rows.append(row)
    rows.reverse()
    pairs = []
    place, step = 0, 0
    while place < high - low and step < width:
        if old[low + place] == new[low_new + step]:
            pairs.append((low + place, low_new + step))
            place, step = place + 1, step + 1
        elif rows[place + 1][step] >= rows[place][step + 1]:
            place += 1
        else:
            step += 1
    return pairs


# Tables


def _rows(table: Table) -> dict[str, tuple[int, dict[str, str]]]:
    """Each row with its place, by id; a row without an id of its own gets one from its place."""
    rows: dict[str, tuple[int, dict[str, str]]] = {}
    for place, row in enumerate(filled_rows(table)):
        row_id = row.get(ROW_ID, "")
        if not row_id or row_id in rows:
            row_id = f"#{place}"
            while row_id in rows:
                row_id += "#"
        rows[row_id] = (place, row)
    return rows


def _cells(old: dict[str, str], new: dict[str, str]) -> tuple[CellChange, ...]:
    columns = [column for column in {**old, **new} if column != ROW_ID]
    return tuple(
        CellChange(column, old.get(column, ""), new.get(column, ""))
        for column in columns
        if old.get(column, "") != new.get(column, "")
    )


def _after(changes: list[RowChange], place: int) -> int:
    """Where a row that went out belongs: after the last row shown so far that stood before it."""
    for index in range(len(changes) - 1, -1, -1):
        old = changes[index].old
        if old is not None and old < place and not changes[index].moved:
            return index + 1
    return 0
