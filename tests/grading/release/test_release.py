"""Releasing a cohort: the facts as stored, the act as previewed, the page as it is used, and two at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms.audit import AuditEntry
from lms.courses.models import Enrolment, GradeEntry
from lms.extensions import db
from lms.grading import actions as grading
from lms.grading.content import Opinion, ReviewContent
from lms.grading.models import ReviewDraft
from lms.grading.release import actions, models
from lms.grading.release.actions import StalePreview, StillOpen
from lms.grading.release.models import CohortProject, GradeRelease, ReleaseExclusion
from lms.grading.release.preflight import Preflight
from lms.mail import Mail
from lms.people.models import Person
from lms.projects.models import SubmissionVersion
from lms.refusals import Refused
from tests.cast import CODE, NOW, OTHER, Cast
from tests.conftest import Browser
from tests.grading.disputes import disputed, ruled
from tests.grading.releasing import ADDRESS, REASON, released
from tests.grading.reviews import ACCEPT, ACCEPTED, HOUR, RETURNED, SCORED, handed_in, second_version, send
from tests.grading.test_actions import at_once
from tests.projects.work import ITEM, begin, change_project

SignIn = Callable[[str], Browser]
LATER = NOW + 5 * HOUR
WEAK = ReviewContent(
    sections=ACCEPTED.sections, criteria={"isu": Opinion(level=1), "sasaran": Opinion(level=1)}, summary=""
)


def place_of(cast: Cast) -> CohortProject:
    place = models.cohort_project(CODE, ITEM)
    assert place is not None
    return place


def found(cast: Cast) -> Preflight:
    place = place_of(cast)
    return models.standing_of(place.cohort_id, place.version_id, place.line.id, ITEM).preflight


def kinds(cast: Cast) -> list[str]:
    return sorted(each.kind for each in found(cast).open)


def release(cast: Cast, excluded: dict[str, str] | None = None, plan: str | None = None) -> actions.Outcome:
    seen = found(cast)
    if excluded is None:
        excluded = {each.party.key: REASON for each in seen.excludable}
    return actions.release(
        place_of(cast), plan=plan or seen.fingerprint, excluded=excluded, by=cast.people["dewi"], now=LATER
    )


@pytest.fixture
def both(cast: Cast, session: Any) -> list[SubmissionVersion]:
    """Sari's and Budi's first versions, waiting."""
    return [handed_in(cast, "sari"), handed_in(cast, "budi")]


# The facts


def test_what_is_open_follows_the_works(cast: Cast, both: list[SubmissionVersion]) -> None:
    assert kinds(cast) == ["unmarked", "unmarked"]
    send(both[0], RETURNED, cast.people["dewi"])
    assert kinds(cast) == ["returned", "unmarked"]
    send(both[1], ACCEPTED, cast.people["dewi"])
    assert kinds(cast) == ["returned"]
    assert [each.work_id for each in found(cast).ready] == [both[1].work_id]
    second_version(cast, both[0])
    assert kinds(cast) == ["unmarked"]


def test_somebody_who_never_began_and_somebody_who_began_and_stopped(cast: Cast, session: Any) -> None:
    begin(cast, "sari")
    assert kinds(cast) == ["not_handed_in", "not_handed_in"]
    assert {each.party.work_id is None for each in found(cast).open} == {True, False}


def test_several_graders_owe_the_second_review_and_then_agreement(cast: Cast, session: Any) -> None:
    change_project(graders=2)
    version = handed_in(cast)
    send(version, ACCEPTED, cast.people["dewi"])
    assert kinds(cast) == ["not_handed_in", "second_review"]


def test_a_dispute_is_open_until_its_moderator_has_decided(cast: Cast, session: Any) -> None:
    version = disputed(cast)
    assert kinds(cast) == ["disagreeing", "not_handed_in"]
    ruled(cast, version)
    assert kinds(cast) == ["not_handed_in"]
    assert [mark.points for mark in found(cast).ready[0].marks] == [Decimal(70)]


def test_a_learner_who_was_taken_out_asks_for_nothing(cast: Cast, session: Any) -> None:
    db.session.get_one(Enrolment, cast.enrolments["budi"]).removed_at = NOW
    assert kinds(cast) == ["not_handed_in"]
    begin(cast, "budi")
    assert kinds(cast) == ["not_handed_in"]


def test_another_rubric_in_the_cohorts_version_is_open(
    cast: Cast, both: list[SubmissionVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in both:
        send(version, ACCEPTED, cast.people["dewi"])
    assert kinds(cast) == []
    place, asked = place_of(cast), models.projects.project
    own = place.line.id
    monkeypatch.setattr(models, "rubric_of", lambda version_id, _project: version_id)
    monkeypatch.setattr(models.projects, "project", lambda item_id: asked(own if item_id == -1 else item_id))
    standing = models.standing_of(place.cohort_id, -1, -1, ITEM)
    assert [each.kind for each in standing.preflight.open] == ["rubric_changed", "rubric_changed"]


# The act


def states(cast: Cast, who: str) -> list[str]:
    return list(
        db.session.scalars(
            select(GradeEntry.state)
            .where(GradeEntry.enrolment_id == cast.enrolments[who])
            .order_by(GradeEntry.id)
        )
    )


def test_all_go_out_in_one_act(cast: Cast, both: list[SubmissionVersion]) -> None:
    for version in both:
        send(version, ACCEPTED, cast.people["dewi"])
    done = release(cast)
    assert (len(done.works), done.left_out, done.again) == (2, 0, False)
    assert states(cast, "sari") == states(cast, "budi") == ["agreed", "released"]
    act = db.session.scalars(select(GradeRelease)).one()
    assert (act.works, act.decided_by, act.stable_id) == (2, cast.people["dewi"], ITEM)
    assert (
        db.session.scalar(select(func.count(AuditEntry.id)).where(AuditEntry.deed == "release cohort")) == 1
    )


@pytest.mark.parametrize("said", [None, RETURNED])
def test_nothing_goes_out_while_something_is_open(
    cast: Cast, both: list[SubmissionVersion], said: ReviewContent | None
) -> None:
    send(both[0], ACCEPTED, cast.people["dewi"])
    if said is not None:
        send(both[1], said, cast.people["dewi"])
    with pytest.raises(StillOpen) as refusal:
        release(cast, {})
    assert refusal.value.missing == {f"k{both[1].work_id}": "unsettled" if said is None else "not_excluded"}
    assert states(cast, "sari") == ["agreed"]
    assert db.session.scalar(select(func.count(GradeRelease.id))) == 0


def test_no_reason_leaves_out_what_a_grader_owes(cast: Cast, both: list[SubmissionVersion]) -> None:
    send(both[0], ACCEPTED, cast.people["dewi"])
    with pytest.raises(StillOpen):
        release(cast, {f"k{both[1].work_id}": REASON})


def test_one_who_is_absent_is_left_out_by_name_and_can_follow(cast: Cast, session: Any) -> None:
    send(handed_in(cast, "sari"), ACCEPTED, cast.people["dewi"])
    done = release(cast)
    assert (len(done.works), done.left_out) == (1, 1)
    row = db.session.scalars(select(ReleaseExclusion)).one()
    assert (row.enrolment_id, row.kind, row.reason) == (cast.enrolments["budi"], "not_handed_in", REASON)
    acts, reasons = models.releases_of(cast.cohort_id, ITEM)
    assert reasons == {cast.enrolments["budi"]: REASON}
    assert acts[0].left_out[0].name == "Budi"
    with pytest.raises(Refused, match="Tidak ada nilai"):
        release(cast)
    send(handed_in(cast, "budi", now=LATER), ACCEPTED, cast.people["dewi"], now=LATER + HOUR)
    assert len(release(cast).works) == 1
    assert states(cast, "budi") == ["agreed", "released"]


def test_what_was_not_previewed_does_not_go_out(cast: Cast, both: list[SubmissionVersion]) -> None:
    for version in both:
        send(version, ACCEPTED, cast.people["dewi"])
    with pytest.raises(StalePreview):
        release(cast, plan="0" * 64)
    assert states(cast, "sari") == ["agreed"]


def test_the_same_act_again_changes_nothing(cast: Cast, both: list[SubmissionVersion]) -> None:
    for version in both:
        send(version, ACCEPTED, cast.people["dewi"])
    plan = found(cast).fingerprint
    release(cast)
    assert release(cast, plan=plan).again
    assert states(cast, "sari") == ["agreed", "released"]


def test_rows_of_a_release_are_kept_as_they_are(cast: Cast, session: Any) -> None:
    send(handed_in(cast, "sari"), ACCEPTED, cast.people["dewi"])
    release(cast)
    db.session.delete(db.session.scalars(select(ReleaseExclusion)).one())
    with pytest.raises(RuntimeError, match="immutable"):
        db.session.flush()


# At once, with real threads


def test_two_releases_at_once_are_one(app: Flask, cast: Cast, both: list[SubmissionVersion]) -> None:
    for version in both:
        send(version, ACCEPTED, cast.people["dewi"])
    plan = found(cast).fingerprint
    db.session.commit()
    results = at_once(
        app,
        3,
        lambda _at: actions.release(
            place_of(cast), plan=plan, excluded={}, by=cast.people["dewi"], now=LATER
        ),
    )
    assert sorted((len(each.works), each.again) for each in results) == [(0, True), (0, True), (2, False)]
    db.session.expire_all()
    assert states(cast, "sari") == states(cast, "budi") == ["agreed", "released"]


@pytest.mark.parametrize("turn", range(4))
def test_a_review_saved_or_sent_during_the_release_is_either_in_what_was_shown_or_stops_it(
    app: Flask, cast: Cast, both: list[SubmissionVersion], turn: int
) -> None:
    """Sari's grade is out or not, never Budi's that was decided meanwhile; no draft and no review is lost."""
    send(both[0], ACCEPTED, cast.people["dewi"])
    send(both[1], RETURNED, cast.people["dewi"])
    second = second_version(cast, both[1])
    excluded = {f"k{second.work_id}": REASON}
    plan, second_id = found(cast).fingerprint, second.id
    db.session.commit()

    def deed(at: int) -> Any:
        if at:
            return actions.release(
                place_of(cast), plan=plan, excluded=excluded, by=cast.people["dewi"], now=LATER
            )
        version = db.session.get_one(SubmissionVersion, second_id)
        if turn % 2:
            return send(version, ACCEPTED, cast.people["dewi"], now=LATER)
        said = ReviewContent(sections={"isu": ACCEPT}, criteria=SCORED, summary="Hampir.")
        return grading.save_draft(
            version, None, said, beginning=ReviewContent(), revision=0, by=cast.people["dewi"], now=LATER
        )

    saved, released_ = at_once(app, 2, deed)
    assert not isinstance(saved, Exception), saved
    # what waits for a grader blocks, and once it is marked the preview is an old one
    assert isinstance(released_, StillOpen | StalePreview)
    db.session.expire_all()
    assert states(cast, "sari") == ["agreed"]
    assert "released" not in states(cast, "budi")
    assert db.session.scalar(select(func.count(ReviewDraft.id))) == (0 if turn % 2 else 1)


# The page


@pytest.fixture
def arranged(app: Flask, cast: Cast) -> None:
    """Sari's work accepted with 85, Budi's never begun."""
    with app.app_context():
        send(handed_in(cast, "sari"), ACCEPTED, cast.people["dewi"])
        db.session.commit()
        db.session.remove()


def text(response: Any) -> str:
    return str(response.get_data(as_text=True))


@pytest.mark.parametrize(
    ("who", "status"), [("dewi", 200), ("hasan", 404), ("sari", 403), ("tono", 404), ("wati", 404)]
)
def test_the_page_is_for_who_releases(as_person: SignIn, arranged: None, who: str, status: int) -> None:
    browser = as_person(who)
    assert browser.get(ADDRESS).status_code == status
    assert browser.post(ADDRESS, data={"plan": "x"}).status_code == (409 if status == 200 else status)


def test_an_administrator_reads_it_and_changes_nothing(
    app: Flask, as_person: SignIn, arranged: None, cast: Cast
) -> None:
    with app.app_context():
        waiting = handed_in(cast, "budi")
        desk, result = f"/telaah/{waiting.id}", f"/proyek/hasil/{waiting.work_id}"
        db.session.commit()
        db.session.remove()
    ratna = as_person("ratna")
    for address in (f"/kelola/angkatan/{CODE}", f"/telaah/angkatan/{CODE}"):
        assert f'href="{ADDRESS}"' in text(ratna.get(address))
    page = text(ratna.get(ADDRESS))
    for told in ("Belum dapat diumumkan", "Belum ditelaah", ">85<", "Nilai diumumkan oleh fasilitator"):
        assert told in page, told
    assert f'href="{result}"' in page
    assert ratna.get(result).status_code == 200
    # no way to where administrators may not go, and nothing to send
    assert f'href="{desk}"' not in page
    assert f'action="{ADDRESS}"' not in page
    assert ratna.post(ADDRESS, data={"plan": "x"}).status_code == 403
    with app.app_context():
        assert db.session.scalar(select(func.count(GradeRelease.id))) == 0


@pytest.mark.parametrize(
    "address",
    [f"/telaah/angkatan/{CODE}/umumkan/kuis-uji", "/telaah/angkatan/tidak-ada/umumkan/proyek-uji"],
)
def test_only_projects_of_a_cohort_have_it(as_person: SignIn, cast: Cast, address: str) -> None:
    assert as_person("dewi").get(address).status_code == 404


def test_the_preflight_names_what_is_open_with_links(app: Flask, as_person: SignIn, cast: Cast) -> None:
    with app.app_context():
        waiting = handed_in(cast, "budi")
        send(handed_in(cast, "sari"), ACCEPTED, cast.people["dewi"])
        desk = f"/telaah/{waiting.id}"
        db.session.commit()
        db.session.remove()
    page = text(as_person("dewi").get(ADDRESS))
    assert "Belum dapat diumumkan" in page
    assert "Belum ditelaah" in page
    assert f'href="{desk}"' in page
    assert "button-primary" not in page
    assert 'name="kecuali"' not in page


def test_what_was_typed_stays_when_it_cannot_be_done(as_person: SignIn, arranged: None, cast: Cast) -> None:
    dewi = as_person("dewi")
    key = f"p{cast.enrolments['budi']}"
    page = dewi.get(ADDRESS)
    refused = dewi.submit_form(page, ADDRESS, **{f"alasan-{key}": "Cuti sakit <b>"})
    assert refused.status_code == 400
    assert "Centang" in text(refused)
    assert 'href="#kecuali-' in text(refused)
    stale = released(dewi, plan="x", **{f"alasan-{key}": "Cuti sakit <b>"})
    assert stale.status_code == 409
    assert "Keadaannya berubah" in text(stale)
    assert "Cuti sakit &lt;b&gt;" in text(stale)
    empty = released(dewi, **{f"alasan-{key}": " "})
    assert empty.status_code == 400
    assert "Tulis alasan peserta ini" in text(empty)


def test_odd_forms_do_nothing(app: Flask, as_person: SignIn, arranged: None) -> None:
    dewi = as_person("dewi")
    for odd in ({}, {"plan": "9" * 500}, {"kecuali": "x" * 90, "plan": "\x00"}):
        assert dewi.post(ADDRESS, data=dict(odd)).status_code == 409
    with app.app_context():
        assert db.session.scalar(select(func.count(GradeRelease.id))) == 0


def test_learners_see_nothing_before_and_all_of_it_after(
    app: Flask, as_person: SignIn, arranged: None, cast: Cast
) -> None:
    sari = as_person("sari")
    with app.app_context():
        version = db.session.scalars(select(SubmissionVersion)).one()
        work_id, receipt = version.work_id, version.receipt
        db.session.remove()
    pages = [
        "/",
        "/nilai",
        f"/proyek/{CODE}/{ITEM}",
        f"/proyek/hasil/{work_id}",
        f"/belajar/{CODE}",
        f"/proyek/bukti/{receipt}",
        "/pemberitahuan",
        "/profil",
    ]
    seen = 0
    for address in pages:
        for headers in ({}, {"Accept": "application/json"}):
            answer = sari.get(address, headers=headers, check=False)
            body = text(answer)
            seen += answer.status_code == 200
            for secret in (">85<", ">85 ", "85,0", "Isu didukung data.", "Nilai per kriteria"):
                assert secret not in body, (address, secret)
    assert seen >= 8
    with app.app_context():
        assert not any("85" in each.body for each in db.session.scalars(select(Mail)))
    assert released(as_person("dewi")).status_code == 303
    assert ">85<" in text(sari.get(f"/proyek/hasil/{work_id}"))
    with app.app_context():
        letter = db.session.scalars(select(Mail).where(Mail.key.startswith("released:"))).one()
        assert letter.address == cast.emails["sari"]
        assert "85" not in letter.body


def test_who_was_left_out_reads_no_grade_and_is_remembered(as_person: SignIn, arranged: None) -> None:
    dewi = as_person("dewi")
    assert released(dewi).status_code == 303
    page = text(dewi.get(ADDRESS))
    assert "Pengumuman sebelumnya" in page
    assert REASON in page
    assert "Budi" in page
    assert "checked" in page, "the reason of before is offered again"
    assert "button-primary" not in page


def test_blind_review_tells_no_names(app: Flask, as_person: SignIn, cast: Cast) -> None:
    with app.app_context():
        change_project(blind="learner")
        handed_in(cast, "sari")
        db.session.commit()
        db.session.remove()
    page = text(as_person("dewi").get(ADDRESS))
    assert "disamarkan" in page
    assert "Sari" not in page
    # the other name would tell whose the code is
    assert "Budi" not in page


def test_two_hundred_learners_cost_what_two_do(
    app: Flask, as_person: SignIn, arranged: None, cast: Cast, count_statements: Any
) -> None:
    dewi = as_person("dewi")
    dewi.get(ADDRESS)
    with count_statements() as few:
        dewi.get(ADDRESS)
    with app.app_context():
        people = [
            Person(
                name=f"Peserta {at}",
                sort_name=f"peserta {at}",
                email=f"p{at}@uji.example",
                kind="pns",
                learner=True,
                created_at=NOW,
                password_hash="",
            )
            for at in range(200)
        ]
        db.session.add_all(people)
        db.session.flush()
        db.session.add_all(
            Enrolment(cohort_id=cast.cohort_id, person_id=each.id, enrolled_at=NOW - timedelta(days=1))
            for each in people
        )
        db.session.commit()
        db.session.remove()
    with count_statements() as many:
        page = dewi.get(ADDRESS)
    assert text(page).count('name="kecuali"') == 201
    assert len(many) == len(few) <= 12, many.statements
    assert OTHER not in text(page)
