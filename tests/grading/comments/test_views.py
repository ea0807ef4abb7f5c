"""The comment bank through its page and the desk's requests."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from lms.extensions import db
from lms.grading.comments import actions
from lms.grading.comments.models import SavedComment
from lms.grading.content import ReviewContent, decode
from lms.grading.forms import with_comment
from lms.grading.models import ReviewDraft
from tests.cast import NOW, Cast
from tests.conftest import Browser
from tests.grading.reviews import handed_in
from tests.page_checks import form_fields

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


@pytest.fixture
def desk(app: Flask, cast: Cast) -> str:
    """The address of Sari's first version, waiting."""
    with app.app_context():
        version_id = handed_in(cast).id
        db.session.commit()
        db.session.remove()
        return f"/telaah/{version_id}"


def keep(app: Flask, person_id: int, text: str, criterion: str = "") -> int:
    with app.app_context():
        stable_id = "proyek-uji" if criterion else ""
        row = actions.keep(text, stable_id=stable_id, criterion_id=criterion, by=person_id, now=NOW)
        key = row.id
        db.session.commit()
        db.session.remove()
        return key


def listed(page: str) -> list[str]:
    """The comments in the open list of the desk."""
    if 'id="bank"' not in page:
        return []
    return re.findall(
        r'<p class="as-typed" id="bank-\d+">(.*?)</p>',
        page.split('id="bank"', 1)[1].split("</details>", 1)[0],
    )


def test_without_javascript_the_form_lists_what_fits_a_field_and_puts_it_in(
    app: Flask, as_person: SignIn, cast: Cast, kept: int, desk: str
) -> None:
    dewi = as_person("dewi")
    own = keep(app, cast.people["dewi"], "Isu belum didukung data.", "isu")
    keep(app, cast.people["dewi"], "Sasaran belum terukur.", "sasaran")
    page = dewi.get(f"{desk}?bagian=isu")
    assert listed(text_of(page)) == []
    typed_too = {"note.1": "Ringkas.", "comment.isu": "Rapi.", "level.isu": "3", "decision": "return"}
    fields = form_fields(page, desk) | typed_too
    asked = dewi.post(desk, data={**fields, "then": "bank:comment.isu"})
    assert asked.status_code == 303
    assert asked.location.endswith("&komentar=comment.isu#bank")
    page = dewi.get(asked.location)
    assert listed(text_of(page)) == ["Isu belum didukung data.", "Sebutkan sumber."]
    fields = form_fields(page, desk)
    done = dewi.post(desk, data={**fields, "then": f"insert:{own}:comment.isu"})
    assert done.location.endswith("?bagian=isu&tampil=penuh#comment-isu")
    said = stored(app, cast)
    assert said.opinion("isu").comment == "Rapi.\nIsu belum didukung data."
    assert said.opinion("isu").level == 3
    assert said.section("isu").decision == "return"
    assert [note.text for note in said.section("isu").notes] == ["Ringkas."]
    # a note and the recommendation take the general ones
    page = dewi.get(f"{desk}?bagian=isu&komentar=note")
    assert listed(text_of(page)) == ["Sebutkan sumber."]
    done = dewi.post(desk, data={**form_fields(page, desk), "then": f"insert:{kept}:note"})
    assert done.location.endswith("#note-2")
    page = dewi.get(f"{desk}?tampil=ringkasan&komentar=summary")
    dewi.post(desk, data={**form_fields(page, desk), "then": f"insert:{kept}:summary"})
    said = stored(app, cast)
    assert [note.text for note in said.section("isu").notes] == ["Ringkas.", "Sebutkan sumber."]
    assert said.summary == "Sebutkan sumber."


def test_the_page_names_the_criterion_in_the_words_of_its_project(
    app: Flask, as_person: SignIn, cast: Cast, kept: int, count_statements: Any
) -> None:
    keep(app, cast.people["dewi"], "Isu belum didukung data.", "isu")
    keep(app, cast.people["dewi"], "Kriteria ini sudah tidak ada.", "lama")
    dewi = as_person("dewi")
    page = text_of(dewi.get(PAGE))
    assert "untuk Isu strategis · Proyek uji" in page
    assert "untuk Proyek uji" in page
    assert "untuk semua proyek" in page
    with count_statements() as counted:
        dewi.get(PAGE)
    assert len(counted) <= 5, counted.statements


def stored(app: Flask, cast: Cast) -> ReviewContent:
    """Dewi's draft."""
    with app.app_context():
        draft = db.session.scalars(
            select(ReviewDraft).where(ReviewDraft.reviewer_id == cast.people["dewi"])
        ).one()
        said = decode(draft.content)
        db.session.remove()
        return said


def test_an_empty_list_on_the_desk_says_what_to_do(as_person: SignIn, desk: str) -> None:
    dewi = as_person("dewi")
    page = dewi.get(f"{desk}?bagian=isu&komentar=note")
    assert "Belum ada komentar tersimpan untuk isian ini." in text_of(page)
    fields = form_fields(page, desk) | {"note.1": "Sebutkan sumber."}
    # the way to the page of comments keeps what is typed
    assert dewi.post(desk, data={**fields, "then": "comments"}).location == PAGE
    assert "Sebutkan sumber." in text_of(dewi.get(desk))


@pytest.mark.parametrize("target", ["lain", "comment.", "comment.tiada", "note.1", "level.isu", ""])
def test_odd_fields_and_others_comments_put_nothing_in(
    app: Flask, as_person: SignIn, cast: Cast, kept: int, desk: str, target: str
) -> None:
    dewi = as_person("dewi")
    hasans = keep(app, cast.people["hasan"], "Rahasia Hasan.")
    page = dewi.get(f"{desk}?bagian=isu&komentar={target}")
    assert page.status_code == 200
    assert listed(text_of(page)) == []
    fields = form_fields(page, desk) | {"comment.isu": "Rapi."}
    for number in (str(hasans), "0", "x", "9" * 5000, ""):
        answer = dewi.post(desk, data={**fields, "then": f"insert:{number}:comment.isu"})
        assert answer.status_code == 303
        assert stored(app, cast).opinion("isu").comment == "Rapi."
        fields["revision"] = form_fields(dewi.get(f"{desk}?bagian=isu"), desk)["revision"]


def test_the_list_is_read_only_where_it_is_asked_for(
    as_person: SignIn, kept: int, desk: str, count_statements: Any
) -> None:
    dewi = as_person("dewi")
    dewi.get(desk)
    with count_statements() as plain:
        dewi.get(desk)
    assert not any("saved_comment" in each for each in plain.statements)
    with count_statements() as asked:
        dewi.get(f"{desk}?komentar=note")
    assert len(asked) == len(plain) + 1


def test_where_every_note_holds_words_one_more_is_written() -> None:
    form = MultiDict([("note", "1"), ("note.1", "Ringkas."), ("kind.1", "praise")])
    filled = with_comment(form, "note", "Sebutkan sumber.")
    assert [filled[f"note.{name}"] for name in filled.getlist("note")] == ["Ringkas.", "Sebutkan sumber."]
    assert form.getlist("note") == ["1"]
    assert with_comment(form, "summary", "Sebutkan sumber.") == form  # the page has no such field
