"""What a moderator writes about one disputed version, what it comes to, and what is missing before it counts.

It is kept as JSON, on the private draft and on the decision alike. A field that is added must have a default, so
that what is stored can always be read.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from lms import formats
from lms import rubric as rubrics
from lms.grading.content import Opinion, OutOfLevel, ReviewContent, score_of
from lms.rubric import Rubric, Score

REASON_AT_LEAST = 20
"""Characters of a reason that says something; spaces beside each other count once."""


class Choice(msgspec.Struct, frozen=True):
    """What is decided about a criterion: the opinion of one review (``take``, its id), or an own level with points
    inside it as typed; ``comment`` is the moderator's.
    """

    take: int = 0
    level: int | None = None
    points: str = ""
    comment: str = ""


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """The whole decision: one review as it is (``whole``, its id; 0: criterion by criterion), and why."""

    whole: int = 0
    criteria: dict[str, Choice] = {}
    reason: str = ""

    def choice(self, name: str) -> Choice:
        """What is decided about a criterion, nothing by default."""
        return self.criteria.get(name, Choice())


_decoder = msgspec.json.Decoder(Ruling)
_encoder = msgspec.json.Encoder()


def encode(ruling: Ruling) -> str:
    """The JSON text that is stored; what says nothing is left out, so that equal rulings are equal texts."""
    criteria = {key: ruling.criteria[key] for key in sorted(ruling.criteria)}
    tidy = {key: each for key, each in criteria.items() if each != Choice()}
    return _encoder.encode(msgspec.structs.replace(ruling, criteria=tidy)).decode()


def decode(text: str) -> Ruling:
    """Read what `encode` wrote; raises `msgspec.DecodeError` on anything else."""
    return _decoder.decode(text)


class Side(msgspec.Struct, frozen=True):
    """One of the reviews to decide between: its id, what it says, and its points."""

    id: int
    content: ReviewContent
    points: Decimal


def opinions(ruling: Ruling, sides: Sequence[Side]) -> dict[str, Opinion]:
    """The level and points that hold for each criterion decided; a review taken whole decides all of its own.

    The comments are the moderator's: what the graders wrote stays theirs.
    """
    by_id: Mapping[int, Side] = {side.id: side for side in sides}
    found: dict[str, Opinion] = {}
    if ruling.whole in by_id:
        for name, said in by_id[ruling.whole].content.criteria.items():
            found[name] = Opinion(said.level, said.points, ruling.choice(name).comment)
        return found
    for name, choice in ruling.criteria.items():
        if choice.take in by_id:
            said = by_id[choice.take].content.opinion(name)
            found[name] = Opinion(said.level, said.points, choice.comment)
        elif choice.level is not None or choice.comment:
            found[name] = Opinion(choice.level, choice.points, choice.comment)
    return found


def scores(rubric: Rubric, ruling: Ruling, sides: Sequence[Side]) -> dict[str, Score]:
    """The scores so far; what cannot be read counts as missing."""
    held = opinions(ruling, sides)
    found: dict[str, Score] = {}
    for criterion in rubric.criteria:
        try:
            score = score_of(rubric, criterion, held.get(criterion.id, Opinion()))
        except (rubrics.BadScore, formats.UnreadableNumber, OutOfLevel):
            continue
        if score is not None:
            found[criterion.id] = score
    return found


def points(rubric: Rubric, ruling: Ruling, sides: Sequence[Side]) -> Decimal | None:
    """The rubric's points out of 100, exact; those of a review taken whole are the review's own. None while a
    criterion is open.
    """
    for side in sides:
        if side.id == ruling.whole:
            return side.points
    return rubrics.points(rubric, scores(rubric, ruling, sides))


GapKind = Literal["unscored", "bad_points", "short_reason"]


class Gap(msgspec.Struct, frozen=True):
    """Why it cannot be decided yet, with the criterion it is about (none for the reason)."""

    kind: GapKind
    criterion: str = ""


def gaps(rubric: Rubric, ruling: Ruling, sides: Sequence[Side]) -> tuple[Gap, ...]:
    """Everything that is missing, in the order of the page."""
    found: list[Gap] = []
    if not any(side.id == ruling.whole for side in sides):
        held = opinions(ruling, sides)
        for criterion in rubric.criteria:
            try:
                score = score_of(rubric, criterion, held.get(criterion.id, Opinion()))
            except (rubrics.BadScore, formats.UnreadableNumber, OutOfLevel):
                found.append(Gap("bad_points", criterion.id))
                continue
            if score is None:
                found.append(Gap("unscored", criterion.id))
    if len(" ".join(ruling.reason.split())) < REASON_AT_LEAST:
        found.append(Gap("short_reason"))
    return tuple(found)


def apart(levels: Sequence[int | None], order: Sequence[int]) -> int | None:
    """How many levels lie between the highest and the lowest of these; None where one gave none.

    ``order`` is the rubric's levels from the best.
    """
    places = [order.index(level) for level in levels if level in order]
    if len(places) < len(levels) or not places:
        return None
    return max(places) - min(places)
