"""A cohort whose course has a version with another rubric: the dry run, the three choices, and nothing without one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from flask import Flask
from sqlalchemy import func, select

from lms.audit import AuditEntry
from lms.courses import actions as courses
from lms.courses.models import Cohort, Enrolment, GradeEntry
from lms.extensions import db
from lms.grading import actions as grading
from lms.grading.allocation.actions import allocate
from lms.grading.content import Opinion, ReviewContent
from lms.grading.explaining.models import basis_of
from lms.grading.models import Review, ready_of, rubric_of, setting_of, standings_of
from lms.grading.models.rubrics import RubricChange, RubricRuling
from lms.grading.moderation import actions as moderation
from lms.grading.release import models as releasing
from lms.grading.rubricchange import actions, models
from lms.grading.rubricchange.actions import StalePreview
from lms.grading.state import WorkState
from lms.grading.views.rubricchange import SHOWN
from lms.mail import Mail
from lms.people.models import Person
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion
from lms.projects.reviewers import day_of
from lms.publishing import actions as publishing
from lms.refusals import Refused
from lms.rubric import Rubric
from tests.cast import CODE, NOW, Cast, sample
from tests.conftest import Browser
from tests.grading.disputes import OWN, case_of, disputed
from tests.grading.reviews import (
    ACCEPT,
    ACCEPTED,
    HOUR,
    RETURNED,
    SCORED,
    handed_in,
    second_version,
    send,
    work_of,
)
from tests.grading.test_actions import at_once
from tests.grading.test_adjusting import adjust, graded
from tests.projects.work import ITEM, KEY, begin, change_project

SignIn = Callable[[str], Browser]
ADDRESS = f"/kelola/angkatan/{CODE}/rubrik"
WHY = "Bobot disepakati ulang oleh penyelenggara."
LATER = NOW + 5 * HOUR


def publish_rubric(cast: Cast, change: Callable[[Rubric], Rubric]) -> int:
    """The sample course once more, with another rubric."""
    draft = sample()
    items = []
    for item in draft.items:
        if item.kind == "rubric":
            rubric = change(msgspec.json.decode(item.definition, type=Rubric))
            item = msgspec.structs.replace(item, definition=msgspec.json.encode(rubric))
        items.append(item)
    other = msgspec.structs.replace(draft, items=tuple(items), content_hash="e" * 64)
    outcome = publishing.publish(other, by=cast.people["ratna"], now=NOW)
    assert outcome.version_id is not None
    return outcome.version_id


def even(rubric: Rubric) -> Rubric:
    """Both criteria weigh fifty: 85 becomes 87,5."""
    return msgspec.structs.replace(
        rubric,
        criteria=tuple(msgspec.structs.replace(each, weight=Decimal(50)) for each in rubric.criteria),
    )


def with_another(rubric: Rubric) -> Rubric:
    first, second = even(rubric).criteria
    new = msgspec.structs.replace(second, id="bahasa", title="Bahasa", weight=Decimal(20))
    return msgspec.structs.replace(
        rubric, criteria=(first, msgspec.structs.replace(second, weight=Decimal(30)), new)
    )


@pytest.fixture
def cohort(cast: Cast, session: Any) -> Cohort:
    return db.session.get_one(Cohort, cast.cohort_id)


@pytest.fixture
def marked(cast: Cast, cohort: Cohort) -> SubmissionVersion:
    """Sari's work, accepted with 85, not released."""
    version = handed_in(cast)
    send(version, ACCEPTED, cast.people["dewi"])
    return version


def decide(cast: Cast, cohort: Cohort, choice: str | None, **values: Any) -> actions.Done:
    plan = values.pop("plan", None) or actions.fingerprint(models.move_of(cohort))
    return actions.decide(
        cohort,
        {} if choice is None else {ITEM: choice},
        plan=plan,
        reason=values.pop("reason", WHY),
        confirmed=values.pop("confirmed", False),
        key=KEY,
        by=cast.people["ratna"],
        now=LATER,
    )


def ledger(cast: Cast, who: str = "sari") -> list[tuple[str, Decimal]]:
    return [
        (state, points)
        for state, points in db.session.execute(
            select(GradeEntry.state, GradeEntry.points)
            .where(GradeEntry.enrolment_id == cast.enrolments[who])
            .order_by(GradeEntry.id)
        )
    ]


def total(version: SubmissionVersion) -> Decimal:
    basis = basis_of(work_of(version))
    assert basis is not None
    return basis.explain().total


def reviews() -> list[tuple[int, str, Decimal | None]]:
    return [
        (row.id, row.content, row.points) for row in db.session.scalars(select(Review).order_by(Review.id))
    ]


def open_kinds(cast: Cast) -> set[str]:
    place = releasing.cohort_project(CODE, ITEM)
    assert place is not None
    found = releasing.standing_of(place.cohort_id, place.version_id, place.line.id, ITEM)
    return {each.kind for each in found.preflight.open}


def test_the_dry_run_writes_nothing_and_says_what_would_be(
    cast: Cast, cohort: Cohort, marked: SubmissionVersion
) -> None:
    publish_rubric(cast, even)
    move = models.move_of(cohort)
    (shift,) = move.shifts
    (case,) = shift.run.cases
    assert move.pending
    assert [(each.before, each.after) for each in case.grades] == [(Decimal(85), Decimal("87.5"))]
    assert [(each.id, each.old, each.new) for each in shift.differences] == [
        ("isu", Decimal(60), Decimal(50)),
        ("sasaran", Decimal(40), Decimal(50)),
    ]
    assert (shift.run.changed("recompute"), shift.run.changed("keep")) == (1, 0)
    assert ledger(cast) == [("agreed", Decimal(85))]


def test_a_cohort_does_not_slip_past_the_choice(
    cast: Cast, cohort: Cohort, marked: SubmissionVersion
) -> None:
    newer = publish_rubric(cast, even)
    with pytest.raises(Refused, match="Rubrik berubah"):
        courses.move_cohort(cohort, seen=cast.version_id, to=newer, by=cast.people["ratna"], now=NOW)
    for choice in (None, "semua"):
        with pytest.raises(Refused, match="Pilih satu keputusan"):
            decide(cast, cohort, choice)
    with pytest.raises(Refused, match="alasan"):
        decide(cast, cohort, "keep", reason=" ")
    assert cohort.version_id == cast.version_id
    assert db.session.scalar(select(func.count(RubricRuling.id))) == 0


def test_keep_leaves_every_grade_and_settles_the_question(
    cast: Cast, cohort: Cohort, marked: SubmissionVersion
) -> None:
    newer = publish_rubric(cast, even)
    decide(cast, cohort, "keep")
    assert cohort.version_id == newer
    assert ledger(cast) == [("agreed", Decimal(85))]
    assert total(marked) == Decimal(85)
    assert open_kinds(cast) == {"not_handed_in"}
    assert models.move_of(cohort).shifts == ()


def test_recompute_reads_the_same_reviews_by_the_new_weights(
    cast: Cast, cohort: Cohort, marked: SubmissionVersion
) -> None:
    before = reviews()
    publish_rubric(cast, even)
    assert decide(cast, cohort, "recompute").rescored == 1
    assert ledger(cast) == [("agreed", Decimal(85)), ("moderated", Decimal("87.5"))]
    assert total(marked) == Decimal("87.5")
    assert reviews() == before
    ruling = db.session.scalars(select(RubricRuling)).one()
    assert (ruling.before, ruling.after, ruling.switched) == (Decimal(85), Decimal("87.5"), True)
    assert db.session.scalars(select(RubricChange)).one().reason == WHY
    assert db.session.scalar(select(func.count(AuditEntry.id)).where(AuditEntry.deed == "change rubric")) == 1
    assert open_kinds(cast) == {"not_handed_in"}


def test_what_cannot_be_mapped_stays_and_stays_open(
    cast: Cast, cohort: Cohort, marked: SubmissionVersion
) -> None:
    publish_rubric(cast, with_another)
    with pytest.raises(Refused, match="satu pun"):
        decide(cast, cohort, "recompute")
    handed_in(cast, "budi")  # not marked yet: takes the newer rubric
    assert decide(cast, cohort, "recompute").rescored == 0
    assert ledger(cast) == [("agreed", Decimal(85))]
    assert open_kinds(cast) == {"unmarked", "rubric_changed"}
    move = models.move_of(cohort)
    assert not move.pending
    decide(cast, cohort, "keep")
    assert open_kinds(cast) == {"unmarked"}


def test_review_again_puts_the_same_text_before_the_reviewers(
    cast: Cast, cohort: Cohort, marked: SubmissionVersion
) -> None:
    before = reviews()
    publish_rubric(cast, even)
    assert decide(cast, cohort, "review").reopened == 1
    versions = list(db.session.scalars(select(SubmissionVersion).order_by(SubmissionVersion.number)))
    assert [(each.number, each.sha256 == marked.sha256) for each in versions] == [(1, True), (2, True)]
    assert versions[1].settled_at is None
    assert open_kinds(cast) == {"not_handed_in", "unmarked"}
    send(versions[1], ACCEPTED, cast.people["dewi"], now=LATER + HOUR)
    assert reviews()[: len(before)] == before
    assert ledger(cast)[-1] == ("agreed", Decimal("87.5"))
    assert total(versions[1]) == Decimal("87.5")
    assert open_kinds(cast) == {"not_handed_in"}


def state(cast: Cast, version: SubmissionVersion) -> WorkState | None:
    db.session.expire_all()
    return standings_of([cast.enrolments["sari"]])[cast.enrolments["sari"], ITEM].state


def test_reviewed_again_a_work_waits_and_can_come_back(
    cast: Cast, cohort: Cohort, marked: SubmissionVersion
) -> None:
    dewi = cast.people["dewi"]
    given = allocate(marked.work_id, dewi, by=dewi, now=NOW + 2 * HOUR)
    assert given.waiting_on is None
    publish_rubric(cast, with_another)
    decide(cast, cohort, "review")
    again = db.session.scalars(
        select(SubmissionVersion).order_by(SubmissionVersion.number.desc()).limit(1)
    ).one()
    assert state(cast, again) is WorkState.RESUBMITTED
    assert given.waiting_on == day_of(LATER)
    assert ready_of(cast.cohort_id) == []
    assert basis_of(work_of(again)) is None
    scored = {**SCORED, "bahasa": Opinion(level=4)}
    send(again, msgspec.structs.replace(RETURNED, criteria=scored), dewi, now=LATER + HOUR)
    assert state(cast, again) is WorkState.RETURNED
    assert open_kinds(cast) == {"not_handed_in", "returned"}
    assert ready_of(cast.cohort_id) == []
    assert basis_of(work_of(again)) is None
    third = second_version(cast, again, now=LATER + 2 * HOUR)
    assert third.number == 3
    notes = {note.id: "settled" for note in projects.notes_of(third.work_id, 2)}
    said = ReviewContent(sections={"isu": ACCEPT}, earlier=notes, summary="Layak.", criteria=scored)
    send(third, said, dewi, now=LATER + 3 * HOUR)
    assert state(cast, third) is WorkState.GRADED
    assert [work.number for work in ready_of(cast.cohort_id)] == [3]
    assert total(third) == ledger(cast)[-1][1]


def test_reviewed_again_is_no_round_of_the_team(
    app: Flask, as_person: SignIn, cast: Cast, cohort: Cohort
) -> None:
    change_project(rounds=2)
    dewi = cast.people["dewi"]
    first = handed_in(cast)
    send(first, ACCEPTED, dewi)
    publish_rubric(cast, even)
    decide(cast, cohort, "review")
    again = db.session.scalars(
        select(SubmissionVersion).order_by(SubmissionVersion.number.desc()).limit(1)
    ).one()
    assert (again.number, again.round_number) == (2, 1)
    db.session.commit()
    assert "Putaran 1 dari 2" in text(as_person("dewi").get(f"/telaah/{again.id}?bagian=isu"))
    send(again, RETURNED, dewi, now=LATER + HOUR)
    work_id = again.work_id
    db.session.commit()
    sari, place = as_person("sari"), f"/proyek/{CODE}/{ITEM}"
    assert "Paling banyak 2 putaran; sudah dikumpulkan 1." in text(sari.get(place))
    assert "Versi berikutnya adalah putaran 2 dari 2." in text(sari.get(f"/proyek/kerja/{work_id}/isu"))
    assert "Putaran 2 dari 2" in text(sari.get(f"/proyek/kerja/{work_id}/kumpulkan"))
    third = second_version(cast, again, now=LATER + 2 * HOUR)
    assert (third.number, third.round_number) == (3, 2)
    db.session.commit()
    assert "Ini putaran terakhir (2 dari 2)" in text(as_person("dewi").get(f"/telaah/{third.id}?bagian=isu"))
    with pytest.raises(grading.Incomplete):
        send(third, RETURNED, dewi, now=LATER + 3 * HOUR)


def test_what_is_only_begun_is_judged_by_the_rubric_that_was_chosen(cast: Cast, cohort: Cohort) -> None:
    version = handed_in(cast)
    begin(cast, "budi")
    publish_rubric(cast, even)
    decide(cast, cohort, "recompute")
    send(version, ACCEPTED, cast.people["dewi"], now=LATER + HOUR)
    assert ledger(cast) == [("agreed", Decimal("87.5"))]


def test_a_review_by_the_rubric_of_before_is_not_sent(cast: Cast, cohort: Cohort) -> None:
    version = handed_in(cast)
    project = projects.project(version.work.item_id)
    before = rubric_of(setting_of(version.work_id).version_id, project)
    publish_rubric(cast, even)
    decide(cast, cohort, "recompute")
    with pytest.raises(grading.RubricChanged):
        grading.send(version, project, before, ACCEPTED, revision=0, by=cast.people["dewi"], now=LATER)
    assert reviews() == []
    assert ledger(cast) == []


def test_a_ruling_by_the_rubric_of_before_is_not_made(cast: Cast, cohort: Cohort) -> None:
    version = disputed(cast)
    project = projects.project(version.work.item_id)
    before = rubric_of(setting_of(version.work_id).version_id, project)
    with pytest.raises(grading.RubricChanged):
        moderation.decide(
            case_of(version), project, even(before), OWN, revision=0, by=cast.people["hasan"], now=LATER
        )
    assert moderation.decide(
        case_of(version), project, before, OWN, revision=0, by=cast.people["hasan"], now=LATER
    )[1]


def test_computed_anew_the_list_still_shows_the_team_s_grade(cast: Cast, cohort: Cohort) -> None:
    work = graded(cast)
    adjust(cast, work, "5", "budi")
    publish_rubric(cast, even)
    decide(cast, cohort, "recompute")
    assert ledger(cast, "budi")[-1][1] == Decimal("92.5")
    [ready] = ready_of(cast.cohort_id)
    assert (ready.points, ready.adjusted) == (Decimal("87.5"), 1)
    adjust(cast, work, "4", "sari")
    assert ready_of(cast.cohort_id)[0].adjusted == 2


def test_released_grades_ask_once_more(cast: Cast, cohort: Cohort, marked: SubmissionVersion) -> None:
    grading.release(cast.cohort_id, [marked.work_id], by=cast.people["dewi"], now=NOW + 2 * HOUR)
    publish_rubric(cast, even)
    with pytest.raises(Refused, match="sudah diumumkan"):
        decide(cast, cohort, "recompute")
    decide(cast, cohort, "recompute", confirmed=True)
    assert ledger(cast)[-1] == ("revised", Decimal("87.5"))


def test_a_stale_preview_does_nothing(cast: Cast, cohort: Cohort, marked: SubmissionVersion) -> None:
    publish_rubric(cast, even)
    plan = actions.fingerprint(models.move_of(cohort))
    send(handed_in(cast, "budi"), ACCEPTED, cast.people["dewi"])
    with pytest.raises(StalePreview):
        decide(cast, cohort, "recompute", plan=plan)
    assert cohort.version_id == cast.version_id


def test_where_no_work_is_touched_the_cohort_just_moves(cast: Cast, cohort: Cohort) -> None:
    newer = publish_rubric(cast, even)
    decide(cast, cohort, None, reason="")
    assert cohort.version_id == newer


def test_two_decisions_at_once_are_one(
    app: Flask, cast: Cast, cohort: Cohort, marked: SubmissionVersion
) -> None:
    publish_rubric(cast, even)
    plan = actions.fingerprint(models.move_of(cohort))
    db.session.commit()

    def deed(at: int) -> Any:
        found = db.session.get_one(Cohort, cast.cohort_id)
        return decide(cast, found, ("recompute", "keep")[at], plan=plan)

    results = at_once(app, 2, deed)
    assert sum(isinstance(each, StalePreview) for each in results) == 1, results
    db.session.expire_all()
    assert db.session.scalar(select(func.count(RubricChange.id))) == 1


# The page


@pytest.fixture
def arranged(app: Flask, cast: Cast) -> None:
    with app.app_context():
        send(handed_in(cast), ACCEPTED, cast.people["dewi"])
        handed_in(cast, "budi")
        publish_rubric(cast, even)
        db.session.commit()
        db.session.remove()


def text(response: Any) -> str:
    return str(response.get_data(as_text=True))


def test_the_administrator_sees_the_dry_run_and_names_a_choice(
    app: Flask, as_person: SignIn, arranged: None, cast: Cast
) -> None:
    ratna = as_person("ratna")
    assert f'href="{ADDRESS}"' in text(ratna.get(f"/kelola/angkatan/{CODE}/versi"))
    page = ratna.get(ADDRESS)
    for told in ("bobot 60 menjadi 50", ">85", "87,5", "Pertahankan", "Hitung ulang", "Telaah ulang", "Sari"):
        assert told in text(page), told
    assert "checked" not in text(page), "nothing is chosen for anybody"
    refused = ratna.submit_form(page, ADDRESS, reason=WHY)
    assert refused.status_code == 400
    assert WHY in text(refused)
    stale = ratna.submit_form(page, ADDRESS, reason=WHY, plan="x", **{f"pilihan-{ITEM}": "keep"})
    assert stale.status_code == 409
    assert "checked" in text(stale)
    done = ratna.submit_form(page, ADDRESS, reason=WHY, **{f"pilihan-{ITEM}": "recompute"})
    assert (done.status_code, done.location) == (303, f"/kelola/angkatan/{CODE}")
    assert "1 nilai dihitung ulang" in text(ratna.get(f"/kelola/angkatan/{CODE}"))
    assert "Tidak ada hasil kerja" in text(ratna.get(ADDRESS))
    with app.app_context():
        work_id = db.session.scalars(select(SubmissionVersion.work_id).order_by(SubmissionVersion.id)).first()
    why = text(as_person("dewi").get(f"/proyek/hasil/{work_id}/mengapa"))
    for told in ("Dihitung ulang dengan rubrik baru", ">87,5<", "versi pelatihan 2"):
        assert told in why, told
    assert "tidak sama dengan nilai yang tercatat" not in why


def test_learners_are_told_of_a_grade_that_they_had_seen(
    app: Flask, as_person: SignIn, arranged: None, cast: Cast
) -> None:
    with app.app_context():
        work_id = db.session.scalars(select(SubmissionVersion.work_id).order_by(SubmissionVersion.id)).first()
        assert work_id is not None
        grading.release(cast.cohort_id, [work_id], by=cast.people["dewi"], now=NOW + 2 * HOUR)
        db.session.commit()
        db.session.remove()
    ratna = as_person("ratna")
    page = ratna.get(ADDRESS)
    choice = {f"pilihan-{ITEM}": "recompute"}
    assert ratna.submit_form(page, ADDRESS, reason=WHY, **choice).status_code == 400
    assert ratna.submit_form(page, ADDRESS, reason=WHY, confirmed="1", **choice).status_code == 303
    with app.app_context():
        letter = db.session.scalars(select(Mail).where(Mail.key.startswith("rubric:"))).one()
        assert letter.address == cast.emails["sari"]
        assert "87" not in letter.body
    sari = as_person("sari")
    result = text(sari.get(f"/proyek/hasil/{work_id}"))
    for told in (">87,5<", ">37,5 <", ">50 <"):
        assert told in result, told
    assert WHY in text(sari.get(f"/proyek/hasil/{work_id}/mengapa"))


@pytest.mark.parametrize(("who", "status"), [("dewi", 403), ("hasan", 403), ("sari", 403), ("wati", 403)])
def test_only_administrators_move_cohorts(as_person: SignIn, arranged: None, who: str, status: int) -> None:
    browser = as_person(who)
    assert browser.get(ADDRESS).status_code in (status, 404)
    assert browser.post(ADDRESS, data={}).status_code in (status, 404)
    assert browser.other("delete", ADDRESS).status_code in (400, 405)


def test_a_cohort_that_is_not_there(as_person: SignIn, cast: Cast) -> None:
    assert as_person("ratna").get("/kelola/angkatan/tidak-ada/rubrik").status_code == 404


def crowd(cast: Cast, count: int) -> None:
    """So many learners more, each with a work accepted with 85."""
    for at in range(count):
        name = f"peserta{at:02}-{count}"
        person = Person(
            name=name, sort_name=name, email=f"{name}@uji.example", kind="pns", learner=True, created_at=NOW
        )
        db.session.add(person)
        db.session.flush()
        enrolment = Enrolment(cohort_id=cast.cohort_id, person_id=person.id, enrolled_at=NOW)
        db.session.add(enrolment)
        db.session.flush()
        cast.people[name], cast.enrolments[name] = person.id, enrolment.id
        late = NOW + at % 2 * timedelta(days=30)
        send(handed_in(cast, name, now=late), ACCEPTED, cast.people["dewi"], now=late + HOUR)
    db.session.commit()


def test_thirty_works_cost_as_many_statements_as_three(
    app: Flask, as_person: SignIn, count_statements: Any, cast: Cast
) -> None:
    costs = []
    every = f"{ADDRESS}/{ITEM}"
    ratna = as_person("ratna")
    for more in (3, 27):
        with app.app_context():
            crowd(cast, more)
            if more == 3:
                publish_rubric(cast, even)
                db.session.commit()
            db.session.remove()
        for address in (ADDRESS, every):
            ratna.get(address)  # definitions are read once
            with count_statements() as counted:
                assert ratna.get(address).status_code == 200
            costs.append(len(counted))
    assert costs[:2] == costs[2:]
    page = text(ratna.get(ADDRESS))
    assert page.count('<th scope="row">') == SHOWN
    assert "Lihat semua 30 hasil kerja" in page
    whole = text(ratna.get(every))
    assert whole.count('<th scope="row">') == 30
    assert whole.count("<strong>87,5</strong>") == 30


def test_the_whole_list_is_paged(
    as_person: SignIn, arranged: None, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lms.grading.views.rubricchange.PER_PAGE", 1)
    ratna = as_person("ratna")
    first = text(ratna.get(f"{ADDRESS}/{ITEM}"))
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following is not None
    second = text(ratna.get(following.group(1)))
    rows = [re.findall(r'<th scope="row">([^<]+)', page) for page in (first, second)]
    assert [len(each) for each in rows] == [1, 1]
    assert rows[0] != rows[1]
    assert 'rel="next"' not in second
    assert ratna.get(f"{ADDRESS}/tidak-ada").status_code == 404
    assert as_person("dewi").get(f"{ADDRESS}/{ITEM}").status_code == 403
    ratna.submit_form(ratna.get(ADDRESS), ADDRESS, reason=WHY, **{f"pilihan-{ITEM}": "keep"})
    settled = ratna.get(f"{ADDRESS}/{ITEM}")
    assert (settled.status_code, settled.location) == (303, ADDRESS)
