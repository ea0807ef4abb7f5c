"""Likeness of paragraphs: found over cohorts, shown to reviewers only, silent about whose the other one is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms.extensions import db
from lms.projects import jobs
from lms.projects.similarity import Fingerprint
from tests.cast import NOW, Cast
from tests.grading.reviews import HOUR
from tests.projects.test_shingles import TEXT
from tests.projects.work import TABLE, begin, hand_in, save

OTHER = (
    "Sampah pasar dikelola oleh dinas bersama pedagang melalui bank sampah yang dibuka setiap pagi di empat "
    "kecamatan dengan timbangan dan buku tabungan bagi warga."
)


def version(cast: Cast, who: str, text: str) -> int:
    work = begin(cast, who, now=NOW - HOUR)
    save(work, "isu", f"## Akar masalah\n\n{text}", by=cast.people[who])
    save(work, "sasaran", TABLE, by=cast.people[who])
    return hand_in(work, cast.people[who]).id


@pytest.fixture
def pair(app: Flask, cast: Cast) -> tuple[int, int]:
    """Sari's and Budi's versions; Budi took Sari's paragraph and wrote one of his own."""
    with app.app_context():
        try:
            ids = version(cast, "sari", TEXT), version(cast, "budi", f"{TEXT.upper()}\n\n{OTHER}")
            db.session.commit()
            return ids
        finally:
            db.session.remove()


@pytest.fixture
def swept(app: Flask, pair: tuple[int, int]) -> tuple[int, int]:
    with app.app_context():
        assert jobs.fingerprint_versions(now=NOW) == 2
        assert jobs.fingerprint_versions(now=NOW) == 0  # once is enough
        db.session.remove()
    return pair


def test_the_common_paragraph_is_shown_side_by_side_without_a_name(
    swept: tuple[int, int], as_person: Any, count_statements: Any
) -> None:
    browser = as_person("dewi")
    with count_statements() as statements:
        page = browser.get(f"/telaah/{swept[1]}/kemiripan")
    assert page.status_code == 200
    assert len(statements) <= 8
    words = page.get_data(as_text=True)
    assert "100% kata sama" in words
    assert re.search(r'<p class="lead">Budi ', words)  # whose work is being read
    assert TEXT in words
    assert OTHER not in words
    assert "Sari" not in words
    assert "bukan putusan" in words


def test_before_the_sweep_it_says_so(pair: tuple[int, int], as_person: Any) -> None:
    words = as_person("dewi").get(f"/telaah/{pair[0]}/kemiripan").get_data(as_text=True)
    assert "belum dibandingkan" in words


def test_ones_own_versions_are_not_alike(app: Flask, cast: Cast, as_person: Any) -> None:
    from tests.grading.reviews import RETURNED, second_version, send

    with app.app_context():
        from lms.projects.models import SubmissionVersion

        first = db.session.get(SubmissionVersion, version(cast, "sari", f"{TEXT}\n\n{OTHER}"))
        assert first is not None
        send(first, RETURNED, cast.people["dewi"])
        second = second_version(cast, first)
        db.session.commit()
        number = second.id
        jobs.fingerprint_versions(now=NOW)
        db.session.remove()
    words = as_person("dewi").get(f"/telaah/{number}/kemiripan").get_data(as_text=True)
    assert "Tidak ada paragraf yang mirip" in words


def test_a_version_without_long_paragraphs_is_examined_once(app: Flask, cast: Cast) -> None:
    with app.app_context():
        version(cast, "sari", "Pendek saja, tetapi ada akar masalahnya.")
        db.session.commit()
        assert jobs.fingerprint_versions(now=NOW) == 1
        assert jobs.fingerprint_versions(now=NOW) == 0
        assert db.session.scalar(select(func.count()).select_from(Fingerprint)) == 1
        db.session.remove()


@pytest.mark.parametrize(("who", "status"), [("sari", 403), ("budi", 404), ("hasan", 404), ("ratna", 403)])
def test_only_reviewers_of_the_cohort_see_it(
    swept: tuple[int, int], as_person: Any, who: str, status: int
) -> None:
    assert as_person(who).get(f"/telaah/{swept[0]}/kemiripan").status_code == status
