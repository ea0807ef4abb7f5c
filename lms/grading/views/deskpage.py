"""The review desk put together: a section of a version with its changes, the rubric, what is said so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from flask import get_template_attribute, url_for
from flask_babel import gettext

from lms import markup, rubric
from lms.extensions import utcnow
from lms.grading import changes, content, models, verdict
from lms.grading.changes import Row
from lms.grading.content import Gap, Open, Opinion, ReviewContent
from lms.grading.leases import models as leases
from lms.grading.leases import slots
from lms.grading.leases.models import Holder
from lms.grading.models import NoteLine, PartLine, ReviewDraft, ReviewLine, Round
from lms.grading.views.reviewed import Reviewed
from lms.guard import person
from lms.projects.checks import Finding
from lms.projects.content import Content, FileRef, Table
from lms.projects.content import decode as decode_part
from lms.projects.diff import FileChange
from lms.projects.models import SubmissionVersion
from lms.projects.places import Place
from lms.projects.rules import TITLES
from lms.projects.source import Section, TableSection
from lms.projects.views.findings import ORDER, SHOWN_AT_MOST, Mark, mark
from lms.rubric import Criterion, Level, Rubric
from lms.web import language

_REASONS = msgspec.json.Decoder(dict[str, str])
VIEWS = ("perubahan", "penuh", "sebelumnya", "ringkasan")


@dataclass(frozen=True)
class NavLine:
    """A section in the list on the left: how it stands to the version before, and what is said of it."""

    number: int
    section: Section
    part: PartLine
    standing: changes.Standing
    decision: content.Decision
    notes: int
    findings: int


@dataclass(frozen=True)
class Document:
    """The content of the open section, now and before, as the chosen view shows it.

    ``changed`` is a text with its changes as HTML, ``unchanged`` are rows that are folded away, ``findings`` what the checks found with the reason the team gave,
    ``reasons`` those given for what is found no more.
    """

    view: str
    held: Content
    before: Content | None = None
    rendered: Any = None
    changed: str = ""
    rows: Sequence[Row] = ()
    unchanged: Sequence[Row] = ()
    unchanged_html: str = ""
    files: Sequence[FileChange] = ()
    findings: Sequence[tuple[Mark, str]] = ()
    reasons: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Choice:
    """A level of a criterion; ``gain`` is what it adds to the total of 100."""

    level: Level
    descriptor: str
    gain: Decimal
    chosen: bool


@dataclass(frozen=True)
class CriterionLine:
    """A criterion with its levels from the lowest; ``here`` says that it concerns the open section.

    ``before`` is the level the reviewer gave the version before, where it is not taken over; ``html`` its fields.
    """

    number: int
    criterion: Criterion
    opinion: Opinion
    choices: Sequence[Choice]
    here: bool
    before: Level | None
    html: str = ""


@dataclass(frozen=True)
class Pair:
    """A section before and after; two pairs of the same hashes are one, whoever read them."""

    old: str
    new: str
    before: Any = field(compare=False)
    after: Any = field(compare=False)


# A version never changes: what changed between two of them is found once and kept by their hashes.


def changed_text(was: PartLine | None, now: PartLine, before: Content | None, held: str) -> str:
    """A text with its changes as HTML."""
    old = before if isinstance(before, str) else ""
    return _changed_text(Pair(was.sha256 if was else "", now.sha256, old, held), language())


@lru_cache(maxsize=48)
def _read_text(pair: Pair) -> str:
    return markup.to_html(pair.after, "people")


@lru_cache(maxsize=48)
def _changed_text(pair: Pair, _language: str) -> str:
    shown: str = get_template_attribute("grading/_changes.html", "changed_text")(
        changes.text_blocks(pair.before, pair.after)
    )
    return shown


@lru_cache(maxsize=48)
def _table_rows(pair: Pair, section: Same) -> tuple[Sequence[Row], Sequence[Row]]:
    columns = [column.id for column in section.thing.columns]
    return changes.shown_rows(changes.table_rows(pair.before, pair.after, columns))


@lru_cache(maxsize=48)
def _unchanged_rows(pair: Pair, section: Same, _language: str) -> str:
    rows = get_template_attribute("grading/_changes.html", "rows_table")
    shown: str = rows(_table_rows(pair, section)[1], section.thing, {})
    return shown


class EarlierNote(NamedTuple):
    """A note that the version answers, with all that the page shows of it: ``where`` it stands now, how it was judged."""

    note: NoteLine
    number: int
    mine: bool
    opened: bool
    judged: str | None
    where: Place | None
    of: Same

    @property
    def section(self) -> Section:
        """The section that it is about."""
        found: Section = self.of.thing
        return found


@lru_cache(maxsize=1024)
def earlier_html(each: EarlierNote, _language: str) -> str:
    """One of them as HTML: sixty of them are put together once."""
    shown: str = get_template_attribute("grading/_earlier.html", "earlier_note")(
        each, markup.to_html(each.note.text, "people")
    )
    return shown


@dataclass(frozen=True)
class VersionKey:
    """A version, which never changes, as the key of what is kept about it."""

    id: int
    sha256: str
    reasons: str
    found: Mapping[str, Sequence[Finding]] = field(compare=False)


class Same:
    """A thing as the key of what is kept about it: equal to itself only, and alive as long as it is a key."""

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.thing is other.thing

    def __hash__(self) -> int:
        return id(self.thing)


@lru_cache(maxsize=1024)
def _criterion(
    rubric_key: Same, number: int, opinion: Opinion, here: bool, before: Level | None
) -> CriterionLine:
    held: Rubric = rubric_key.thing
    criterion = held.criteria[number - 1]
    choices = [
        Choice(
            level,
            criterion.levels.get(level.id, ""),
            criterion.weight * rubric.level_points(held, level.id),
            opinion.level == level.id,
        )
        for level in reversed(held.levels)
    ]
    return CriterionLine(number, criterion, opinion, choices, here, before)


@lru_cache(maxsize=1024)
def _criterion_html(
    rubric_key: Same,
    number: int,
    opinion: Opinion,
    before: Level | None,
    writing: bool,
    base: int,
    _language: str,
) -> str:
    """The fields of a criterion as they stand: most pages of a reviewer show the same."""
    line = _criterion(rubric_key, number, opinion, here=False, before=before)
    shown: str = get_template_attribute("grading/_rubric.html", "criterion_fields")(line, writing, base)
    return shown


Findings = tuple[Sequence[tuple[Mark, str]], Sequence[tuple[str, str]]]


@lru_cache(maxsize=256)
def _findings(version: VersionKey, of: Same, _language: str) -> Findings:
    """What the checks found in a section with the team's reason, the weightiest first, and other reasons."""
    section: Section = of.thing
    reasons = dict(_REASONS.decode(version.reasons))
    found = sorted(version.found.get(section.id, ()), key=lambda each: ORDER[each.level])
    marks = [
        (mark(finding, section, f"temuan-{at}"), reasons.pop(finding.key, ""))
        for at, finding in enumerate(found[:SHOWN_AT_MOST], start=1)
    ]
    return marks, _reasons(section, reasons)


def _reasons(section: Section, given: Mapping[str, str]) -> list[tuple[str, str]]:
    """Why the team did not follow what the checks advised: (the rule, the reason)."""
    rules = {check.id: str(check.__struct_config__.tag) for check in getattr(section, "checks", ())}
    found = []
    for key, reason in given.items():
        place, _, rest = key.partition("/")
        check = rest.partition("/")[0]
        if place == section.id:
            rule = rules.get(check, check.removeprefix("_"))
            found.append((gettext(TITLES[rule]) if rule in TITLES else "", reason))
    return found


class Desk(Reviewed):
    """Everything about a version that its reviewer's page needs; each part is read once, when it is needed.

    ``read`` is the section whose content is read along, "" for none, None for all.
    """

    def __init__(self, version: SubmissionVersion, read: str | None = "") -> None:
        super().__init__(version)
        self.read = read
        self.reviewer_id = person().id
        self.now = utcnow()
        self.granted = False  # a save was let through just now: whose turn it is need not be read

    @cached_property
    def rounds(self) -> dict[int, Round]:
        """The versions by number."""
        return {each.number: each for each in models.rounds_of(self.version.work_id)}

    @cached_property
    def base(self) -> int:
        """The version that changes are told against: the last that this reviewer reviewed, else the one before; 0: none."""
        own = [
            number
            for number, each in self.rounds.items()
            if number < self.version.number
            and any(review.reviewer_id == self.reviewer_id for review in each.reviews)
        ]
        return max(own, default=self.version.number - 1)

    @cached_property
    def _parts(self) -> dict[int, dict[str, PartLine]]:
        numbers = [self.version.number, self.base]
        return models.parts_of(self.version.work_id, numbers, self.read)

    @property
    def parts(self) -> Mapping[str, PartLine]:
        return self._parts[self.version.number]

    @property
    def parts_before(self) -> Mapping[str, PartLine]:
        return self._parts.get(self.base, {})

    @cached_property
    def sections(self) -> list[Section]:
        """The sections of the version, in the project's order."""
        return [section for section in self.project.sections if section.id in self.parts]

    @cached_property
    def earlier(self) -> list[NoteLine]:
        """The notes that this version answers."""
        return models.notes_before(self.version.work_id, self.version.number)

    @cached_property
    def _earlier_by_section(self) -> dict[str, list[NoteLine]]:
        found: dict[str, list[NoteLine]] = {}
        for note in self.earlier:
            found.setdefault(note.section_id, []).append(note)
        return found

    def earlier_of(self, section_id: str) -> list[NoteLine]:
        """Those of one section."""
        return self._earlier_by_section.get(section_id, [])

    @cached_property
    def open(self) -> list[Open]:
        """The sections to decide on."""
        return [
            Open(
                section.id,
                tuple(note.id for note in self.earlier_of(section.id)),
                tuple(note.id for note in self.earlier_of(section.id) if note.must),
            )
            for section in self.sections
            if self.parts[section.id].carried_from is None
        ]

    def is_open(self, section_id: str) -> bool:
        """Whether this version's reviewers decide on the section."""
        return any(each.id == section_id for each in self.open)

    # What the reviewer has said

    @cached_property
    def sent(self) -> ReviewLine | None:
        """The reviewer's own review of this version, once it is sent."""
        reviews = self.rounds[self.version.number].reviews
        return next((review for review in reviews if review.reviewer_id == self.reviewer_id), None)

    @cached_property
    def draft(self) -> ReviewDraft | None:
        return models.draft_of(self.version.id, self.reviewer_id)

    @cached_property
    def said_before(self) -> ReviewContent | None:
        """The reviewer's own review of the version that changes are told against."""
        before = self.rounds.get(self.base)
        own = [each for each in before.reviews if each.reviewer_id == self.reviewer_id] if before else []
        return own[-1].content if own else None

    @cached_property
    def beginning(self) -> ReviewContent:
        """What a new draft starts from."""
        if self.version.number == 1:
            return ReviewContent()
        unchanged = [
            line.section.id for line in self._lines(ReviewContent()) if line.standing in ("same", "accepted")
        ]
        return content.beginning(self.rubric, self.said_before, unchanged)

    @cached_property
    def stored(self) -> ReviewContent:
        """What is kept of this reviewer: the sent review, else the draft, else the beginning."""
        if self.draft is not None:
            return content.decode(self.draft.content)
        return self.beginning if self.pending else ReviewContent()

    @property
    def pending(self) -> bool:
        """Whether the version still waits for this reviewer's review."""
        return self.version.settled_at is None and self.sent is None and not self.referred

    @cached_property
    def referred(self) -> bool:
        """Whether all reviews are there and a moderator decides between them: nobody writes another one."""
        sent = [review.sent for review in self.rounds[self.version.number].reviews]
        return self.version.settled_at is None and verdict.is_disputed(self.project, sent)

    @property
    def writing(self) -> bool:
        """Whether the reviewer may write now: the version waits, and the turn is theirs or free."""
        return self.pending and not self.blocked

    # Whose turn it is

    @cached_property
    def holders(self) -> list[Holder]:
        """Who writes about this version now."""
        return leases.holders_of(self.version.id, now=self.now) if self.pending else []

    @property
    def lease(self) -> Holder | None:
        """The reviewer's own turn."""
        return next((each for each in self.holders if each.reviewer_id == self.reviewer_id), None)

    @property
    def others(self) -> list[Holder]:
        """The turns of others."""
        return [each for each in self.holders if each.reviewer_id != self.reviewer_id]

    @property
    def blocked(self) -> bool:
        """Whether every turn is somebody else's."""
        if self.granted or not self.others or self.lease is not None:
            return False
        reviews = self.rounds[self.version.number].reviews
        sent = len({each.reviewer_id for each in reviews} - {self.reviewer_id})
        return not slots.is_free(self.project.graders, sent, len(self.others))

    def holder_name(self, holder: Holder) -> str:
        """Who it is; several independent graders are not told of each other."""
        return holder.name if self.project.graders == 1 else gettext("Penelaah lain")

    @cached_property
    def findings(self) -> Mapping[str, Sequence[Finding]]:
        """What the checks find in the version, by section."""
        return models.findings_of(self.version)

    def notes_on_rows(self, section_id: str) -> bool:
        """Whether a note stands at a row of the section, which then shows its number."""
        own = self.stored.section(section_id).notes
        return any(note.anchor for note in own) or any(note.anchor for note in self.earlier_of(section_id))

    # The page

    def _lines(self, said: ReviewContent) -> list[NavLine]:
        lines = []
        for number, section in enumerate(self.sections, start=1):
            part = self.parts[section.id]
            before = self.parts_before.get(section.id)
            standing = changes.standing(part.sha256, before.sha256 if before else None, part.carried_from)
            mine = said.section(section.id)
            found = len(self.findings.get(section.id, ()))
            lines.append(NavLine(number, section, part, standing, mine.decision, len(mine.notes), found))
        return lines

    def nav(self, said: ReviewContent, current: str, view: str) -> dict[str, Any]:
        """What the list of sections needs."""
        return {
            "desk": self,
            "version": self.version,
            "lines": self._lines(said),
            "current": current,
            "view": view,
            "decided": sum(1 for each in self.open if said.section(each.id).decision),
            "scored": len(content.scores(self.rubric, said)),
        }

    @cached_property
    def _address(self) -> str:
        return url_for("grading.desk", submission_id=self.version.id)

    def address(self, section_id: str = "", view: str = "", bank: str = "") -> str:
        """The page with this section open in this view, and the saved comments for one of its fields."""
        named = (("bagian", section_id), ("tampil", view), ("komentar", bank))
        asked = {name: value for name, value in named if value}
        return f"{self._address}?{urlencode(asked)}" if asked else self._address

    def document(self, section: Section, asked: str) -> Document:
        """The section's content in the view asked for, or the one that shows most of what is new."""
        part, before_part = self.parts[section.id], self.parts_before.get(section.id)
        held = decode_part(part.text)
        before = decode_part(before_part.text) if before_part is not None else None
        changed = before_part is not None and before_part.sha256 != part.sha256
        views = ("perubahan", "penuh", "sebelumnya") if before is not None else ("penuh",)
        view = asked if asked in views else "perubahan" if changed else "penuh"
        shown = before if view == "sebelumnya" and before is not None else held
        facts: dict[str, Any] = {}
        if isinstance(shown, str) and view != "perubahan":
            sha256 = before_part.sha256 if before_part is not None and shown is before else part.sha256
            facts["rendered"] = _read_text(Pair("", sha256, None, shown))
        elif isinstance(held, str) and isinstance(before, str):
            facts["changed"] = changed_text(before_part, part, before, held)
        elif (
            before_part is not None
            and isinstance(held, Table)
            and isinstance(before, Table)
            and isinstance(section, TableSection)
        ):
            pair = Pair(before_part.sha256, part.sha256, before, held)
            # the checks of a section may hold lists of words: it cannot be hashed by what it holds
            same = Same(section)
            facts["rows"], facts["unchanged"] = _table_rows(pair, same)
            if facts["unchanged"] and not self.notes_on_rows(section.id):
                facts["unchanged_html"] = _unchanged_rows(pair, same, language())
        elif isinstance(shown, tuple):
            facts["files"] = self._files(shown, before if view == "perubahan" else None)
        key = VersionKey(self.version.id, self.version.sha256, self.version.reasons, self.findings)
        findings, reasons = _findings(key, Same(section), language())
        return Document(view, shown, before, findings=findings, reasons=reasons, **facts)

    def _files(self, held: tuple[FileRef, ...], before: Content | None) -> Sequence[FileChange]:
        return changes.file_changes(before if isinstance(before, tuple) else held, held)

    def criteria(self, said: ReviewContent, section_id: str) -> list[CriterionLine]:
        """The criteria, those that concern the open section first."""
        before = self.said_before if self.version.number > 1 else None
        writing, words = self.writing, language()
        lines = []
        for number, criterion in enumerate(self.rubric.criteria, start=1):
            opinion = said.opinion(criterion.id)
            earlier = before.opinion(criterion.id).level if before else None
            here = section_id in criterion.sections
            before_level = self.rubric.level(earlier) if earlier is not None else None
            line = _criterion(Same(self.rubric), number, opinion, here, before_level)
            html = _criterion_html(
                Same(self.rubric), number, opinion, before_level, writing, self.base, words
            )
            lines.append(replace(line, html=html))
        return sorted(lines, key=lambda line: not line.here)

    def total(self, said: ReviewContent) -> Decimal:
        """What the scores so far add up to, of 100."""
        parts = rubric.breakdown(self.rubric, content.scores(self.rubric, said))
        return sum((part.contribution for part in parts if part.contribution is not None), Decimal(0))

    def outlook(self, said: ReviewContent) -> tuple[content.Outcome | None, verdict.Final | None]:
        """What sending now would say: the outcome and, where all is accepted and scored, the grade."""
        outcome = content.outcome(self.open, said)
        points = rubric.points(self.rubric, content.scores(self.rubric, said))
        if outcome != "accepted" or points is None:
            return outcome, None
        return outcome, verdict.after_lateness(points, self.project.late, self.rounds[1].late_seconds)

    def gaps(self, said: ReviewContent) -> tuple[Gap, ...]:
        """What is missing before the review can be sent."""
        return content.gaps(self.open, self.rubric, said, last_round=self.last_round)

    @property
    def last_round(self) -> bool:
        """Whether nothing can be returned any more."""
        return self.project.is_last_round(self.version.round_number)
