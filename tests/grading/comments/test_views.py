"""The comment bank through its page and the desk's requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lms.extensions import db
from lms.grading.comments import actions
from lms.grading.comments.models import SavedComment
from tests.cast import NOW, Cast
from tests.conftest import Browser

SignIn = Callable[[str], Browser]
PAGE = "/telaah/komentar"
JSON = {"Accept": "application/json"}


def text_of(response: Any) -> str:
    return str(response.get_data(as_text=True))


def rows(app: Flask) -> list[tuple[str, str, str]]:
    with app.app_context():
        found = db.session.scalars(select(SavedComment).order_by(SavedComment.id)).all()
        kept = [(each.text, each.stable_id, each.criterion_id) for each in found]
        db.session.remove()
        return kept


@pytest.fixture
def kept(app: Flask, cast: Cast) -> int:
    """A comment of Dewi's."""
    with app.app_context():
        key = actions.keep("Sebutkan sumber.", by=cast.people["dewi"], now=NOW).id
        db.session.commit()
        db.session.remove()
        return key


def test_an_empty_bank_says_what_to_do(as_person: SignIn, cast: Cast) -> None:
    assert "Belum ada komentar tersimpan" in text_of(as_person("dewi").get(PAGE))


def test_a_comment_is_kept_changed_and_deleted_by_plain_forms(
    app: Flask, as_person: SignIn, cast: Cast
) -> None:
    dewi = as_person("dewi")
    assert dewi.post(PAGE, data={"text": "  Sebutkan <b>sumber</b>.  "}).status_code == 303
    page = text_of(dewi.get(PAGE))
    assert "Sebutkan &lt;b&gt;sumber&lt;/b&gt;." in page
    assert dewi.post(PAGE, data={"text": "Sebutkan <b>sumber</b>."}).status_code == 303
    assert len(rows(app)) == 1  # the same one twice is one
    assert dewi.post(f"{PAGE}/1", data={"text": "Sebutkan sumber dan tahun."}).status_code == 303
    assert rows(app) == [("Sebutkan sumber dan tahun.", "", "")]
    assert dewi.post(f"{PAGE}/1", data={"then": "delete"}).status_code == 303
    assert rows(app) == []


@pytest.mark.parametrize("text", ["", "   ", "a" * 2001])
def test_what_cannot_be_kept_stays_on_the_page(app: Flask, as_person: SignIn, cast: Cast, text: str) -> None:
    dewi = as_person("dewi")
    page = dewi.post(PAGE, data={"text": text})
    assert page.status_code == 422
    assert text.strip() in text_of(page)
    assert dewi.post_json(PAGE, {"text": text}).status_code == 422
    assert rows(app) == []


def test_the_desk_keeps_one_for_a_criterion_and_is_offered_what_fits(
    app: Flask, as_person: SignIn, cast: Cast, kept: int
) -> None:
    dewi = as_person("dewi")
    fields = {"text": "Isu belum didukung data.", "project": "proyek-uji", "criterion": "isu"}
    assert dewi.post_json(PAGE, fields).get_json()["criterion"] == "isu"
    here = dewi.client.get(f"{PAGE}?proyek=proyek-uji", headers=JSON).get_json()["comments"]
    assert [each["text"] for each in here] == ["Isu belum didukung data.", "Sebutkan sumber."]
    elsewhere = dewi.client.get(f"{PAGE}?proyek=lain", headers=JSON).get_json()["comments"]
    assert [each["text"] for each in elsewhere] == ["Sebutkan sumber."]


def test_a_bank_is_ones_own(app: Flask, as_person: SignIn, kept: int) -> None:
    hasan = as_person("hasan")
    assert "Sebutkan sumber." not in text_of(hasan.get(PAGE))
    assert hasan.client.get(PAGE, headers=JSON).get_json()["comments"] == []
    assert hasan.post(f"{PAGE}/{kept}", data={"then": "delete"}).status_code == 404
    assert len(rows(app)) == 1


@pytest.mark.parametrize(("who", "status"), [("dewi", 200), ("budi", 403), ("ratna", 403)])
def test_it_is_for_those_who_review(as_person: SignIn, kept: int, who: str, status: int) -> None:
    assert as_person(who).get(PAGE).status_code == status


def test_wrong_methods_and_odd_addresses(as_person: SignIn, kept: int) -> None:
    dewi = as_person("dewi")
    assert dewi.get(f"{PAGE}/{kept}").status_code == 405
    for odd in (0, 999, 2**63):
        assert dewi.post(f"{PAGE}/{odd}", data={"text": "x"}).status_code == 404


def test_a_long_bank_has_pages_and_an_end(app: Flask, as_person: SignIn, cast: Cast) -> None:
    with app.app_context():
        for number in range(actions.AT_MOST):
            actions.keep(f"Komentar {number:03}", by=cast.people["dewi"], now=NOW)
        db.session.commit()
        db.session.remove()
    dewi = as_person("dewi")
    page = text_of(dewi.get(PAGE))
    assert "Komentar 299" in page
    assert "Komentar 200" not in page
    assert 'rel="next"' in page
    assert "sudah menyimpan 300 komentar" in text_of(dewi.post(PAGE, data={"text": "Satu lagi"}))
