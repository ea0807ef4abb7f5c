"""The page on how far graders agree: from sent reviews only, hidden while it would say little, names for few."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from msgspec.structs import replace

from lms.courses.models import CohortFacilitator
from lms.extensions import db
from lms.grading import agreement, pairs
from lms.grading.content import Opinion
from tests.cast import CODE, NOW, Cast
from tests.grading.reviews import ACCEPTED, SCORED, handed_in, send
from tests.projects.work import ITEM, change_project

ADDRESS = f"/telaah/angkatan/{CODE}/kesepakatan"


@pytest.fixture
def two(app: Flask, cast: Cast) -> None:
    """Dewi and Hasan reviewed Sari's and Budi's work; only Dewi reviewed nothing else."""
    with app.app_context():
        try:
            db.session.add(
                CohortFacilitator(cohort_id=cast.cohort_id, person_id=cast.people["hasan"], added_at=NOW)
            )
            change_project(graders=2)
            for who, level in (("sari", 3), ("budi", 1)):
                version = handed_in(cast, who)
                send(version, ACCEPTED, cast.people["dewi"])
                other = replace(ACCEPTED, criteria=SCORED | {"isu": Opinion(level=level)})
                send(version, other, cast.people["hasan"], now=NOW + timedelta(hours=2))
            db.session.commit()
        finally:
            db.session.remove()


def test_reviews_are_paired_by_version(app: Flask, cast: Cast, two: None) -> None:
    with app.app_context():
        found = pairs.given(cast.cohort_id, ITEM)
        assert [each.reviewer for each in found] == ["Dewi Anggraini", "Hasan Basri"] * 2
        assert {each.organization for each in found} == {
            "Universitas Andalas Uji",
            "Universitas Bung Hatta Uji",
        }
        db.session.remove()


def test_a_review_that_stands_alone_is_not_counted(app: Flask, cast: Cast, as_person: Any) -> None:
    with app.app_context():
        change_project(graders=2)
        send(handed_in(cast), ACCEPTED, cast.people["dewi"])
        db.session.commit()
        assert pairs.given(cast.cohort_id, ITEM) == []
        db.session.remove()
    assert "Belum ada hasil kerja" in as_person("dewi").get(ADDRESS).get_data(as_text=True)


def test_figures_come_from_enough_pairs_only(
    two: None, as_person: Any, monkeypatch: pytest.MonkeyPatch, count_statements: Any
) -> None:
    words = as_person("ratna").get(ADDRESS).get_data(as_text=True)
    assert "2 versi dengan dua penilai atau lebih." in words
    assert "Belum cukup: paling sedikit 10 pasang nilai." in words
    for place in ("lms.grading.views.agreement.LEAST",):
        monkeypatch.setattr(place, 2)
    browser = as_person("ratna")
    with count_statements() as statements:
        words = browser.get(ADDRESS).get_data(as_text=True)
    assert len(statements) <= 8
    assert "75% nilai tingkat persis sama" in words  # isu: one of two; sasaran: two of two
    assert "Dewi Anggraini · Hasan Basri" in words
    assert "<rect" in words


def test_facilitators_read_of_nobody_else_by_name(
    two: None, as_person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lms.grading.views.agreement.LEAST", 2)
    words = as_person("dewi").get(ADDRESS).get_data(as_text=True)
    assert "Hasan Basri" not in words
    assert "Menurut pasangan" not in words
    assert "Universitas Bung Hatta Uji" in words
    assert "Ketegasan penilai" in words  # her own


@pytest.mark.parametrize(("who", "status"), [("sari", 403), ("tono", 404), ("wati", 404)])
def test_learners_and_outsiders_read_nothing(two: None, as_person: Any, who: str, status: int) -> None:
    assert as_person(who).get(ADDRESS).status_code == status


def test_the_limit_is_one_for_all() -> None:
    from lms.grading.views import agreement as page

    assert page.LEAST == agreement.LEAST
