"""Names and titles as long as they may be, of words that do not fit a small phone: no page scrolls sideways."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import update

from lms.courses import models as course_models
from lms.courses.models import Cohort, CourseVersion, Item
from lms.extensions import db
from lms.people.models import Person
from tests.cast import CODE, Cast
from tests.projects.work import begin
from tests.walk.conftest import Server, Visitor

WORD = "Antipertanggungjawabannyaberkepanjangansekalipemerintahannya"
LEARNER_PAGES = (
    "/",
    "/pelatihan",
    "/nilai",
    "/profil",
    "/pelatihan/kursus-uji",
    f"/belajar/{CODE}",
    f"/proyek/{CODE}/proyek-uji",
    f"/proyek/{CODE}/proyek-uji/rubrik",
)
ADMINISTRATOR_PAGES = (
    "/kelola",
    "/kelola/pelatihan",
    "/kelola/pelatihan/kursus-uji",
    "/kelola/angkatan",
    f"/kelola/angkatan/{CODE}",
    f"/kelola/angkatan/{CODE}/peserta",
    f"/kuis/angkatan/{CODE}",
    f"/proyek/angkatan/{CODE}",
    "/kelola/orang",
    "/kelola/angkatan/baru",
)


@pytest.fixture
def long_names(app: Flask, cast: Cast) -> Iterator[None]:
    """Everything has a name of such words, up to the length that its field takes."""
    with app.app_context():
        begin(cast)
        for model, column, length in (
            (Person, "name", 200),
            (Person, "position", 200),
            (Cohort, "name", 120),
            (CourseVersion, "title", 200),
            (Item, "title", 200),
        ):
            db.session.execute(
                update(model).values({column: f"{WORD} {WORD} Daerah {WORD} {WORD}"[:length].strip()})
            )
        db.session.commit()
        db.session.remove()
        course_models.forget_cached()
    yield
    course_models.forget_cached()


@pytest.mark.parametrize("width", [320, 768])
def test_no_page_scrolls_sideways(
    chromium: Browser, here: Server, cast: Cast, long_names: None, width: int
) -> None:
    for who, paths in (("sari", LEARNER_PAGES), ("ratna", ADMINISTRATOR_PAGES)):
        visitor = Visitor(chromium, here, width)
        visitor.sign_in(cast.emails[who])
        for path in paths:
            visitor.page.goto(path)
            beyond = visitor.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert beyond <= 0, f"{path} at {width} scrolls sideways by {beyond} px"
            cut = visitor.page.evaluate(
                "[...document.querySelectorAll('main .button')].filter(each => each.scrollWidth > each.clientWidth + 1)"
                ".map(each => each.textContent)"
            )
            assert not cut, f"{path} at {width}: words stand beyond their button"
        visitor.leave()


def test_a_facilitators_name_stands_beside_its_box(
    chromium: Browser, here: Server, cast: Cast, long_names: None
) -> None:
    visitor = Visitor(chromium, here, 360)
    visitor.sign_in(cast.emails["ratna"])
    visitor.page.goto("/kelola/angkatan/baru")
    for check in visitor.page.locator(".boxes .check").all():
        box, name = check.locator("input").bounding_box(), check.locator("label").bounding_box()
        assert box is not None
        assert name is not None
        assert name["x"] >= box["x"] + box["width"]
        assert name["y"] < box["y"] + box["height"], "the name is not a line of its own below the box"
    visitor.leave()
