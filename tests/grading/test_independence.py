"""Two graders know nothing of each other until both have sent: every page, every answer, every mail, every list."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lms.extensions import db
from lms.grading import models, pairs
from lms.grading.content import Note, Opinion, ReviewContent, SectionReview
from lms.mail import Mail
from lms.projects import models as projects
from lms.projects.models import ImprovementNote
from tests.cast import CODE, Cast
from tests.conftest import Browser
from tests.grading.disputes import moderator, second_grader
from tests.grading.reviews import ACCEPT, HOUR, handed_in, send
from tests.projects.work import ITEM, change_project

MARKS = ("RahasiaCatatan", "RahasiaKomentar", "RahasiaRingkasan", "usulan satu penelaah")
SAID = ReviewContent(
    sections={
        "isu": SectionReview("accept", (Note("RahasiaCatatan", must=False),)),
        "sasaran": ACCEPT,
        "lampiran": ACCEPT,
    },
    criteria={"isu": Opinion(level=3, comment="RahasiaKomentar"), "sasaran": Opinion(level=4)},
    summary="RahasiaRingkasan",
)
RETURNS = ReviewContent(
    sections={**SAID.sections, "isu": SectionReview("return", (Note("RahasiaCatatan"),))},
    criteria=SAID.criteria,
    summary="RahasiaRingkasan",
)
VALUES: dict[str, Any] = {
    "code": CODE,
    "item": ITEM,
    "stable_id": ITEM,
    "section_id": "isu",
    "number": 1,
    "page": 1,
    "kind": "pdf",
    "slug": "kursus-uji",
    "form": "rinci",
}


class World:
    id = 0
    work_id = 0


@pytest.fixture(params=[SAID, RETURNS], ids=["accepting", "returning"])
def world(app: Flask, cast: Cast, request: pytest.FixtureRequest) -> World:
    """Dewi has sent; Rekan, who leads the cohort too, has not."""
    world = World()
    with app.app_context():
        try:
            change_project(graders=2)
            version = handed_in(cast)
            second_grader(cast)
            moderator(cast)
            send(version, request.param, cast.people["dewi"])
            world.id, world.work_id = version.id, version.work_id
            db.session.commit()
        finally:
            db.session.remove()
    return world


def addresses(app: Flask, world: World, cast: Cast) -> list[str]:
    """Every page that can be asked for about this work, this cohort or nothing in particular."""
    values = VALUES | {
        "submission_id": world.id,
        "work_id": world.work_id,
        "enrolment_id": cast.enrolments["sari"],
        "person_id": cast.people["dewi"],
    }
    found = []
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in ("static", "people.sign_out"):
            continue
        if all(name in values for name in rule.arguments):
            found.append(adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments}))
    extra = ["?tampil=ringkasan", "?bagian=isu&tampil=penuh", "?bagian=sasaran"]
    states = ("menunggu", "ditelaah", "moderasi", "dikembalikan", "dinilai", "diumumkan")
    return [
        *found,
        *(f"/telaah/{world.id}{tail}" for tail in extra),
        *(f"/telaah?keadaan={state}" for state in states),
    ]


def told(browser: Browser, address: str) -> str:
    response = browser.get(address, check=False)
    assert response.status_code < 500, address
    if response.mimetype not in ("text/html", "application/json", "text/csv", "text/plain"):
        return ""
    return str(response.get_data(as_text=True))


@pytest.mark.parametrize("who", ["rekan", "hasan", "ratna", "sari", "budi"])
def test_no_page_tells_what_one_grader_said(
    world: World, app: Flask, cast: Cast, as_person: Any, who: str
) -> None:
    browser = as_person(who)
    pages = addresses(app, world, cast)
    assert len(pages) > 40
    leaks = [
        (address, mark)
        for address in pages
        for page in [told(browser, address)]
        for mark in MARKS
        if mark in page
    ]
    assert leaks == []


def test_the_same_pages_do_tell_once_both_have_sent(
    world: World, app: Flask, cast: Cast, as_person: Any
) -> None:
    """Without this the test above could not fail."""
    with app.app_context():
        version = models_submission(world.id)
        send(version, SAID, cast.people["rekan"], now=version.submitted_at + 3 * HOUR)
        db.session.commit()
        db.session.remove()
    page = told(as_person("rekan"), f"/proyek/hasil/{world.work_id}")
    assert "RahasiaRingkasan" in page


def models_submission(submission_id: int) -> Any:
    found = projects.submission(submission_id)
    assert found is not None
    return found


def test_no_answer_to_the_other_grader_tells_it(world: World, as_person: Any) -> None:
    rekan = as_person("rekan")
    form = {"revision": "0", "section": "isu", "view": "", "comment.isu": "punya saya", "comment.sasaran": ""}
    answers = [
        rekan.post_json(f"/telaah/{world.id}", {**form, "decision": "accept"}),
        rekan.post_json(f"/telaah/{world.id}", {**form, "comment.isu": "basi"}),  # a conflict
        rekan.post(f"/telaah/{world.id}/kirim", data={**form, "revision": "1"}, check=False),  # incomplete
        rekan.post(f"/telaah/{world.id}/kirim", data={**form, "revision": "7"}, check=False),  # stale
    ]
    assert [answer.status_code for answer in answers] == [200, 409, 422, 422] or [
        answer.status_code for answer in answers
    ] == [200, 409, 422, 409]
    for answer in answers:
        words = answer.get_data(as_text=True)
        assert not [mark for mark in MARKS if mark in words]


def test_neither_notes_nor_mails_nor_figures_leave_before(world: World, app: Flask, cast: Cast) -> None:
    with app.app_context():
        assert db.session.scalars(select(ImprovementNote)).all() == []
        assert db.session.scalars(select(Mail)).all() == []
        assert pairs.given(cast.cohort_id, ITEM) == []
        assert models.newest_entries([cast.enrolments["sari"]]) == {}
        db.session.remove()


def test_of_three_graders_the_last_learns_nothing_from_two(app: Flask, cast: Cast) -> None:
    """The figures of agreement wait until all have sent: two of three are enough for a pair."""
    with app.app_context():
        change_project(graders=3)
        version = handed_in(cast)
        send(version, SAID, cast.people["dewi"])
        send(version, SAID, second_grader(cast), now=version.submitted_at + 2 * HOUR)
        assert pairs.given(cast.cohort_id, ITEM) == []
        send(version, SAID, moderator(cast), now=version.submitted_at + 3 * HOUR)
        assert len(pairs.given(cast.cohort_id, ITEM)) == 3
        db.session.rollback()
        db.session.remove()


def test_a_grader_is_not_told_who_the_other_is(world: World, as_person: Any) -> None:
    """At the desk and in the queue; that another one is at it may be known, who it is may not."""
    for address in (f"/telaah/{world.id}", f"/telaah/{world.id}?tampil=ringkasan", "/telaah", "/"):
        assert "Dewi Anggraini" not in told(as_person("rekan"), address), address
