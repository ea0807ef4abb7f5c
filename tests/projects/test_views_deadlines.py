"""The facilitator's pages about deadlines: more time for one learner, a team, and a whole cohort."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from lms.audit import AuditEntry
from lms.courses.models import Enrolment, Schedule
from lms.extensions import db, utcnow
from lms.mail import Mail
from lms.people.models import Person
from lms.projects import models
from lms.projects.deadlines import Extension
from lms.projects.models import WorkMember
from lms.refusals import Refused
from tests.cast import CODE, NOW, OTHER, Cast
from tests.projects.test_deadlines import DAY, DUE, extend, join
from tests.projects.work import FRONT, ITEM, begin

COHORT = f"/proyek/angkatan/{CODE}"
ALL = f"{COHORT}/perpanjang"
LIST = f"{COHORT}/{ITEM}/tenggat"
REASON = "Layanan tidak dapat dibuka malam itu."


def text(response: Any) -> str:
    return " ".join(unescape(response.get_data(as_text=True)).split())


def one(cast: Cast, who: str = "sari") -> str:
    return f"{LIST}/{cast.enrolments[who]}"


def extensions() -> list[Extension]:
    db.session.rollback()
    return list(db.session.scalars(select(Extension).order_by(Extension.id)))


def give(browser: Any, address: str, until: str = "2099-12-01T23:59", reason: str = "Sakit.") -> Any:
    return browser.post(address, data={"until": until, "reason": reason})


@pytest.mark.parametrize("who", ["dewi", "ratna"])
def test_more_time_for_one_learner(
    cast: Cast, session: Any, as_person: Any, count_statements: Any, who: str
) -> None:
    browser = as_person(who)
    with count_statements() as counted:
        page = browser.get(LIST)
    assert len(counted) <= 8, counted.statements
    assert "Sari Wulandari" in text(page)
    assert "28 November 2099" in text(page)
    with count_statements() as counted:
        form = browser.get(one(cast))
    assert len(counted) <= 8, counted.statements
    assert 'value="2099-11-28T23:59' in text(form)
    response = browser.submit_form(form, one(cast), until="2099-12-01T23:59", reason=" Dirawat  di RS. ")
    assert response.status_code == 303
    (row,) = extensions()
    assert row.until == datetime(2099, 12, 1, 16, 59, 59, tzinfo=UTC)  # the whole last minute
    assert (row.reason, row.granted_by, row.enrolment_id) == (
        "Dirawat di RS.",
        cast.people[who],
        cast.enrolments["sari"],
    )
    entry = session.scalar(select(AuditEntry).where(AuditEntry.deed == "extend deadline"))
    assert entry.thing == f"enrolment:{cast.enrolments['sari']}"
    assert "RS" not in entry.detail
    shown = text(browser.get(LIST))
    assert "Tenggat Sari Wulandari diperpanjang." in shown
    assert "Dirawat di RS." in shown
    assert "1 Des, 23.59 WIB" in shown
    (letter,) = session.scalars(select(Mail)).all()
    assert letter.address == cast.emails["sari"]
    assert "Dirawat di RS." in letter.body
    assert FRONT in letter.body
    assert "1 Desember 2099, pukul 23.59 WIB" in letter.body
    session.rollback()
    # the learner reads it before beginning and after
    for _ in range(2):
        front = text(as_person("sari").get(FRONT))
        assert "Tenggat diperpanjang sampai" in front
        assert "karena: Dirawat di RS." in front
        begin(cast)
        session.commit()
    assert "diperpanjang" not in text(as_person("budi").get(FRONT))


def test_it_holds_for_the_whole_team_and_everybody_is_told(cast: Cast, session: Any, as_person: Any) -> None:
    work = begin(cast)
    join(cast, work)
    session.commit()
    browser = as_person("dewi")
    assert "Berlaku bagi seluruh tim: Sari Wulandari, Budi." in text(browser.get(one(cast)))
    assert give(browser, one(cast)).status_code == 303
    assert {letter.address for letter in session.scalars(select(Mail))} == {
        cast.emails["sari"],
        cast.emails["budi"],
    }
    session.rollback()
    assert "karena: Sakit." in text(as_person("budi").get(FRONT))
    # both rows of the list say so
    assert text(browser.get(LIST)).count("1 Des, 23.59 WIB") >= 2


def test_pressing_twice_grants_once(cast: Cast, session: Any, as_person: Any) -> None:
    browser = as_person("dewi")
    for _ in range(2):
        assert give(browser, one(cast)).status_code == 303
    assert len(extensions()) == 1
    assert len(session.scalars(select(Mail)).all()) == 1


@pytest.mark.parametrize(
    ("until", "reason", "says"),
    [
        ("2099-11-28T23:59", "Sakit.", "setelah tenggat yang berlaku"),
        ("2020-01-01T10:00", "Sakit.", "setelah tenggat yang berlaku"),
        ("2101-01-01T10:00", "Sakit.", "lebih dari satu tahun"),
        ("2099-12-01T23:59", "  ", "Tulis alasan"),
        ("2099-12-01T23:59", "x" * 301, "paling panjang 300"),
        ("besok", "Sakit.", "Isi tanggal dan waktunya"),
        ("", "Sakit.", "Isi tenggat yang baru"),
    ],
)
def test_what_cannot_be_granted(
    cast: Cast, session: Any, as_person: Any, until: str, reason: str, says: str
) -> None:
    response = give(as_person("dewi"), one(cast), until, reason)
    assert response.status_code == 400
    assert says in text(response)
    assert extensions() == []


def test_a_project_without_a_deadline_has_nothing_to_extend(cast: Cast, session: Any, as_person: Any) -> None:
    session.query(Schedule).delete()
    session.commit()
    browser = as_person("dewi")
    assert "belum memiliki tenggat" in text(browser.get(one(cast)))
    assert give(browser, one(cast)).status_code == 400
    assert "tidak memiliki" not in text(browser.get(LIST))
    assert "Tidak ada proyek yang sedang dibuka" in text(browser.get(COHORT))
    assert extensions() == []


@pytest.mark.parametrize(("who", "status"), [("sari", 403), ("budi", 404), ("hasan", 404), ("tono", 404)])
def test_who_may_not_give_one_learner_more_time(
    cast: Cast, session: Any, as_person: Any, who: str, status: int
) -> None:
    browser = as_person(who)
    assert browser.get(one(cast)).status_code == status
    assert give(browser, one(cast)).status_code == status
    assert extensions() == []


@pytest.mark.parametrize(("who", "status"), [("sari", 403), ("hasan", 404), ("tono", 404), ("wati", 404)])
def test_who_may_not_see_or_move_a_cohorts_deadlines(
    cast: Cast, session: Any, as_person: Any, who: str, status: int
) -> None:
    browser = as_person(who)
    for address in (COHORT, LIST):
        assert browser.get(address).status_code == status
    assert browser.post(ALL, data={"amount": "24", "unit": "jam", "reason": REASON}).status_code == status
    assert extensions() == []


def test_nobody_gives_time_to_themselves_or_their_own_team(cast: Cast, session: Any, as_person: Any) -> None:
    # Sari also facilitates the cohort that she learns in
    from lms.courses.models import CohortFacilitator

    session.get(Person, cast.people["sari"]).facilitator = True
    session.add(CohortFacilitator(cohort_id=cast.cohort_id, person_id=cast.people["sari"], added_at=NOW))
    join(cast, begin(cast))
    session.commit()
    browser = as_person("sari")
    assert "diberikan fasilitator lain" in text(browser.get(LIST))
    for who in ("sari", "budi"):
        assert give(browser, one(cast, who)).status_code == 403
    assert extensions() == []


def test_addresses_that_lead_nowhere(cast: Cast, as_person: Any) -> None:
    browser = as_person("dewi")
    for address in (
        f"{LIST}/{cast.enrolments['tono']}",
        f"{LIST}/{2**63}",
        f"{LIST}/0",
        f"{COHORT}/kuis-uji/tenggat",
        f"{COHORT}/tidak-ada/tenggat",
        "/proyek/angkatan/tidak-ada",
        f"/proyek/angkatan/{OTHER}",
    ):
        assert browser.get(address).status_code == 404, address
    assert browser.get(ALL).status_code == 405
    assert browser.post(LIST).status_code == 405


# Everybody at once


def test_an_outage_moves_everybodys_deadline_in_one_act(
    cast: Cast, session: Any, as_person: Any, count_statements: Any
) -> None:
    extend(cast, DUE + 3 * DAY, "budi")  # who has more time keeps the lead
    extend(cast, DUE - DAY, "sari")  # and what ran out before everybody's does not count
    session.commit()
    browser = as_person("dewi")
    with count_statements() as counted:
        page = browser.get(COHORT)
    assert len(counted) <= 8, counted.statements
    response = browser.submit_form(page, ALL, amount="2", unit="hari", reason=REASON)
    assert response.status_code == 303
    rows = extensions()[2:]
    assert [(row.enrolment_id, row.until) for row in rows] == [
        (None, DUE + 2 * DAY),
        (cast.enrolments["budi"], DUE + 5 * DAY),
    ]
    assert all(row.reason == REASON for row in rows)
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.deed == "extend deadlines")).all()
    assert '"hours":48' in entry.detail
    letters = session.scalars(select(Mail).order_by(Mail.address)).all()
    assert [letter.address for letter in letters] == [cast.emails["budi"], cast.emails["sari"]]
    assert all(REASON in letter.body and "30 November 2099" in letter.body for letter in letters)
    session.rollback()
    shown = text(browser.get(COHORT))
    assert "2 peserta diberi tahu" in shown
    assert REASON in shown
    assert "diperpanjang" in shown
    assert f"karena: {REASON}" in text(as_person("sari").get(FRONT))


def test_an_outage_is_counted_once_however_often_it_is_sent(cast: Cast, session: Any, as_person: Any) -> None:
    browser = as_person("dewi")
    page = browser.get(COHORT)
    for _ in range(2):
        assert browser.submit_form(page, ALL, reason=REASON).status_code == 303
    assert [row.until for row in extensions()] == [DUE + DAY]
    assert len(session.scalars(select(Mail)).all()) == 2
    session.rollback()
    # somebody else, who looked at the old deadline, is told
    other = as_person("ratna").submit_form(page, ALL, reason="Alasan lain.", csrf_token=None)
    assert other.status_code in (400, 409)
    assert len(extensions()) == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"amount": "0"}, 400),
        ({"amount": "-3"}, 400),
        ({"amount": "721"}, 400),
        ({"amount": "banyak"}, 400),
        ({"unit": "tahun"}, 400),
        ({"reason": ""}, 400),
        ({"amount": "31", "unit": "hari"}, 409),
        ({f"seen.{ITEM}": "2099-11-27T16:59:59+00:00"}, 409),
        ({f"seen.{ITEM}": "2099-11-28T16:59:59"}, 409),
        ({f"seen.{ITEM}": "kemarin"}, 409),
        ({f"seen.{ITEM}": "9999-12-31T23:59:59+00:00"}, 409),
        ({f"seen.{ITEM}": "0001-01-01T00:00:00+14:00"}, 409),
    ],
)
def test_forms_that_move_nothing(
    cast: Cast, session: Any, as_person: Any, changes: dict[str, str], status: int
) -> None:
    browser = as_person("dewi")
    response = browser.submit_form(browser.get(COHORT), ALL, **({"reason": REASON} | changes))
    assert response.status_code == status
    assert extensions() == []
    assert session.scalars(select(Mail)).all() == []


def test_a_project_that_is_not_open_yet_is_left_alone(cast: Cast, session: Any, as_person: Any) -> None:
    row = session.scalar(select(Schedule).where(Schedule.cohort_id == cast.cohort_id))
    row.opens_at = utcnow() + timedelta(days=1)
    session.commit()
    assert "Tidak ada proyek yang sedang dibuka" in text(as_person("dewi").get(COHORT))


def test_a_whole_city_is_told_in_few_statements(
    cast: Cast, session: Any, as_person: Any, count_statements: Any
) -> None:
    people = [
        Person(
            name=f"Peserta {n}",
            sort_name=f"peserta {n}",
            email=f"p{n}@uji.example",
            kind="pns",
            learner=True,
            password_hash="",
            created_at=NOW,
        )
        for n in range(1100)
    ]
    session.add_all(people)
    session.flush()
    session.add_all(
        Enrolment(cohort_id=cast.cohort_id, person_id=each.id, enrolled_at=NOW) for each in people
    )
    session.commit()
    browser = as_person("dewi")
    page = browser.get(COHORT)
    with count_statements() as counted:
        assert browser.submit_form(page, ALL, reason=REASON).status_code == 303
    inserts = [each for each in counted.statements if "INTO mail" in each]
    assert len(inserts) <= 3
    assert len(counted) <= 20, counted.statements
    assert session.query(Mail).count() == 1102
    session.rollback()
    # the list of learners stays a page long
    shown = browser.get(LIST)
    assert shown.get_data(as_text=True).count('data-label="Tim"') == 50
    after = re.search(r'href="([^"]+)" *>Selanjutnya|rel="next" href="([^"]+)"', shown.get_data(as_text=True))
    assert after
    with count_statements() as counted:
        assert browser.get(unescape(after[1] or after[2])).status_code == 200
    assert len(counted) <= 8, counted.statements


def test_a_learner_who_left_a_team_keeps_nothing_of_its_time(cast: Cast, session: Any) -> None:
    work = begin(cast)
    row = join(cast, work)
    extend(cast, DUE + DAY, "budi")
    session.flush()
    found = models.workspace(work.id)
    assert found is not None
    assert found.due_at == DUE + DAY
    session.get(WorkMember, row.id).left_at = NOW
    session.flush()
    found = models.workspace(work.id)
    assert found is not None
    assert found.due_at == DUE


def test_the_act_refuses_too_much_by_itself(cast: Cast, session: Any) -> None:
    from lms.projects.cohort import actions

    for hours in (0, -1, 721):
        with pytest.raises(Refused):
            actions.extend_all(cast.cohort_id, {ITEM: DUE}, hours, REASON, by=cast.people["dewi"], now=NOW)
    with pytest.raises(Refused, match="Tidak ada proyek"):
        actions.extend_all(cast.cohort_id, {}, 1, REASON, by=cast.people["dewi"], now=NOW)
