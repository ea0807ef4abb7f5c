"""The pages of who reviews what."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms.courses.models import CohortFacilitator
from lms.extensions import db
from lms.grading.allocation.models import history_of
from lms.mail import Mail
from lms.people.models import Person
from lms.projects.models import Work
from tests.cast import NOW, Cast
from tests.conftest import Browser
from tests.grading.reviews import committed, handed_in
from tests.projects.work import change_project

SignIn = Callable[[str], Browser]


def text_of(response: Any) -> str:
    assert response.status_code == 200, response.status
    return str(response.get_data(as_text=True))


@pytest.fixture
def here(app: Flask, cast: Cast) -> Iterator[dict[str, int]]:
    """Sari's first version; hasan facilitates her cohort too, and does not lead it."""
    with app.app_context():
        db.session.add(
            CohortFacilitator(
                cohort_id=cast.cohort_id, person_id=cast.people["hasan"], added_at=NOW, leads=False
            )
        )
        version = committed(handed_in(cast))
        ids = {"version": version.id, "work": version.work_id}
        db.session.remove()
    return ids


@pytest.mark.parametrize(
    ("who", "status"),
    [("dewi", 200), ("ratna", 200), ("hasan", 403), ("sari", 403), ("budi", 404), ("tono", 404)],
)
def test_who_may_choose_reviewers(as_person: SignIn, here: dict[str, int], who: str, status: int) -> None:
    address = f"/telaah/kerja/{here['work']}/penelaah"
    client = as_person(who)
    assert client.get(address).status_code == status
    assert client.post(address, data={"reviewer": "1"}).status_code == (400 if status == 200 else status)


def test_a_work_is_given_passed_on_and_taken_back(
    app: Flask, as_person: SignIn, cast: Cast, here: dict[str, int]
) -> None:
    address = f"/telaah/kerja/{here['work']}/penelaah"
    desk = f"/telaah/{here['version']}"
    dewi, hasan = as_person("dewi"), as_person("hasan")
    assert hasan.get(desk).status_code == 403
    assert "Belum ada" in text_of(dewi.get(address))
    assert dewi.post(address, data={"reviewer": str(cast.people["hasan"])}).status_code == 303
    assert hasan.get(desk).status_code == 200
    assert desk in text_of(hasan.get("/telaah"))
    assert hasan.get(f"/telaah/angkatan/{cast.code}").status_code == 403
    assert desk not in text_of(dewi.get("/telaah")).split("<main", 1)[1]
    page = text_of(dewi.get(address))
    assert "Hasan Basri" in page
    answer = dewi.post(
        address,
        data={
            "reviewer": str(cast.people["dewi"]),
            "instead": str(cast.people["hasan"]),
            "reason": "Cuti <b>",
        },
    )
    assert answer.status_code == 303
    assert hasan.get(desk).status_code == 403
    assert "Cuti &lt;b&gt;" in text_of(dewi.get(address))
    assert dewi.post(address, data={"end": str(cast.people["dewi"])}).status_code == 303
    assert dewi.post(address, data={"end": str(cast.people["dewi"])}).status_code == 303  # twice does no harm
    with app.app_context():
        assert [line.ended_at is None for line in history_of(here["work"])] == [False, False]


@pytest.mark.parametrize("odd", ["", "x", "0", "9" * 30, "-1"])
def test_odd_choices_are_refused_in_words(as_person: SignIn, here: dict[str, int], odd: str) -> None:
    answer = as_person("dewi").post(f"/telaah/kerja/{here['work']}/penelaah", data={"reviewer": odd})
    assert answer.status_code == 400
    assert "Belum tersimpan" in answer.get_data(as_text=True)


# Cohorts


ADDRESSES = ("penelaah", "penelaah/pratinjau", "fasilitator")


@pytest.mark.parametrize("page", ADDRESSES)
@pytest.mark.parametrize(
    ("who", "status"),
    [("dewi", 200), ("ratna", 200), ("hasan", 403), ("sari", 403), ("tono", 404), ("wati", 404)],
)
def test_allocating_is_for_who_leads(
    as_person: SignIn, here: dict[str, int], cast: Cast, page: str, who: str, status: int
) -> None:
    assert as_person(who).get(f"/telaah/angkatan/{cast.code}/{page}").status_code == status


@pytest.mark.parametrize(("who", "status"), [("hasan", 403), ("sari", 403), ("tono", 404)])
def test_nobody_else_writes(
    as_person: SignIn, here: dict[str, int], cast: Cast, who: str, status: int
) -> None:
    base = f"/telaah/angkatan/{cast.code}"
    client = as_person(who)
    for address in (
        f"{base}/penelaah/terapkan",
        f"{base}/fasilitator",
        f"{base}/fasilitator/{cast.people['dewi']}",
    ):
        assert client.post(address, data={"tags": "x"}).status_code == status
    assert client.get(f"{base}/penelaah/terapkan").status_code == 405


def plan_in(page: str) -> str:
    return page.split('name="plan" value="', 1)[1].split('"', 1)[0]


def test_a_balanced_plan_is_looked_at_and_then_done(
    app: Flask, as_person: SignIn, cast: Cast, here: dict[str, int]
) -> None:
    base = f"/telaah/angkatan/{cast.code}/penelaah"
    dewi = as_person("dewi")
    assert "Sari Wulandari" in text_of(dewi.get(base))
    page = text_of(dewi.get(f"{base}/pratinjau?cara=rata"))
    assert "Sari Wulandari" in page
    assert "0 menunggu sebelumnya" in page
    with app.app_context():
        assert history_of(here["work"]) == []  # looking allocates nothing
    assert plan_in(page) == plan_in(text_of(dewi.get(f"{base}/pratinjau?cara=rata")))
    assert dewi.post(f"{base}/terapkan", data={"plan": plan_in(page)}).status_code == 303
    with app.app_context():
        (line,) = history_of(here["work"])
        assert line.how == "balanced"
    assert "Semua hasil kerja sudah memiliki cukup penelaah" in text_of(dewi.get(base))
    assert line.reviewer in text_of(dewi.get(f"{base}?tampil=semua"))
    # pressing twice: the plan is done, so the same wish gives another one now
    answer = dewi.post(f"{base}/terapkan", data={"plan": plan_in(page)})
    assert answer.status_code == 409
    assert "Keadaan berubah" in answer.get_data(as_text=True)
    with app.app_context():
        assert len(history_of(here["work"])) == 1


def test_a_plan_that_no_longer_holds_is_shown_anew(
    app: Flask, as_person: SignIn, cast: Cast, here: dict[str, int]
) -> None:
    base = f"/telaah/angkatan/{cast.code}/penelaah"
    dewi = as_person("dewi")
    chosen = f"{base}/pratinjau?cara=tangan&kerja={here['work']}&penelaah={cast.people['hasan']}"
    page = text_of(dewi.get(chosen))
    assert "Hasan Basri" in page
    hasan = as_person("hasan")
    declared = {"learner": cast.emails["sari"], "reason": "Saudara"}
    assert hasan.post("/telaah/kesediaan", data=declared).status_code == 303
    answer = dewi.post(f"{base}/terapkan", data={"plan": plan_in(page)})
    assert answer.status_code == 409
    fresh = answer.get_data(as_text=True)
    assert "benturan kepentingan" in fresh
    assert 'name="plan"' not in fresh  # nothing is left to be done
    with app.app_context():
        assert history_of(here["work"]) == []


@pytest.mark.parametrize("plan", ["", "x", "e30.abc", "[]"])
def test_a_forged_plan_is_refused(
    app: Flask, as_person: SignIn, cast: Cast, here: dict[str, int], plan: str
) -> None:
    base = f"/telaah/angkatan/{cast.code}/penelaah"
    dewi = as_person("dewi")
    assert dewi.post(f"{base}/terapkan", data={"plan": plan}).location == base
    # somebody else's signature counts for nothing
    page = text_of(as_person("ratna").get(f"{base}/pratinjau?cara=rata"))
    assert dewi.post(f"{base}/terapkan", data={"plan": plan_in(page)}).location == base
    with app.app_context():
        assert history_of(here["work"]) == []


def test_choosing_nothing_leads_back(as_person: SignIn, cast: Cast, here: dict[str, int]) -> None:
    base = f"/telaah/angkatan/{cast.code}/penelaah"
    for query in ("", "&kerja=1", "&penelaah=1", "&kerja=x&penelaah=y"):
        assert as_person("dewi").get(f"{base}/pratinjau?cara=tangan{query}").location == base


def test_blind_works_stand_under_their_code(
    app: Flask, as_person: SignIn, cast: Cast, here: dict[str, int]
) -> None:
    with app.app_context():
        committed(change_project(blind="learner"))
    base = f"/telaah/angkatan/{cast.code}/penelaah"
    for address in (base, f"{base}/pratinjau?cara=rata", f"/telaah/kerja/{here['work']}/penelaah"):
        page = text_of(as_person("dewi").get(address))
        assert "disamarkan" in page
        assert "Sari Wulandari" not in page


def test_caps_are_kept_and_kept_to(app: Flask, as_person: SignIn, cast: Cast, here: dict[str, int]) -> None:
    base = f"/telaah/angkatan/{cast.code}"
    dewi = as_person("dewi")
    mine, university = f"person-{cast.people['dewi']}", cast.organizations["Universitas Bung Hatta Uji"]
    answer = dewi.post(f"{base}/fasilitator", data={mine: "0", f"university-{university}": "0"})
    assert answer.status_code == 303
    page = text_of(dewi.get(f"{base}/fasilitator"))
    assert 'value="0"' in page
    page = text_of(dewi.get(f"{base}/penelaah/pratinjau?cara=rata"))
    assert "batas fasilitator tercapai" in page
    assert "batas perguruan tinggi tercapai" in page
    for odd in ("-1", "x", "99999999"):
        answer = dewi.post(f"{base}/fasilitator", data={mine: odd})
        assert answer.status_code == 400
        assert f'value="{odd}"' in answer.get_data(as_text=True)  # what was typed is still there
    assert dewi.post(f"{base}/fasilitator", data={mine: ""}).status_code == 303
    assert "Dewi Anggraini" in text_of(dewi.get(f"{base}/penelaah/pratinjau?cara=rata"))


def test_somebody_says_what_they_know_and_when_they_are_away(
    as_person: SignIn, cast: Cast, here: dict[str, int]
) -> None:
    hasan, dewi = as_person("hasan"), as_person("dewi")
    mine = "/telaah/kesediaan"
    theirs = f"/telaah/angkatan/{cast.code}/fasilitator/{cast.people['hasan']}"
    assert hasan.post(mine, data={"tags": "Perencanaan Daerah, data"}).status_code == 303
    assert "data, perencanaan-daerah" in text_of(hasan.get(mine))
    assert "data, perencanaan-daerah" in text_of(dewi.get(theirs))
    for odd in ("a/b", ", ".join(f"x{n}" for n in range(21)), "x" * 50):
        assert hasan.post(mine, data={"tags": odd}).status_code == 400
    assert hasan.post(mine, data={"from": "2026-01-01", "until": "2099-01-01"}).status_code == 400
    assert dewi.post(theirs, data={"from": "2098-12-01", "until": "2098-12-24"}).status_code == 303
    page = text_of(hasan.get(mine))
    assert "24 Desember 2098" in page
    for odd in (
        {"from": "2098-12-24", "until": "2098-12-01"},
        {"from": "x", "until": ""},
        {"from": "0001-01-01", "until": "0001-01-02"},
    ):
        assert hasan.post(mine, data=odd).status_code == 400
    absence = page.split('name="back" value="', 1)[1].split('"', 1)[0]
    # somebody else's cannot be taken away on one's own page
    assert dewi.post(mine, data={"back": absence}).status_code == 303
    assert "24 Desember 2098" in text_of(hasan.get(mine))
    assert hasan.post(mine, data={"back": absence}).status_code == 303
    assert "24 Desember 2098" not in text_of(hasan.get(mine))


def test_relations_are_declared_and_withdrawn(as_person: SignIn, cast: Cast, here: dict[str, int]) -> None:
    hasan, dewi = as_person("hasan"), as_person("dewi")
    mine = "/telaah/kesediaan"
    theirs = f"/telaah/angkatan/{cast.code}/fasilitator/{cast.people['hasan']}"
    for odd in (
        {"learner": "nobody@uji.example", "reason": "Saudara"},
        {"learner": cast.emails["sari"], "reason": ""},
        {"learner": "", "organization": "", "reason": "Saudara"},
        {"learner": "", "organization": "999", "reason": "Saudara"},
        {"learner": cast.emails["wati"], "reason": "Saudara"},  # of no cohort of his
    ):
        assert hasan.post(mine, data=odd).status_code == 400
    bapperida = str(cast.organizations["Bapperida"])
    assert dewi.post(theirs, data={"organization": bapperida, "reason": "Konsultan"}).status_code == 303
    page = text_of(hasan.get(mine))
    assert "Konsultan" in page
    relation = page.split('name="withdraw" value="', 1)[1].split('"', 1)[0]
    answer = hasan.post(mine, data={"withdraw": relation})
    assert answer.status_code == 400  # whoever declared it for him takes it back
    assert dewi.post(theirs, data={"withdraw": relation}).status_code == 303
    assert "Konsultan" not in text_of(hasan.get(mine))
    # what he declared is not for who leads to take back, from whatever seat; administrators may
    assert hasan.post(mine, data={"organization": bapperida, "reason": "Kerabat"}).status_code == 303
    relation = text_of(hasan.get(mine)).split('name="withdraw" value="', 1)[1].split('"', 1)[0]
    assert dewi.post(theirs, data={"withdraw": relation}).status_code == 400
    assert "Kerabat" in text_of(hasan.get(mine))
    assert as_person("ratna").post(theirs, data={"withdraw": relation}).status_code == 303
    assert "Kerabat" not in text_of(hasan.get(mine))


def test_a_lead_does_not_withdraw_on_their_own_seat_what_others_declared(
    as_person: SignIn, cast: Cast, here: dict[str, int]
) -> None:
    dewi = as_person("dewi")
    seat = f"/telaah/angkatan/{cast.code}/fasilitator/{cast.people['dewi']}"
    data = {"organization": str(cast.organizations["Bapperida"]), "reason": "Konsultan"}
    assert as_person("ratna").post(seat, data=data).status_code == 303
    relation = text_of(dewi.get(seat)).split('name="withdraw" value="', 1)[1].split('"', 1)[0]
    assert dewi.post(seat, data={"withdraw": relation}).status_code == 400
    assert "Konsultan" in text_of(dewi.get(seat))


@pytest.mark.parametrize(("who", "status"), [("sari", 403), ("ratna", 403)])
def test_only_facilitators_have_an_availability(as_person: SignIn, cast: Cast, who: str, status: int) -> None:
    assert as_person(who).get("/telaah/kesediaan").status_code == status
    assert as_person(who).post("/telaah/kesediaan", data={"tags": "x"}).status_code == status


def test_only_a_cohorts_own_facilitators_have_a_page_in_it(
    as_person: SignIn, cast: Cast, here: dict[str, int]
) -> None:
    for key in ("sari", "ratna"):
        address = f"/telaah/angkatan/{cast.code}/fasilitator/{cast.people[key]}"
        assert as_person("dewi").get(address).status_code == 404


def test_the_pages_cost_few_statements(
    as_person: SignIn, cast: Cast, here: dict[str, int], count_statements: Any
) -> None:
    dewi = as_person("dewi")
    base = f"/telaah/angkatan/{cast.code}"
    for address, most in (
        (f"{base}/penelaah", 8),
        (f"{base}/penelaah/pratinjau", 8),
        (f"{base}/fasilitator", 6),
        (f"/telaah/kerja/{here['work']}/penelaah", 8),
        ("/telaah/kesediaan", 6),
    ):
        dewi.get(address)
        with count_statements() as counted:
            dewi.get(address)
        assert len(counted) <= most, (address, counted.statements)


def test_who_does_not_lead_finds_no_link_to_what_is_refused(
    as_person: SignIn, cast: Cast, here: dict[str, int]
) -> None:
    """Whatever the pages of an allocated reviewer link to opens for them."""
    as_person("dewi").post(
        f"/telaah/kerja/{here['work']}/penelaah", data={"reviewer": str(cast.people["hasan"])}
    )
    hasan = as_person("hasan")
    desk, result = f"/telaah/{here['version']}", f"/proyek/hasil/{here['work']}"
    starts = [
        "/",
        "/telaah",
        "/telaah/kesediaan",
        desk,
        f"{desk}?tampil=ringkasan",
        result,
        f"{desk}/kemiripan",
    ]
    links = set()
    for start in starts:
        page = text_of(hasan.get(start))
        links |= {html.unescape(link).split("#")[0] for link in re.findall(r'href="(/[^"]*)"', page)}
    links = {
        link for link in links if link and not link.startswith(("/static/", "/bahasa", "/pelatihan/panduan"))
    }
    assert desk in links
    refused = {link: hasan.get(link).status_code for link in sorted(links)}
    assert {link: status for link, status in refused.items() if status >= 400} == {}


def test_a_masked_works_page_does_not_name_who_is_too_close(
    app: Flask, as_person: SignIn, cast: Cast, here: dict[str, int]
) -> None:
    with app.app_context():
        change_project(blind="both")
        db.session.get_one(Person, cast.people["hasan"]).organization_id = cast.organizations["Bapperida"]
        db.session.commit()
        db.session.remove()
    page = text_of(as_person("dewi").get(f"/telaah/kerja/{here['work']}/penelaah"))
    assert "benturan kepentingan: 1</p>" in page
    assert "Hasan" not in page


def mails_to(address: str) -> list[Mail]:
    query = select(Mail).where(Mail.address == address, Mail.key.startswith("allocated:")).order_by(Mail.id)
    return list(db.session.scalars(query))


@pytest.mark.parametrize("blind", ["none", "both"])
def test_one_act_of_allocating_is_one_mail_with_the_number_and_no_name(
    app: Flask, as_person: SignIn, cast: Cast, here: dict[str, int], blind: str
) -> None:
    with app.app_context():
        change_project(blind=blind)
        committed(handed_in(cast, "budi"))
        works = list(db.session.scalars(select(Work.id).order_by(Work.id)))
        db.session.remove()
    dewi, base = as_person("dewi"), f"/telaah/angkatan/{cast.code}/penelaah"
    wish = "&".join(f"kerja={work}" for work in works)
    page = text_of(dewi.get(f"{base}/pratinjau?cara=tangan&penelaah={cast.people['hasan']}&{wish}"))
    assert dewi.post(f"{base}/terapkan", data={"plan": plan_in(page)}).status_code == 303
    with app.app_context():
        (letter,) = mails_to(cast.emails["hasan"])
        assert letter.subject.startswith("2 hasil kerja")
        assert "menunggu telaah: 2" in letter.body
        assert f"/telaah?angkatan={cast.code}" in letter.body
        for name in ("Sari", "Budi", "Dewi"):
            assert name not in letter.subject + letter.body
    # one work more is one act more; who has it already is not told again
    one = f"/telaah/kerja/{works[0]}/penelaah"
    for _ in range(2):
        assert dewi.post(one, data={"reviewer": str(cast.people["hasan"])}).status_code == 303
    with app.app_context():
        assert len(mails_to(cast.emails["hasan"])) == 1
        assert db.session.scalar(select(func.count(Mail.id)).where(Mail.key.startswith("allocated:"))) == 1


def test_who_gives_a_work_to_himself_or_takes_it_back_writes_no_mail(
    app: Flask, as_person: SignIn, cast: Cast, here: dict[str, int]
) -> None:
    address, dewi = f"/telaah/kerja/{here['work']}/penelaah", as_person("dewi")
    assert dewi.post(address, data={"reviewer": str(cast.people["dewi"])}).status_code == 303
    with app.app_context():
        assert mails_to(cast.emails["dewi"]) == []
    data = {"reviewer": str(cast.people["hasan"]), "instead": str(cast.people["dewi"])}
    assert dewi.post(address, data=data).status_code == 303
    assert dewi.post(address, data={"end": str(cast.people["hasan"])}).status_code == 303
    with app.app_context():
        assert mails_to(cast.emails["dewi"]) == []
        (letter,) = mails_to(cast.emails["hasan"])
        assert letter.subject.startswith("1 hasil kerja")


@pytest.mark.parametrize("blind", ["none", "learner"])
def test_a_declared_relation_does_not_tell_whose_a_blind_work_is(
    app: Flask, as_person: SignIn, cast: Cast, here: dict[str, int], blind: str
) -> None:
    with app.app_context():
        change_project(blind=blind)
        committed(handed_in(cast, "budi"))
        db.session.remove()
    masked = blind == "learner"
    dewi, hasan = as_person("dewi"), as_person("hasan")
    work, base = f"/telaah/kerja/{here['work']}/penelaah", f"/telaah/angkatan/{cast.code}/penelaah"
    assert dewi.post(work, data={"reviewer": str(cast.people["hasan"])}).status_code == 303
    declared = {"learner": cast.emails["sari"], "reason": "Saudara"}
    assert hasan.post("/telaah/kesediaan", data=declared).status_code == 303
    assert "1 hasil kerja diambil kembali" in text_of(hasan.get("/telaah/kesediaan"))
    history = text_of(dewi.get(work))
    assert ("Benturan kepentingan dinyatakan" in history) != masked
    assert ("diambil kembali oleh" in history) != masked
    wish = f"cara=tangan&penelaah={cast.people['hasan']}&kerja={here['work']}"
    page = text_of(dewi.get(f"{base}/pratinjau?{wish}"))
    if masked:
        assert "1 hasil kerja yang disamarkan tidak dapat diberikan" in page
        assert "disamarkan)" not in page  # no work is named
    else:
        assert "Sari Wulandari" in page
        assert "1 orang: benturan kepentingan" in page


def test_a_balanced_plan_counts_no_conflicts_of_a_blind_work(
    app: Flask, as_person: SignIn, cast: Cast, here: dict[str, int]
) -> None:
    with app.app_context():
        change_project(blind="learner")
        for who in ("dewi", "hasan"):
            db.session.get_one(Person, cast.people[who]).organization_id = cast.organizations["Bapperida"]
        db.session.commit()
        db.session.remove()
    page = text_of(as_person("dewi").get(f"/telaah/angkatan/{cast.code}/penelaah/pratinjau?cara=rata"))
    assert "2 orang tidak dapat menerimanya" in page
    assert "orang: benturan" not in page
