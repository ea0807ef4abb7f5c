"""Appeals: within the days, once per criterion, answered by somebody else, and a grade that follows exactly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from lms import access, formats
from lms.audit import AuditEntry
from lms.courses.models import Cohort, CohortFacilitator, GradeEntry
from lms.extensions import db, utcnow
from lms.grading import actions as grading
from lms.grading.adjusting import actions as adjusting
from lms.grading.appeals import actions, models
from lms.grading.appeals.actions import Answered, Unfit
from lms.grading.appeals.models import Appeal, AppealAnswer, AppealDraft, Dispute
from lms.grading.explaining.models import basis_of
from lms.grading.models import Adjustment
from lms.mail import Mail
from lms.people.models import Person
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion, WorkMember
from lms.projects.source import Late, Span
from lms.refusals import Refused
from tests.cast import CODE, NOW, Cast
from tests.conftest import Browser
from tests.grading.disputes import disputed, moderator, ruled
from tests.grading.reviews import ACCEPTED, HOUR, handed_in, send, work_of
from tests.grading.test_actions import at_once
from tests.page_checks import form_fields
from tests.projects.work import ITEM, begin, change_project, fill, hand_in

SignIn = Callable[[str], Browser]
REASON = "Akar masalah sudah didukung data BPS pada alinea kedua."
WHY = "Sumbernya memang disebut; tingkat keempat lebih tepat."
OUT = NOW + 2 * HOUR
LATER = OUT + timedelta(days=1)
DAY = timedelta(days=1)


def released(cast: Cast, version: SubmissionVersion) -> SubmissionVersion:
    send(version, ACCEPTED, cast.people["dewi"])
    grading.release(cast.cohort_id, [version.work_id], by=cast.people["dewi"], now=OUT)
    return version


@pytest.fixture
def version(cast: Cast, session: Any) -> SubmissionVersion:
    """Sari's, released with 85: isu 45 of 60, sasaran 40 of 40. Hasan may answer."""
    moderator(cast)
    return released(cast, handed_in(cast))


def file(cast: Cast, version: SubmissionVersion, **values: Any) -> list[Appeal]:
    reasons = values.pop("reasons", {"isu": REASON})
    return actions.appeal(
        work_of(version),
        reasons,
        revision=values.get("revision", 0),
        by=cast.people[values.get("who", "sari")],
        now=values.get("now", LATER),
    )


def case_of(row: Appeal) -> Dispute:
    found = models.dispute(row.id)
    assert found is not None
    return found


def answer(cast: Cast, row: Appeal, points: str | None, who: str = "hasan", reason: str = WHY) -> Any:
    return actions.answer(
        case_of(row),
        accepted=points is not None,
        points=Decimal(points) if points is not None else None,
        reason=reason,
        by=cast.people[who],
        now=LATER + HOUR,
    )


def ledger(cast: Cast, who: str = "sari") -> list[tuple[str, Decimal]]:
    return [
        tuple(row)
        for row in db.session.execute(
            select(GradeEntry.state, GradeEntry.points)
            .where(GradeEntry.enrolment_id == cast.enrolments[who])
            .order_by(GradeEntry.id)
        )
    ]


def test_an_accepted_appeal_is_two_rows_and_a_new_grade(cast: Cast, version: SubmissionVersion) -> None:
    (row,) = file(cast, version)
    assert ledger(cast)[-1] == ("appealed", Decimal(85))
    done = answer(cast, row, "52.5")
    assert (done.row.before, done.row.points, done.made) == (Decimal(45), Decimal("52.5"), True)
    assert ledger(cast)[-1] == ("revised", Decimal("92.5"))
    deeds = list(db.session.scalars(select(AuditEntry.deed)))
    assert {"appeal", "answer appeal"} <= set(deeds)
    basis = basis_of(work_of(version))
    assert basis is not None
    assert basis.explain(cast.enrolments["sari"]).total == Decimal("92.5")


def test_a_rejected_appeal_leaves_the_grade(cast: Cast, version: SubmissionVersion) -> None:
    (row,) = file(cast, version)
    answer(cast, row, None)
    assert ledger(cast)[-2:] == [("appealed", Decimal(85)), ("revised", Decimal(85))]


def test_several_criteria_add_up_one_after_the_other(cast: Cast, session: Any) -> None:
    moderator(cast)
    change_project(late=Late(per_day=Decimal(5), max=Decimal(20)))
    work = begin(cast)
    assert work.due_at is not None
    fill(work, cast.people["sari"], now=work.due_at)
    version = hand_in(work, cast.people["sari"], now=work.due_at + timedelta(hours=30))
    send(version, ACCEPTED, cast.people["dewi"])
    grading.release(cast.cohort_id, [version.work_id], by=cast.people["dewi"], now=OUT)
    assert ledger(cast)[-1] == ("released", Decimal(75))
    rows = file(cast, version, reasons={"isu": REASON})
    answer(cast, rows[0], "50.01")
    # 85 + 5.01, and the same ten for two days late
    assert ledger(cast)[-1] == ("revised", Decimal("80.01"))
    with pytest.raises(Refused, match="lebih dari"):
        answer(cast, file(cast, version, reasons={"sasaran": REASON})[0], "41")


def test_a_team_shares_the_answer_and_keeps_what_single_members_got(cast: Cast, session: Any) -> None:
    moderator(cast)
    change_project(team=Span(1, 2))
    version = handed_in(cast)
    db.session.add(
        WorkMember(
            work_id=version.work_id,
            enrolment_id=cast.enrolments["budi"],
            person_id=cast.people["budi"],
            stable_id=ITEM,
            joined_at=NOW,
        )
    )
    db.session.flush()
    db.session.expire_all()
    send(version, ACCEPTED, cast.people["dewi"])
    work = projects.workspace(version.work_id)
    assert work is not None
    adjusting.adjust(
        work, cast.enrolments["budi"], Decimal("-7.5"), "Tidak ikut menulis.", by=cast.people["dewi"], now=NOW
    )
    grading.release(cast.cohort_id, [version.work_id], by=cast.people["dewi"], now=OUT)
    (row,) = file(cast, version, who="budi")
    answer(cast, row, "50")
    assert ledger(cast, "sari")[-1] == ("revised", Decimal(90))
    assert ledger(cast, "budi")[-1] == ("revised", Decimal("82.5"))
    with pytest.raises(Refused, match="sudah diumumkan"):
        adjusting.adjust(
            work, cast.enrolments["budi"], Decimal(1), "Lagi.", by=cast.people["dewi"], now=LATER
        )


def test_a_moderated_grade_is_explained_and_appealed_from_what_the_moderator_gave(
    cast: Cast, session: Any
) -> None:
    version = disputed(cast)
    ruled(cast, version)
    basis = basis_of(work_of(version))
    assert basis is not None
    explained = basis.explain(cast.enrolments["sari"])
    assert explained.moderated
    assert [line.counts for line in explained.lines] == [Decimal(30), Decimal(40)]
    assert explained.total == ledger(cast)[-1][1] == Decimal(70)
    grading.release(cast.cohort_id, [version.work_id], by=cast.people["dewi"], now=OUT + DAY)
    (row,) = file(cast, version, now=OUT + DAY)
    with pytest.raises(Refused, match="tidak ikut menilai"):
        answer(cast, row, "45", who="hasan")
    answer(cast, row, "45", who="ratna")
    assert ledger(cast)[-1] == ("revised", Decimal(85))


def test_the_days_are_exact(cast: Cast, version: SubmissionVersion) -> None:
    second = timedelta(seconds=1)
    with pytest.raises(Refused, match="sudah lewat"):
        file(cast, version, now=OUT + 7 * DAY + second)
    assert file(cast, version, now=OUT + 7 * DAY)


def test_a_cohorts_own_days_come_before_the_projects(cast: Cast, version: SubmissionVersion) -> None:
    cohort = db.session.get_one(Cohort, cast.cohort_id)
    second = timedelta(seconds=1)
    for days in (14, 2, 0, None):
        cohort.appeal_days = days
        db.session.flush()
        span = 7 if days is None else days
        assert models.deadline_of(cast.enrolments["sari"], work_of(version)) == OUT + span * DAY
        with pytest.raises(Refused, match="sudah lewat"):
            file(cast, version, now=OUT + span * DAY + second)
    cohort.appeal_days = 14
    db.session.flush()
    assert file(cast, version, now=OUT + 14 * DAY)


def test_the_learner_reads_until_which_date(
    app: Flask, as_person: SignIn, cast: Cast, world: dict[str, int]
) -> None:
    with app.app_context():
        cohort = db.session.get_one(Cohort, cast.cohort_id)
        cohort.appeal_days = 14
        work = projects.workspace(world["work"])
        assert work is not None
        until = models.deadline_of(cast.enrolments["sari"], work)
        assert until is not None
        db.session.commit()
        day = formats.long_date(formats.local(until).date())
    sari = as_person("sari")
    for address in (f"/proyek/hasil/{world['work']}", f"/proyek/hasil/{world['work']}/banding"):
        assert day in text(sari.get(address)), address
    with app.app_context():
        db.session.get_one(Cohort, cast.cohort_id).appeal_days = 0
        db.session.commit()
    assert "Ajukan banding" not in text(sari.get(f"/proyek/hasil/{world['work']}"))


def test_a_project_sets_its_own_days(cast: Cast, session: Any) -> None:
    change_project(appeal_days=0)
    version = released(cast, handed_in(cast))
    with pytest.raises(Refused, match="sudah lewat"):
        file(cast, version)


@pytest.mark.parametrize(
    ("reasons", "words"),
    [
        ({}, "Pilih paling sedikit"),
        ({"isu": "pendek"}, "paling sedikit"),
        ({"isu": "x" * 4001}, "paling panjang"),
        ({"tidak-ada": REASON}, "tidak ada dalam rubrik"),
    ],
)
def test_what_cannot_be_filed(cast: Cast, version: SubmissionVersion, reasons: Any, words: str) -> None:
    with pytest.raises(Refused, match=words):
        file(cast, version, reasons=reasons)


def test_once_per_criterion_and_not_before_the_release(cast: Cast, version: SubmissionVersion) -> None:
    assert len(file(cast, version)) == 1
    assert file(cast, version) == [], "the same form again"
    with pytest.raises(Unfit):
        file(cast, version, reasons={"isu": REASON + " Lagi."})
    other = handed_in(cast, "budi")
    send(other, ACCEPTED, cast.people["dewi"])
    with pytest.raises(Refused, match="setelah nilai Anda diumumkan"):
        file(cast, other, who="budi")


def test_whoever_graded_or_did_the_work_does_not_answer(cast: Cast, version: SubmissionVersion) -> None:
    (row,) = file(cast, version)
    for who in ("dewi", "sari"):
        with pytest.raises(Refused, match="tidak ikut menilai"):
            answer(cast, row, "50", who=who)


@pytest.mark.parametrize("points", ["45", "44.99", "60.01", "50.001", "NaN"])
def test_new_points_are_a_gain_within_the_weight(cast: Cast, version: SubmissionVersion, points: str) -> None:
    (row,) = file(cast, version)
    with pytest.raises(Refused):
        answer(cast, row, points)


def test_who_adjusted_a_members_grade_does_not_answer(cast: Cast, version: SubmissionVersion) -> None:
    (row,) = file(cast, version)
    db.session.add(
        Adjustment(
            work_id=version.work_id,
            enrolment_id=cast.enrolments["sari"],
            points=Decimal(1),
            reason="Ketua tim",
            decided_by=cast.people["hasan"],
            decided_at=LATER,
        )
    )
    db.session.flush()
    with pytest.raises(Refused, match="tidak ikut menilai"):
        answer(cast, row, "50")
    (waiting,) = models.open_appeals([cast.cohort_id], cast.people["hasan"])
    assert waiting.own


def test_an_administrator_of_the_authors_agency_does_not_answer(
    cast: Cast, version: SubmissionVersion
) -> None:
    (row,) = file(cast, version)
    db.session.get_one(Person, cast.people["ratna"]).organization_id = cast.organizations["Bapperida"]
    db.session.flush()
    ratna = access.Person(id=cast.people["ratna"], administrator=True)
    assert not access.may(ratna, access.Deed.ANSWER_APPEAL, case_of(row))
    with pytest.raises(Refused, match="tidak ikut menilai"):
        answer(cast, row, "50", who="ratna")


def test_an_answer_needs_a_reason_and_comes_once(cast: Cast, version: SubmissionVersion) -> None:
    (row,) = file(cast, version)
    with pytest.raises(Refused, match="alasan keputusan"):
        answer(cast, row, "50", reason=" ")
    answer(cast, row, "50")
    assert not answer(cast, row, "55").made
    with pytest.raises(Answered):
        answer(cast, row, None, who="ratna")
    assert ledger(cast)[-1] == ("revised", Decimal(90))


def test_two_answers_at_once_are_one(app: Flask, cast: Cast, version: SubmissionVersion) -> None:
    (row,) = file(cast, version)
    db.session.commit()
    key = row.id

    def deed(at: int) -> Any:
        found = models.dispute(key)
        assert found is not None
        by = cast.people["hasan" if at else "ratna"]
        return actions.answer(found, accepted=True, points=Decimal(50 + at), reason=WHY, by=by, now=LATER)

    results = at_once(app, 2, deed)
    assert sum(isinstance(each, Answered) for each in results) == 1
    db.session.expire_all()
    assert db.session.scalar(select(func.count(AppealAnswer.id))) == 1
    assert [state for state, _ in ledger(cast)].count("revised") == 1


def test_two_appeals_at_once_are_one(app: Flask, cast: Cast, version: SubmissionVersion) -> None:
    work = work_of(version)
    db.session.commit()
    results = at_once(
        app,
        2,
        lambda _at: len(actions.appeal(work, {"isu": REASON}, revision=0, by=cast.people["sari"], now=LATER)),
    )
    assert sorted(results) == [0, 1]


# As people use it


@pytest.fixture
def world(app: Flask, cast: Cast) -> dict[str, int]:
    """Sari's grade is out, and its days run until the tests of the next century are over."""
    with app.app_context():
        moderator(cast)
        change_project(appeal_days=90)
        version = handed_in(cast)
        send(version, ACCEPTED, cast.people["dewi"])
        grading.release(cast.cohort_id, [version.work_id], by=cast.people["dewi"], now=utcnow())
        found = {"work": version.work_id, "version": version.id}
        db.session.commit()
        db.session.remove()
    return found


def text(response: Any) -> str:
    return str(response.get_data(as_text=True))


def appeal_through(as_person: SignIn, world: dict[str, int]) -> str:
    address = f"/proyek/hasil/{world['work']}/banding"
    sari = as_person("sari")
    assert filed(sari, address, **{"alasan-isu": REASON}).status_code == 303
    return address


def filed(client: Browser, address: str, **typed: str) -> TestResponse:
    """Fill the form that keeps drafts, and press the button that sends it."""
    fields = form_fields(client.get(address), f"{address}/draf")
    return client.post(address, data={**fields, **typed})


def kept(client: Browser, address: str, *, revision: str, **typed: str) -> TestResponse:
    """Save the draft, as autosave.js does."""
    fields = form_fields(client.get(address), f"{address}/draf")
    data = {**fields, **typed, "revision": revision}
    return client.post(f"{address}/draf", data=data, headers={"Accept": "application/json"})


def test_what_is_typed_survives_a_closed_tab_and_goes_with_the_appeal(
    app: Flask, as_person: SignIn, cast: Cast, world: dict[str, int]
) -> None:
    address, sari = f"/proyek/hasil/{world['work']}/banding", as_person("sari")
    assert kept(sari, address, revision="0").json == {"fragments": {}}  # nothing said, nothing kept
    answer = kept(sari, address, revision="0", **{"alasan-isu": "Baru setengah"})
    assert answer.json is not None
    assert answer.json["revision"] == "1"
    page = text(sari.get(address))
    assert "Baru setengah" in page
    assert 'name="revision" value="1"' in page
    # without JavaScript: the form's own button
    fields = form_fields(sari.get(address), f"{address}/draf")
    saved = sari.post(f"{address}/draf", data={**fields, "alasan-isu": REASON, "then": "save"})
    assert (saved.status_code, saved.location) == (303, address)
    assert "belum dikirim" in text(sari.get(address))
    with app.app_context():
        assert db.session.scalar(select(func.count(Appeal.id))) == 0
    assert filed(sari, address).status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Appeal)).one().reason == REASON
        assert db.session.scalar(select(func.count(AppealDraft.id))) == 0
    # another key on the device: what was sent is no text that did not get through
    assert f'data-autosave="{cast.people["sari"]}/banding/{world["work"]}/0"' in page
    assert f'/banding/{world["work"]}/1"' in text(sari.get(address))


def test_two_tabs_lose_nothing(app: Flask, as_person: SignIn, cast: Cast, world: dict[str, int]) -> None:
    address, sari = f"/proyek/hasil/{world['work']}/banding", as_person("sari")
    assert kept(sari, address, revision="0", **{"alasan-isu": REASON}).status_code == 200
    refused = kept(sari, address, revision="0", **{"alasan-isu": "Dari tab lain yang lebih lama"})
    assert refused.status_code == 409
    assert refused.json is not None
    assert refused.json["error"] == "conflict"
    for action in (f"{address}/draf", address):
        both = sari.post(action, data={"revision": "0", "alasan-isu": "Dari tab lain yang lebih lama"})
        assert both.status_code == 409
        assert REASON in text(both)
        assert "Dari tab lain yang lebih lama</textarea>" in text(both)
        assert 'name="revision" value="1"' in text(both)
    with app.app_context():
        assert db.session.scalars(select(AppealDraft)).one().reasons == {"isu": REASON}
        assert db.session.scalar(select(func.count(Appeal.id))) == 0


def test_a_draft_is_the_learners_own_and_nobody_else_writes_it(
    as_person: SignIn, cast: Cast, world: dict[str, int]
) -> None:
    address = f"/proyek/hasil/{world['work']}/banding"
    assert kept(as_person("sari"), address, revision="0", **{"alasan-isu": REASON}).status_code == 200
    data = {"revision": "1", "alasan-isu": "Bukan tulisan saya"}
    for who, status in (("dewi", 403), ("hasan", 403), ("ratna", 403), ("budi", 404), ("tono", 404)):
        response = as_person(who).post(f"{address}/draf", data=dict(data))
        assert response.status_code == status, (who, text(response))
    for lead in ("hasan", "dewi", "ratna"):
        assert REASON not in text(as_person(lead).get(f"/telaah/angkatan/{CODE}"))
    assert REASON in text(as_person("sari").get(address))


def test_a_draft_outlives_the_days_set(
    app: Flask, as_person: SignIn, cast: Cast, world: dict[str, int]
) -> None:
    address, sari = f"/proyek/hasil/{world['work']}/banding", as_person("sari")
    assert kept(sari, address, revision="0", **{"alasan-isu": "Sebelum batasnya"}).status_code == 200
    with app.app_context():
        change_project(appeal_days=0)
        db.session.commit()
    # the last save came when the days were over
    late = sari.post(
        f"{address}/draf",
        data={"revision": "1", "alasan-isu": REASON},
        headers={"Accept": "application/json"},
    )
    assert late.status_code == 200
    page = text(sari.get(address))
    assert REASON in page
    assert "belum terkirim ketika batas waktunya lewat" in page
    assert "Kirim banding" not in page
    assert sari.post(address, data={"revision": "2", "alasan-isu": REASON}).status_code == 400
    with app.app_context():
        assert db.session.scalars(select(AppealDraft)).one().reasons == {"isu": REASON}


@pytest.mark.parametrize(
    ("field", "value"), [("alasan-isu", "x" * (actions.REASON_AT_MOST + 1)), ("alasan-lain", REASON)]
)
def test_a_draft_takes_no_more_than_an_appeal(
    app: Flask, as_person: SignIn, world: dict[str, int], field: str, value: str
) -> None:
    address, sari = f"/proyek/hasil/{world['work']}/banding/draf", as_person("sari")
    data = {"revision": "0", field: value}
    assert sari.post(address, data=data, headers={"Accept": "application/json"}).status_code == 422
    assert sari.post(address, data=data).status_code == 422
    with app.app_context():
        assert db.session.scalar(select(func.count(AppealDraft.id))) == 0


def test_the_whole_way_of_an_appeal(app: Flask, as_person: SignIn, cast: Cast, world: dict[str, int]) -> None:
    result = f"/proyek/hasil/{world['work']}"
    sari, hasan = as_person("sari"), as_person("hasan")
    page = text(sari.get(result))
    assert "Ajukan banding" in page
    assert "Mengapa nilai ini" in page
    address = appeal_through(as_person, world)
    assert "Menunggu jawaban" in text(sari.get(result))
    assert "Yang sudah diajukan" in text(sari.get(address))
    for listed in ("/telaah", f"/telaah/angkatan/{CODE}"):
        assert "/telaah/banding/1" in text(hasan.get(listed)), listed
    assert "/telaah/banding/1" not in text(as_person("dewi").get("/telaah"))
    assert "orang lain yang menjawab" in text(as_person("dewi").get(f"/telaah/angkatan/{CODE}"))
    form = hasan.get("/telaah/banding/1")
    assert REASON in text(form)
    done = hasan.submit_form(form, "/telaah/banding/1", decision="accepted", points="52,5", reason=WHY)
    assert (done.status_code, done.location) == (303, f"{result}/mengapa")
    page = text(sari.get(result))
    for told in (">92,5<", WHY, "Hasan Basri", "45 menjadi 52,5"):
        assert told in page, told
    why = text(sari.get(f"{result}/mengapa"))
    for told in (">92,5<", "setelah banding, semula 45", "Banding dijawab", "Banding diajukan", "Diumumkan"):
        assert told in why, told
    assert "tidak sama dengan nilai yang tercatat" not in why
    assert "/telaah/banding/1" not in text(hasan.get("/telaah"))
    assert "92,5" in text(sari.get("/nilai"))
    with app.app_context():
        letter = db.session.scalars(select(Mail).where(Mail.key.startswith("appeal:"))).one()
        assert letter.address == cast.emails["sari"]
        assert "52" not in letter.body


@pytest.mark.parametrize("blind", ["none", "both"])
def test_those_who_may_answer_get_one_mail_of_an_appeal_without_a_name(
    app: Flask, as_person: SignIn, cast: Cast, world: dict[str, int], blind: str
) -> None:
    with app.app_context():
        change_project(blind=blind)
        db.session.commit()
    appeal_through(as_person, world)
    appeal_through(as_person, world)  # the same form again
    with app.app_context():
        letters = list(db.session.scalars(select(Mail).where(Mail.key.startswith("appealed:"))))
        # dewi graded it, and ratna is asked only where nobody leads who may
        assert [each.address for each in letters] == [cast.emails["hasan"]]
        assert f"/telaah/angkatan/{CODE}" in letters[0].body
        assert "Sari" not in letters[0].subject + letters[0].body
        for leading in db.session.scalars(select(CohortFacilitator)):
            leading.leads = False
        db.session.commit()
        work = projects.workspace(world["work"])
        assert work is not None
        assert models.answerers_of(work) == {cast.people["ratna"]}


def test_everything_typed_stays_on_errors(as_person: SignIn, world: dict[str, int]) -> None:
    address = f"/proyek/hasil/{world['work']}/banding"
    sari = as_person("sari")
    refused = filed(
        sari,
        address,
        **{"alasan-isu": "Kurang <b>", "alasan-sasaran": REASON},  # full already
    )
    assert refused.status_code == 400
    assert "Kurang &lt;b&gt;" in text(refused)
    assert REASON in text(refused)
    assert 'href="#alasan-isu"' in text(refused)
    appeal_through(as_person, world)
    hasan = as_person("hasan")
    for fields in (
        {"reason": "Teks yang ditulis panjang sekali."},
        {"decision": "accepted", "points": "abc"},
    ):
        refused = hasan.post(
            "/telaah/banding/1", data={"reason": "Teks yang ditulis panjang sekali.", **fields}
        )
        assert refused.status_code == 400
        assert "Teks yang ditulis panjang sekali." in text(refused)


@pytest.mark.parametrize(
    ("who", "appeal", "answer", "why"),
    [
        ("sari", 200, 403, 200),
        ("budi", 404, 404, 404),
        ("dewi", 403, 403, 200),
        ("hasan", 403, 200, 200),
        ("ratna", 403, 200, 200),
        ("tono", 404, 404, 404),
    ],
)
def test_each_page_is_for_whom_it_is_for(
    as_person: SignIn, world: dict[str, int], who: str, appeal: int, answer: int, why: int
) -> None:
    appeal_through(as_person, world)
    browser = as_person(who)
    result = f"/proyek/hasil/{world['work']}"
    assert browser.get(f"{result}/banding").status_code == appeal
    assert browser.get("/telaah/banding/1").status_code == answer
    assert browser.get(f"{result}/mengapa").status_code == why
    if who != "sari":
        assert browser.post(f"{result}/banding", data={}).status_code == appeal
    if answer != 200:
        assert browser.post("/telaah/banding/1", data={}).status_code == answer


def test_wrong_addresses_and_methods(as_person: SignIn, world: dict[str, int]) -> None:
    sari = as_person("sari")
    for address in ("/telaah/banding/99", f"/telaah/banding/{'9' * 25}", "/proyek/hasil/99/mengapa"):
        assert as_person("ratna").get(address).status_code == 404
    assert sari.post(f"/proyek/hasil/{world['work']}/mengapa").status_code == 405
    assert sari.post(f"/proyek/hasil/{world['work']}/banding", data={}, token=False).status_code == 400


def test_before_the_release_a_learner_reads_nothing(app: Flask, as_person: SignIn, cast: Cast) -> None:
    with app.app_context():
        version = handed_in(cast)
        send(version, ACCEPTED, cast.people["dewi"])
        address = f"/proyek/hasil/{version.work_id}"
        db.session.commit()
        db.session.remove()
    for page in (f"{address}/mengapa", f"{address}/banding"):
        body = text(as_person("sari").get(page))
        for secret in ("85", "Dewi", "Isu didukung", "Sumbangan"):
            assert secret not in body, (page, secret)
    lead = text(as_person("dewi").get(f"{address}/mengapa"))
    assert ">85<" in lead
    assert "Belum diumumkan kepada peserta" in lead


def test_blind_for_both_names_nobody_to_the_learner(
    app: Flask, as_person: SignIn, world: dict[str, int]
) -> None:
    with app.app_context():
        change_project(blind="both")
        db.session.commit()
        db.session.remove()
    appeal_through(as_person, world)
    as_person("ratna").post("/telaah/banding/1", data={"decision": "rejected", "reason": WHY})
    for page in ("", "/mengapa", "/banding"):
        body = text(as_person("sari").get(f"/proyek/hasil/{world['work']}{page}"))
        assert "Dewi" not in body, page
        assert "Ratna" not in body, page
    assert "Dewi" in text(as_person("ratna").get(f"/proyek/hasil/{world['work']}/mengapa"))


def test_the_page_costs_few_statements(
    as_person: SignIn, world: dict[str, int], count_statements: Any
) -> None:
    sari = as_person("sari")
    address = f"/proyek/hasil/{world['work']}/mengapa"
    sari.get(address)
    with count_statements() as counted:
        sari.get(address)
    assert len(counted) <= 14, counted.statements
