"""The administrators' list of people and each one's account."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms.audit import AuditEntry, first_broken
from lms.extensions import db
from lms.mail import Mail
from lms.people import actions
from lms.people.models import Organization, PasswordReset, Person
from lms.refusals import Refused
from tests.cast import Cast
from tests.conftest import Browser

LIST = "/kelola/orang"
NEW = "/kelola/orang/baru"
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
RINA = {
    "name": "Rina Sari",
    "email": "rina@uji.example",
    "kind": "pns",
    "nip": "19900101 201501 2 001",
    "learner": "y",
}


def text_of(response: Any) -> str:
    return response.get_data(as_text=True)


def add(browser: Browser, **changes: Any) -> Any:
    return browser.submit_form(browser.get(NEW), NEW, **{**RINA, **changes})


def edit(browser: Browser, person_id: int, **changes: Any) -> Any:
    address = f"{LIST}/{person_id}"
    return browser.submit_form(browser.get(address), address, **changes)


# The list


def test_the_list_shows_everybody_with_role_and_organization(as_person: Any) -> None:
    page = text_of(as_person("ratna").get(LIST))
    for shown in ("Sari Wulandari", "19860926 201505 2 001", "Bapperida", "Fasilitator", "Hasan Basri"):
        assert shown in page
    names = re.findall(r'<th scope="row"><a[^>]*>([^<]+)</a>', page)
    assert names == sorted(names)
    assert len(names) == 7


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("wulandari", ["Sari Wulandari"]),
        ("SARI", ["Ratna Sari", "Sari Wulandari"]),
        ("  sari   wul ", ["Sari Wulandari"]),
        ("dewi@uji", ["Dewi Anggraini"]),
        ("19860926", ["Sari Wulandari"]),
        ("1986 0926.2015", ["Sari Wulandari"]),
        ("198", ["Sari Wulandari", "Tono Hartono", "Wati Rahayu"]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("'; drop table person; --", []),
        ("x" * 5000, []),
    ],
)
def test_search_by_name_email_or_the_beginning_of_a_nip(as_person: Any, text: str, found: list[str]) -> None:
    page = as_person("ratna").get(LIST, query_string={"q": text})
    assert page.status_code == 200
    assert re.findall(r'<th scope="row"><a[^>]*>([^<]+)</a>', text_of(page)) == found
    if not found:
        assert "Tidak ada yang cocok" in text_of(page)


def test_the_list_goes_on_by_key_and_costs_the_same_everywhere(
    as_person: Any, session: Any, cast: Cast, count_statements: Any
) -> None:
    for number in range(120):
        session.add(
            Person(
                name=f"Uji {number % 7}",
                sort_name=f"uji {number % 7}",
                email=f"uji{number}@uji.example",
                learner=True,
                organization_id=cast.organizations["Bapperida"],
                created_at=NOW,
            )
        )
    session.commit()
    ratna = as_person("ratna")
    seen: list[str] = []
    address = f"{LIST}?q=uji"
    for _ in range(5):
        with count_statements() as counted:
            page = text_of(ratna.get(address))
        assert len(counted) <= 2, counted.statements
        seen += re.findall(r'href="/kelola/orang/(\d+)"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if following is None:
            break
        address = following.group(1).replace("&amp;", "&")
        assert "q=uji" in address
    assert len(seen) == len(set(seen)) == 127  # everybody's email has uji in it


@pytest.mark.parametrize(
    "after", ["x", "W10", "%F0%9F", "a" * 5000, "WyJ4IiwiMSJd", "WyJ4Iiw5OTk5OTk5OTk5OTk5OTk5OTk5OTldXQ"]
)
def test_a_foreign_place_in_the_list_begins_at_its_start(as_person: Any, after: str) -> None:
    page = as_person("ratna").get(f"{LIST}?after={after}")
    assert page.status_code == 200
    assert "Budi" in text_of(page)


@pytest.mark.parametrize("who", ["sari", "dewi", "hasan", "wati"])
@pytest.mark.parametrize("address", [LIST, NEW, f"{LIST}/1"])
def test_only_administrators(as_person: Any, who: str, address: str) -> None:
    response = as_person(who).get(address)
    assert response.status_code == 403
    assert "Anda tidak berwenang" in text_of(response)


@pytest.mark.parametrize("who", ["sari", "dewi"])
def test_only_administrators_write(as_person: Any, session: Any, cast: Cast, who: str) -> None:
    browser = as_person(who)
    assert browser.post(NEW, data=dict(RINA)).status_code == 403
    own = f"{LIST}/{cast.people[who]}"
    assert browser.post(own, data={**RINA, "administrator": "y"}).status_code == 403
    assert browser.post(f"{own}/tautan").status_code == 403
    assert not session.get(Person, cast.people[who]).administrator


def test_signed_out(browser: Browser, session: Any) -> None:
    assert browser.post(NEW, data=dict(RINA)).status_code == 401
    assert browser.post(f"{LIST}/1/tautan").status_code == 401
    assert session.scalar(select(func.count(Person.id))) == 7


@pytest.mark.parametrize("number", ["0", "99999", "9" * 30, "-1", "abc", "1e3"])
def test_nobody_with_that_number(as_person: Any, number: str) -> None:
    ratna = as_person("ratna")
    assert ratna.get(f"{LIST}/{number}").status_code == 404
    assert ratna.post(f"{LIST}/{number}/tautan").status_code in (404, 405)


def test_wrong_methods(as_person: Any) -> None:
    ratna = as_person("ratna")
    assert ratna.get(f"{LIST}/1/tautan").status_code == 405
    assert ratna.post(LIST).status_code == 405


# Adding


def test_a_new_person_gets_a_link_and_signs_in(as_person: Any, app: Flask, session: Any, cast: Cast) -> None:
    response = add(
        as_person("ratna"),
        name="Dr. Rina Sari, S.E., M.Si.",
        organization=str(cast.organizations["Bapperida"]),
        facilitator="y",
        rank="Penata, III/c",
        position="Perencana Ahli Muda",
        work_unit="Bidang Ekonomi",
    )
    assert (response.status_code, response.location) == (303, LIST)
    assert "dikirim ke rina@uji.example" in text_of(as_person("ratna").get(LIST))
    rina = session.scalar(select(Person).where(Person.email == "rina@uji.example"))
    assert (rina.title_before, rina.name, rina.title_after) == ("Dr.", "Rina Sari", "S.E., M.Si.")
    assert (rina.nip, rina.sort_name, rina.kind) == ("199001012015012001", "rina sari", "pns")
    assert rina.roles == {"learner", "facilitator"}
    assert (rina.rank, rina.position, rina.work_unit) == (
        "Penata, III/c",
        "Perencana Ahli Muda",
        "Bidang Ekonomi",
    )
    assert rina.password_hash == ""
    mail = session.scalar(select(Mail).where(Mail.address == "rina@uji.example"))
    assert "pukul" in mail.body  # until when, with day and time
    link = re.search(r"http://127\.0\.0\.1:8000(/atur-ulang/\S+)", mail.body).group(1)  # type: ignore[union-attr]
    lasts = session.scalar(select(PasswordReset.expires_at)) - datetime.now(UTC)
    assert 6 <= lasts.days <= 7
    session.rollback()

    browser = Browser(app)
    assert browser.sign_in("rina@uji.example", "").status_code == 422
    page = browser.get(link)
    assert "Buat kata sandi" in text_of(page)
    password = "kuda lari di bawah hujan"
    assert browser.submit_form(page, link, new_password=password, repeat_password=password).status_code == 303
    assert browser.sign_in("199001012015012001", password).status_code == 302
    added = session.scalar(select(AuditEntry).where(AuditEntry.deed == "person added"))
    assert added.actor_id == cast.people["ratna"]
    assert "Rina" not in added.detail
    assert "rina" not in added.detail
    assert first_broken() is None


def test_a_new_organization_on_the_way(as_person: Any, session: Any) -> None:
    ratna = as_person("ratna")
    response = add(ratna, new_organization="  Universitas   Uji ", new_organization_kind="university")
    assert response.status_code == 303
    rina = session.scalar(select(Person).where(Person.email == "rina@uji.example"))
    assert (rina.organization.name, rina.organization.kind) == ("Universitas Uji", "university")
    session.rollback()
    # the same name again is the same organization
    second = {"email": "dua@uji.example", "nip": "19900101 201501 2 002"}
    assert add(ratna, new_organization="Universitas Uji", **second).status_code == 303
    assert (
        session.scalar(select(func.count(Organization.id)).where(Organization.name == "Universitas Uji")) == 1
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": ""}, "Isi nama lengkap"),
        ({"name": "  "}, "Isi nama lengkap"),
        ({"name": "x" * 201}, "Maksimal 200 karakter"),
        ({"name": "x" * 1_000_000}, "Maksimal 200 karakter"),
        ({"title_after": "x" * 101}, "Maksimal 100 karakter"),
        ({"email": ""}, "Isi alamat surel"),
        ({"email": "rina"}, "alamat surel yang lengkap"),
        ({"email": "sari@uji.example"}, "Surel ini sudah dipakai"),
        ({"email": " SARI@uji.example "}, "Surel ini sudah dipakai"),
        ({"nip": "123"}, "18 angka"),
        ({"nip": ""}, "Isi NIP"),
        ({"nip": "19900231 201501 2 001"}, "bukan tanggal"),
        ({"nip": "198609262015052001"}, "NIP ini sudah dipakai"),
        ({"kind": "raja"}, "Pilih salah satu pilihan"),
        ({"organization": "99999"}, "Pilih salah satu pilihan"),
        ({"organization": "x"}, "Pilih salah satu pilihan"),
        ({"new_organization": "Baru", "new_organization_kind": "toko"}, "Pilih salah satu pilihan"),
        ({"learner": None}, "paling sedikit satu peran"),
    ],
)
def test_what_cannot_be_saved_is_told_at_its_field(
    as_person: Any, session: Any, changes: dict[str, Any], says: str
) -> None:
    response = add(as_person("ratna"), **changes)
    assert response.status_code == 422
    page = text_of(response)
    assert says in page
    assert "Ada yang perlu diperbaiki" in page
    assert len(page) < 40_000
    assert session.scalar(select(func.count(Person.id))) == 7
    assert session.scalar(select(func.count(Mail.id))) == 0


def test_an_error_keeps_what_was_typed(as_person: Any) -> None:
    page = text_of(add(as_person("ratna"), email="rina", position="Perencana <Ahli> & Muda"))
    assert "Perencana &lt;Ahli&gt; &amp; Muda" in page
    assert "19900101 201501 2 001" in page


def test_a_lecturer_needs_no_nip(as_person: Any, session: Any) -> None:
    response = add(as_person("ratna"), kind="lecturer", nip="", learner=None, facilitator="y")
    assert response.status_code == 303
    assert session.scalar(select(Person.nip).where(Person.email == "rina@uji.example")) is None


def test_a_doubtful_number_warns_and_is_saved(as_person: Any, session: Any) -> None:
    ratna = as_person("ratna")
    assert add(ratna, kind="pppk").status_code == 303
    page = text_of(ratna.get(LIST))
    assert "padahal statusnya PPPK" in page
    assert "notice-warn" in page
    assert (
        session.scalar(select(Person.nip).where(Person.email == "rina@uji.example")) == "199001012015012001"
    )


@pytest.mark.parametrize(
    ("taken", "says"),
    [
        ({"email": "sari@uji.example"}, "Surel ini sudah dipakai"),
        ({"nip": "198609262015052001"}, "NIP ini sudah dipakai"),
    ],
)
def test_a_race_for_email_or_number_is_told_at_its_field(
    as_person: Any, session: Any, monkeypatch: pytest.MonkeyPatch, taken: dict[str, str], says: str
) -> None:
    """The look before the write saw nothing; the database refuses the row."""
    real = actions.refuse_taken
    looks: list[int] = []

    def blind_at_first(*args: Any, **kwargs: Any) -> None:
        looks.append(1)
        if len(looks) > 1:
            real(*args, **kwargs)

    ratna = as_person("ratna")
    monkeypatch.setattr(actions, "refuse_taken", blind_at_first)
    response = add(ratna, **taken)
    assert response.status_code == 422
    assert says in text_of(response)
    assert looks == [1, 1]
    assert session.scalar(select(func.count(Person.id))) == 7
    assert session.scalar(select(func.count(Mail.id))) == 0


def test_a_race_for_an_organizations_name(
    as_person: Any, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unseen(name: str, kind: str, *, by: int, now: datetime) -> Organization:
        row = Organization(name=name, kind=kind, created_at=now)
        db.session.add(row)
        db.session.flush()
        return row

    ratna = as_person("ratna")
    monkeypatch.setattr(actions, "organization_named", unseen)
    response = add(ratna, new_organization="Bapperida")
    assert response.status_code == 422
    assert "baru saja ditambahkan" in text_of(response)


# Editing


def test_the_form_shows_what_is_stored(as_person: Any, session: Any, cast: Cast) -> None:
    sari = session.get(Person, cast.people["sari"])
    sari.title_before, sari.title_after, sari.position = "Dr.", "S.E.", "Perencana"
    session.commit()
    ratna = as_person("ratna")
    page = ratna.get(f"{LIST}/{cast.people['sari']}")
    from tests.page_checks import form_fields

    fields = form_fields(page, f"{LIST}/{cast.people['sari']}")
    assert fields["name"] == "Sari Wulandari"
    assert fields["nip"] == "19860926 201505 2 001"
    assert fields["organization"] == str(cast.organizations["Bapperida"])
    assert fields["learner"] == "y"
    assert "administrator" not in fields
    # saving without a change changes nothing
    assert ratna.submit_form(page, f"{LIST}/{cast.people['sari']}").status_code == 303
    session.expire_all()
    sari = session.get(Person, cast.people["sari"])
    assert (sari.title_before, sari.name, sari.title_after, sari.nip) == (
        "Dr.",
        "Sari Wulandari",
        "S.E.",
        "198609262015052001",
    )
    deeds = session.scalars(select(AuditEntry.deed).order_by(AuditEntry.id)).all()
    assert "person changed" in deeds
    assert "roles changed" not in deeds


def test_roles_can_be_combined_and_take_effect_at_once(as_person: Any, session: Any, cast: Cast) -> None:
    sari, ratna = as_person("sari"), as_person("ratna")
    assert sari.get(LIST).status_code == 403
    assert edit(ratna, cast.people["sari"], facilitator="y", administrator="y").status_code == 303
    assert sari.get(LIST).status_code == 200
    entry = session.scalar(select(AuditEntry).where(AuditEntry.deed == "roles changed"))
    assert entry.detail == '{"administrator":1,"facilitator":1,"learner":1}'
    assert entry.actor_id == cast.people["ratna"]
    session.rollback()
    assert edit(ratna, cast.people["sari"], administrator=None).status_code == 303
    assert sari.get(LIST).status_code == 403


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"administrator": None, "learner": "y"}, "mencabut peran administrator"),
        ({"active": None}, "menonaktifkan akun Anda sendiri"),
    ],
)
def test_administrators_cannot_lock_themselves_out(
    as_person: Any, session: Any, cast: Cast, changes: dict[str, Any], says: str
) -> None:
    response = edit(as_person("ratna"), cast.people["ratna"], position="Kepala", **changes)
    assert response.status_code == 422
    assert says in text_of(response)
    ratna = session.get(Person, cast.people["ratna"])
    assert (ratna.administrator, ratna.active, ratna.position) == (True, True, "")


def test_another_administrator_can(as_person: Any, session: Any, cast: Cast) -> None:
    ratna = as_person("ratna")
    edit(ratna, cast.people["wati"], administrator="y")
    assert edit(as_person("wati"), cast.people["ratna"], administrator=None, learner="y").status_code == 303
    assert ratna.get(LIST).status_code == 403


def test_closing_an_account_ends_its_sessions_for_good(as_person: Any, session: Any, cast: Cast) -> None:
    sari, ratna = as_person("sari"), as_person("ratna")
    assert edit(ratna, cast.people["sari"], active=None).status_code == 303
    assert sari.get("/profil").status_code == 302
    assert "Nonaktif" in text_of(ratna.get(f"{LIST}?q=wulandari"))
    assert edit(ratna, cast.people["sari"], active="y").status_code == 303
    assert sari.get("/profil").status_code == 302  # the old session does not come back to life
    deeds = session.scalars(select(AuditEntry.deed).order_by(AuditEntry.id)).all()
    assert "person deactivated" in deeds
    assert "person activated" in deeds


def test_a_number_and_an_email_may_change_and_stay_unique(as_person: Any, session: Any, cast: Cast) -> None:
    ratna = as_person("ratna")
    sari = cast.people["sari"]
    assert edit(ratna, sari, nip="19860926 201505 2 002", email="sari.baru@uji.example").status_code == 303
    assert session.get(Person, sari).nip == "198609262015052002"
    session.rollback()
    response = edit(ratna, sari, email="budi@uji.example")
    assert response.status_code == 422
    assert "Surel ini sudah dipakai" in text_of(response)
    response = edit(ratna, sari, nip=cast.nips["budi"])
    assert "NIP ini sudah dipakai" in text_of(response)


def test_a_new_address_ends_the_links_in_the_old_mailbox(
    as_person: Any, browser: Browser, session: Any, cast: Cast
) -> None:
    browser.submit_form(browser.get("/lupa-kata-sandi"), "/lupa-kata-sandi", who="sari@uji.example")
    session.rollback()
    body = session.scalar(select(Mail.body))
    session.rollback()
    link = re.search(r"8000(/atur-ulang/\S+)", body).group(1)
    edit(as_person("ratna"), cast.people["sari"], position="Analis")
    assert browser.get(link).status_code == 200
    edit(as_person("ratna"), cast.people["sari"], email="sari.baru@uji.example")
    assert browser.get(link).status_code == 404


def test_another_link_can_be_sent(as_person: Any, session: Any, cast: Cast) -> None:
    ratna = as_person("ratna")
    address = f"{LIST}/{cast.people['sari']}"
    response = ratna.submit_form(ratna.get(address), f"{address}/tautan")
    assert (response.status_code, response.location) == (303, address)
    assert "dikirim ke sari@uji.example" in text_of(ratna.get(address))
    assert session.scalar(select(func.count(Mail.id)).where(Mail.address == "sari@uji.example")) == 1
    session.get(Person, cast.people["budi"]).active = False
    session.commit()
    ratna.post(f"{LIST}/{cast.people['budi']}/tautan")
    assert "Tautan tidak dikirim" in text_of(ratna.get(LIST))
    assert session.scalar(select(func.count(Mail.id))) == 1


def test_nul_bytes_in_a_field_are_dropped(as_person: Any, session: Any, cast: Cast) -> None:
    assert edit(as_person("ratna"), cast.people["sari"], position="Peren\0cana").status_code == 303
    assert session.get(Person, cast.people["sari"]).position == "Perencana"


def test_hostile_names_are_shown_as_text(as_person: Any, cast: Cast) -> None:
    ratna = as_person("ratna")
    hostile = '<script>alert("x")</script> & <b>tebal</b>'
    assert edit(ratna, cast.people["sari"], name=hostile).status_code == 303
    page = text_of(ratna.get(f"{LIST}?q=alert"))
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


# From the command line


def test_an_account_made_from_the_command_line(session: Any, cast: Cast) -> None:
    person = actions.create_person(
        name="Drs. Amir Hamzah, M.Si.",
        email=" Amir@Uji.example",
        nip="19900101.201501.1.001",
        roles=frozenset({"administrator"}),
        by=None,
        now=NOW,
    )
    session.commit()
    assert (person.name, person.title_before, person.title_after) == ("Amir Hamzah", "Drs.", "M.Si.")
    assert (person.email, person.nip, person.kind) == ("amir@uji.example", "199001012015011001", "pns")
    assert person.roles == {"administrator"}
    assert person.active


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": " "}, "Isi nama lengkap"),
        ({"email": "amir"}, "alamat surel"),
        ({"nip": "12"}, "18 angka"),
        ({"email": "sari@uji.example"}, "sudah dipakai"),
    ],
)
def test_the_command_line_is_refused_with_a_sentence(
    session: Any, cast: Cast, changes: dict[str, str], says: str
) -> None:
    facts = {"name": "Amir", "email": "amir@uji.example", "nip": "", **changes}
    with pytest.raises(Refused, match=says):
        actions.create_person(**facts, by=None, now=NOW)
    session.rollback()


def test_somebody_without_number_is_what_their_role_says(session: Any, cast: Cast) -> None:
    lecturer = actions.create_person(
        name="Citra", email="citra@uji.example", roles=frozenset({"facilitator"}), by=None, now=NOW
    )
    other = actions.create_person(name="Edi", email="edi@uji.example", by=None, now=NOW)
    assert (lecturer.kind, other.kind) == ("lecturer", "other")
    session.rollback()
