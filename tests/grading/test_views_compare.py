"""What changed between any two versions, for authors and for whoever reviews in their cohort."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from lms.extensions import db
from lms.projects import models as projects
from tests.cast import Cast
from tests.grading.reviews import RETURNED, handed_in, second_version, send


@pytest.fixture
def versions(app: Flask, cast: Cast) -> tuple[int, int]:
    """The ids of Sari's two versions: the second changes `isu` only."""
    with app.app_context():
        try:
            first = handed_in(cast)
            send(first, RETURNED, cast.people["dewi"])
            second = second_version(cast, first)
            db.session.commit()
            return first.id, second.id
        finally:
            db.session.remove()


def test_words_that_changed_are_marked_and_the_rest_is_said_to_be_the_same(
    versions: tuple[int, int], as_person: Any, count_statements: Any
) -> None:
    browser = as_person("sari")
    with count_statements() as statements:
        page = browser.get(f"/proyek/versi/{versions[1]}/perubahan")
    assert page.status_code == 200
    assert len(statements) <= 8
    words = page.get_data(as_text=True)
    assert "Perubahan versi 1 ke versi 2" in words
    assert re.search(r"<del>1,3[^<]*</del>", words)
    assert re.search(r"<ins>1,4[^<]*</ins>", words)
    assert words.count("Tidak berubah.") == 2


@pytest.mark.parametrize("asked", ["?dari=2", "?dari=1", "?dari=99", "?dari=abc", "?dari=-1", ""])
def test_any_order_and_any_nonsense_compares_older_with_newer(
    versions: tuple[int, int], as_person: Any, asked: str
) -> None:
    page = as_person("dewi").get(f"/proyek/versi/{versions[0]}/perubahan{asked}")
    assert page.status_code == 200
    words = page.get_data(as_text=True)
    assert "Perubahan versi 1 ke versi 2" in words
    assert re.search(r'<a [^>]*href="/telaah"[^>]*aria-current="page"', words)  # where its reviewer is


def test_one_version_has_nothing_to_compare(app: Flask, cast: Cast, as_person: Any) -> None:
    with app.app_context():
        version = handed_in(cast)
        db.session.commit()
        number = version.id
        db.session.remove()
    page = as_person("sari").get(f"/proyek/versi/{number}/perubahan")
    assert page.status_code == 200
    assert "Baru ada satu versi" in page.get_data(as_text=True)


@pytest.mark.parametrize(("who", "status"), [("budi", 404), ("hasan", 404), ("wati", 404), ("ratna", 200)])
def test_others_see_nothing(versions: tuple[int, int], as_person: Any, who: str, status: int) -> None:
    assert as_person(who).get(f"/proyek/versi/{versions[1]}/perubahan").status_code == status


def test_what_people_typed_stays_text(app: Flask, cast: Cast, as_person: Any) -> None:
    from tests.grading.reviews import work_of
    from tests.projects.work import hand_in, save

    with app.app_context():
        first = handed_in(cast)
        send(first, RETURNED, cast.people["dewi"])
        work = work_of(first)
        save(work, "isu", "## Akar masalah\n\n<script>alert(1)</script>", by=cast.people["sari"])
        for note in projects.notes_of(first.work_id, 1):
            note.reply = "Sudah."
        second = hand_in(work, cast.people["sari"])
        db.session.commit()
        number = second.id
        db.session.remove()
    words = as_person("sari").get(f"/proyek/versi/{number}/perubahan").get_data(as_text=True)
    assert "<script>alert" not in words
    assert "&lt;script&gt;" in words
