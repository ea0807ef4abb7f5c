"""The quizzes of a cohort as its facilitators see them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from lms.courses import models as course_models
from lms.courses.models import Enrolment, Item
from lms.extensions import utcnow
from tests.cast import CODE, OTHER, Cast
from tests.quizzes.test_views import begin, take, text

HUB = f"/kuis/angkatan/{CODE}"
QUIZ = f"{HUB}/kuis-uji"


def test_a_cohort_without_attempts_has_its_quizzes_listed(as_person: Any) -> None:
    words = text(as_person("dewi").get(HUB))
    assert "2 peserta" in words
    assert "Kuis uji 4 soal · ambang 70 0 0 – –" in words


def test_the_hub_counts_learners_their_means_and_who_passed(as_person: Any, count_statements: Any) -> None:
    take(as_person("sari"), 2)
    take(as_person("sari"), 4)
    begin(as_person("budi"))
    dewi = as_person("dewi")
    dewi.get(HUB)
    with count_statements() as counted:
        page = dewi.get(HUB)
    assert len(counted) <= 7, counted.statements
    # the better of Sari's two attempts counts; Budi has begun only
    assert "Kuis uji 4 soal · ambang 70 2 1 100,0 1 (100%)" in text(page)
    assert f'href="{QUIZ}"' in page.get_data(as_text=True)


def test_learners_who_left_do_not_count(as_person: Any, session: Any, cast: Cast) -> None:
    take(as_person("sari"), 4)
    session.execute(
        update(Enrolment).where(Enrolment.id == cast.enrolments["sari"]).values(removed_at=utcnow())
    )
    session.commit()
    words = text(as_person("ratna").get(HUB))
    assert "1 peserta" in words
    assert "ambang 70 0 0 – –" in words


def test_a_course_without_quizzes_says_so(as_person: Any, session: Any) -> None:
    session.execute(
        update(Item)
        .where(Item.kind == "quiz")
        .values(kind="rubric")
        .execution_options(synchronize_session=False)
    )
    session.commit()
    course_models.forget_cached()
    assert "tidak memiliki kuis" in text(as_person("dewi").get(HUB))
    assert as_person("dewi").get(QUIZ).status_code == 404


@pytest.mark.parametrize("address", [HUB, QUIZ])
@pytest.mark.parametrize(
    ("name", "status"),
    [("dewi", 200), ("ratna", 200), ("sari", 403), ("hasan", 404), ("tono", 404), ("wati", 404)],
)
def test_for_facilitators_of_the_cohort_and_administrators(
    as_person: Any, address: str, name: str, status: int
) -> None:
    assert as_person(name).get(address).status_code == status


@pytest.mark.parametrize("address", [HUB, QUIZ])
def test_visitors_sign_in_first(browser: Any, address: str) -> None:
    assert browser.get(address).status_code in (302, 401)


@pytest.mark.parametrize("address", [HUB, QUIZ])
def test_nothing_is_written_here(as_person: Any, address: str) -> None:
    assert as_person("dewi").post(address).status_code == 405


@pytest.mark.parametrize(
    "address",
    [
        "/kuis/angkatan/tidak-ada",
        f"{HUB}/tidak-ada",
        f"{HUB}/proyek-uji",
        "/kuis/angkatan/tidak-ada/kuis-uji",
    ],
)
def test_what_is_no_quiz_is_not_found(as_person: Any, address: str) -> None:
    assert as_person("ratna").get(address).status_code == 404


@pytest.mark.parametrize(("name", "page"), [("dewi", "/telaah/angkatan"), ("ratna", "/kelola/angkatan")])
def test_the_cohort_s_pages_lead_here(as_person: Any, name: str, page: str) -> None:
    assert f'href="{HUB}"' in as_person(name).get(f"{page}/{CODE}").get_data(as_text=True)


def test_every_page_of_a_quiz_says_which_it_is(as_person: Any) -> None:
    page = as_person("dewi").get(QUIZ).get_data(as_text=True)
    assert f'<a href="{QUIZ}" aria-current="page">Analisis soal</a>' in page
    assert OTHER not in page
