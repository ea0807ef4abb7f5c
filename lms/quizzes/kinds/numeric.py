"""Questions answered with a number."""

import re
from collections.abc import Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import Self

import msgspec

from lms.formats import LONGEST_NUMBER, AmbiguousNumber, NotANumber, decimal, parse_decimal
from lms.quizzes.kinds.question import Answer, Block, Line
from lms.quizzes.kinds.typed import Typed, mark
from lms.refusals import Refused

_TOLERANCE = re.compile(r"\s*(?:\+-|\+/-|±)\s*")
_INTERVAL = re.compile(r"\[(.*)\]")
_WIDE = Context(prec=100)


class Accepted(msgspec.Struct, frozen=True):
    """Numbers from `low` to `high`, both included; `value` is the middle where the author gave one."""

    low: Decimal
    high: Decimal
    value: Decimal | None = None

    def words(self, language: str = "id") -> str:
        """For people: "16,4", "16,4 ± 0,2", "16–17"."""
        if self.value is None:
            return f"{decimal(self.low, language)}–{decimal(self.high, language)}"
        if self.low == self.high:
            return decimal(self.value, language)
        tolerance = _WIDE.subtract(self.high, self.value)
        return f"{decimal(self.value, language)} ± {decimal(tolerance, language)}"

    def source(self) -> str:
        """For authors: a decimal point, no grouping, and never three decimals, which would look grouped."""
        if self.value is None:
            return f"[{_plain(self.low)}; {_plain(self.high)}]"
        if self.low == self.high:
            return _plain(self.value)
        return f"{_plain(self.value)} +- {_plain(_WIDE.subtract(self.high, self.value))}"


class Numeric(Typed, frozen=True, kw_only=True, tag_field="kind", tag="numeric"):
    """`= 16,4 +- 0,2` or `= [16; 17]`; several lines accept several ranges."""

    rank = 30
    longest = LONGEST_NUMBER

    accepts: tuple[Accepted, ...]

    @classmethod
    def begins(cls, lines: Sequence[Line]) -> int | None:
        """Every `=` line must hold a number, else all of them are texts."""
        marks = [(index, text) for index, line in enumerate(lines) if (text := mark(line))]
        return marks[0][0] if marks and all(_looks_numeric(text) for _, text in marks) else None

    @classmethod
    def parse(cls, block: Block) -> Self | None:
        accepts: list[Accepted] = []
        for line in block.lines:
            text = mark(line)
            if text is None:
                if line.text.strip():
                    block.complain(
                        line.number, "Baris sesudah jawaban harus diawali `=`, atau `>` untuk penjelasan."
                    )
                continue
            try:
                accepted = _accepted(text)
            except ValueError as error:
                block.complain(line.number, str(error))
                continue
            if accepted in accepts:
                block.complain(line.number, "Jawaban ini ditulis dua kali; hapus salah satunya.")
            accepts.append(accepted)
        return cls(accepts=tuple(accepts), **block.shared)

    def score(self, answer: Answer) -> Fraction:
        """1 or 0. A number with two readings ("1.234") is right when either is: people write both."""
        numbers = _readings(answer) if isinstance(answer, str) else ()
        return Fraction(any(each.low <= number <= each.high for each in self.accepts for number in numbers))

    def gist(self, answer: Answer) -> str:
        """One spelling of each number; what is no number, or may be two, stands for itself."""
        if not isinstance(answer, str):
            return ""
        try:
            return f"{_WIDE.add(parse_decimal(answer), 0).normalize(_WIDE):f}"
        except (AmbiguousNumber, NotANumber):
            return " ".join(answer.casefold().split())

    def doubt(self, answer: Answer) -> Refused | None:
        if not isinstance(answer, str) or not answer.strip():
            return None
        try:
            parse_decimal(answer)
        except AmbiguousNumber as error:
            whole, fraction = error.spellings
            return Refused(
                "“%(text)s” dapat berarti %(whole)s atau %(fraction)s. Tulis %(whole)s atau %(sure)s.",
                text=answer,
                whole=whole,
                fraction=decimal(error.fraction),
                sure=fraction,
            )
        except NotANumber:
            return Refused("“%(text)s” bukan angka. Tulis seperti 1250 atau 4,64.", text=answer)
        return None

    def key(self, language: str) -> tuple[str, ...]:
        return tuple(each.words(language) for each in self.accepts)

    def source(self) -> list[str]:
        return [f"= {each.source()}" for each in self.accepts]


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    head, point, digits = text.partition(".")
    return f"{head}{point}{digits}0" if len(digits) == 3 else text


def _readings(text: str) -> tuple[Decimal, ...]:
    try:
        return (parse_decimal(text),)
    except AmbiguousNumber as error:
        return error.readings
    except NotANumber:
        return ()


def _looks_numeric(text: str) -> bool:
    interval = _INTERVAL.fullmatch(text)
    if interval:
        return bool(re.search(r"\d", text)) and not re.search(r"[^\W\d_]", text)
    first = _TOLERANCE.split(text)[0]
    return bool(_readings(first))


def _accepted(text: str) -> Accepted:
    """Read what stands after `=`; raises ValueError with what to do about it."""
    if interval := _INTERVAL.fullmatch(text):
        ends = _ends(interval[1])
        if len(ends) != 2:
            raise ValueError("Selang harus berisi dua bilangan, misalnya `[16,2; 16,6]`.")
        low, high = (parse_decimal(each) for each in ends)
        if low > high:
            raise ValueError("Batas bawah selang lebih besar dari batas atasnya; tukar keduanya.")
        return Accepted(low, high)
    parts = _TOLERANCE.split(text)
    if len(parts) > 2:
        raise ValueError("Tulis satu toleransi saja, misalnya `16,4 +- 0,2`.")
    value = parse_decimal(parts[0])
    tolerance = parse_decimal(parts[1]) if len(parts) == 2 else Decimal(0)
    if tolerance < 0:
        raise ValueError("Toleransi tidak boleh negatif.")
    return Accepted(_WIDE.subtract(value, tolerance), _WIDE.add(value, tolerance), value)


def _ends(text: str) -> list[str]:
    """Part `16,2; 16,6`, `16,2 .. 16,6`, `16.2, 16.6` or `16,17`."""
    for separator in (r";", r"\.\.+|…", r",\s+", r","):
        parts = [part.strip() for part in re.split(separator, text)]
        if len(parts) > 1:
            return parts
    return [text]
