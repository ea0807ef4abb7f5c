"""Patterns that authors write, matched against what people type in time that only grows with the text.

Python's `re` tries alternatives one after the other, so `(\\d+)+x` needs minutes on forty digits. Here all
alternatives advance together (Glushkov's automaton), at the price of leaving out what needs memory: back
references, look-around, lazy repeats.
"""

import re
from collections.abc import Callable
from functools import lru_cache

MAX_SOURCE = 200
MAX_POSITIONS = 300  # single characters in the pattern once its counted repeats are written out

_MAX_REMEMBERED = 5_000


class BadPattern(ValueError):
    """A pattern that cannot be used; str() says in Indonesian what to do."""


class Pattern:
    """A compiled pattern; the whole text must match."""

    def __init__(self, source: str) -> None:
        reader = _Reader(source)
        whole = reader.whole()
        self.source = source
        self._accepts = reader.accepts
        self._follow = reader.follow
        self._first = whole.first
        self._last = whole.last
        self._nullable = whole.nullable
        self._moves: dict[tuple[int, str], int] = {}

    def matches(self, text: str) -> bool:
        """Whether the whole text fits the pattern; a step per character, whatever the text."""
        if not text:
            return self._nullable
        reachable, here = self._first, 0
        moves = self._moves
        for character in text:
            key = (reachable, character)
            known = moves.get(key)
            if known is None:
                known = self._step(reachable, character)
                if len(moves) < _MAX_REMEMBERED:
                    moves[key] = known
            here = known
            if not here:
                return False
            reachable = self._after(here)
        return bool(here & self._last)

    def _step(self, reachable: int, character: str) -> int:
        return sum(1 << place for place in _bits(reachable) if self._accepts[place](character))

    def _after(self, here: int) -> int:
        reachable = 0
        for place in _bits(here):
            reachable |= self._follow[place]
        return reachable


@lru_cache(maxsize=256)
def compiled(source: str) -> Pattern:
    """The pattern, compiled once.

    Knows characters, `.`, `[a-z]`, `[^,]`, `\\d`, `\\w`, `\\s`, `\\.`, `( )`, `(?: )`, `|`, `?`, `*`, `+`,
    `{2}`, `{1,3}`, `{2,}`; `^` at the start and `$` at the end change nothing. Raises BadPattern.
    """
    return Pattern(source)


def _bits(mask: int) -> list[int]:
    places = []
    while mask:
        lowest = mask & -mask
        places.append(lowest.bit_length() - 1)
        mask ^= lowest
    return places


class _Piece:
    """A part of a pattern: whether it may be empty, and where it can begin and end, as bit masks."""

    __slots__ = ("first", "last", "nullable")

    def __init__(self, nullable: bool, first: int = 0, last: int = 0) -> None:
        self.nullable = nullable
        self.first = first
        self.last = last


_REPEAT = re.compile(r"\?|\*|\+|\{([0-9]{1,3})(?:(,)([0-9]{0,3}))?\}")
_ATOM = re.compile(r"\\[dDwWsS]|\\[^\w\s]|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[\](){}*+?|^$]")


class _Reader:
    """Reads a pattern by recursive descent and numbers its characters as it goes."""

    def __init__(self, source: str) -> None:
        if len(source) > MAX_SOURCE:
            raise BadPattern(f"Pola terlalu panjang; paling banyak {MAX_SOURCE} karakter.")
        self.text = source.removeprefix("^")
        if self.text.endswith("$") and not self.text.endswith("\\$"):
            self.text = self.text[:-1]
        self.at = 0
        self.read = 0
        self.accepts: list[Callable[[str], object]] = []
        self.follow: list[int] = []

    def whole(self) -> _Piece:
        piece = self.choice()
        if self.at < len(self.text):
            raise self.problem("Kurung tutup tanpa kurung buka")
        return piece

    def problem(self, what: str) -> BadPattern:
        return BadPattern(f"{what} pada karakter ke-{self.at + 1} pola `{self.text}`.")

    def choice(self) -> _Piece:
        piece = self.sequence()
        while self.text.startswith("|", self.at):
            self.at += 1
            other = self.sequence()
            piece = _Piece(
                piece.nullable or other.nullable, piece.first | other.first, piece.last | other.last
            )
        return piece

    def sequence(self) -> _Piece:
        piece = _Piece(True)
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            piece = self.join(piece, self.repeated())
        return piece

    def join(self, left: _Piece, right: _Piece) -> _Piece:
        for place in _bits(left.last):
            self.follow[place] |= right.first
        return _Piece(
            left.nullable and right.nullable,
            left.first | right.first if left.nullable else left.first,
            left.last | right.last if right.nullable else right.last,
        )

    def repeated(self) -> _Piece:
        start = self.at
        piece = self.one()
        match = _REPEAT.match(self.text, self.at)
        if match is None:
            return piece
        end = match.end()
        if _REPEAT.match(self.text, end):
            self.at = end
            raise self.problem("Dua tanda pengulangan berturut-turut")
        low, high = _counts(match)
        if high is not None and high < max(low, 1):
            raise self.problem("Batas pengulangan terbalik")
        # Each further copy reads the same characters again and so gets places of its own.
        whole = _Piece(True)
        for copy in range(max(low, high or 1)):
            if copy:
                self.at = start
                piece = self.one()
            last_copy = copy == max(low, high or 1) - 1
            if high is None and last_copy:
                for place in _bits(piece.last):
                    self.follow[place] |= piece.first
            if copy >= low:
                piece = _Piece(True, piece.first, piece.last)
            whole = self.join(whole, piece)
        self.at = end
        return whole

    def one(self) -> _Piece:
        self.read += 1
        if self.read > 10 * MAX_POSITIONS:  # repeats of groups that hold no character
            raise BadPattern("Pola terlalu besar; kurangi batas pengulangannya.")
        if self.text.startswith("(", self.at):
            self.at += 3 if self.text.startswith("(?:", self.at) else 1
            piece = self.choice()
            if not self.text.startswith(")", self.at):
                raise self.problem("Kurung belum ditutup")
            self.at += 1
            return piece
        match = _ATOM.match(self.text, self.at)
        if match is None:
            raise self.problem(
                "Tanda yang tidak didukung; beri garis miring terbalik di depannya bila memang dimaksud,"
            )
        try:
            accepts = re.compile(match.group(), re.DOTALL).fullmatch
        except re.error:
            raise self.problem("Kelompok `[...]` yang tidak dapat dibaca") from None
        if len(self.accepts) >= MAX_POSITIONS:
            raise BadPattern("Pola terlalu besar; kurangi batas pengulangannya.")
        self.at = match.end()
        self.accepts.append(accepts)
        self.follow.append(0)
        here = 1 << (len(self.accepts) - 1)
        return _Piece(False, here, here)


def _counts(match: re.Match[str]) -> tuple[int, int | None]:
    """How often at least and at most; None is without end."""
    sign = match.group()
    if sign == "?":
        return 0, 1
    if sign in "*+":
        return int(sign == "+"), None
    low, comma, high = match.groups()
    if not comma:
        return int(low), int(low)
    return int(low), int(high) if high else None
