"""How often somebody may try. The limits are off in the other tests and on here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from lms.app import create_app
from lms.extensions import db, limiter
from lms.people.views import limits
from lms.settings import Settings
from tests.cast import PASSWORD, Cast
from tests.conftest import Browser

WRONG = "bukan kata sandinya"


@pytest.fixture(scope="module")
def limited_app(app: Flask, settings: Settings) -> Iterator[Flask]:
    """A second app on the same database with its limits on; the shared extension is put back after."""
    other = create_app(replace(settings, environment="development"))
    other.config["TESTING"] = False
    yield other
    limiter.enabled = False
    with other.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def limited(limited_app: Flask, cast: Cast) -> Flask:
    """Limits on, and every counter at zero."""
    limiter.reset()
    return limited_app


def text_of(response: Any) -> str:
    return response.get_data(as_text=True)


def test_ten_failures_close_the_door_for_one_person(limited: Flask, cast: Cast) -> None:
    browser = Browser(limited)
    for _ in range(10):
        assert browser.sign_in("sari@uji.example", WRONG).status_code == 401
    refused = browser.sign_in("sari@uji.example")  # not even with the right one
    assert refused.status_code == 429
    assert "Terlalu banyak percobaan" in text_of(refused)
    wait = int(refused.headers["Retry-After"])
    assert 0 < wait <= 15 * 60
    minutes = re.search(r"Coba lagi dalam (\d+) menit", text_of(refused)).group(1)  # type: ignore[union-attr]
    assert int(minutes) == -(-wait // 60)
    # it is the person, not the spelling and not the browser
    assert Browser(limited).sign_in(" SARI@uji.example").status_code == 429
    # everybody else comes in, and so does the same person by the other name
    assert Browser(limited).sign_in("budi@uji.example").status_code == 302
    assert Browser(limited).sign_in("198609262015052001").status_code == 302


def test_a_number_is_one_person_however_it_is_spaced(limited: Flask) -> None:
    browser = Browser(limited)
    for at in range(10):
        typed = ["198609262015052001", "19860926 201505 2 001", "19860926.201505.2.001"][at % 3]
        assert browser.sign_in(typed, WRONG).status_code == 401
    assert browser.sign_in("1986-0926-2015-0520-01").status_code == 429


def test_strangers_are_counted_like_anybody(limited: Flask) -> None:
    browser = Browser(limited)
    for _ in range(10):
        assert browser.sign_in("nihil@uji.example", WRONG).status_code == 401
    assert browser.sign_in("nihil@uji.example", WRONG).status_code == 429


def test_only_failures_count(limited: Flask) -> None:
    for _ in range(15):
        assert Browser(limited).sign_in("sari@uji.example").status_code == 302
    browser = Browser(limited)
    for _ in range(15):
        assert browser.sign_in("12345").status_code == 422
        assert browser.get("/masuk").status_code == 200
    assert browser.sign_in("sari@uji.example").status_code == 302


def test_sixty_failures_close_the_door_for_one_address(limited: Flask) -> None:
    browser = Browser(limited)
    for at in range(60):
        assert browser.sign_in(f"orang{at}@uji.example", WRONG).status_code == 401
    assert browser.sign_in("sari@uji.example").status_code == 429
    elsewhere = Browser(limited)
    data = {"who": "sari@uji.example", "password": PASSWORD}
    response = elsewhere.post("/masuk", data=data, environ_overrides={"REMOTE_ADDR": "10.0.0.9"})
    assert response.status_code == 302


def test_guessing_the_old_password_from_within_ends_too(limited: Flask) -> None:
    browser = Browser(limited)
    browser.sign_in("sari@uji.example")
    new = "kuda lari di bawah hujan"
    guess = {"password": WRONG, "new_password": new, "repeat_password": new}
    for _ in range(10):
        assert browser.post("/profil/kata-sandi", data=dict(guess)).status_code == 401
    assert browser.post("/profil/kata-sandi", data={**guess, "password": PASSWORD}).status_code == 429


def test_five_links_an_hour_for_one_person_known_or_not(limited: Flask) -> None:
    for who in ("sari@uji.example", "nihil@uji.example"):
        browser = Browser(limited)
        for _ in range(5):
            assert browser.post("/lupa-kata-sandi", data={"who": who}).status_code == 303
        refused = browser.post("/lupa-kata-sandi", data={"who": who.upper()})
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 3600


def test_thirty_links_an_hour_for_one_address(limited: Flask) -> None:
    browser = Browser(limited)
    for at in range(30):
        assert browser.post("/lupa-kata-sandi", data={"who": f"orang{at}@uji.example"}).status_code == 303
    assert browser.post("/lupa-kata-sandi", data={"who": "lain@uji.example"}).status_code == 429


def test_modules_are_told_in_json(limited: Flask) -> None:
    browser = Browser(limited)
    for _ in range(10):
        browser.sign_in("sari@uji.example", WRONG)
    response = browser.post(
        "/masuk",
        data={"who": "sari@uji.example", "password": WRONG},
        headers={"Accept": "application/json"},
    )
    assert response.status_code == 429
    assert response.json["error"] == "too_many"
    assert response.json["seconds"] == int(response.headers["Retry-After"])
    assert "menit" in response.json["message"]


def test_a_megabyte_as_a_name_is_counted_briefly(limited: Flask) -> None:
    assert Browser(limited).sign_in("x" * 1_000_000).status_code == 422


def test_counters_hold_nothing_readable(app: Flask) -> None:
    keys = []
    for who in ("sari@uji.example", "198609262015052001", "tidak terbaca"):
        with app.test_request_context("/masuk", method="POST", data={"who": who}):
            keys += [limits.who_asks(), limits.where_from()]
    assert all(re.fullmatch(r"[0-9a-f]{32}", key) for key in keys)
    assert len(set(keys)) == 4
