"""What every kind of question has in common: how it is read, shown, answered, scored and explained."""

import hashlib
import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, Literal, NamedTuple, Self

import msgspec

from lms.courses.source import ID_RULE, is_stable_id
from lms.refusals import Refused

Answer = str | list[str] | dict[str, str] | None
"""What is stored for an answered question, as JSON. Whatever is stored, scoring it never raises."""


Outcome = Literal["right", "partly", "wrong", "blank", "waiting"]
"""What became of an answer, in a word; "waiting" is for a facilitator's mark."""


class Line(NamedTuple):
    """A line of the source. One that is not `live` stands in a fence or a formula and means nothing here."""

    number: int
    text: str
    live: bool


class Shown(msgspec.Struct, frozen=True):
    """A question as a learner may see it before answering: Markdown, without key and feedback.

    `options` are what can be chosen or moved; `stems` are what each get one of the options, where any do.
    """

    id: str
    kind: str
    prompt: str
    points: Decimal
    options: tuple["ShownOption", ...] = ()
    stems: tuple["ShownOption", ...] = ()


class ShownOption(msgspec.Struct, frozen=True):
    """One thing to choose."""

    id: str
    text: str


class OptionNote(msgspec.Struct, frozen=True):
    """What is to be said about one option once feedback may be seen; `feedback` is Markdown, often empty."""

    id: str
    text: str
    chosen: bool
    right: bool
    feedback: str


class Part(msgspec.Struct, frozen=True):
    """What is to be said about one part of an answer; all are Markdown, `given` is '' where nothing was given."""

    text: str
    given: str
    key: str
    right: bool


class Feedback(msgspec.Struct, frozen=True):
    """What is to be said about an answer.

    `given` is the answer in words; `key` are the right answers in words (Markdown for options and parts, else
    plain), one after the other where `sequence` is set and any of them otherwise; `parts` tell an answer that
    consists of several, in an order that says nothing about the key; `explanation` is the author's Markdown
    for the whole question.
    """

    outcome: Outcome
    given: tuple[str, ...]
    key: tuple[str, ...]
    options: tuple[OptionNote, ...]
    explanation: str
    parts: tuple[Part, ...] = ()
    sequence: bool = False


class Block:
    """A question's source, taken apart for its kind to read. `lines` begin with the first answer line."""

    def __init__(self, line: int, attributes: dict[str, str], prompt: str, points: Decimal) -> None:
        self.line = line
        self.attributes = attributes
        self.prompt = prompt
        self.points = points
        self.lines: list[Line] = []
        self.explanation = ""
        self.found: list[tuple[int, str]] = []

    @property
    def id(self) -> str:
        """The author-given id, empty where it is missing."""
        return self.attributes.get("id", "")

    @property
    def shared(self) -> dict[str, Any]:
        """The fields that every kind has."""
        return {
            "id": self.id,
            "prompt": self.prompt,
            "points": self.points,
            "explanation": self.explanation,
        }

    def complain(self, line: int, message: str) -> None:
        """Note a problem."""
        self.found.append((line, message))


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question. A kind is a subclass with `tag_field="kind"` and a `tag`, in a file of this folder.

    `prompt` and `explanation` are Markdown; `points` are what a fully right answer earns.
    """

    rank: ClassVar[int] = 0
    """Kinds with a lower rank are asked first whether a block is theirs."""

    always_mixed: ClassVar[bool] = False
    """Whether the options are mixed even where the quiz does not shuffle, because their order is the key."""

    by_hand: ClassVar[bool] = False
    """Whether people mark the answers: until then `score` is 0."""

    attributes: ClassVar[frozenset[str]] = frozenset()
    """What may stand in the braces of the heading beside `#id` and `points`."""

    id: str
    prompt: str
    points: Decimal = Decimal(1)
    explanation: str = ""

    @classmethod
    def begins(cls, lines: Sequence[Line]) -> int | None:
        """The index of the first answer line if these lines hold a question of this kind."""
        raise NotImplementedError

    @classmethod
    def parse(cls, block: Block) -> Self | None:
        """Read the answer lines; problems go to the block, which is then not published."""
        raise NotImplementedError

    def read(self, values: Sequence[str]) -> Answer:
        """The answer in a form's values for this question; None when there is none. Never raises."""
        raise NotImplementedError

    def score(self, answer: Answer) -> Fraction:
        """How much of the points the answer earns, 0 to 1. Never raises."""
        raise NotImplementedError

    def explain(self, answer: Answer, language: str = "id") -> Feedback:
        """What is to be said about the answer once feedback may be seen."""
        raise NotImplementedError

    def source(self) -> list[str]:
        """The answer lines as an author writes them."""
        raise NotImplementedError

    def heading_attributes(self) -> list[str]:
        """What stands in the heading's braces beside `#id` and `points`."""
        return []

    def is_answered(self, answer: Answer) -> bool:
        """Whether there is an answer, right or wrong."""
        return bool(answer)

    def ticked(self, answer: Answer) -> frozenset[str]:
        """The ids of the options that the answer ticks; empty for kinds without any."""
        return frozenset()

    def gist(self, answer: Answer) -> str:
        """A typed answer as equal ones are counted together and compared; '' for what is chosen or left blank."""
        return ""

    def doubt(self, answer: Answer) -> Refused | None:
        """What to ask a learner about an answer that cannot be what was meant; None when all is well."""
        return None

    def shown(self, order: Sequence[str] = ()) -> Shown:
        """The question without key and feedback; `order` names options in the order to show them."""
        return Shown(self.id, self.kind, self.prompt, self.points)

    @property
    def kind(self) -> str:
        """The name of the kind, as stored and as templates are called."""
        return str(self.__struct_config__.tag)

    @property
    def option_ids(self) -> tuple[str, ...]:
        """What may be shuffled within the question."""
        return ()

    def arranged(self, mixed: Sequence[str]) -> tuple[str, ...]:
        """The options in the order to show them, where chance has mixed them like this."""
        return tuple(mixed)

    def outcome(self, answer: Answer, share: Fraction | None = None) -> Outcome:
        """The score in a word; `share` is what a facilitator gave for it, 0 to 1, if anything."""
        if not self.is_answered(answer):
            return "blank"
        if share is None:
            if self.by_hand:
                return "waiting"
            share = self.score(answer)
        return "right" if share == 1 else "partly" if share > 0 else "wrong"


# --- reading ------------------------------------------------------------------------------------------------

_BRACES = re.compile(r"(?:^|\s+)\{([^{}]*)\}\s*$")
_ATTRIBUTE = re.compile(r"#(?P<id>\S+)|(?P<key>[A-Za-z_-]+)(?:=(?P<value>\S+))?")


def take_attributes(text: str, known: frozenset[str] = frozenset()) -> tuple[str, dict[str, str]]:
    """Part a heading or an option from its `{#id key=value flag}`; a flag's value is empty.

    Braces that hold no id, no `=` and no known word are text, as in "himpunan {a, b}".
    """
    braces = _BRACES.search(text)
    if braces is None:
        return text.strip(), {}
    matches = [_ATTRIBUTE.fullmatch(part) for part in braces.group(1).split()]
    attributes: dict[str, str] = {}
    for match in matches:
        if match is None:
            return text.strip(), {}
        attributes["id" if match["id"] else match["key"]] = match["id"] or match["value"] or ""
    if not any(match and (match["id"] or match["value"] or match["key"] in known) for match in matches):
        return text.strip(), {}
    return text[: braces.start()].strip(), attributes


def derived_id(question_id: str, text: str) -> str:
    """An id for an option without one, made of its text: moving options keeps it, rewording does not."""
    words = " ".join(text.split())
    return "o" + hashlib.sha256(f"{question_id}\0{words}".encode()).hexdigest()[:10]


_DERIVED = re.compile(r"o[0-9a-f]{10}")


def veiled_id(question_id: str, given: str, text: str) -> str:
    """An id that tells a reader of the page nothing, for what would give the key away by its name or number.

    It is made of the author's id where there is `given` one, so that rewording keeps it, else of the text.
    """
    if _DERIVED.fullmatch(given):
        return given
    return derived_id(question_id, f"#{given}" if given else text)


def id_problem(text: str) -> str:
    """What is wrong with an author-given id; empty when nothing is."""
    return "" if is_stable_id(text) else f"Id `{text[:40]}` tidak dapat dipakai. {ID_RULE}"
