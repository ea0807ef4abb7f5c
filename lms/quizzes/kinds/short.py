"""Questions answered with a word or a few."""

import re
import unicodedata
from collections.abc import Sequence
from fractions import Fraction
from typing import Self

from lms.patterns import BadPattern, compiled
from lms.quizzes.kinds.question import Answer, Block, Line
from lms.quizzes.kinds.typed import Typed, mark

_PATTERN = re.compile(r" {0,3}~=\s*(\S.*)")
_ALIKE = str.maketrans("‘’ʼ′“”„‐‑‒–—−", "''''\"\"\"------")


class Short(Typed, frozen=True, kw_only=True, tag_field="kind", tag="short"):
    """`= text`, repeated; `~= pattern` accepts what fits the pattern as a whole.

    Case, spaces, final stops and the shapes of quotes and dashes do not matter.
    """

    rank = 40
    longest = 200

    accepts: tuple[str, ...]
    patterns: tuple[str, ...] = ()

    @classmethod
    def begins(cls, lines: Sequence[Line]) -> int | None:
        return next((at for at, line in enumerate(lines) if mark(line) or _pattern(line)), None)

    @classmethod
    def parse(cls, block: Block) -> Self | None:
        accepts: dict[str, str] = {}
        patterns: list[str] = []
        for line in block.lines:
            if text := mark(line):
                key = normal(text)
                if not key or len(text) > cls.longest:
                    block.complain(
                        line.number, f"Jawaban harus berisi teks, paling banyak {cls.longest} karakter."
                    )
                elif key in accepts:
                    block.complain(line.number, "Jawaban ini ditulis dua kali; hapus salah satunya.")
                elif stands_in(text, block.prompt):
                    block.complain(
                        line.number, f"Jawaban “{text}” terbaca di dalam soalnya; ubah soal atau jawabannya."
                    )
                accepts.setdefault(key, text)
            elif match := _pattern(line):
                try:
                    compiled(_folded(match[1].strip()))
                    patterns.append(match[1].strip())
                except BadPattern as error:
                    block.complain(line.number, str(error))
            elif line.text.strip():
                block.complain(
                    line.number, "Baris sesudah jawaban harus diawali `=`, atau `>` untuk penjelasan."
                )
        if not accepts:
            block.complain(
                block.line,
                "Selain pola `~=`, tulis paling sedikit satu `= jawaban` untuk ditunjukkan sebagai kunci.",
            )
        return cls(accepts=tuple(accepts.values()), patterns=tuple(patterns), **block.shared)

    def score(self, answer: Answer) -> Fraction:
        given = self.gist(answer)
        if not given:
            return Fraction(0)
        return Fraction(
            any(given == normal(each) for each in self.accepts)
            or any(compiled(_folded(each)).matches(given) for each in self.patterns)
        )

    def gist(self, answer: Answer) -> str:
        return normal(answer[: self.longest]) if isinstance(answer, str) else ""

    def key(self, language: str) -> tuple[str, ...]:
        return self.accepts

    def source(self) -> list[str]:
        return [f"= {each}" for each in self.accepts] + [f"~= {each}" for each in self.patterns]


def normal(text: str) -> str:
    """The text as it is compared: NFKC, lower case, single spaces, plain quotes and dashes, no final stop."""
    folded = unicodedata.normalize("NFKC", text).translate(_ALIKE).casefold()
    return " ".join(folded.split()).rstrip(" .")


def stands_in(text: str, within: str) -> bool:
    """Whether the words of a text stand, one after the other, within another text."""
    sought = words_of(text)
    return bool(sought) and f" {sought} " in f" {words_of(within)} "


def words_of(text: str) -> str:
    """The words of a text as they are compared, with one space between them."""
    return " ".join(re.findall(r"\w+", normal(text)))


def _pattern(line: Line) -> re.Match[str] | None:
    return _PATTERN.fullmatch(line.text) if line.live else None


def _folded(pattern: str) -> str:
    """The pattern in lower case, as answers are, but for `\\D`, `\\W`, `\\S`, which mean something else."""
    return re.sub(
        r"\\.|[^\\]+", lambda match: match[0] if match[0][0] == "\\" else match[0].casefold(), pattern
    )
