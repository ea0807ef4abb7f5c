"""Signing in and out, sessions, and forms whose session had ended."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms import guard
from lms.audit import AuditEntry, first_broken
from lms.extensions import utcnow
from lms.people import passwords
from lms.people.models import EndedSession, Person
from tests.cast import PASSWORD, Cast
from tests.conftest import Browser

PRIVATE = ["/profil", "/profil/kata-sandi", "/kelola/orang", "/kelola/orang/baru"]


def text_of(response: Any) -> str:
    return response.get_data(as_text=True)


# Signing in


def test_the_sign_in_page(browser: Browser) -> None:
    page = browser.get("/masuk")
    assert page.status_code == 200
    assert "NIP atau surel" in text_of(page)


@pytest.mark.parametrize(
    "typed",
    [
        "sari@uji.example",
        "  SARI@Uji.Example ",
        "198609262015052001",
        "19860926 201505 2 001",
        "19860926.201505.2.001",
        "\u00a0198609262015052001\t",
    ],
)
def test_sign_in_with_email_or_nip_however_it_is_spaced(browser: Browser, typed: str) -> None:
    response = browser.sign_in(typed)
    assert response.status_code == 302
    assert response.location == "/"
    assert "Sari Wulandari" in text_of(browser.get("/profil"))


def test_a_real_form_signs_in_and_goes_on_to_where_one_wanted(browser: Browser, cast: Cast) -> None:
    sent = browser.get("/profil/kata-sandi")
    assert sent.status_code == 302
    page = browser.get(sent.location)
    assert "Masuk untuk membuka halaman yang Anda tuju" in text_of(page)
    response = browser.submit_form(page, "/masuk", who=cast.emails["budi"], password=PASSWORD)
    assert (response.status_code, response.location) == (302, "/profil/kata-sandi")


@pytest.mark.parametrize(
    "typed", ["sari@uji.example", "tidak.ada@uji.example", "197001011990011001", "198609262015052001"]
)
def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(browser: Browser, typed: str) -> None:
    response = browser.sign_in(typed, "bukan kata sandinya")
    assert response.status_code == 401
    page = text_of(response)
    assert "NIP, surel, atau kata sandi tidak cocok" in page
    assert 'role="alert"' in page
    assert typed in page  # what was typed stays, the password does not
    assert "bukan kata sandinya" not in page
    assert browser.get("/profil").status_code == 302


def test_the_pages_of_the_two_refusals_do_not_differ(browser: Browser) -> None:
    def page(who: str) -> str:
        shown = text_of(browser.sign_in(who, "bukan kata sandinya")).replace(who, "X")
        return re.sub(r'name="csrf_token" value="[^"]+"', "", shown)

    assert page("sari@uji.example") == page("nihil@uji.example")


def test_a_stranger_costs_the_same_work(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    real = passwords.verify

    def watched(stored: str, text: str) -> bool:
        verified.append(stored)
        return real(stored, text)

    monkeypatch.setattr(passwords, "verify", watched)
    browser.sign_in("nihil@uji.example", "bukan kata sandinya")
    browser.sign_in("sari@uji.example", "bukan kata sandinya")
    assert len(verified) == 2
    assert verified[0] == ""  # which passwords.verify works through as NOBODY
    assert verified[1].startswith("$argon2id$")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("12345", "18 angka"),
        ("1986092620150520011", "19 angka"),
        ("sari", "Isi dengan NIP"),
        ("sari@", "alamat surel yang lengkap"),
        ("", "Isi NIP atau alamat surel"),
        ("   ", "Isi NIP atau alamat surel"),
    ],
)
def test_an_unreadable_name_says_what_is_expected(browser: Browser, typed: str, says: str) -> None:
    response = browser.sign_in(typed)
    assert response.status_code == 422
    assert says in text_of(response)
    assert 'aria-invalid="true"' in text_of(response)


def test_an_empty_password_is_asked_for(browser: Browser) -> None:
    response = browser.sign_in("sari@uji.example", "")
    assert response.status_code == 422
    assert "Isi kata sandi Anda" in text_of(response)


def test_a_closed_account_learns_it_only_with_the_right_password(
    browser: Browser, session: Any, cast: Cast
) -> None:
    session.get(Person, cast.people["sari"]).active = False
    session.commit()
    wrong = browser.sign_in("sari@uji.example", "bukan kata sandinya")
    assert "dinonaktifkan" not in text_of(wrong)
    right = browser.sign_in("sari@uji.example")
    assert right.status_code == 401
    assert "dinonaktifkan" in text_of(right)


def test_somebody_without_a_password_cannot_sign_in(browser: Browser, session: Any, cast: Cast) -> None:
    session.get(Person, cast.people["sari"]).password_hash = ""
    session.commit()
    assert browser.sign_in("sari@uji.example", "bukan kata sandinya").status_code == 401


def test_signing_in_is_written_down_without_personal_text(as_person: Any, session: Any, cast: Cast) -> None:
    as_person("sari")
    entries = session.scalars(select(AuditEntry).where(AuditEntry.deed == "signed in")).all()
    assert [entry.actor_id for entry in entries] == [cast.people["sari"]]
    assert entries[0].thing == f"person:{cast.people['sari']}"
    assert entries[0].detail == "{}"
    assert first_broken() is None


def test_refusals_are_logged_without_personal_text(
    browser: Browser, caplog: pytest.LogCaptureFixture, cast: Cast
) -> None:
    with caplog.at_level("INFO"):
        browser.sign_in("sari@uji.example", "bukan kata sandinya")
        browser.sign_in("nihil@uji.example", "bukan kata sandinya")
        browser.sign_in("198609262015052001")
    logged = " ".join(record.getMessage() for record in caplog.records)
    assert f"sign-in refused: person {cast.people['sari']}" in logged
    assert "sign-in refused: unknown" in logged
    for secret in ("sari@", "nihil", "1986", "bukan kata sandinya", PASSWORD):
        assert secret not in logged


def test_an_old_fashioned_hash_is_replaced_at_sign_in(browser: Browser, session: Any, cast: Cast) -> None:
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
    session.get(Person, cast.people["sari"]).password_hash = old
    session.commit()
    assert browser.sign_in("sari@uji.example").status_code == 302
    session.expire_all()
    stored = session.get(Person, cast.people["sari"]).password_hash
    assert stored != old
    assert passwords.verify(stored, PASSWORD)


def test_a_password_changed_while_it_was_verified_lets_nobody_in(
    browser: Browser, app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lms.extensions import db

    real = passwords.verify

    def change_meanwhile(stored: str, text: str) -> bool:
        outcome = real(stored, text)
        with app.app_context():
            db.session.get(Person, cast.people["sari"]).password_hash = passwords.hash_password(
                "yang baru sekali"
            )
            db.session.commit()
        return outcome

    monkeypatch.setattr(passwords, "verify", change_meanwhile)
    assert browser.sign_in("sari@uji.example").status_code == 401


# Sessions


def test_the_session_is_a_new_one_at_sign_in(browser: Browser) -> None:
    before = browser.csrf_token()
    with browser.client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
        secret = cookie["csrf_token"]
    assert browser.sign_in("sari@uji.example").status_code == 302
    with browser.client.session_transaction() as cookie:
        assert "planted" not in cookie
        assert cookie.get("csrf_token") != secret
        assert cookie.permanent
    assert browser.csrf_token() != before


def test_the_session_cookie_is_out_of_scripts_reach_and_lasts_two_weeks(browser: Browser) -> None:
    response = browser.sign_in("sari@uji.example")
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    expires = datetime.strptime(
        re.search(r"Expires=([^;]+)", cookie).group(1),
        "%a, %d %b %Y %H:%M:%S GMT",  # type: ignore[union-attr]
    ).replace(tzinfo=UTC)
    assert timedelta(days=13) < expires - datetime.now(UTC) < timedelta(days=15)


def test_two_people_in_two_browsers_are_two_people(as_person: Any) -> None:
    sari, budi = as_person("sari"), as_person("budi")
    assert "Sari Wulandari" in text_of(sari.get("/profil"))
    assert "Sari Wulandari" not in text_of(budi.get("/profil"))
    assert "Sari Wulandari" in text_of(sari.get("/profil"))


def test_sign_out_ends_this_session_only(app: Flask, cast: Cast) -> None:
    phone, desk = Browser(app), Browser(app)
    phone.sign_in("sari@uji.example")
    desk.sign_in("sari@uji.example")
    response = phone.submit_form(phone.get("/profil"), "/keluar")
    assert (response.status_code, response.location) == (303, "/masuk")
    assert "Anda telah keluar." in text_of(phone.get("/masuk"))
    assert phone.get("/profil").status_code == 302
    assert desk.get("/profil").status_code == 200


def copy_of(browser: Browser, app: Flask) -> Browser:
    """Another browser with the same cookie."""
    cookie = browser.client.get_cookie("lms")
    assert cookie is not None
    other = Browser(app)
    other.client.set_cookie("lms", cookie.value)
    return other


def test_a_copied_cookie_opens_nothing_after_the_sign_out(app: Flask, cast: Cast, session: Any) -> None:
    phone, desk = Browser(app), Browser(app)
    phone.sign_in("sari@uji.example")
    desk.sign_in("sari@uji.example")
    copy = copy_of(phone, app)
    assert copy.get("/profil").status_code == 200
    phone.submit_form(phone.get("/profil"), "/keluar")
    assert copy.get("/profil").status_code == 302
    assert copy.post("/keluar").status_code == 303, "once more does no harm"
    assert desk.get("/profil").status_code == 200
    assert phone.sign_in("sari@uji.example").status_code == 302
    assert phone.get("/profil").status_code == 200
    assert session.scalar(select(func.count()).select_from(EndedSession)) == 1


def test_ended_sessions_are_forgotten_once_their_cookie_is_too_old(
    app: Flask, cast: Cast, session: Any
) -> None:
    session.add(EndedSession(id="lama", until=utcnow() - timedelta(seconds=5)))
    session.add(EndedSession(id="baru", until=utcnow() + timedelta(days=1)))
    session.commit()
    phone = Browser(app)
    phone.sign_in("sari@uji.example")
    phone.post("/keluar")
    kept = set(session.scalars(select(EndedSession.id)))
    assert "lama" not in kept
    assert "baru" in kept
    assert len(kept) == 2


def test_a_session_from_before_sessions_had_names_goes_on(app: Flask, cast: Cast, session: Any) -> None:
    key = session.scalar(select(Person.session_key).where(Person.id == cast.people["sari"]))
    session.rollback()
    phone = Browser(app)
    with phone.client.session_transaction() as kept:
        kept["_user_id"] = f"{cast.people['sari']}.{key}"
    assert phone.get("/profil").status_code == 200
    assert phone.post("/keluar").status_code == 303
    assert phone.get("/profil").status_code == 302


def test_signing_out_twice_does_no_harm(browser: Browser) -> None:
    assert browser.post("/keluar").status_code == 303


def test_sign_out_everywhere_ends_every_session(app: Flask, cast: Cast, session: Any) -> None:
    phone, desk, other = Browser(app), Browser(app), Browser(app)
    phone.sign_in("sari@uji.example")
    desk.sign_in("sari@uji.example")
    other.sign_in("budi@uji.example")
    response = phone.submit_form(phone.get("/profil"), "/keluar/semua")
    assert response.location == "/masuk"
    assert phone.get("/profil").status_code == 302
    assert desk.get("/profil").status_code == 302
    assert other.get("/profil").status_code == 200
    assert desk.sign_in("sari@uji.example").status_code == 302
    assert session.scalar(select(AuditEntry.id).where(AuditEntry.deed == "signed out everywhere"))


def test_a_closed_account_is_out_at_once(as_person: Any, session: Any, cast: Cast) -> None:
    sari = as_person("sari")
    session.get(Person, cast.people["sari"]).active = False
    session.commit()
    assert sari.get("/profil").status_code == 302


@pytest.mark.parametrize("value", ["1", "1.", ".", "x.y", "999999999999999999999.abc", "0.0", "-1.x", "1.\0"])
def test_a_forged_session_value_is_nobody(app: Flask, cast: Cast, value: str) -> None:
    browser = Browser(app)
    with browser.client.session_transaction() as cookie:
        cookie["_user_id"] = value
    assert browser.get("/profil").status_code == 302


def test_whoever_is_signed_in_does_not_see_the_sign_in_page_again(as_person: Any) -> None:
    response = as_person("sari").get("/masuk?next=/profil")
    assert (response.status_code, response.location) == (302, "/profil")


def test_signing_in_as_somebody_else_replaces_the_session(as_person: Any) -> None:
    browser = as_person("sari")
    token = browser.csrf_token()
    response = browser.post(
        "/masuk", data={"who": "budi@uji.example", "password": PASSWORD, "csrf_token": token}
    )
    assert response.status_code == 302
    assert "Sari Wulandari" not in text_of(browser.get("/profil"))


# Where to go on


@pytest.mark.parametrize(
    "target",
    [
        "https://jahat.example/",
        "//jahat.example/profil",
        "/\\jahat.example",
        "\\\\jahat.example",
        "/%5cjahat.example",
        "javascript:alert(1)",
        "profil",
        " /profil",
        "/tidak-ada",
        "/keluar",
        "/\t/jahat.example",
        "/profil\r\nSet-Cookie: a=b",
    ],
)
def test_no_open_redirects(browser: Browser, target: str) -> None:
    response = browser.post("/masuk", data={"who": "sari@uji.example", "password": PASSWORD, "next": target})
    assert (response.status_code, response.location) == (302, "/")
    assert "a=b" not in str(response.headers)


def test_the_query_of_the_wanted_page_survives(browser: Browser, cast: Cast) -> None:
    sent = browser.get("/kelola/orang?q=sari+w&after=x")
    page = browser.get(sent.location)
    response = browser.submit_form(page, "/masuk", who=cast.emails["ratna"], password=PASSWORD)
    assert response.location == "/kelola/orang?q=sari+w&after=x"


# Nobody signed in


@pytest.mark.parametrize("address", PRIVATE)
def test_private_pages_send_to_the_sign_in_page(browser: Browser, address: str) -> None:
    response = browser.get(address)
    assert response.status_code == 302
    assert response.location.startswith("/masuk?next=")


@pytest.mark.parametrize("address", PRIVATE)
def test_modules_are_told_in_json(browser: Browser, address: str) -> None:
    response = browser.get(address, headers={"Accept": "application/json"})
    assert response.status_code == 401
    assert response.json["error"] == "signed_out"
    assert response.json["sign_in"].startswith("/masuk?next=")
    assert response.json["message"].startswith("Sesi Anda telah berakhir")


def test_a_module_that_posts_is_sent_back_to_the_page_it_is_on(browser: Browser) -> None:
    headers = {
        "Accept": "application/json",
        "Referer": "http://localhost/profil?x=1",
        "Sec-Fetch-Site": "same-origin",
    }
    response = browser.post("/profil", data={"language": "en"}, headers=headers)
    assert response.status_code == 401
    assert response.json["sign_in"] == "/masuk?next=/profil?x%3D1"


# A form whose session had ended


def expired(browser: Browser) -> None:
    """The cookie is gone, as after two weeks."""
    browser.client.delete_cookie("lms")


LONG = 'Isu strategis: pengangguran terbuka menurun lambat.\n\nBaris kedua & <b>tanda</b> "kutip".'


def test_a_form_sent_after_the_session_ended_is_kept_and_offered_again(
    app: Flask, cast: Cast, session: Any
) -> None:
    """The whole way: fill in, session ends, send, sign in, look, send again, saved."""
    browser = Browser(app)
    browser.sign_in("ratna@uji.example")
    page = browser.get(f"/kelola/orang/{cast.people['budi']}")
    action = f"/kelola/orang/{cast.people['budi']}"
    expired(browser)

    asked = browser.submit_form(
        page, action, position="Perencana Ahli Muda pada bidang ekonomi", rank="III/d"
    )
    assert asked.status_code == 401
    assert "Isian Anda tidak hilang" in text_of(asked)
    assert "Perencana Ahli Muda" not in text_of(asked)  # signed and packed, nothing to tamper with

    offered = browser.submit_form(asked, "/masuk", who="ratna@uji.example", password=PASSWORD)
    assert offered.status_code == 200
    assert "Isian Anda masih ada" in text_of(offered)
    assert "Perencana Ahli Muda pada bidang ekonomi" in text_of(offered)
    assert "Ratna Sari" in text_of(offered)
    session.expire_all()
    assert (
        session.get(Person, cast.people["budi"]).position == ""
    )  # nothing is written before it is confirmed
    session.rollback()

    saved = browser.submit_form(offered, action)
    assert saved.status_code == 303
    session.expire_all()
    assert session.get(Person, cast.people["budi"]).position == "Perencana Ahli Muda pada bidang ekonomi"
    assert session.get(Person, cast.people["budi"]).rank == "III/d"


def test_a_wrong_password_on_the_way_keeps_the_form(app: Flask, cast: Cast) -> None:
    browser = Browser(app)
    browser.sign_in("sari@uji.example")
    page = browser.get("/profil")
    expired(browser)
    asked = browser.submit_form(page, "/profil", language="en")
    again = browser.submit_form(asked, "/masuk", who="sari@uji.example", password="bukan kata sandinya")
    assert again.status_code == 401
    offered = browser.submit_form(again, "/masuk", who="sari@uji.example", password=PASSWORD)
    assert "Isian Anda masih ada" in text_of(offered)


def test_typed_text_comes_through_unchanged(app: Flask, cast: Cast) -> None:
    browser = Browser(app)
    browser.get("/masuk")
    asked = browser.post("/profil", data={"text": LONG, "language": "en"})
    offered = browser.submit_form(asked, "/masuk", who="sari@uji.example", password=PASSWORD)
    page = text_of(offered)
    assert "<b>tanda</b>" not in page
    assert "&lt;b&gt;tanda&lt;/b&gt;" in page
    from tests.page_checks import form_fields

    fields = form_fields(offered, "/profil")
    assert fields["text"] == LONG
    assert fields["language"] == "en"


def test_passwords_are_never_kept(browser: Browser) -> None:
    asked = browser.post(
        "/profil/kata-sandi",
        data={
            "password": "rahasia lama",
            "new_password": "rahasia baru",
            "repeat_password": "rahasia baru",
            "x": "y",
        },
    )
    assert asked.status_code == 401
    signed = re.search(r'name="kept" value="([^"]+)"', text_of(asked)).group(1)  # type: ignore[union-attr]
    app = browser.client.application
    with app.test_request_context():
        kept = guard.kept_form(signed)
    assert kept is not None
    assert kept.fields == (("x", "y"),)


def test_a_tampered_kept_form_is_not_offered(browser: Browser) -> None:
    asked = browser.post("/profil", data={"language": "en"})
    signed = re.search(r'name="kept" value="([^"]+)"', text_of(asked)).group(1)  # type: ignore[union-attr]
    forged = ("A" if signed[0] != "A" else "B") + signed[1:]
    response = browser.post("/masuk", data={"who": "sari@uji.example", "password": PASSWORD, "kept": forged})
    assert response.status_code == 302


def test_a_form_from_a_foreign_page_is_not_kept(browser: Browser) -> None:
    response = browser.post("/profil", data={"language": "en"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 401
    assert 'name="kept"' not in text_of(response)


def test_a_text_too_long_to_carry_is_not_carried_and_the_page_still_comes(browser: Browser) -> None:
    response = browser.post("/profil", data={"text": "kata " * 400_000})
    assert response.status_code == 401
    assert 'name="kept"' not in text_of(response)
    assert len(response.get_data()) < 20_000


# The form's token


def test_a_stale_token_offers_the_form_again(as_person: Any, session: Any, cast: Cast) -> None:
    sari = as_person("sari")
    response = sari.post(
        "/profil", data={"csrf_token": "basi", "timezone": "Asia/Makassar", "language": "id"}
    )
    assert response.status_code == 400
    assert "Isian Anda masih ada" in text_of(response)
    again = sari.submit_form(response, "/profil")
    assert again.status_code == 303
    assert session.get(Person, cast.people["sari"]).timezone == "Asia/Makassar"


def test_a_stale_token_tells_a_module_in_json(as_person: Any) -> None:
    response = as_person("sari").post(
        "/profil", data={"csrf_token": "basi"}, headers={"Accept": "application/json"}
    )
    assert response.status_code == 400
    assert response.json["error"] == "csrf"


def test_a_foreign_page_cannot_have_its_text_offered(as_person: Any) -> None:
    response = as_person("sari").post(
        "/profil",
        data={"csrf_token": "", "timezone": "Asia/Jayapura", "language": "en"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert response.status_code == 400
    assert "Asia/Jayapura" not in text_of(response)
    assert "terlalu lama terbuka" in text_of(response)


def test_a_sign_in_page_that_stood_open_too_long_asks_for_the_password_again(browser: Browser) -> None:
    page = browser.get("/masuk?next=/profil")
    expired(browser)
    response = browser.submit_form(page, "/masuk", who="sari@uji.example", password=PASSWORD)
    assert response.status_code == 401
    assert "terlalu lama terbuka" in text_of(response)
    assert PASSWORD not in text_of(response)
    done = browser.submit_form(
        response, "/masuk", password=PASSWORD
    )  # the name and the way on are still there
    assert (done.status_code, done.location) == (302, "/profil")


def test_a_stale_public_form_is_offered_again_without_signing_in(browser: Browser) -> None:
    page = browser.get("/lupa-kata-sandi")
    expired(browser)
    response = browser.submit_form(page, "/lupa-kata-sandi", who="sari@uji.example")
    assert response.status_code == 400
    again = browser.submit_form(response, "/lupa-kata-sandi")
    assert again.status_code == 303


# Bad input


@pytest.mark.parametrize("field", ["who", "password"])
@pytest.mark.parametrize("nonsense", ["x" * 1_000_000, "1" * 1_000_000, "@" * 1_000_000, "é" * 500_000])
def test_a_megabyte_of_nonsense(browser: Browser, field: str, nonsense: str) -> None:
    data = {"who": "sari@uji.example", "password": PASSWORD, field: nonsense}
    response = browser.post("/masuk", data=data)
    assert response.status_code == 422
    assert len(response.get_data()) < 20_000
    assert "Maksimal" in text_of(response)


@pytest.mark.parametrize("field", ["next", "kept"])
def test_a_megabyte_of_nonsense_nobody_typed(browser: Browser, field: str) -> None:
    data = {"who": "sari@uji.example", "password": "bukan kata sandinya", field: "/x" * 500_000}
    refused = browser.post("/masuk", data=data)
    assert refused.status_code == 401
    response = browser.post("/masuk", data={**data, "password": PASSWORD})
    assert (response.status_code, response.location) == (302, "/")


def test_five_megabytes_are_too_many(browser: Browser) -> None:
    response = browser.post("/masuk", data={"who": "x" * 5_000_000, "password": PASSWORD})
    assert response.status_code == 413
    assert "terlalu besar" in text_of(response)


@pytest.mark.parametrize("field", ["who", "password", "next", "kept"])
def test_nul_bytes_in_a_form(browser: Browser, field: str) -> None:
    data = {"who": "sari@uji.example", "password": PASSWORD, "next": "/profil"}
    data[field] = data.get(field, "") + "\0"
    response = browser.post("/masuk", data=data)
    assert response.status_code == 302  # nobody means to type them: they are dropped


@pytest.mark.parametrize("address", ["/masuk?next=%00", "/masuk%00", "/kelola/orang?q=%00"])
def test_nul_bytes_in_an_address(browser: Browser, address: str) -> None:
    response = browser.get(address)
    assert response.status_code in (400, 404)


def test_odd_bytes_in_a_form(browser: Browser) -> None:
    token = browser.csrf_token()
    body = b"who=%ff%fe%c3%28&password=%ed%a0%80&csrf_token=" + token.encode()
    response = browser.post(
        "/masuk", data=body, content_type="application/x-www-form-urlencoded", token=False
    )
    assert response.status_code == 422


def test_json_is_not_a_form(browser: Browser) -> None:
    response = browser.post("/masuk", json={"who": "sari@uji.example", "password": PASSWORD})
    assert response.status_code == 401
    assert browser.get("/profil").status_code == 302


def test_repeated_fields_use_the_first(browser: Browser) -> None:
    response = browser.post(
        "/masuk", data={"who": ["sari@uji.example", "budi@uji.example"], "password": PASSWORD}
    )
    assert response.status_code == 302
    assert "Sari" in text_of(browser.get("/profil"))


@pytest.mark.parametrize("address", ["/keluar", "/keluar/semua", "/bahasa"])
def test_writing_addresses_take_no_get(browser: Browser, address: str) -> None:
    response = browser.get(address)
    assert response.status_code == 405
    assert "Cara permintaan tidak sesuai" in text_of(response)


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(browser: Browser, method: str) -> None:
    assert browser.other(method, "/masuk").status_code in (400, 401, 405)


# Weight


def test_signing_in_costs_few_statements(browser: Browser, count_statements: Any) -> None:
    browser.csrf_token()
    with count_statements() as counted:
        assert browser.sign_in("sari@uji.example").status_code == 302
    assert len(counted) <= 6, counted.statements
    with count_statements() as counted:
        Browser(browser.client.application).get("/masuk")
    assert len(counted) == 0, counted.statements


def test_no_lock_is_held_while_a_password_is_verified(
    browser: Browser, app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else can write at the moment of hashing, at once."""
    from lms.extensions import db

    real = passwords.verify
    wrote: list[bool] = []

    def write_meanwhile(stored: str, text: str) -> bool:
        with app.app_context(), db.engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA busy_timeout=0")
            connection.execute(
                Person.__table__.update().where(Person.id == cast.people["budi"]).values(position="Analis")
            )
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA busy_timeout=10000")
        wrote.append(True)
        return real(stored, text)

    monkeypatch.setattr(passwords, "verify", write_meanwhile)
    assert browser.sign_in("sari@uji.example").status_code == 302
    assert wrote == [True]
