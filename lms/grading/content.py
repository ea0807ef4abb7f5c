"""What a reviewer writes about one handed-in version, as typed and as sent, and what is missing before it can
be sent.

It is kept as JSON, on the private draft and on the sent review alike. A field that is added
must have a default, so that what is stored can always be read.
"""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from lms import formats
from lms import rubric as rubrics
from lms.anchors import Anchor
from lms.rubric import Criterion, Rubric, Score

Decision = Literal["", "accept", "return"]
Judgement = Literal["settled", "open"]
Outcome = Literal["accepted", "returned"]


NoteKind = Literal["must", "suggestion", "question", "praise"]
NOTE_KINDS: tuple[NoteKind, ...] = ("must", "suggestion", "question", "praise")


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """A note on a section, on a place in it where it has an `anchor`; a `must` note has to be followed up before the
    next version.

    Notes that were stored before there were kinds say `must` only: the others were suggestions.
    """

    text: str
    must: bool = True
    kind: NoteKind | Literal[""] = ""
    anchor: Anchor | None = None

    def __post_init__(self) -> None:
        if self.kind:
            msgspec.structs.force_setattr(self, "must", self.kind == "must")
        else:
            msgspec.structs.force_setattr(self, "kind", "must" if self.must else "suggestion")


class SectionReview(msgspec.Struct, frozen=True):
    """What is decided about one section, and the notes on it."""

    decision: Decision = ""
    notes: tuple[Note, ...] = ()


class Opinion(msgspec.Struct, frozen=True):
    """What is thought of a criterion: a level's id, points inside it as typed ("80", of 100), a comment."""

    level: int | None = None
    points: str = ""
    comment: str = ""


class ReviewContent(msgspec.Struct, frozen=True, kw_only=True):
    """A whole review: by section id, by criterion id, by the id of an earlier note, and in general."""

    sections: dict[str, SectionReview] = {}
    criteria: dict[str, Opinion] = {}
    earlier: dict[int, Judgement] = {}
    summary: str = ""

    def section(self, name: str) -> SectionReview:
        """What is said of a section, nothing by default."""
        return self.sections.get(name, SectionReview())

    def opinion(self, name: str) -> Opinion:
        """What is said of a criterion, nothing by default."""
        return self.criteria.get(name, Opinion())


_decoder = msgspec.json.Decoder(ReviewContent)
_encoder = msgspec.json.Encoder()


def encode(content: ReviewContent) -> str:
    """The JSON text that is stored; what says nothing is left out, so that equal reviews are equal texts."""
    sections = {key: content.sections[key] for key in sorted(content.sections)}
    criteria = {key: content.criteria[key] for key in sorted(content.criteria)}
    tidy = msgspec.structs.replace(
        content,
        sections={key: each for key, each in sections.items() if each != SectionReview()},
        criteria={key: each for key, each in criteria.items() if each != Opinion()},
        earlier={key: content.earlier[key] for key in sorted(content.earlier)},
    )
    return _encoder.encode(tidy).decode()


def decode(text: str) -> ReviewContent:
    """Read what `encode` wrote; raises `msgspec.DecodeError` on anything else."""
    return _decoder.decode(text)


# Scores


def score_of(rubric: Rubric, criterion: Criterion, opinion: Opinion) -> Score | None:
    """The score an opinion gives; None where no level is chosen.

    Raises rubric.BadScore for a level the rubric has not, formats.UnreadableNumber for points that are no
    number, and OutOfLevel for points that do not belong to the level chosen.
    """
    if opinion.level is None:
        return None
    full = rubrics.level_points(rubric, opinion.level)
    if not criterion.range or not opinion.points.strip():
        return opinion.level
    share = formats.parse_decimal(opinion.points) / 100
    if not 0 <= share <= full or rubrics.level_at(rubric, share).id != opinion.level:
        raise OutOfLevel(*(bound * 100 for bound in rubrics.bounds(rubric, opinion.level)))
    return share


class OutOfLevel(ValueError):
    """Points outside the level, which goes from above `low` (in the worst level from 0) to `high`, of 100."""

    def __init__(self, low: Decimal, high: Decimal) -> None:
        super().__init__(f"not in ({low}, {high}]")
        self.low, self.high = low, high


def scores(rubric: Rubric, content: ReviewContent) -> dict[str, Score]:
    """The scores that can be read; a criterion without one, or with unreadable points, is left out."""
    found = {}
    for criterion in rubric.criteria:
        try:
            score = score_of(rubric, criterion, content.opinion(criterion.id))
        except (rubrics.BadScore, formats.UnreadableNumber, OutOfLevel):
            continue
        if score is not None:
            found[criterion.id] = score
    return found


# Is it complete?


class Open(msgspec.Struct, frozen=True):
    """A section that this version's reviewers decide on; `earlier` are the ids of its notes of the version
    before, `must` those among them that had to be followed up.
    """

    id: str
    earlier: tuple[int, ...] = ()
    must: tuple[int, ...] = ()


GapKind = Literal[
    "undecided",
    "no_note",
    "unjudged",
    "last_round",
    "must_accepted",
    "open_accepted",
    "unscored",
    "bad_points",
]


class Gap(msgspec.Struct, frozen=True):
    """Why a review cannot be sent yet, with the section or the criterion it is about.

    `undecided`: no decision. `no_note`: returned without a note that says why (praise does not). `unjudged`: returned without a word on
    an earlier note that had to be followed up. `last_round`: returned although no
    version can follow. `must_accepted`: accepted with
    a note that must be followed up. `open_accepted`: accepted although an earlier note is called unsettled.
    `unscored`: no level, though everything is accepted. `bad_points`: points that the level does not have.
    """

    kind: GapKind
    section: str = ""
    criterion: str = ""


def outcome(sections: Iterable[Open], content: ReviewContent) -> Outcome | None:
    """Returned as soon as one section is; accepted when all are; None while neither is said."""
    decisions = [content.section(section.id).decision for section in sections]
    if "return" in decisions:
        return "returned"
    return "accepted" if decisions and all(decisions) else None


def gaps(
    sections: Collection[Open], rubric: Rubric, content: ReviewContent, *, last_round: bool = False
) -> tuple[Gap, ...]:
    """Everything that is missing, in the order of sections and criteria; none when the review can be sent.

    In the `last_round` nothing is returned, and what is still open of earlier notes is accepted as it is.
    Scores are asked for when the work is accepted: what is returned will be read again.
    """
    found: list[Gap] = []
    for section in sections:
        said = content.section(section.id)
        unsettled = [note for note in section.earlier if content.earlier.get(note) == "open"]
        if not said.decision:
            found.append(Gap("undecided", section=section.id))
        elif said.decision == "return" and last_round:
            found.append(Gap("last_round", section=section.id))
        elif said.decision == "return" and not unsettled and all(n.kind == "praise" for n in said.notes):
            found.append(Gap("no_note", section=section.id))
        elif said.decision == "return" and any(note not in content.earlier for note in section.must):
            found.append(Gap("unjudged", section=section.id))
        elif said.decision == "accept" and any(note.must for note in said.notes):
            found.append(Gap("must_accepted", section=section.id))
        elif said.decision == "accept" and unsettled and not last_round:
            found.append(Gap("open_accepted", section=section.id))
    accepted = outcome(sections, content) == "accepted"
    for criterion in rubric.criteria:
        try:
            score = score_of(rubric, criterion, content.opinion(criterion.id))
        except (rubrics.BadScore, formats.UnreadableNumber, OutOfLevel):
            found.append(Gap("bad_points", criterion=criterion.id))
            continue
        if score is None and accepted:
            found.append(Gap("unscored", criterion=criterion.id))
    return tuple(found)


# Beginning


def beginning(rubric: Rubric, before: ReviewContent | None, unchanged: Collection[str]) -> ReviewContent:
    """What a new review starts from: the reviewer's own opinion of the version before, of the criteria whose
    sections are all `unchanged` since; what changed is judged anew.
    """
    if before is None:
        return ReviewContent()
    kept: Mapping[str, Opinion] = {
        criterion.id: before.opinion(criterion.id)
        for criterion in rubric.criteria
        if criterion.sections and all(section in unchanged for section in criterion.sections)
    }
    return ReviewContent(criteria={key: each for key, each in kept.items() if each != Opinion()})
