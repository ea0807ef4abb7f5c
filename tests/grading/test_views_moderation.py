"""The moderator's page as browsers use it, and what the learner reads of the decision."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms.access import Deed, Person, may
from lms.courses.models import CohortFacilitator
from lms.extensions import db
from lms.grading import actions as grading
from lms.grading import models
from lms.grading.moderation import actions
from lms.grading.moderation.models import Moderation, ModerationDraft, case, moderators_of
from lms.mail import Mail
from lms.people.models import Person as People
from lms.projects import models as projects
from lms.projects.source import Reconcile
from tests.cast import CODE, NOW, Cast
from tests.conftest import Browser
from tests.grading.disputes import OWN, REASON, disputed, moderator, second_grader
from tests.grading.reviews import ACCEPTED, HOUR, handed_in, send
from tests.projects.work import change_project

SignIn = Callable[[str], Browser]


class World:
    def __init__(self, version: Any) -> None:
        self.id, self.work_id = version.id, version.work_id
        self.page = f"/telaah/{version.id}/moderasi"
        self.decide = f"{self.page}/putuskan"
        self.result = f"/proyek/hasil/{version.work_id}"
        self.sides = [side.id for side in actions.sides_of(version.id)]


def arranged(app: Flask, deed: Callable[[], Any]) -> World:
    with app.app_context():
        try:
            world = World(deed())
            db.session.commit()
            return world
        finally:
            db.session.remove()


@pytest.fixture
def world(app: Flask, cast: Cast) -> World:
    return arranged(app, lambda: disputed(cast))


@pytest.fixture
def masked(app: Flask, cast: Cast) -> World:
    return arranged(app, lambda: disputed(cast, blind="both"))


def words(response: Any) -> str:
    return str(response.get_data(as_text=True))


def own(world: World, **changes: str) -> dict[str, str]:
    return {
        "revision": "0",
        "whole": "",
        "choice.isu": "tingkat-2",
        "choice.sasaran": f"telaah-{world.sides[0]}",
        "comment.isu": "Data ada, telaahnya belum tajam.",
        "comment.sasaran": "",
        "reason": REASON,
        **changes,
    }


def count(app: Flask, model: Any) -> int:
    with app.app_context():
        found = db.session.scalar(select(func.count(model.id)))
        db.session.remove()
        return found or 0


def release(app: Flask, cast: Cast, world: World) -> None:
    with app.app_context():
        grading.release(cast.cohort_id, [world.work_id], by=cast.people["hasan"], now=NOW + 9 * HOUR)
        db.session.commit()
        db.session.remove()


def test_both_reviews_stand_side_by_side_with_their_difference_in_words(
    world: World, as_person: SignIn
) -> None:
    page = words(as_person("hasan").get(world.page))
    assert "Telaah A" in page
    assert "Telaah B" in page
    assert "Selisih 2 tingkat" in page
    assert "Isu didukung data." in page
    assert "berselisih 30 poin, lebih dari batas 10" in page
    # who the graders are must not weigh
    assert "Dewi Anggraini" not in page
    assert "Rekan Penilai" not in page


def test_the_queue_leads_to_it_and_calls_it_by_its_name(world: World, as_person: SignIn) -> None:
    page = words(as_person("hasan").get("/telaah"))
    assert "Menunggu moderasi nilai" in page
    assert f'href="{world.page}"' in page
    assert "Menunggu moderasi nilai" in words(as_person("hasan").get("/telaah?keadaan=moderasi"))
    assert "1 menunggu moderasi nilai" in words(as_person("hasan").get("/"))
    # a grader is not led to where the other's review can be read
    assert world.page not in words(as_person("dewi").get("/telaah"))


def test_an_administrator_may_decide_too(world: World, as_person: SignIn, app: Flask) -> None:
    ratna = as_person("ratna")
    assert ratna.get(world.page).status_code == 200
    assert ratna.post(world.decide, data=own(world)).status_code == 303
    assert count(app, Moderation) == 1
    assert ratna.get(world.page).status_code == 200


LIST = f"/telaah/angkatan/{CODE}/moderasi"


def test_an_administrator_finds_what_waits_without_a_mail(
    world: World, as_person: SignIn, app: Flask
) -> None:
    ratna = as_person("ratna")
    assert f'href="{LIST}"' in words(ratna.get(f"/kelola/angkatan/{CODE}"))
    assert f'href="{LIST}"' in words(ratna.get(f"/telaah/angkatan/{CODE}"))
    page = words(ratna.get(LIST))
    assert f'href="{world.page}"' in page
    assert ">30<" in page
    # a grader who leads the cohort sees that it waits, and who decides
    graders = words(as_person("dewi").get(LIST))
    assert world.page not in graders
    assert "Anda menelaah versi ini" in graders
    assert f'href="{LIST}"' in words(ratna.get(world.page))
    ratna.post(world.decide, data=own(world))
    empty = ratna.get(LIST)
    assert world.page not in words(empty)
    assert "Tidak ada hasil kerja yang menunggu moderasi" in words(empty)
    assert f'href="{LIST}"' not in words(ratna.get(f"/telaah/angkatan/{CODE}"))


def test_the_list_keeps_whoever_is_close_away(
    world: World, as_person: SignIn, app: Flask, cast: Cast
) -> None:
    with app.app_context():
        agency = db.session.get_one(People, cast.people["sari"]).organization_id
        db.session.get_one(People, cast.people["ratna"]).organization_id = agency
        db.session.commit()
        db.session.remove()
    ratna = as_person("ratna")
    page = words(ratna.get(LIST))
    assert world.page not in page
    assert "konflik kepentingan" in page
    assert ratna.get(world.page).status_code == 403


def test_the_list_hides_whose_work_it_is_where_reviewing_is_blind(masked: World, as_person: SignIn) -> None:
    page = words(as_person("hasan").get(LIST))
    assert masked.page in page
    assert "Sari" not in page.split("<main")[1]


@pytest.mark.parametrize(
    ("who", "status"), [("hasan", 200), ("rekan", 403), ("sari", 403), ("tono", 404), ("wati", 404)]
)
def test_the_list_is_for_who_answers_for_the_cohort(
    world: World, as_person: SignIn, app: Flask, cast: Cast, who: str, status: int
) -> None:
    with app.app_context():
        seat = db.session.get_one(CohortFacilitator, (cast.cohort_id, cast.people["rekan"]))
        seat.leads = False
        db.session.commit()
        db.session.remove()
    assert as_person(who).get(LIST).status_code == status
    assert as_person("ratna").get("/telaah/angkatan/tidak-ada/moderasi").status_code == 404


@pytest.mark.parametrize(
    ("who", "status"),
    [("dewi", 403), ("rekan", 403), ("sari", 403), ("budi", 404), ("tono", 404)],
)
def test_nobody_else_reads_or_decides(
    world: World, as_person: SignIn, app: Flask, who: str, status: int
) -> None:
    browser = as_person(who)
    assert browser.get(world.page).status_code == status
    assert browser.post(world.page, data=own(world)).status_code == status
    assert browser.post(world.decide, data=own(world)).status_code == status
    assert count(app, Moderation) == 0


def test_it_is_only_there_for_what_was_referred(app: Flask, cast: Cast, as_person: SignIn) -> None:
    other = arranged(app, lambda: handed_in(cast))
    assert as_person("dewi").get(other.page).status_code == 404
    assert as_person("dewi").get("/telaah/999999999/moderasi").status_code == 404


def test_deciding_is_a_post(world: World, as_person: SignIn) -> None:
    assert as_person("hasan").get(world.decide).status_code == 405


def test_a_decision_without_javascript(world: World, as_person: SignIn, app: Flask) -> None:
    browser = as_person("hasan")
    page = browser.get(world.page)
    response = browser.submit_form(
        page,
        world.page,
        **{"choice.isu": "tingkat-2", "choice.sasaran": f"telaah-{world.sides[1]}", "reason": REASON},
    )
    assert response.status_code == 303
    again = words(browser.get(world.page))
    assert "Tersimpan" in again
    assert REASON in again
    assert "<strong>70</strong>" in again
    response = browser.post(
        world.decide,
        data=own(world, revision="1", **{"choice.sasaran": f"telaah-{world.sides[1]}", "comment.isu": ""}),
    )
    assert response.status_code == 303
    page_now = words(browser.get(world.page))
    assert "Sudah diputuskan" in page_now
    assert "Putuskan nilai" not in page_now
    with app.app_context():
        row = db.session.scalars(select(Moderation)).one()
        assert str(row.points) == "70"
        assert db.session.scalar(select(func.count(ModerationDraft.id))) == 0
        assert [mail.address for mail in db.session.scalars(select(Mail))] == ["sari@uji.example"]
        db.session.remove()
    assert browser.post(world.decide, data=own(world)).status_code == 303  # a second press
    assert count(app, Moderation) == 1


def test_autosave_answers_with_the_total(world: World, as_person: SignIn) -> None:
    browser = as_person("hasan")
    answer = browser.post_json(world.page, own(world)).get_json()
    assert answer["revision"] == "1"
    assert "Tersimpan otomatis" in answer["saved"]
    assert "70" in answer["fragments"]["jumlah-moderasi"]
    nothing = browser.post_json(world.page, own(world, revision="1", whole=str(world.sides[1]))).get_json()
    assert "55" in nothing["fragments"]["jumlah-moderasi"]
    stale = browser.post_json(world.page, own(world, reason="lain"))
    assert stale.status_code == 409
    assert stale.get_json()["error"] == "conflict"


def test_what_is_missing_is_said_and_what_was_typed_stays(
    world: World, as_person: SignIn, app: Flask
) -> None:
    browser = as_person("hasan")
    response = browser.post(world.decide, data=own(world, reason="pendek sekali", **{"choice.isu": ""}))
    assert response.status_code == 422
    page = words(response)
    assert 'href="#kriteria-isu"' in page
    assert 'href="#reason"' in page
    assert "pendek sekali" in page
    assert "Data ada, telaahnya belum tajam." in page
    assert count(app, ModerationDraft) == 1
    assert count(app, Moderation) == 0


def test_a_stale_form_shows_both_states_and_loses_neither(world: World, as_person: SignIn) -> None:
    browser = as_person("hasan")
    browser.post(world.page, data=own(world))
    response = browser.post(world.decide, data=own(world, reason="Alasan dari tab yang lain lagi."))
    assert response.status_code == 409
    page = words(response)
    assert REASON in page
    assert "Alasan dari tab yang lain lagi." in page
    assert 'name="revision" value="1"' in page


def test_where_the_rubric_just_changed_what_was_typed_is_kept(
    world: World, as_person: SignIn, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasan = as_person("hasan")
    monkeypatch.setattr("lms.grading.moderation.actions.is_judged_by", lambda *_: False)
    answer = hasan.post(world.decide, data=own(world))
    assert answer.status_code == 303
    page = words(hasan.get(answer.headers["Location"]))
    assert "Rubrik hasil kerja ini baru saja berubah" in page
    assert REASON in page
    assert count(app, Moderation) == 0


def test_a_text_that_is_too_long_is_refused_and_kept(world: World, as_person: SignIn, app: Flask) -> None:
    response = as_person("hasan").post(world.page, data=own(world, reason="x" * 5001))
    assert response.status_code == 413
    assert "x" * 5001 in words(response)
    assert count(app, ModerationDraft) == 0


def test_who_comes_too_late_still_has_what_was_typed(
    world: World, as_person: SignIn, app: Flask, cast: Cast
) -> None:
    browser = as_person("hasan")
    with app.app_context():
        found = case(world.id)
        assert found is not None
        project = projects.project(found.version.work.item_id)
        rubric = models.rubric_of(models.setting_of(world.work_id).version_id, project)
        actions.decide(found, project, rubric, OWN, revision=0, by=cast.people["ratna"], now=NOW + 4 * HOUR)
        db.session.commit()
        db.session.remove()
    response = browser.post(world.decide, data=own(world, reason="Pertimbangan saya sendiri, panjang."))
    assert response.status_code == 409
    assert "Pertimbangan saya sendiri, panjang." in words(response)
    assert "Ratna Sari" in words(response)
    locked = browser.post_json(world.page, own(world))
    assert (locked.status_code, locked.get_json()["error"]) == (409, "locked")


def test_fields_that_were_not_offered_are_not_read(world: World, as_person: SignIn, app: Flask) -> None:
    wrong = own(world, **{"choice.isu": "telaah-999", "choice.sasaran": "tingkat-77", "whole": "999"})
    assert as_person("hasan").post(world.decide, data=wrong).status_code == 422
    assert count(app, Moderation) == 0


def test_a_grader_reads_that_it_waits_and_a_third_cannot_write(world: World, as_person: SignIn) -> None:
    assert "menunggu moderasi nilai" in words(as_person("dewi").get(f"/telaah/{world.id}"))
    third = words(as_person("hasan").get(f"/telaah/{world.id}"))
    assert "telaah lain tidak dapat ditulis" in third
    assert "data-send" not in third


def test_the_learner_reads_how_the_grade_came_to_be_once_it_is_out(
    world: World, as_person: SignIn, app: Flask, cast: Cast
) -> None:
    sari = as_person("sari")
    assert REASON not in words(sari.get(world.result))
    as_person("hasan").post(world.decide, data=own(world))
    before = words(sari.get(world.result))
    assert REASON not in before
    assert "Putusan moderator" not in before
    release(app, cast, world)
    page = words(sari.get(world.result))
    for said in ("Putusan moderator", REASON, "Hasan Basri", "70", "Data ada, telaahnya belum tajam."):
        assert said in page
    assert "penelaah 1" in page
    assert "penelaah 2" in page


def test_blind_to_both_sides_it_names_nobody(
    masked: World, as_person: SignIn, app: Flask, cast: Cast
) -> None:
    page = words(as_person("hasan").get(masked.page))
    assert "Sari Wulandari" not in page
    assert "disamarkan" in page
    as_person("hasan").post(masked.decide, data=own(masked))
    release(app, cast, masked)
    told = words(as_person("sari").get(masked.result))
    assert REASON in told
    for name in ("Hasan Basri", "Dewi Anggraini", "Rekan Penilai"):
        assert name not in told


def test_the_page_costs_few_statements(world: World, as_person: SignIn, count_statements: Any) -> None:
    browser = as_person("hasan")
    browser.get(world.page)
    with count_statements() as counter:
        browser.get(world.page)
    assert len(counter.statements) <= 9, counter.statements


def test_who_may_moderate_is_told_by_mail_without_names_or_points(
    app: Flask, cast: Cast, as_person: SignIn
) -> None:
    def deed() -> Any:
        change_project(graders=2, reconcile=Reconcile(how="moderator", above=Decimal(10)))
        version = handed_in(cast)
        send(version, ACCEPTED, cast.people["dewi"])
        second_grader(cast)
        moderator(cast)
        return version

    world = arranged(app, deed)
    form = {
        "revision": "0",
        "section": "",
        "view": "ringkasan",
        "level.isu": "1",
        "level.sasaran": "4",
        "comment.isu": "Kabur.",
        "comment.sasaran": "",
    }
    rekan = as_person("rekan")
    for at, section in enumerate(("isu", "sasaran", "lampiran")):
        kept = rekan.post_json(
            f"/telaah/{world.id}", {"revision": str(at), "section": section, "view": "", "decision": "accept"}
        )
        assert kept.status_code == 200
    assert rekan.post(f"/telaah/{world.id}/kirim", data=form | {"revision": "3"}).status_code == 303
    with app.app_context():
        version = projects.submission(world.id)
        assert version is not None
        (mail,) = db.session.scalars(select(Mail)).all()
        assert mail.address == "hasan@uji.example"
        assert f"/telaah/{world.id}/moderasi" in mail.body
        for secret in ("Sari Wulandari", "Dewi Anggraini", "Rekan Penilai", "85", "55"):
            assert secret not in mail.body
        # the same people as the table of rights says
        found = case(world.id)
        for who in ("hasan", "dewi", "rekan", "sari"):  # administrators only where there is nobody else
            snapshot = person_snapshot(cast, who)
            assert (cast.people[who] in moderators_of(version)) == may(snapshot, Deed.MODERATE, found), who
        db.session.remove()


def person_snapshot(cast: Cast, who: str) -> Person:
    here = frozenset((cast.cohort_id,))
    leads = who in ("hasan", "dewi", "rekan")
    return Person(
        id=cast.people[who],
        facilitator=leads,
        facilitates=here if leads else frozenset(),
        leads=here if leads else frozenset(),
        learner=who == "sari",
        administrator=who == "ratna",
    )
