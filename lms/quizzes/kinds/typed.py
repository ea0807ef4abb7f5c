"""What questions answered by typing share."""

import re
from collections.abc import Sequence
from typing import ClassVar

from lms.quizzes.kinds.question import Answer, Feedback, Line, Question

_MARK = re.compile(r" {0,3}=\s+(\S.*)")


class Typed(Question, frozen=True, kw_only=True):
    """A question answered with one line of text of at most `longest` characters."""

    longest: ClassVar[int]

    def read(self, values: Sequence[str]) -> Answer:
        """The first value that says anything, as one printable line; what makes no sense is kept too."""
        for value in values:
            spaced = " ".join(value[: 8 * self.longest].split())
            clean = "".join(each for each in spaced if each.isprintable())[: self.longest].strip()
            if clean:
                return clean
        return None

    def is_answered(self, answer: Answer) -> bool:
        return isinstance(answer, str) and bool(answer.strip())

    def key(self, language: str) -> tuple[str, ...]:
        """The right answers in words."""
        raise NotImplementedError

    def explain(self, answer: Answer, language: str = "id") -> Feedback:
        return Feedback(
            outcome=self.outcome(answer),
            given=(answer,) if isinstance(answer, str) and answer.strip() else (),
            key=self.key(language),
            options=(),
            explanation=self.explanation,
        )


def mark(line: Line) -> str | None:
    """What stands after the `=` of an answer line: a number, or the text of a short answer."""
    match = _MARK.fullmatch(line.text) if line.live else None
    return match[1].strip() if match else None
