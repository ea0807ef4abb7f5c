"""What every foreign format is read into: questions whose texts are still in the words of their format."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple

from lms.quizzes.kinds.numeric import Accepted

Form = Literal["plain", "html", "moodle", "markdown"]
"""How a text is written: words, HTML, Moodle's words with line ends and HTML, Markdown."""

RoughKind = Literal["single", "multiple", "numeric", "short", "matching", "ordering", "essay", "unknown"]

Files = Mapping[str, bytes]
"""Files by the path or target that texts name them with."""

FULL = Decimal(100)


class Text(NamedTuple):
    """Foreign text in one of the forms; `folder` is where its pictures' addresses begin."""

    text: str
    form: Form = "plain"
    folder: str = ""

    def __bool__(self) -> bool:
        return bool(self.text.strip())


NOTHING = Text("")


@dataclass
class RoughOption:
    """An option; `share` is what choosing it earns, in percent of the points, negative where it costs."""

    text: Text
    share: Decimal = Decimal(0)
    feedback: Text = NOTHING


@dataclass
class RoughNumber:
    """Numbers that are accepted, for a share of the points in percent."""

    accepted: Accepted
    share: Decimal = FULL
    feedback: Text = NOTHING


@dataclass
class RoughWord:
    """A short answer; with `wild` an asterisk stands for any characters and `\\*` for itself."""

    text: str
    share: Decimal = FULL
    feedback: Text = NOTHING
    wild: bool = False


@dataclass
class RoughPair:
    """What is matched; without a left side it only misleads."""

    left: Text
    right: Text


@dataclass
class RoughQuestion:
    """A question as its format tells it. `number` counts from 1 in the file, `line` is where it begins, 0 if unknown.

    `kind` is "unknown" where there is no such kind here, `reason` says then what it was. `source` is the
    question as it stood in the file. `lost` are messages about what could not be read, `kept` texts to keep as a
    comment. `partial` is None where the shares of the options decide. `ids` are those of options, sides or steps in
    the order in which they are written, empty ones made anew; `attributes` stand in the heading as they are.
    """

    number: int
    line: int
    source: str
    kind: RoughKind = "unknown"
    reason: str = ""
    id: str = ""
    name: str = ""
    prompt: Text = NOTHING
    points: Decimal = Decimal(1)
    explanation: Text = NOTHING
    options: list[RoughOption] = field(default_factory=list)
    numbers: list[RoughNumber] = field(default_factory=list)
    words: list[RoughWord] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)
    pairs: list[RoughPair] = field(default_factory=list)
    items: list[Text] = field(default_factory=list)
    partial: bool | None = None
    shuffle: bool | None = None
    ids: list[str] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)
    pool: "RoughPool | None" = None

    def lose(self, message: str, kept: str = "", what: str = "") -> None:
        """Note a loss; `kept` is the text that is lost, `what` names it in the comment that keeps it."""
        self.lost.append(message)
        if kept.strip():
            self.kept.append((what, kept.strip()))

    def give_up(self, reason: str) -> None:
        """Keep the whole question as a comment, for this reason."""
        self.kind = "unknown"
        self.reason = reason


@dataclass
class RoughPool:
    """A group of questions; `draw` is how many are asked, None for all of them."""

    title: str
    id: str = ""
    draw: int | None = None


@dataclass
class RoughQuiz:
    """A file as it was read.

    `settings` are values of the front matter, by their written names; `lost` are messages about the whole;
    `files` are the pictures that came along, by the path that texts name them with.
    """

    format: str
    title: str = ""
    questions: list[RoughQuestion] = field(default_factory=list)
    settings: dict[str, object] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)
    files: Mapping[str, bytes] = field(default_factory=dict)


class Loss(NamedTuple):
    """What could not be carried, and on which questions (by number in the file; none: the quiz as a whole)."""

    numbers: tuple[int, ...]
    message: str

    def __str__(self) -> str:
        if not self.numbers:
            return f"Kuis: {self.message}"
        return f"Soal {_spans(self.numbers)}: {self.message}"


def grouped(losses: Iterable[tuple[int, str]]) -> tuple[Loss, ...]:
    """Losses of single questions (number 0: the quiz), the same message told once, in order of the first."""
    by_message: dict[tuple[bool, str], list[int]] = {}
    for number, message in losses:
        numbers = by_message.setdefault((number > 0, message), [])
        if number and number not in numbers:
            numbers.append(number)
    found = [Loss(tuple(sorted(numbers)), message) for (_, message), numbers in by_message.items()]
    return tuple(sorted(found, key=lambda loss: loss.numbers[:1]))


def _spans(numbers: tuple[int, ...]) -> str:
    """1, 2, 3, 7 as "1–3, 7"."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(
        f"{first}" if first == last else f"{first}, {last}" if last == first + 1 else f"{first}–{last}"
        for first, last in spans
    )


class Exported(NamedTuple):
    """A quiz in a foreign format and what that format does not carry."""

    content: bytes
    losses: tuple[Loss, ...]
