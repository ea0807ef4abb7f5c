"""One's own profile and the language of the pages."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from lms.people.models import Person
from tests.cast import Cast
from tests.conftest import Browser


def text_of(response: Any) -> str:
    return response.get_data(as_text=True)


def test_the_profile_shows_ones_own_data(as_person: Any, session: Any, cast: Cast) -> None:
    person = session.get(Person, cast.people["sari"])
    person.title_before, person.title_after = "Dr.", "S.E., M.Si."
    person.position, person.rank, person.work_unit = "Perencana Ahli Muda", "Penata, III/c", "Bidang Ekonomi"
    session.commit()
    page = text_of(as_person("sari").get("/profil"))
    for shown in (
        "Dr. Sari Wulandari, S.E., M.Si.",
        "19860926 201505 2 001",
        "sari@uji.example",
        "Perencana Ahli Muda",
        "Penata, III/c",
        "Bidang Ekonomi",
        "Bapperida",
        "Peserta",
    ):
        assert shown in page, shown


def test_a_profile_with_gaps_shows_no_empty_lines(as_person: Any) -> None:
    page = text_of(as_person("dewi").get("/profil"))
    assert "<dt>NIP</dt>" not in page
    assert "Universitas Andalas Uji" in page


def test_everybody_sees_their_own_profile_only(as_person: Any) -> None:
    for name in ("sari", "dewi", "ratna", "wati"):
        page = text_of(as_person(name).get("/profil"))
        assert f"{name}@uji.example" in page
        assert page.count("@uji.example") == page.count(f"{name}@uji.example")


def test_zone_and_language_are_saved(as_person: Any, session: Any, cast: Cast) -> None:
    sari = as_person("sari")
    response = sari.submit_form(sari.get("/profil"), "/profil", timezone="Asia/Makassar", language="en")
    assert response.status_code == 303
    page = sari.get("/profil")
    assert '<html lang="en">' in text_of(page)
    person = session.get(Person, cast.people["sari"])
    assert (person.timezone, person.language) == ("Asia/Makassar", "en")


@pytest.mark.parametrize(
    "change",
    [
        {"timezone": "Europe/Paris"},
        {"timezone": ""},
        {"language": "fr"},
        {"language": "x" * 1_000_000},
        {"timezone": "../../etc/passwd"},
        {"timezone": "Asia/Jakarta\0x"},
    ],
)
def test_foreign_choices_are_refused(
    as_person: Any, session: Any, cast: Cast, change: dict[str, str]
) -> None:
    data = {"timezone": "Asia/Jayapura", "language": "en", **change}
    response = as_person("sari").post("/profil", data=data)
    assert response.status_code == 422
    assert "Pilih salah satu pilihan" in text_of(response)
    person = session.get(Person, cast.people["sari"])
    assert (person.timezone, person.language) == ("Asia/Jakarta", "id")


def test_what_is_not_on_the_form_cannot_be_changed(as_person: Any, session: Any, cast: Cast) -> None:
    as_person("sari").post(
        "/profil",
        data={
            "timezone": "Asia/Jakarta",
            "language": "id",
            "administrator": "y",
            "name": "Lain",
            "email": "lain@uji.example",
        },
    )
    person = session.get(Person, cast.people["sari"])
    assert (person.administrator, person.name, person.email) == (False, "Sari Wulandari", "sari@uji.example")


def test_wrong_method(as_person: Any) -> None:
    assert as_person("sari").other("put", "/profil").status_code in (400, 405)


def test_the_profile_costs_few_statements(as_person: Any, count_statements: Any) -> None:
    sari = as_person("sari")
    with count_statements() as counted:
        sari.get("/profil")
    assert len(counted) <= 3, counted.statements


# Language


def test_the_language_switch_stays_on_the_page_and_is_remembered(app: Flask, cast: Cast) -> None:
    browser = Browser(app)
    page = browser.get("/lupa-kata-sandi")
    response = browser.submit_form(page, "/bahasa", language="en")
    assert (response.status_code, response.location) == (303, "/lupa-kata-sandi")
    assert '<html lang="en">' in text_of(browser.get("/masuk"))
    page = browser.get("/masuk")
    browser.submit_form(page, "/bahasa", language="id")
    assert '<html lang="id">' in text_of(browser.get("/masuk"))


def test_the_language_is_remembered_on_the_person(
    as_person: Any, app: Flask, session: Any, cast: Cast
) -> None:
    sari = as_person("sari")
    sari.submit_form(sari.get("/profil"), "/bahasa", language="en")
    assert session.get(Person, cast.people["sari"]).language == "en"
    session.rollback()
    other = Browser(app)
    other.sign_in("sari@uji.example")
    assert '<html lang="en">' in text_of(other.get("/profil"))


def test_the_browsers_language_outlives_signing_out(app: Flask, cast: Cast) -> None:
    browser = Browser(app)
    browser.submit_form(browser.get("/masuk"), "/bahasa", language="en")
    browser.sign_in("budi@uji.example")
    assert '<html lang="id">' in text_of(browser.get("/profil"))  # the person's own choice goes first
    browser.post("/keluar")
    assert '<html lang="en">' in text_of(browser.get("/masuk"))


@pytest.mark.parametrize("language", ["", "fr", "id; drop", "x" * 100_000])
def test_a_foreign_language_changes_nothing(browser: Browser, language: str) -> None:
    assert browser.post("/bahasa", data={"language": language, "back": "/masuk"}).location == "/masuk"
    assert '<html lang="id">' in text_of(browser.get("/masuk"))


@pytest.mark.parametrize("back", ["", "//jahat.example", "https://jahat.example", "/bahasa", "/tidak-ada"])
def test_the_switch_leads_nowhere_else(browser: Browser, back: str) -> None:
    assert browser.post("/bahasa", data={"language": "en", "back": back}).location == "/"
