"""Session cookies whose signature was found right once are still asked for their age, and forged ones refused."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from lms import web
from tests.conftest import Browser


def cookie(browser: Browser) -> str:
    found = browser.client.get_cookie("lms")
    assert found is not None
    return found.value


def test_a_kept_session_ends_when_it_is_too_old(
    app: Flask, as_person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = as_person("sari")
    assert browser.get("/profil").status_code == 200
    later = web.time() + app.permanent_session_lifetime.total_seconds()
    monkeypatch.setattr(web, "time", lambda: later - 60)
    assert browser.get("/profil").status_code == 200
    monkeypatch.setattr(web, "time", lambda: later + 60)
    assert browser.get("/profil").status_code == 302


def test_a_changed_cookie_is_nobody(app: Flask, as_person: Any) -> None:
    browser = as_person("sari")
    value = cookie(browser)
    payload, at, signature = value.rsplit(".", 2)
    for forged in (
        f"{payload}x.{at}.{signature}",
        f"{payload}.{at}.{signature[::-1]}",
        payload,
        ".",
        "x" * 3000,
    ):
        other = Browser(app)
        other.client.set_cookie("lms", forged)
        assert other.get("/profil").status_code == 302


def test_what_a_request_changes_in_its_session_stays_out_of_others(app: Flask, as_person: Any) -> None:
    browser = as_person("sari")
    value = cookie(browser)
    with app.test_request_context(headers={"Cookie": f"lms={value}"}) as context:
        context.session["language"] = "en"
        context.session.setdefault("_flashes", []).append(("ok", "hanya di sini"))
    with app.test_request_context(headers={"Cookie": f"lms={value}"}) as context:
        assert "language" not in context.session
        assert "_flashes" not in context.session


def test_each_session_has_a_csrf_token_of_its_own_that_stays(as_person: Any, browser: Browser) -> None:
    sari, budi = as_person("sari"), as_person("budi")
    assert sari.csrf_token() == sari.csrf_token()
    assert len({sari.csrf_token(), budi.csrf_token(), browser.csrf_token()}) == 3
    assert sari.post("/bahasa", data={"csrf_token": budi.csrf_token(), "language": "id"}).status_code == 400
