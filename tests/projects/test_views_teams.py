"""Teams through the pages: the learner's ways into one, the facilitator's page, who writes where, who did how much."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select, update

from lms.courses.models import Schedule
from lms.extensions import db, utcnow
from lms.mail import Mail
from lms.people.models import Person
from lms.projects import models
from lms.projects.history import Contribution
from lms.projects.models import WorkMember
from lms.projects.source import Span
from lms.projects.teams import actions
from tests.cast import CODE, NOW, Cast
from tests.grading.reviews import ACCEPTED, HOUR, send
from tests.projects.test_deadlines import DUE, extend
from tests.projects.test_teams import another, code_of, members, place, together, workspace, wrote
from tests.projects.work import FRONT, ITEM, TEXT, begin, change_project, fill, hand_in, save

PAGE = f"/proyek/angkatan/{CODE}/{ITEM}/tim"


def text(response: Any) -> str:
    return " ".join(unescape(response.get_data(as_text=True)).split())


def standing() -> list[tuple[int, int]]:
    """The (work, person) of everybody who stands in a work now."""
    db.session.rollback()
    try:
        rows = db.session.execute(
            select(WorkMember.work_id, WorkMember.person_id)
            .where(WorkMember.left_at.is_(None))
            .order_by(WorkMember.work_id, WorkMember.person_id)
        )
        return [(row.work_id, row.person_id) for row in rows]
    finally:
        db.session.rollback()


# The learner


def test_a_team_is_made_and_joined_on_the_front(
    cast: Cast, session: Any, as_person: Any, count_statements: Any
) -> None:
    sari, budi = as_person("sari"), as_person("budi")
    page = sari.get(FRONT)
    assert "Mulai proyek sendiri" in text(page)
    made = sari.submit_form(page, f"{FRONT}/tim", name="Tim Lembah Segar")
    assert (made.status_code, made.location) == (303, f"{FRONT}#tim")
    with count_statements() as counted:
        page = sari.get(FRONT)
    assert len(counted) <= 8, counted.statements
    code = re.search(r'join-code">([0-9A-Z]{4}-[0-9A-Z]{4})<', page.get_data(as_text=True))
    assert code
    assert "1 dari paling banyak 2 orang" in text(page)
    with count_statements() as counted:
        page = budi.get(FRONT)
    assert len(counted) <= 8, counted.statements
    assert "Lembah" not in text(page)
    joined = budi.submit_form(page, f"{FRONT}/gabung", code=code[1].lower())
    assert joined.status_code == 303
    page = text(budi.get(FRONT))
    for words in ("Tim Lembah Segar", "Sari Wulandari", "(Anda)", "Kontribusi anggota"):
        assert words in page
    assert code[1] not in page  # full
    assert len(standing()) == 2


def test_what_was_typed_wrong_stays_and_says_why(cast: Cast, session: Any, as_person: Any) -> None:
    browser = as_person("sari")
    page = browser.get(FRONT)
    refused = browser.submit_form(page, f"{FRONT}/gabung", code="salah-kode")
    assert refused.status_code == 400
    assert "tidak dikenal dalam proyek ini" in text(refused)
    assert 'value="salah-kode"' in text(refused)
    refused = browser.submit_form(page, f"{FRONT}/tim", name="  ")
    assert refused.status_code == 400
    assert "Tulis nama tim." in text(refused)
    assert standing() == []


def test_joining_says_that_the_own_draft_is_kept_and_leads_back(
    cast: Cast, session: Any, as_person: Any
) -> None:
    own = begin(cast, "budi")
    save(own, "isu", TEXT, by=cast.people["budi"])
    code = code_of(together(cast, "sari"))
    session.commit()
    budi = as_person("budi")
    page = budi.get(FRONT)
    assert "Draf Anda sendiri tidak ikut: ia tetap tersimpan" in text(page)
    assert budi.submit_form(page, f"{FRONT}/gabung", code=code).status_code == 303
    page = budi.get(FRONT)
    left = re.search(r"/proyek/tim/(\d+)/keluar", page.get_data(as_text=True))
    assert left
    assert budi.submit_form(page, left[0]).status_code == 303
    page = budi.get(FRONT)
    assert "Draf yang pernah Anda tulis sendiri masih tersimpan." in text(page)
    assert budi.submit_form(page, f"{FRONT}/kembali").status_code == 303
    assert (own.id, cast.people["budi"]) in standing()
    assert "Kerjakan dalam tim" not in text(budi.get(FRONT))


def test_work_that_was_begun_can_become_a_teams(cast: Cast, session: Any, as_person: Any) -> None:
    work = begin(cast)
    session.commit()
    browser = as_person("sari")
    page = browser.get(FRONT)
    assert "Jadikan draf ini milik tim" in text(page)
    assert browser.submit_form(page, f"{FRONT}/tim", name="Tim Sari").status_code == 303
    assert standing() == [(work.id, cast.people["sari"])]
    assert "Kode untuk bergabung" in text(browser.get(FRONT))


def test_after_the_first_version_nothing_is_offered(cast: Cast, session: Any, as_person: Any) -> None:
    team = together(cast, "sari", "budi")
    fill(workspace(team), cast.people["sari"])
    hand_in(workspace(team), cast.people["sari"])
    code = code_of(team)
    another(cast, "wati")
    session.commit()
    budi = as_person("budi")
    page = text(budi.get(FRONT))
    assert "Anggota tidak berubah lagi" in page
    assert "Keluar dari tim" not in page
    assert budi.post(f"/proyek/tim/{team}/keluar").status_code == 303
    assert "sudah mengumpulkan versi pertamanya" in text(budi.get(FRONT))
    assert as_person("wati").post(f"{FRONT}/gabung", data={"code": code}).status_code == 400
    assert len(standing()) == 2


def test_a_project_for_one_offers_no_team(cast: Cast, session: Any, as_person: Any) -> None:
    change_project(team=Span(1, 1))
    session.commit()
    browser = as_person("sari")
    page = text(browser.get(FRONT))
    assert "Mulai proyek" in page
    assert 'id="tim"' not in page
    assert browser.post(f"{FRONT}/tim", data={"name": "Tim"}).status_code == 400
    assert as_person("dewi").get(PAGE).status_code == 404


def test_a_project_for_teams_only_is_not_begun_alone(cast: Cast, session: Any, as_person: Any) -> None:
    change_project(team=Span(2, 4))
    session.commit()
    browser = as_person("sari")
    page = text(browser.get(FRONT))
    assert "2 sampai 4 orang" in page
    assert "Mulai proyek" not in page
    assert browser.post(f"{FRONT}/mulai").status_code == 303
    assert "dikerjakan dalam tim" in text(browser.get(FRONT))
    assert standing() == []
    assert browser.post(f"{FRONT}/tim", data={"name": "Tim Sari"}).status_code == 303
    ((work_id, _),) = standing()
    hand_in_page = browser.get(f"/proyek/kerja/{work_id}/kumpulkan")
    assert "masih kurang 1" in text(hand_in_page)
    fill(workspace(work_id), cast.people["sari"])
    session.commit()
    hand_in_page = browser.get(f"/proyek/kerja/{work_id}/kumpulkan")
    assert "masih kurang 1" in text(hand_in_page)
    assert "Tidak ada kesalahan yang menghalangi" not in text(hand_in_page)
    assert "Perbaiki yang pertama" not in text(hand_in_page)


@pytest.mark.parametrize(("who", "status"), [("tono", 404), ("wati", 404), ("dewi", 403), ("ratna", 403)])
def test_only_learners_of_the_cohort_make_teams(
    cast: Cast, session: Any, as_person: Any, who: str, status: int
) -> None:
    team = together(cast, "sari")
    code = code_of(team)
    session.commit()
    browser = as_person(who)
    for path, data in (("tim", {"name": "Tim"}), ("gabung", {"code": code}), ("kembali", {"work": team})):
        assert browser.post(f"{FRONT}/{path}", data=data).status_code == status, path
    # work in progress: a facilitator may know that it exists, another learner may not
    outside = 404 if who in ("tono", "wati") else 403
    assert browser.post(f"/proyek/tim/{team}/keluar").status_code == outside
    assert standing() == [(team, cast.people["sari"])]


def test_another_learner_cannot_leave_for_somebody(cast: Cast, session: Any, as_person: Any) -> None:
    team = together(cast, "sari")
    session.commit()
    budi = as_person("budi")
    assert budi.post(f"/proyek/tim/{team}/keluar").status_code == 404
    for work in (str(team), "x", "-1", "9" * 30, str(2**63 - 1)):
        assert budi.post(f"{FRONT}/kembali", data={"work": work}).status_code == 400
    assert budi.get(f"{FRONT}/tim").status_code == 405
    assert budi.post(f"/proyek/{CODE}/tidak-ada/tim", data={"name": "x"}).status_code == 404
    assert standing() == [(team, cast.people["sari"])]


# The team's receipt and mails


def test_one_hand_in_is_the_whole_teams(cast: Cast, session: Any, as_person: Any) -> None:
    team = together(cast, "sari", "budi")
    fill(workspace(team), cast.people["sari"])
    session.commit()
    address = f"/proyek/kerja/{team}/kumpulkan"
    pages = {who: as_person(who).get(address) for who in ("sari", "budi")}
    assert "seluruh tim “Tim sari”, 2 orang" in text(pages["budi"])
    sent = {
        who: as_person(who).submit_form(page, address, integrity="1").location for who, page in pages.items()
    }
    assert sent["sari"] == sent["budi"]
    receipt = text(as_person("budi").get(sent["budi"]))
    assert "Budi, Sari Wulandari" in receipt
    letters = session.scalars(select(Mail)).all()
    assert {letter.address for letter in letters} == {cast.emails["sari"], cast.emails["budi"]}
    assert len(letters) == 2
    session.rollback()


# Who writes where


def test_who_writes_now_is_seen_on_every_page_of_the_work(
    cast: Cast, session: Any, as_person: Any, count_statements: Any
) -> None:
    team = together(cast, "sari", "budi")
    wrote(cast, team, "budi", "isu", at=utcnow())
    wrote(cast, team, "sari", "sasaran", at=utcnow())
    session.commit()
    sari = as_person("sari")
    assert "Budi sedang menulis" in text(sari.get(FRONT))
    with count_statements() as counted:
        page = sari.get(f"/proyek/kerja/{team}/isu")
    assert len(counted) <= 8, counted.statements
    assert text(page).count("Budi sedang menulis") == 2  # in the list, and above the text
    assert "Bagian ini sedang diubah anggota lain" in text(page)
    other = text(sari.get(f"/proyek/kerja/{team}/sasaran"))
    assert other.count("Budi sedang menulis") == 1
    assert "Sari Wulandari sedang menulis" not in other
    # a save answers with it too
    told = sari.post_json(f"/proyek/kerja/{team}/isu", {"text": TEXT, "revision": "0"}).get_json()
    assert "Budi sedang menulis" in told["fragments"]["daftar-bagian"]
    assert "Budi sedang menulis" in told["fragments"]["hadir"]
    session.execute(update(Contribution).values(last_at=utcnow() - timedelta(minutes=6)))
    session.commit()
    assert "sedang menulis" not in text(sari.get(f"/proyek/kerja/{team}/isu"))


def test_what_one_member_saves_the_other_sees_and_reads_as_a_contribution(
    cast: Cast, session: Any, as_person: Any
) -> None:
    team = together(cast, "sari", "budi")
    session.commit()
    sari, budi = as_person("sari"), as_person("budi")
    address = f"/proyek/kerja/{team}/isu"
    assert "sedang menulis" not in text(sari.get(address))
    assert budi.post_json(address, {"text": TEXT, "revision": "0"}).status_code == 200
    page = text(sari.get(address))
    assert "Budi sedang menulis" in page
    assert "Lama tinggal wisatawan" in page
    # who saves an old state is shown both
    lost = sari.post_json(address, {"text": "Tulisan lain.", "revision": "0"})
    assert (lost.status_code, lost.get_json()["error"]) == (409, "conflict")
    told = text(sari.get(f"/proyek/kontribusi/{team}"))
    assert "1 kali" in told
    assert "Isu strategis" in told


def test_who_works_alone_asks_for_nobody(
    cast: Cast, session: Any, as_person: Any, count_statements: Any
) -> None:
    work = begin(cast)
    session.commit()
    sari = as_person("sari")
    sari.get(FRONT)  # what is read once per process
    with count_statements() as counted:
        page = sari.get(f"/proyek/kerja/{work.id}/isu")
        told = sari.post_json(f"/proyek/kerja/{work.id}/isu", {"text": TEXT, "revision": "0"}).get_json()
    assert not [each for each in counted.statements if "FROM contribution" in each]
    assert "hadir" not in told["fragments"]
    assert 'id="hadir"' not in page.get_data(as_text=True)


# Who did how much


def test_members_see_who_did_how_much(
    cast: Cast, session: Any, as_person: Any, count_statements: Any
) -> None:
    team = together(cast, "sari", "budi")
    wrote(cast, team, "budi", "isu", added=1234, removed=56)
    session.commit()
    address, budi = f"/proyek/kontribusi/{team}", as_person("budi")
    with count_statements() as counted:
        page = text(budi.get(address))
    assert len(counted) <= 8, counted.statements
    for words in ("Sari Wulandari", "Budi", "1.234", "belum ada yang mengubah", "Tim sari"):
        assert words in page


@pytest.mark.parametrize("who", ["dewi", "ratna", "hasan", "tono", "wati"])
def test_nobody_else_sees_it_before_something_is_handed_in(
    cast: Cast, session: Any, as_person: Any, who: str
) -> None:
    team = together(cast, "sari", "budi")
    session.commit()
    assert as_person(who).get(f"/proyek/kontribusi/{team}").status_code == 404
    assert as_person("sari").get("/proyek/kontribusi/999").status_code == 404
    assert as_person("sari").post(f"/proyek/kontribusi/{team}").status_code == 405


@pytest.mark.parametrize("blind", ["none", "learner"])
def test_reviewers_read_names_only_where_the_project_shows_them(
    cast: Cast, session: Any, as_person: Any, blind: str
) -> None:
    change_project(blind=blind)
    team = together(cast, "sari", "budi")
    wrote(cast, team, "budi", "isu")
    fill(workspace(team), cast.people["sari"])
    version = hand_in(workspace(team), cast.people["sari"])
    session.commit()
    address = f"/proyek/kontribusi/{team}"
    page = text(as_person("dewi").get(address))
    hidden = blind == "learner"
    for name in ("Sari Wulandari", "Budi", "Tim sari"):
        assert (name in page) is not hidden
    assert ("Anggota 2" in page) is hidden
    assert "Budi" in text(as_person("ratna").get(address))  # who only runs the platform
    assert "Budi" in text(as_person("sari").get(address))
    for outsider in ("hasan", "tono"):
        assert as_person(outsider).get(address).status_code == 404
    if hidden:
        send(version, ACCEPTED, cast.people["dewi"], now=NOW + HOUR)
        session.commit()
        assert "Budi" not in text(as_person("dewi").get(address))


# The facilitator


@pytest.mark.parametrize("who", ["dewi", "ratna"])
def test_facilitators_put_learners_together(
    cast: Cast, session: Any, as_person: Any, count_statements: Any, who: str
) -> None:
    browser = as_person(who)
    browser.get(PAGE)
    with count_statements() as counted:
        page = browser.get(PAGE)
    assert len(counted) <= 4, counted.statements
    assert text(page).count("belum mulai") == 2
    data = {
        "who": [cast.enrolments["sari"], cast.enrolments["budi"]],
        "name": "Tim Satu",
        "act": "new",
    }
    assert browser.post(PAGE, data=data).status_code == 303
    found = standing()
    assert [person for _, person in found] == [cast.people["sari"], cast.people["budi"]]
    page = text(browser.get(PAGE))
    assert "2 peserta sekarang di tim Tim Satu" in page
    assert "Tim Satu (Budi, Sari Wulandari)" in page or "Tim Satu (Sari Wulandari, Budi)" in page
    letters = session.scalars(select(Mail)).all()
    assert {letter.address for letter in letters} == {cast.emails["sari"], cast.emails["budi"]}
    assert all("Tim Satu" in letter.body and FRONT in letter.body for letter in letters)
    session.rollback()
    assert "Tim Satu" in text(as_person("budi").get(FRONT))


def test_moving_and_taking_out_with_a_reason(cast: Cast, session: Any, as_person: Any) -> None:
    theirs, own = begin(cast, "sari"), begin(cast, "budi")
    session.commit()
    browser = as_person("dewi")
    data = {
        "who": cast.enrolments["budi"],
        "into": cast.enrolments["sari"],
        "act": "into",
        "name": "Tim Sari",
    }
    assert browser.post(PAGE, data=data).status_code == 303
    assert standing() == [(theirs.id, cast.people["sari"]), (theirs.id, cast.people["budi"])]
    out = {"who": cast.enrolments["budi"], "act": "out", "reason": " Pindah   tugas. "}
    assert browser.post(PAGE, data=out).status_code == 303
    assert standing() == [(theirs.id, cast.people["sari"])]
    letter = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
    assert (letter.address, "Pindah tugas." in letter.body) == (cast.emails["budi"], True)
    session.rollback()
    front = text(as_person("budi").get(FRONT))
    assert "Fasilitator mengeluarkan Anda dari tim Tim Sari. Alasannya: Pindah tugas." in front
    assert as_person("budi").post(f"{FRONT}/kembali", data={"work": own.id}).status_code == 303


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"act": "new", "name": "Tim"}, "Pilih dahulu"),
        ({"act": "new", "who": "sari", "name": " "}, "Tulis nama tim"),
        ({"act": "into", "who": "sari", "into": "999"}, "tidak ada lagi"),
        ({"act": "into", "who": "sari", "into": "x"}, "tidak ada lagi"),
        ({"act": "out", "who": "sari", "reason": "Alasan."}, "tidak berada dalam tim"),
        ({"act": "out", "who": "tono", "reason": "Alasan."}, "bukan lagi peserta"),
        ({"act": "new", "who": str(2**63), "name": "Tim"}, "bukan lagi peserta"),
    ],
)
def test_what_facilitators_cannot_do_keeps_what_they_typed(
    cast: Cast, session: Any, as_person: Any, data: dict[str, Any], says: str
) -> None:
    data = dict(data)
    if data.get("who") in cast.enrolments:
        data["who"] = cast.enrolments[data["who"]]
    response = as_person("dewi").post(PAGE, data=data)
    assert response.status_code == 400
    assert says in text(response)
    for kept in (data.get("name", "").strip(), data.get("reason")):
        assert not kept or f'value="{kept}"' in text(response)
    assert standing() == []


def test_an_act_that_is_none(cast: Cast, as_person: Any) -> None:
    assert as_person("dewi").post(PAGE, data={"act": "hapus", "who": "1"}).status_code == 400


@pytest.mark.parametrize(("who", "status"), [("sari", 403), ("hasan", 404), ("tono", 404), ("wati", 404)])
def test_who_may_not_change_teams(cast: Cast, session: Any, as_person: Any, who: str, status: int) -> None:
    browser = as_person(who)
    assert browser.get(PAGE).status_code == status
    data = {"who": cast.enrolments["sari"], "name": "Tim", "act": "new"}
    assert browser.post(PAGE, data=data).status_code == status
    assert standing() == []


def test_the_page_names_no_works(cast: Cast, session: Any, as_person: Any) -> None:
    """A work's number beside a name would tell reviewers of a blind project whose it is."""
    for _ in range(20):  # numbers of works and of people drift apart
        actions.leave(place(cast), together(cast, "sari"), now=NOW)
    team = together(cast, "sari", "budi")
    session.commit()
    assert team not in {*cast.enrolments.values(), *cast.people.values()}
    page = as_person("dewi").get(PAGE).get_data(as_text=True)
    assert not re.search(rf"[\"/]{team}[\"/]", page)
    assert members(team) == {cast.people["sari"], cast.people["budi"]}


# The deadline of a team


def test_a_members_extension_is_told_on_the_teams_front_within_its_statements(
    cast: Cast, session: Any, as_person: Any, count_statements: Any
) -> None:
    team = together(cast, "sari", "budi")
    fill(workspace(team), cast.people["sari"])
    hand_in(workspace(team), cast.people["sari"])
    extend(cast, DUE + timedelta(days=2), "budi")
    session.commit()
    sari = as_person("sari")
    sari.get(FRONT)
    with count_statements() as counted:
        page = text(sari.get(FRONT))
    assert len(counted) <= 8, counted.statements
    assert "karena: Layanan terganggu." in page
    assert models.workspace(team).due_at == DUE + timedelta(days=2)  # type: ignore[union-attr]
    assert session.query(Schedule).count() == 2
    assert session.get(Person, cast.people["sari"]) is not None
