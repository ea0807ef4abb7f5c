"""The moderator's page: the reviews of a disputed version side by side, and the decision between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms import formats, markup, rubric
from lms.access import Deed
from lms.courses.models import Cohort, cohort_by_code
from lms.extensions import begin_reading, db, utcnow
from lms.grading import content, letters, models
from lms.grading.actions import RubricChanged
from lms.grading.content import Note, Opinion
from lms.grading.forms import Fields, TooLong, revision_in, typed
from lms.grading.models import ReviewLine
from lms.grading.moderation import actions
from lms.grading.moderation import models as moderation
from lms.grading.moderation.content import (
    REASON_AT_LEAST,
    Choice,
    Gap,
    Ruling,
    Side,
    apart,
    decode,
    gaps,
    opinions,
    points,
    scores,
)
from lms.grading.moderation.models import Case, Decided, ModerationDraft, Referred
from lms.grading.typed import TEXT_AT_MOST
from lms.grading.views import blueprint
from lms.grading.views.reviewed import Reviewed
from lms.grading.views.words import said, who
from lms.guard import allowed, can, person, wants_json
from lms.projects.source import Section
from lms.rubric import Criterion, Level, Part, Rubric
from lms.web import language, zone

LETTERS = "ABCDE"


@dataclass(frozen=True)
class Opposite:
    """What one review says of a criterion."""

    letter: str
    review_id: int
    part: Part
    opinion: Opinion


@dataclass(frozen=True)
class CriterionLine:
    """A criterion with what each review says of it, how far they are apart (levels; None: one gave none; the points may
    differ inside one level), and what is decided.
    """

    number: int
    criterion: Criterion
    sides: Sequence[Opposite]
    apart: int | None
    same: bool
    choice: Choice
    levels: Sequence[tuple[Level, str, Decimal]]
    decided: Opinion
    part: Part | None


@dataclass(frozen=True)
class SectionLine:
    """A section with the notes of each review, as (letter, HTML, kind)."""

    number: int
    section: Section
    notes: Sequence[tuple[str, Any, str]]


class Bench(Reviewed):
    """What the moderator's page needs of a case; each part is read once, when it is needed.

    The graders are letters here: who they are must not weigh.
    """

    def __init__(self, case: Case) -> None:
        super().__init__(case.version)
        self.case = case

    @cached_property
    def reviews(self) -> Sequence[ReviewLine]:
        rounds = models.rounds_of(self.version.work_id)
        return next(each.reviews for each in rounds if each.number == self.version.number)

    @cached_property
    def sides(self) -> list[Side]:
        return [Side(each.id, each.content, each.points) for each in self.reviews if each.points is not None]

    @cached_property
    def decided(self) -> Decided | None:
        return moderation.decided([self.version.id]).get(self.version.id)

    @cached_property
    def draft(self) -> ModerationDraft | None:
        return moderation.draft_of(self.version.id, person().id)

    @property
    def open(self) -> bool:
        return self.version.settled_at is None

    @cached_property
    def stored(self) -> Ruling:
        if self.decided is not None:
            return decode(self.decided.row.content)
        return decode(self.draft.content) if self.draft is not None else Ruling()

    def lines(self, ruling: Ruling) -> list[CriterionLine]:
        order = [level.id for level in self.rubric.levels]
        parts = [
            rubric.breakdown(self.rubric, content.scores(self.rubric, side.content)) for side in self.sides
        ]
        held = opinions(ruling, self.sides)
        now = rubric.breakdown(self.rubric, scores(self.rubric, ruling, self.sides))
        lines = []
        for at, criterion in enumerate(self.rubric.criteria):
            sides = [
                Opposite(LETTERS[place], side.id, parts[place][at], side.content.opinion(criterion.id))
                for place, side in enumerate(self.sides)
            ]
            lines.append(
                CriterionLine(
                    at + 1,
                    criterion,
                    sides,
                    apart([each.opinion.level for each in sides], order),
                    len({each.part.points for each in sides}) == 1,
                    ruling.choice(criterion.id),
                    [
                        (
                            level,
                            criterion.levels.get(level.id, ""),
                            criterion.weight * rubric.level_points(self.rubric, level.id),
                        )
                        for level in reversed(self.rubric.levels)
                    ],
                    held.get(criterion.id, Opinion()),
                    now[at] if now[at].level else None,
                )
            )
        return lines

    def sections(self) -> list[SectionLine]:
        """The sections that have notes."""
        found = []
        for number, section in enumerate(self.project.sections, start=1):
            notes: list[tuple[str, Note]] = [
                (LETTERS[place], note)
                for place, side in enumerate(self.sides)
                for note in side.content.section(section.id).notes
            ]
            if notes:
                found.append(
                    SectionLine(
                        number,
                        section,
                        [(letter, markup.to_html(note.text, "people"), note.kind) for letter, note in notes],
                    )
                )
        return found


@blueprint.get("/telaah/angkatan/<code>/moderasi")
@allowed(Deed.FACILITATE, cohort_by_code)
def moderations(cohort: Cohort) -> ResponseReturnValue:
    """The versions of a cohort that wait for a moderator, with the way to those that the reader may decide."""
    page = moderation.referred_in(cohort.id, person().id, request.args.get("after"))
    return render_template(
        "grading/moderations.html",
        cohort=cohort,
        page=page,
        rows=[
            (each, who(each.names, each.masked, each.work_id), can("moderate", each), _kept_away(each))
            for each in page.rows
        ],
    )


def _kept_away(each: Referred) -> str:
    """Why the reader does not decide about this version, where they do not."""
    me = person().id
    if me in each.member_ids:
        return gettext("Ini hasil kerja Anda sendiri.")
    if me in each.grader_ids:
        return gettext("Anda menelaah versi ini; orang lain yang memutuskan.")
    if me in each.barred_ids:
        return gettext("Ada konflik kepentingan; orang lain yang memutuskan.")
    return ""


@blueprint.get("/telaah/<int:submission_id>/moderasi")
@allowed(Deed.MODERATE, moderation.case)
def moderate(case: Case) -> ResponseReturnValue:
    """The reviews side by side, criterion by criterion, with what the moderator has said so far."""
    return _page(Bench(case))


def _page(
    bench: Bench,
    *,
    ruling: Ruling | None = None,
    revision: int | None = None,
    problem: str = "",
    missing: Sequence[Gap] = (),
    other: Ruling | None = None,
) -> str:
    """The page; ``ruling`` is what was typed and must not be lost, ``other`` what is stored in its place."""
    held = ruling if ruling is not None and bench.open else bench.stored
    draft = bench.draft if bench.open else None
    return render_template(
        "grading/moderation.html",
        bench=bench,
        version=bench.version,
        project=bench.project,
        referral=bench.case.referral,
        letters=list(zip(LETTERS, bench.sides, bench.reviews, strict=False)),
        lines=bench.lines(held),
        sections=bench.sections(),
        ruling=held,
        total=points(bench.rubric, held, bench.sides),
        open_criteria=len(gaps(bench.rubric, held, bench.sides)),
        revision=revision if revision is not None else draft.revision if draft else 0,
        saved_text=gettext("Tersimpan %(time)s", time=_time(draft)) if draft else "",
        local_key=f"{person().id}/moderasi/{bench.version.id}",
        problem=problem,
        gaps=[(gap, _gap_word(gap, bench.rubric)) for gap in missing],
        differences=_differences(bench, other, held) if other is not None else [],
        kept=_kept(bench, ruling) if not bench.open else [],
        least=REASON_AT_LEAST,
    )


def _kept(bench: Bench, ruling: Ruling | None) -> list[tuple[str, str]]:
    """What this moderator wrote before somebody else decided: (field, text)."""
    if ruling is None:
        ruling = decode(bench.draft.content) if bench.draft is not None else Ruling()
    return [(label, mine) for label, _, mine in _differences(bench, Ruling(), ruling) if mine != "–"]


def _time(draft: ModerationDraft) -> str:
    return formats.clock_time(draft.updated_at, zone(), language())


def _gap_word(gap: Gap, found: Rubric) -> str:
    criterion = found.criterion(gap.criterion)
    title = criterion.title if criterion else ""
    if gap.kind == "unscored":
        return gettext("Kriteria “%(title)s” belum diputuskan.", title=title)
    if gap.kind == "bad_points":
        return gettext(
            "Angka pada kriteria “%(title)s” tidak termasuk tingkat yang dipilih. "
            "Ubah angkanya, atau kosongkan.",
            title=title,
        )
    return gettext("Tulis alasan putusan, paling sedikit %(count)s karakter.", count=REASON_AT_LEAST)


def _ruling_in(fields: Fields, bench: Bench) -> Ruling:
    """What the form says; what the page did not offer is not read."""
    ids = {str(side.id): side.id for side in bench.sides}
    levels = {str(level.id): level.id for level in bench.rubric.levels}
    criteria = {}
    for criterion in bench.rubric.criteria:
        kind, _, value = fields.get(f"choice.{criterion.id}", "").partition("-")
        criteria[criterion.id] = Choice(
            take=ids.get(value, 0) if kind == "telaah" else 0,
            level=levels.get(value) if kind == "tingkat" else None,
            points=" ".join(fields.get(f"points.{criterion.id}", "").split())[:40],
            comment=typed(fields.get(f"comment.{criterion.id}", "")),
        )
    return Ruling(
        whole=ids.get(fields.get("whole", ""), 0), criteria=criteria, reason=typed(fields.get("reason", ""))
    )


def _refuse_long(ruling: Ruling) -> None:
    longest = max(map(len, (ruling.reason, *(each.comment for each in ruling.criteria.values()))))
    if longest > TEXT_AT_MOST:
        raise TooLong(
            "Satu catatan atau komentar paling panjang %(limit)s karakter, sedangkan ini %(length)s. "
            "Isinya belum disimpan: ringkas, lalu simpan lagi.",
            limit=TEXT_AT_MOST,
            length=longest,
        )


@blueprint.post("/telaah/<int:submission_id>/moderasi")
@allowed(Deed.MODERATE, moderation.case)
def save_moderation(case: Case) -> ResponseReturnValue:
    """Keep the draft: JSON for autosave.js, a redirect for the form's own button."""
    bench = Bench(case)
    ruling, revision = _ruling_in(request.form, bench), revision_in(request.form)
    try:
        _refuse_long(ruling)
        draft = actions.save_draft(case, ruling, revision=revision, by=person().id, now=utcnow())
    except actions.Stale as error:
        return _conflict(bench, ruling, error)
    except actions.Closed as error:
        return _closed(case, ruling, said(error))
    except TooLong as error:
        return _not_stored(bench, ruling, revision, said(error), 413)
    if not wants_json():
        db.session.commit()
        return redirect(url_for("grading.moderate", submission_id=case.version.id), 303)
    answer: dict[str, Any] = {
        "fragments": {
            "jumlah-moderasi": render_template(
                "grading/_moderated_total.html",
                project=bench.project,
                total=points(bench.rubric, ruling, bench.sides),
            )
        }
    }
    if draft is not None:
        saved = gettext("Tersimpan otomatis %(time)s", time=_time(draft))
        answer |= {"revision": str(draft.revision), "saved": saved}
    db.session.commit()
    return jsonify(answer)


@blueprint.post("/telaah/<int:submission_id>/moderasi/putuskan")
@allowed(Deed.MODERATE, moderation.case)
def decide_moderation(case: Case) -> ResponseReturnValue:
    """Decide, once: the version is settled with the moderator's grade."""
    bench = Bench(case)
    ruling, revision, now = _ruling_in(request.form, bench), revision_in(request.form), utcnow()
    try:
        _refuse_long(ruling)
        _, made = actions.decide(
            case, bench.project, bench.rubric, ruling, revision=revision, by=person().id, now=now
        )
    except actions.Incomplete as error:
        return _incomplete(bench, ruling, revision, error)
    except RubricChanged as error:
        return _judged_anew(bench, ruling, revision, error)
    except actions.Stale as error:
        return _conflict(bench, ruling, error)
    except actions.Closed as error:
        return _closed(case, ruling, said(error))
    except TooLong as error:
        return _not_stored(bench, ruling, revision, said(error), 413)
    if made:
        letters.reviewed(case.version, bench.project, returned=False, now=now)
    db.session.commit()
    flash(
        gettext(
            "Nilai versi %(number)s sudah diputuskan. Peserta melihatnya setelah diumumkan.",
            number=case.version.number,
        ),
        "ok",
    )
    return redirect(url_for("grading.moderate", submission_id=case.version.id), 303)


def _incomplete(
    bench: Bench, ruling: Ruling, revision: int, error: actions.Incomplete
) -> ResponseReturnValue:
    """Keep what was typed, and show what is missing."""
    try:
        draft = actions.save_draft(bench.case, ruling, revision=revision, by=person().id, now=utcnow())
    except actions.Stale as stale:
        return _conflict(bench, ruling, stale)
    except actions.Closed as closed:
        return _closed(bench.case, ruling, said(closed))
    db.session.commit()
    begin_reading()
    page = _page(
        bench,
        ruling=ruling,
        revision=draft.revision if draft else 0,
        problem=said(error),
        missing=error.gaps,
    )
    return page, 422


def _judged_anew(bench: Bench, ruling: Ruling, revision: int, error: RubricChanged) -> ResponseReturnValue:
    """Keep what was typed, and open the page with the rubric that counts now."""
    try:
        actions.save_draft(bench.case, ruling, revision=revision, by=person().id, now=utcnow())
    except actions.Stale as stale:
        return _conflict(bench, ruling, stale)
    db.session.commit()
    flash(said(error), "bad")
    return redirect(url_for("grading.moderate", submission_id=bench.case.version.id), 303)


def _not_stored(
    bench: Bench, ruling: Ruling, revision: int, problem: str, status: int
) -> ResponseReturnValue:
    """Say why nothing was stored, with everything that was typed still on the page."""
    db.session.rollback()
    if wants_json():
        return jsonify(error="too_long", message=problem), status
    begin_reading()
    return _page(Bench(_again(bench.case)), ruling=ruling, revision=revision, problem=problem), status


def _again(case: Case) -> Case:
    """The case as it is now, after what was tried was undone."""
    found = moderation.case(case.version.id)
    assert found is not None
    return found


def _conflict(bench: Bench, ruling: Ruling, stale: actions.Stale) -> ResponseReturnValue:
    """What was typed stays in the form; what is stored stands beside it, and pressing again takes the form's."""
    other = decode(stale.row.content) if stale.row is not None else Ruling()
    revision = stale.row.revision if stale.row is not None else 0
    db.session.rollback()
    if wants_json():
        return jsonify(error="conflict", message=said(stale)), 409
    begin_reading()
    page = _page(
        Bench(_again(bench.case)), ruling=ruling, revision=revision, problem=said(stale), other=other
    )
    return page, 409


def _closed(case: Case, ruling: Ruling, problem: str) -> ResponseReturnValue:
    """Somebody else decided: what this moderator typed is shown beside that decision, to be copied from."""
    db.session.rollback()
    if wants_json():
        return jsonify(error="locked", message=problem), 409
    begin_reading()
    return _page(Bench(_again(case)), ruling=ruling, problem=problem), 409


def _differences(bench: Bench, other: Ruling, mine: Ruling) -> list[tuple[str, str, str]]:
    """Where what is stored and what was typed differ: (field, stored, typed)."""
    letters = {side.id: LETTERS[place] for place, side in enumerate(bench.sides)}

    def whole(ruling: Ruling) -> str:
        letter = letters.get(ruling.whole)
        return gettext("Telaah %(letter)s seutuhnya", letter=letter) if letter else gettext("per kriteria")

    def told(choice: Choice) -> str:
        words = []
        if choice.take in letters:
            words.append(gettext("ikut telaah %(letter)s", letter=letters[choice.take]))
        level = bench.rubric.level(choice.level) if choice.level is not None else None
        if level is not None:
            words.append(f"{level.id} {level.label}")
        return ", ".join([*words, *filter(None, (choice.points, choice.comment))]) or "–"

    found = [(gettext("Cara memutuskan"), whole(other), whole(mine))]
    found += [
        (criterion.title, told(other.choice(criterion.id)), told(mine.choice(criterion.id)))
        for criterion in bench.rubric.criteria
    ]
    found.append((gettext("Alasan putusan"), other.reason, mine.reason))
    return [line for line in found if line[1] != line[2]]
