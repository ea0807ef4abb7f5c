"""Whose turn it is, as browsers see it: with the module's requests and with plain forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from lms.courses.models import CohortFacilitator
from lms.extensions import db, utcnow
from lms.grading import content, models
from lms.grading.leases.models import ReviewLease
from lms.grading.models import ReviewDraft
from tests.cast import NOW, Cast
from tests.conftest import Browser
from tests.grading.reviews import handed_in
from tests.page_checks import form_fields
from tests.projects.work import change_project

SignIn = Callable[[str], Browser]


@pytest.fixture
def desk(app: Flask, cast: Cast) -> str:
    """The address of Sari's first version, waiting; Hasan facilitates its cohort too."""
    with app.app_context():
        version_id = handed_in(cast).id
        db.session.add(
            CohortFacilitator(cohort_id=cast.cohort_id, person_id=cast.people["hasan"], added_at=NOW)
        )
        db.session.commit()
        db.session.remove()
    return f"/telaah/{version_id}"


def text_of(response: Any) -> str:
    return str(response.get_data(as_text=True))


def form(revision: int = 0, **fields: str) -> dict[str, str]:
    return {"revision": str(revision), "section": "isu", "view": "", "comment.isu": "", **fields}


def run_out(app: Flask) -> None:
    """Half an hour passes for whoever has a turn."""
    with app.app_context():
        db.session.execute(update(ReviewLease).values(until=utcnow() - timedelta(seconds=1)))
        db.session.commit()
        db.session.remove()


def holder_ids(app: Flask) -> list[int]:
    with app.app_context():
        found = list(db.session.scalars(select(ReviewLease.reviewer_id)))
        db.session.remove()
        return found


def test_opening_takes_nothing_and_the_modules_request_does(
    app: Flask, as_person: SignIn, cast: Cast, desk: str
) -> None:
    dewi = as_person("dewi")
    assert "Mulai menelaah" in text_of(dewi.get(desk))
    assert holder_ids(app) == []
    answer = dewi.post_json(f"{desk}/giliran", {})
    assert answer.status_code == 200
    assert "Terkunci untuk Anda sampai" in answer.get_json()["fragments"]["giliran"]
    assert holder_ids(app) == [cast.people["dewi"]]
    assert "Terkunci untuk Anda sampai" in text_of(dewi.get(desk))


def test_a_second_person_sees_who_it_is_and_reads(
    app: Flask, as_person: SignIn, cast: Cast, desk: str
) -> None:
    as_person("dewi").post_json(f"{desk}/giliran", {})
    hasan = as_person("hasan")
    page = text_of(hasan.get(desk))
    assert "Dewi Anggraini" in page
    assert "sedang menelaah versi ini sejak" in page
    assert 'id="telaah"' not in page
    assert "Kirim hasil telaah" not in text_of(hasan.get(f"{desk}?tampil=ringkasan"))
    taken = hasan.post_json(f"{desk}/giliran", {})
    assert (taken.status_code, taken.get_json()["error"]) == (409, "taken")
    plain = hasan.post(f"{desk}/giliran")
    assert (plain.status_code, plain.location) == (303, desk)


def test_independent_graders_are_not_told_of_each_other(
    app: Flask, as_person: SignIn, cast: Cast, desk: str
) -> None:
    with app.app_context():
        change_project(graders=2)
        for name in ("hasan", "ratna"):
            db.session.add(
                ReviewLease(
                    submission_id=int(desk.rpartition("/")[2]),
                    reviewer_id=cast.people[name],
                    taken_at=utcnow(),
                    until=utcnow() + timedelta(minutes=5),
                )
            )
        db.session.commit()
        db.session.remove()
    page = text_of(as_person("dewi").get(desk))
    assert "Penelaah lain sedang menelaah" in page
    assert "Hasan" not in page


def test_plain_forms_take_the_turn_and_give_it_back(
    app: Flask, as_person: SignIn, cast: Cast, desk: str
) -> None:
    dewi = as_person("dewi")
    fields = form_fields(dewi.get(desk), desk)
    assert dewi.post(desk, data={**fields, "then": "start"}).status_code == 303
    assert holder_ids(app) == [cast.people["dewi"]]
    fields = form_fields(dewi.get(desk), desk) | {"note.1": "Sebutkan sumber."}
    released = dewi.post(desk, data={**fields, "then": "release"})
    assert (released.status_code, released.location) == (303, "/telaah")
    assert holder_ids(app) == []
    assert "dilepas" in text_of(dewi.get("/telaah"))
    assert "Sebutkan sumber." in text_of(dewi.get(desk))  # what was typed is kept


def test_who_lost_the_turn_keeps_the_text_and_reads_it(
    app: Flask, as_person: SignIn, cast: Cast, desk: str
) -> None:
    dewi, hasan = as_person("dewi"), as_person("hasan")
    dewi.post_json(desk, form(**{"note": "1", "note.1": "Sebutkan sumber."}))
    run_out(app)
    hasan.post_json(desk, form(**{"note": "1", "note.1": "Ringkas."}))
    late = form(1, **{"note": "1", "note.1": "Sebutkan sumber dan tahun."})
    answer = dewi.post_json(desk, late)
    assert (answer.status_code, answer.get_json()["error"]) == (409, "taken")
    assert answer.get_json()["revision"] == "2"
    page = dewi.post(desk, data={**late, "revision": "2"})
    assert page.status_code == 409
    assert "Hasan Basri" in text_of(page)
    assert "Sebutkan sumber dan tahun." in text_of(page)
    assert "tersimpan sebagai draf pribadi" in text_of(page)
    sending = dewi.post(f"{desk}/kirim", data={**late, "revision": "2", "decision": "return"})
    assert sending.status_code == 409
    with app.app_context():
        draft = models.draft_of(int(desk.rpartition("/")[2]), cast.people["dewi"])
        assert draft is not None
        assert content.decode(draft.content).section("isu").decision == "return"
        db.session.remove()
    read_only = text_of(dewi.get(f"{desk}?bagian=isu"))
    assert "Sebutkan sumber dan tahun." in read_only
    assert "Hasan Basri" in read_only
    run_out(app)
    assert "Sebutkan sumber dan tahun." in text_of(dewi.get(f"{desk}?bagian=isu"))
    assert dewi.post_json(desk, {**late, "revision": "3"}).status_code == 200


def test_a_stale_tab_that_also_lost_the_turn_shows_both_states(
    app: Flask, as_person: SignIn, cast: Cast, desk: str
) -> None:
    dewi, hasan = as_person("dewi"), as_person("hasan")
    dewi.post_json(desk, form(**{"note": "1", "note.1": "Dari tab pertama."}))
    run_out(app)
    hasan.post_json(f"{desk}/giliran", {})
    page = dewi.post(desk, data=form(0, **{"note": "1", "note.1": "Dari tab kedua."}))
    assert page.status_code == 409
    assert "Dari tab pertama." in text_of(page)
    assert "Dari tab kedua." in text_of(page)


@pytest.mark.parametrize(("who", "status"), [("ratna", 403), ("budi", 404), ("hasan", 200)])
def test_the_turn_is_for_those_who_review(as_person: SignIn, desk: str, who: str, status: int) -> None:
    assert as_person(who).post_json(f"{desk}/giliran", {}).status_code == status
    assert as_person("dewi").get(f"{desk}/giliran").status_code == 405


def test_a_turn_is_asked_of_no_version_that_is_decided(
    app: Flask, as_person: SignIn, cast: Cast, desk: str
) -> None:
    dewi = as_person("dewi")
    for section in ("isu", "sasaran", "lampiran"):
        page = dewi.get(f"{desk}?bagian={section}")
        dewi.submit_form(page, desk, decision="accept", **{"level.isu": "3", "level.sasaran": "4"})
    fields = form_fields(dewi.get(f"{desk}?tampil=ringkasan"), desk)
    assert dewi.post(f"{desk}/kirim", data=fields).status_code == 303
    assert holder_ids(app) == []
    dewi.post_json(f"{desk}/giliran", {})
    assert holder_ids(app) == []


def test_drafts_are_not_what_holds(app: Flask, as_person: SignIn, desk: str) -> None:
    """A draft whose turn is over keeps nobody else from writing."""
    as_person("dewi").post_json(desk, form(**{"note": "1", "note.1": "Sebutkan sumber."}))
    run_out(app)
    assert as_person("hasan").post_json(desk, form(decision="accept")).status_code == 200
    with app.app_context():
        assert len(list(db.session.scalars(select(ReviewDraft.id)))) == 2
        db.session.remove()


@pytest.fixture
def other(app: Flask, cast: Cast, desk: str) -> str:
    """The address of Budi's version, handed in a day after Sari's."""
    with app.app_context():
        version_id = handed_in(cast, "budi", now=NOW + timedelta(days=1)).id
        db.session.commit()
        db.session.remove()
    return f"/telaah/{version_id}"


def primary(page: str) -> str:
    """Where the queue's main button leads."""
    return page.split('class="button button-primary" href="', 1)[1].split('"', 1)[0]


def test_the_queue_says_who_reviews_since_when_and_next_passes_over(
    app: Flask, as_person: SignIn, cast: Cast, desk: str, other: str
) -> None:
    hasan, dewi = as_person("hasan"), as_person("dewi")
    assert primary(text_of(dewi.get("/telaah"))) == desk
    hasan.post_json(f"{desk}/giliran", {})
    page = text_of(dewi.get("/telaah"))
    assert re.search(r"Sedang ditelaah.*?oleh Hasan Basri sejak \d\d\.\d\d WIB", page, re.S)
    assert page.count("oleh Hasan Basri") == 1
    assert primary(page) == other
    number = other.rpartition("/")[2]
    assert dewi.get("/telaah/berikutnya").location == other
    assert dewi.get(f"/telaah/berikutnya?setelah={number}").location == "/telaah"
    # who has the turn is not told of it, and is led to it
    mine = text_of(hasan.get("/telaah"))
    assert "oleh Hasan Basri" not in mine
    assert primary(mine) == desk
    assert hasan.get(f"/telaah/berikutnya?setelah={number}").location == desk
    run_out(app)
    assert "oleh Hasan Basri" not in text_of(dewi.get("/telaah"))
    assert dewi.get(f"/telaah/berikutnya?setelah={number}").location == desk


def test_a_draft_of_ones_own_does_not_hide_that_another_has_the_turn(
    app: Flask, as_person: SignIn, cast: Cast, desk: str
) -> None:
    dewi = as_person("dewi")
    dewi.post_json(desk, form(**{"note": "1", "note.1": "Sebutkan sumber."}))
    assert "Anda sedang menelaah" in text_of(dewi.get("/telaah"))
    run_out(app)
    as_person("hasan").post_json(f"{desk}/giliran", {})
    page = text_of(dewi.get("/telaah"))
    assert "Anda sedang menelaah" not in page
    assert "oleh Hasan Basri sejak" in page
    assert "Mulai dari yang pertama" not in page


def test_in_the_queue_independent_graders_count_and_are_not_named(
    app: Flask, as_person: SignIn, cast: Cast, desk: str
) -> None:
    with app.app_context():
        change_project(graders=2)
        db.session.commit()
        db.session.remove()
    dewi, number = as_person("dewi"), int(desk.rpartition("/")[2])
    until = utcnow() + timedelta(minutes=5)

    def begins(name: str) -> None:
        with app.app_context():
            db.session.add(
                ReviewLease(
                    submission_id=number, reviewer_id=cast.people[name], taken_at=utcnow(), until=until
                )
            )
            db.session.commit()
            db.session.remove()

    begins("hasan")
    # a place is free: nothing is said of the other
    assert "penelaah lain" not in text_of(dewi.get("/telaah"))
    assert dewi.get("/telaah/berikutnya").location == desk
    begins("ratna")
    page = text_of(dewi.get("/telaah"))
    assert "oleh penelaah lain sejak" in page
    assert "Hasan" not in page
    assert "Ratna" not in page
    assert dewi.get("/telaah/berikutnya").location == "/telaah"


def test_who_reviews_what_is_read_at_once(
    app: Flask, as_person: SignIn, cast: Cast, desk: str, other: str, count_statements: Any
) -> None:
    dewi, hasan = as_person("dewi"), as_person("hasan")

    def cost() -> list[int]:
        counts = []
        for address in ("/telaah", f"/telaah/berikutnya?setelah={desk.rpartition('/')[2]}"):
            dewi.get(address)
            with count_statements() as counted:
                dewi.get(address)
            counts.append(len(counted))
        return counts

    hasan.post_json(f"{other}/giliran", {})
    one = cost()
    hasan.post_json(f"{desk}/giliran", {})
    assert cost() == one
