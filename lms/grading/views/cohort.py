"""The grades of a cohort, and the act that lets learners see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms.access import Deed
from lms.courses.models import Cohort, Enrolment, GradeEntry, cohort_by_code, outline
from lms.courses.outline import ItemLine
from lms.extensions import db, utcnow
from lms.grading import actions, letters, models
from lms.grading.models import WorkStanding
from lms.grading.views import blueprint
from lms.grading.views.words import state_kind, state_word, who
from lms.guard import allowed, can, person
from lms.paging import by_key
from lms.people.models import Person
from lms.projects.models import project
from lms.quizzes.models import paper_of

WORKS_AT_MOST = 200


@dataclass(frozen=True)
class Cell:
    """A learner's standing with one item: a word, the grade where there is one, where to read on."""

    word: str
    kind: str
    entry: GradeEntry | None = None
    work_id: int | None = None
    submission_id: int | None = None


def _pass_mark(line: ItemLine) -> Decimal | int:
    """What a grade is shown against."""
    return paper_of(line.id).quiz.pass_mark if line.kind == "quiz" else project(line.id).pass_mark


def _cell(line: ItemLine, entry: GradeEntry | None, standing: WorkStanding | None) -> Cell:
    if line.kind == "quiz":
        return Cell("", "plain", entry) if entry else Cell("", "plain")
    if standing is None:
        return Cell(gettext("Belum dimulai"), "plain")
    if standing.masked:
        # whose work is at which state would tell whose code it is
        return Cell(gettext("Disamarkan"), "plain")
    return Cell(
        state_word(standing.state),
        state_kind(standing.state),
        entry,
        standing.work_id if standing.submission_id else None,
        standing.submission_id,
    )


@blueprint.get("/telaah/angkatan/<code>")
@allowed(Deed.FACILITATE, cohort_by_code)
def cohort(cohort: Cohort) -> ResponseReturnValue:
    """The learners of a cohort with their grades, and the works whose grades can be released."""
    lines = [line for line in outline(cohort.version_id).items if line.kind in ("quiz", "project")]
    page = by_key(
        models.learners(cohort.id),
        [Person.sort_name, Enrolment.id],
        request.args.get("after"),
        scalars=False,
    )
    enrolments = [row.id for row in page.rows]
    entries = models.newest_entries(enrolments)
    standings = models.standings_of(enrolments)
    ready = models.ready_of(cohort.id, limit=WORKS_AT_MOST)
    return render_template(
        "grading/cohort.html",
        cohort=cohort,
        title=outline(cohort.version_id).title,
        lines=lines,
        marks=[_pass_mark(line) for line in lines],
        page=page,
        rows=[
            (
                row,
                [
                    _cell(
                        line, entries.get((row.id, line.stable_id)), standings.get((row.id, line.stable_id))
                    )
                    for line in lines
                ],
            )
            for row in page.rows
        ],
        ready=[(work, who(work.names, work.masked, work.work_id), can("release", work)) for work in ready],
        may_release=can("release", Batch(cohort.id, cohort.code, ())),
        full=len(ready) == WORKS_AT_MOST,
    )


@dataclass(frozen=True)
class Batch:
    """The works chosen for release: a thing of the access table whose members are those of all of them."""

    cohort_id: int
    code: str
    work_ids: Sequence[int]
    member_ids: frozenset[int] = frozenset()


def _numbers(values: Iterable[str]) -> list[int]:
    return [int(value) for value in values if value.isascii() and value.isdecimal() and len(value) < 19]


def load_batch(code: str) -> Batch | None:
    """The works that the form names, as far as they are of this cohort and can be released."""
    cohort = cohort_by_code(code)
    if cohort is None:
        return None
    wanted = _numbers(request.form.getlist("work")[:WORKS_AT_MOST])
    ready = models.ready_of(cohort.id, wanted, limit=WORKS_AT_MOST) if wanted else []
    members = frozenset[int]().union(*(work.member_ids for work in ready))
    return Batch(cohort.id, cohort.code, wanted, members)


@blueprint.post("/telaah/angkatan/<code>/umumkan")
@allowed(Deed.RELEASE, load_batch)
def release(batch: Batch) -> ResponseReturnValue:
    """Let the learners of the chosen works see their grades."""
    back = url_for("grading.cohort", code=batch.code)
    if not batch.work_ids:
        flash(gettext("Pilih dahulu hasil kerja yang nilainya akan diumumkan."), "warn")
        return redirect(back, 303)
    now = utcnow()
    released = actions.release(batch.cohort_id, batch.work_ids, by=person().id, now=now)
    for work in released:
        letters.released(work, now=now)
    db.session.commit()
    if released:
        flash(
            gettext(
                "Nilai %(count)s hasil kerja diumumkan. Peserta diberi tahu lewat surel.", count=len(released)
            ),
            "ok",
        )
    else:
        flash(gettext("Nilainya sudah diumumkan sebelumnya. Tidak ada yang diubah."), "warn")
    return redirect(back, 303)
