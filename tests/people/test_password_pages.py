"""Changing a password, the mailed link of a forgotten one, and what ends with it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms.audit import AuditEntry, first_broken
from lms.extensions import db
from lms.mail import Mail
from lms.people import actions, passwords
from lms.people.models import PasswordReset, Person, token_hash
from lms.refusals import Refused
from tests.cast import PASSWORD, Cast
from tests.conftest import Browser

NEW = "kuda lari di bawah hujan"
CHANGE = "/profil/kata-sandi"


def text_of(response: Any) -> str:
    return response.get_data(as_text=True)


def change(browser: Browser, old: str = PASSWORD, new: str = NEW, again: str | None = None) -> Any:
    page = browser.get(CHANGE)
    return browser.submit_form(page, CHANGE, password=old, new_password=new, repeat_password=again or new)


# Changing


def test_a_change_ends_the_other_sessions_and_keeps_this_one(app: Flask, cast: Cast, session: Any) -> None:
    here, there = Browser(app), Browser(app)
    here.sign_in("sari@uji.example")
    there.sign_in("sari@uji.example")
    response = change(here)
    assert (response.status_code, response.location) == (303, "/profil")
    assert "Kata sandi diganti." in text_of(here.get("/profil"))
    assert there.get("/profil").status_code == 302
    fresh = Browser(app)
    assert fresh.sign_in("sari@uji.example").status_code == 401
    assert fresh.sign_in("sari@uji.example", NEW).status_code == 302
    entry = session.scalar(select(AuditEntry).where(AuditEntry.deed == "password changed"))
    assert (entry.actor_id, entry.detail) == (cast.people["sari"], "{}")
    assert first_broken() is None


def test_the_owner_is_told_by_mail(as_person: Any, session: Any) -> None:
    change(as_person("sari"))
    mail = session.scalar(select(Mail))
    assert mail.address == "sari@uji.example"
    assert "Kata sandi Anda diganti" in mail.subject
    assert "Lupa kata sandi" in mail.body
    assert NEW not in mail.body


@pytest.mark.parametrize(
    ("new", "again", "says"),
    [
        ("", "", "Isi kata sandi baru"),
        ("pendek", "pendek", "minimal 12 karakter"),
        ("x" * 201, "x" * 201, "maksimal 200 karakter"),
        ("indonesia2026", "indonesia2026", "terlalu umum"),
        ("belajar-asn-2026", "belajar-asn-2026", "terlalu umum"),
        ("wulandari2026", "wulandari2026", "memuat nama"),
        ("xx198609262015052001", "xx198609262015052001", "memuat nama, NIP"),
        (NEW, "kuda lari di atas hujan", "tidak sama"),
        (NEW, "", "sekali lagi"),
    ],
)
def test_a_new_password_that_does_not_do(as_person: Any, new: str, again: str, says: str) -> None:
    sari = as_person("sari")
    response = sari.post(CHANGE, data={"password": PASSWORD, "new_password": new, "repeat_password": again})
    assert response.status_code == 422
    assert says in text_of(response)
    for secret in (PASSWORD, NEW):
        assert secret not in text_of(response)
    assert sari.get("/profil").status_code == 200


def test_the_old_password_must_be_right(as_person: Any, app: Flask, cast: Cast) -> None:
    response = change(as_person("sari"), old="bukan kata sandinya")
    assert response.status_code == 401
    assert "Kata sandi sekarang tidak cocok" in text_of(response)
    assert Browser(app).sign_in("sari@uji.example").status_code == 302


def test_two_changes_at_once_the_second_is_told(
    as_person: Any, app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = passwords.verify

    def change_meanwhile(stored: str, text: str) -> bool:
        outcome = real(stored, text)
        with app.app_context():
            db.session.get(Person, cast.people["sari"]).password_hash = passwords.hash_password(
                "yang lebih cepat"
            )
            db.session.commit()
        return outcome

    sari = as_person("sari")
    monkeypatch.setattr(passwords, "verify", change_meanwhile)
    response = change(sari)
    assert response.status_code == 409
    assert "baru saja diganti" in text_of(response)


@pytest.mark.parametrize("field", ["password", "new_password", "repeat_password"])
def test_a_megabyte_of_nonsense(as_person: Any, field: str) -> None:
    data = {"password": PASSWORD, "new_password": NEW, "repeat_password": NEW, field: "x" * 1_000_000}
    response = as_person("sari").post(CHANGE, data=data)
    assert response.status_code == 422
    assert len(response.get_data()) < 20_000


def test_no_lock_is_held_while_hashing(
    as_person: Any, app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrote: list[str] = []

    def write_meanwhile(name: str) -> Any:
        real = getattr(passwords, name)

        def watched(*args: str) -> Any:
            with app.app_context(), db.engine.begin() as connection:
                if connection.dialect.name == "sqlite":
                    connection.exec_driver_sql("PRAGMA busy_timeout=0")
                connection.execute(
                    Person.__table__.update().where(Person.id == cast.people["budi"]).values(rank=name)
                )
                if connection.dialect.name == "sqlite":
                    connection.exec_driver_sql("PRAGMA busy_timeout=10000")
            wrote.append(name)
            return real(*args)

        return watched

    sari = as_person("sari")
    for name in ("verify", "hash_password"):
        monkeypatch.setattr(passwords, name, write_meanwhile(name))
    assert change(sari).status_code == 303
    assert wrote == ["verify", "hash_password"]


# Forgotten


def ask(browser: Browser, who: str) -> Any:
    return browser.submit_form(browser.get("/lupa-kata-sandi"), "/lupa-kata-sandi", who=who)


def mailed_link(session: Any) -> str:
    session.rollback()
    body = session.scalar(select(Mail.body).order_by(Mail.id.desc()))
    session.rollback()  # an open transaction would hold the write lock
    return re.search(r"(?m)^http://127\.0\.0\.1:8000(/atur-ulang/\S+)$", body).group(1)  # type: ignore[union-attr]


def test_the_whole_way_of_a_forgotten_password(app: Flask, cast: Cast, session: Any) -> None:
    elsewhere = Browser(app)
    elsewhere.sign_in("sari@uji.example")
    browser = Browser(app)
    response = ask(browser, "19860926 201505 2 001")
    assert (response.status_code, response.location) == (303, "/masuk")
    assert "Bila akun itu ada" in text_of(browser.get("/masuk"))

    link = mailed_link(session)
    page = browser.get(link)
    assert page.status_code == 200
    assert "Atur ulang kata sandi" in text_of(page)
    done = browser.submit_form(page, link, new_password=NEW, repeat_password=NEW)
    assert (done.status_code, done.location) == (303, "/masuk")
    assert "Kata sandi baru tersimpan" in text_of(browser.get("/masuk"))

    assert elsewhere.get("/profil").status_code == 302
    assert browser.sign_in("sari@uji.example").status_code == 401
    assert browser.sign_in("sari@uji.example", NEW).status_code == 302
    deeds = session.scalars(select(AuditEntry.deed).order_by(AuditEntry.id)).all()
    assert [deed for deed in deeds if "password" in deed] == ["password link made", "password reset"]


@pytest.mark.parametrize(
    "who", ["sari@uji.example", "nihil@uji.example", "197001011990011001", "199003122014021002"]
)
def test_the_answer_does_not_tell_whether_there_is_such_a_person(browser: Browser, who: str) -> None:
    response = ask(browser, who)
    page = re.sub(r'value="[^"]{40,}"', "", text_of(browser.get(response.location)))
    other = Browser(browser.client.application)
    again = ask(other, "siapa@uji.example")
    assert re.sub(r'value="[^"]{40,}"', "", text_of(other.get(again.location))) == page


def test_strangers_and_closed_accounts_get_no_mail(browser: Browser, session: Any, cast: Cast) -> None:
    session.get(Person, cast.people["budi"]).active = False
    session.get(Person, cast.people["tono"]).email = None
    session.commit()
    for who in ("nihil@uji.example", "budi@uji.example", cast.nips["tono"]):
        assert ask(browser, who).status_code == 303
    assert session.scalar(select(func.count(Mail.id))) == 0
    assert session.scalar(select(func.count(PasswordReset.id))) == 0


def test_an_unreadable_name_is_told(browser: Browser) -> None:
    response = browser.post("/lupa-kata-sandi", data={"who": "123"})
    assert response.status_code == 422
    assert "18 angka" in text_of(response)


def test_only_a_hash_of_the_secret_is_stored_and_it_lasts_an_hour(browser: Browser, session: Any) -> None:
    ask(browser, "sari@uji.example")
    token = mailed_link(session).rsplit("/", 1)[1]
    assert len(token) >= 43  # 32 bytes
    link = session.scalar(select(PasswordReset))
    assert link.token_hash == token_hash(token)
    assert token not in link.token_hash
    left = link.expires_at - datetime.now(UTC)
    assert timedelta(minutes=58) < left <= timedelta(hours=1)


def test_a_link_works_once(browser: Browser, session: Any) -> None:
    ask(browser, "sari@uji.example")
    link = mailed_link(session)
    page = browser.get(link)
    assert browser.submit_form(page, link, new_password=NEW, repeat_password=NEW).status_code == 303
    again = browser.submit_form(
        page, link, new_password="tiga gajah minum jamu", repeat_password="tiga gajah minum jamu"
    )
    assert again.status_code == 404
    assert "Tautan tidak berlaku" in text_of(again)
    assert browser.get(link).status_code == 404


def test_using_one_link_ends_the_others(browser: Browser, session: Any) -> None:
    ask(browser, "sari@uji.example")
    first = mailed_link(session)
    ask(browser, "sari@uji.example")
    second = mailed_link(session)
    assert first != second
    assert browser.get(first).status_code == 200  # the mail that came late still opens
    page = browser.get(second)
    browser.submit_form(page, second, new_password=NEW, repeat_password=NEW)
    assert browser.get(first).status_code == 404


def test_a_changed_password_ends_the_links(as_person: Any, browser: Browser, session: Any) -> None:
    ask(browser, "sari@uji.example")
    link = mailed_link(session)
    change(as_person("sari"))
    assert browser.get(link).status_code == 404


def test_an_expired_link_says_so(browser: Browser, session: Any) -> None:
    ask(browser, "sari@uji.example")
    link = mailed_link(session)
    session.scalar(select(PasswordReset)).expires_at = datetime.now(UTC) - timedelta(seconds=1)
    session.commit()
    page = browser.get(link)
    assert page.status_code == 404
    assert "Minta tautan baru" in text_of(page)


@pytest.mark.parametrize("token", ["x", "a" * 43, "a" * 5000, "%F0%9F%98%80", "..%2f..", "1' or '1'='1"])
def test_a_foreign_token(browser: Browser, token: str) -> None:
    assert browser.get(f"/atur-ulang/{token}").status_code == 404
    response = browser.post(f"/atur-ulang/{token}", data={"new_password": NEW, "repeat_password": NEW})
    assert response.status_code == 404


def test_the_link_of_an_unfit_password_still_works(browser: Browser, session: Any) -> None:
    ask(browser, "sari@uji.example")
    link = mailed_link(session)
    page = browser.get(link)
    response = browser.submit_form(page, link, new_password="indonesia2026", repeat_password="indonesia2026")
    assert response.status_code == 422
    assert "terlalu umum" in text_of(response)
    assert browser.submit_form(response, link, new_password=NEW, repeat_password=NEW).status_code == 303


def test_two_uses_at_once_one_wins(
    browser: Browser, session: Any, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(browser, "sari@uji.example")
    link = mailed_link(session)
    page = browser.get(link)
    real = passwords.hash_password

    def use_meanwhile(text: str) -> str:
        with app.app_context():
            now = datetime.now(UTC)
            reset_id = db.session.scalar(select(PasswordReset.id))
            actions.use_reset(reset_id, new_hash=real("yang lebih cepat"), now=now)
            db.session.commit()
        return real(text)

    monkeypatch.setattr(passwords, "hash_password", use_meanwhile)
    assert browser.submit_form(page, link, new_password=NEW, repeat_password=NEW).status_code == 404
    monkeypatch.undo()
    assert browser.sign_in("sari@uji.example", NEW).status_code == 401
    assert browser.sign_in("sari@uji.example", "yang lebih cepat").status_code == 302


def test_the_mail_is_in_the_readers_language_and_can_be_sent(
    browser: Browser, session: Any, cast: Cast
) -> None:
    session.get(Person, cast.people["sari"]).title_after = "S.E., M.Si."
    session.commit()
    ask(browser, "sari@uji.example")
    session.rollback()
    mail = session.scalar(select(Mail))
    assert mail.subject == "Atur ulang kata sandi – Belajar ASN"
    assert mail.body.startswith("Yth. Sari Wulandari, S.E., M.Si.,\n")
    message = EmailMessage()
    message["Subject"], message["To"] = mail.subject, mail.address
    message.set_content(mail.body)
    assert b"atur-ulang" in bytes(message)


def test_the_link_leads_to_the_set_address_whatever_host_was_asked(browser: Browser, session: Any) -> None:
    foreign = "http://jahat.example"
    page = browser.get("/lupa-kata-sandi", base_url=foreign)
    token = re.search(r'name="csrf_token" value="([^"]+)"', text_of(page)).group(1)  # type: ignore[union-attr]
    data = {"who": "sari@uji.example", "csrf_token": token}
    assert browser.post("/lupa-kata-sandi", data=data, base_url=foreign).status_code == 303
    session.rollback()
    bodies = session.scalars(select(Mail.body)).all()
    assert len(bodies) == 1
    assert "jahat.example" not in bodies[0]


# From the command line


def test_a_password_set_from_the_command_line(app: Flask, cast: Cast, session: Any) -> None:
    browser = Browser(app)
    browser.sign_in("sari@uji.example")
    actions.set_password_of(" SARI@uji.example ", NEW, now=datetime.now(UTC))
    session.commit()
    assert browser.get("/profil").status_code == 302
    assert browser.sign_in("sari@uji.example", NEW).status_code == 302


@pytest.mark.parametrize(
    ("email", "password", "says"),
    [
        ("nihil@uji.example", NEW, "Tidak ada akun"),
        ("sari", NEW, "alamat surel"),
        ("sari@uji.example", "pendek", "minimal 12"),
        ("sari@uji.example", "indonesia2026", "terlalu umum"),
        ("sari@uji.example", "wulandari2026", "memuat nama"),
    ],
)
def test_the_command_line_refuses_with_a_sentence(
    session: Any, cast: Cast, email: str, password: str, says: str
) -> None:
    with pytest.raises(Refused, match=says):
        actions.set_password_of(email, password, now=datetime.now(UTC))
    session.rollback()
