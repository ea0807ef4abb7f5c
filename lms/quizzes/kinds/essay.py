"""Questions answered with a text that a facilitator marks."""

import re
import unicodedata
from collections.abc import Sequence
from fractions import Fraction
from typing import Self

from lms.quizzes.kinds.question import Answer, Block, Feedback, Line, Question, Shown
from lms.refusals import Refused
from lms.words import words

MOST_WORDS = 2000

_GAP = re.compile(r" {0,3}_{4,}\s*")
_SPAN = re.compile(r"(?P<least>\d{1,5})?\.\.(?P<most>\d{1,5})?")


class ShownEssay(Shown, frozen=True):
    """An essay as it is shown: how many words are asked for, `most` is None without an upper bound."""

    least: int = 0
    most: int | None = None


class Essay(Question, frozen=True, kw_only=True, tag_field="kind", tag="essay"):
    """`____`: a text of `least` to `most` words (written `words=50..300`); neither is enforced, both are said.

    `rubric` is the stable id of the rubric that it is marked with, '' without one; in a quiz that was not
    published yet, what its author wrote: the id or the file, without `.yml`.
    """

    rank = 50
    longest = 20_000
    by_hand = True
    attributes = frozenset({"rubric", "words"})

    rubric: str = ""
    least: int = 0
    most: int | None = None

    @classmethod
    def begins(cls, lines: Sequence[Line]) -> int | None:
        return next((at for at, line in enumerate(lines) if line.live and _GAP.fullmatch(line.text)), None)

    @classmethod
    def parse(cls, block: Block) -> Self | None:
        for line in block.lines[1:]:
            if line.text.strip():
                block.complain(
                    line.number,
                    "Sesudah garis esai hanya boleh ada penjelasan yang diawali `>`; pindahkan teks ini ke atasnya.",
                )
        least, most = 0, None
        written = block.attributes.get("words")
        if written is not None:
            span = _SPAN.fullmatch(written)
            least = int(span["least"] or 0) if span else 0
            most = int(span["most"]) if span and span["most"] else None
            if not (least or most) or least > (most or MOST_WORDS) or (most or 0) > MOST_WORDS:
                block.complain(
                    block.line,
                    f"`words` harus berupa batas jumlah kata dari kecil ke besar, paling banyak {MOST_WORDS}, "
                    f"misalnya `words=50..300`; tertulis `{written[:40]}`.",
                )
        rubric = re.sub(r"\.ya?ml\Z", "", block.attributes.get("rubric", ""))
        if "rubric" in block.attributes and not rubric:
            block.complain(
                block.line, "`rubric` harus menyebut berkas rubriknya, misalnya `rubric=rubrik-esai.yml`."
            )
        return cls(rubric=rubric, least=least, most=most, **block.shared)

    def read(self, values: Sequence[str]) -> Answer:
        """The first value that says anything, without control characters and line ends of other systems."""
        for value in values:
            lines = value[: 2 * self.longest].replace("\r\n", "\n").replace("\r", "\n")
            clean = "".join(
                each for each in lines if each in "\n\t" or unicodedata.category(each) not in ("Cc", "Cs")
            )
            if text := clean.strip()[: self.longest].rstrip():
                return text
        return None

    def score(self, answer: Answer) -> Fraction:
        """0: what it earns is for a facilitator to say."""
        return Fraction(0)

    def is_answered(self, answer: Answer) -> bool:
        return isinstance(answer, str) and bool(answer.strip())

    def doubt(self, answer: Answer) -> Refused | None:
        if not isinstance(answer, str) or not answer.strip():
            return None
        count = words(answer)
        if count < self.least:
            return Refused(
                "Tulisan Anda %(count)s kata; yang diminta paling sedikit %(least)s kata.",
                count=count,
                least=self.least,
            )
        if self.most is not None and count > self.most:
            return Refused(
                "Tulisan Anda %(count)s kata; yang diminta paling banyak %(most)s kata.",
                count=count,
                most=self.most,
            )
        return None

    def shown(self, order: Sequence[str] = ()) -> Shown:
        return ShownEssay(self.id, self.kind, self.prompt, self.points, least=self.least, most=self.most)

    def explain(self, answer: Answer, language: str = "id") -> Feedback:
        return Feedback(
            outcome=self.outcome(answer),
            given=(answer,) if isinstance(answer, str) and answer.strip() else (),
            key=(),
            options=(),
            explanation=self.explanation,
        )

    def source(self) -> list[str]:
        return ["____"]

    def heading_attributes(self) -> list[str]:
        written = []
        if self.rubric:
            written.append(f"rubric={self.rubric}")
        if self.least or self.most:
            written.append(f"words={self.least or ''}..{self.most or ''}")
        return written
