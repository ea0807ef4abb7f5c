"""The administrator's cohorts: list, open, change, deadlines, enrol, remove, move."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from lms.courses import actions
from lms.courses.models import (
    Cohort,
    CohortFacilitator,
    CourseVersion,
    Enrolment,
    Schedule,
    last_seen,
    learners_of,
)
from lms.extensions import db, read_only
from lms.people.models import Person
from lms.quizzes import actions as quizzes
from lms.quizzes.models import Answer, Attempt, quiz_seat
from tests import page_checks
from tests.cast import CODE, NOW, Cast
from tests.courses.test_views import crowd, text_of
from tests.courses.versions import publish_second
from tests.projects.work import begin, save

LIST = "/kelola/angkatan"
NEW = f"{LIST}/baru"
COHORT = f"{LIST}/{CODE}"
PEOPLE = f"{COHORT}/peserta"
DATES = f"{COHORT}/jadwal"
MOVE = f"{COHORT}/versi"


@pytest.fixture
def look(app: Flask) -> Any:
    """The result of a query, asked in a context of its own that leaves nothing open."""

    def ask(query: Any) -> Any:
        with app.app_context(), read_only():
            try:
                return db.session.scalars(query).all()
            finally:
                db.session.remove()

    return ask


def new_fields(cast: Cast, **changes: Any) -> dict[str, Any]:
    return {
        "version": str(cast.version_id),
        "name": "RPJMD Angkatan IV",
        "code": "",
        "starts": "2026-12-01",
        "ends": "2027-01-31",
        "facilitators": [str(cast.people["dewi"])],
    } | changes


# Who may


@pytest.mark.parametrize("address", [LIST, NEW, COHORT, PEOPLE, MOVE])
def test_administrators_only(browser: Any, as_person: Any, address: str) -> None:
    assert as_person("ratna").get(address).status_code == 200
    assert browser.get(address).status_code == 302
    for insider in ("sari", "dewi"):
        assert as_person(insider).get(address).status_code == 403
    for outsider in ("tono", "hasan", "wati"):
        expected = 403 if address in (LIST, NEW) else 404
        assert as_person(outsider).get(address).status_code == expected


@pytest.mark.parametrize("address", [NEW, COHORT, PEOPLE, DATES, MOVE, f"{PEOPLE}/1/keluarkan"])
def test_administrators_only_write(browser: Any, as_person: Any, look: Any, address: str) -> None:
    assert browser.post(address).status_code in (302, 401)
    for insider in ("sari", "dewi"):
        assert as_person(insider).post(address).status_code == 403
    expected = 403 if address == NEW else 404
    assert as_person("hasan").post(address).status_code == expected
    assert as_person("ratna").post(address, token=False).status_code == 400
    assert look(select(Enrolment.id).where(Enrolment.removed_at.is_not(None))) == []


@pytest.mark.parametrize(
    "address", [f"{LIST}/tidak-ada", f"{LIST}/tidak-ada/peserta", f"{LIST}/tidak-ada/versi"]
)
def test_what_is_not_there(as_person: Any, address: str) -> None:
    assert as_person("ratna").get(address).status_code == 404
    assert as_person("ratna").get(DATES).status_code == 405
    assert as_person("ratna").get(f"{PEOPLE}/1/keluarkan").status_code == 405


# The list


def test_the_list(as_person: Any) -> None:
    words = text_of(as_person("ratna").get(LIST))
    assert "Angkatan rpjmd-uji-1" in words
    assert "Kursus uji v1" in words
    assert "Berjalan" in words


def test_an_empty_list_says_what_a_cohort_is(cast: Cast, session: Any, as_person: Any) -> None:
    for table in (CohortFacilitator, Schedule, Enrolment, Cohort):
        session.execute(table.__table__.delete())
    session.commit()
    page = as_person("ratna").get(LIST)
    assert "Belum ada angkatan." in text_of(page)


def test_the_list_costs_the_same_with_many_cohorts(
    cast: Cast, session: Any, as_person: Any, count_statements: Any
) -> None:
    ratna = as_person("ratna")
    ratna.get(LIST)
    with count_statements() as few:
        ratna.get(LIST)
    for at in range(60):
        session.add(
            Cohort(
                code=f"uji-{at}",
                name=f"Uji {at}",
                version_id=cast.version_id,
                starts_at=NOW,
                ends_at=NOW + timedelta(days=1 + at),
                created_at=NOW,
            )
        )
    session.commit()
    with count_statements() as many:
        page = ratna.get(LIST)
    assert len(few) == len(many) <= 3
    following = re.search(r'rel="next" href="([^"]+)"', page.get_data(as_text=True))
    assert following
    assert "Uji 0" in text_of(ratna.get(following[1].replace("&amp;", "&")))


# Opening


def test_opening_a_cohort(as_person: Any, cast: Cast, look: Any) -> None:
    ratna = as_person("ratna")
    form = ratna.get(NEW)
    fields = page_checks.form_fields(form, NEW)
    assert fields["version"] == str(cast.version_id)
    response = ratna.submit_form(form, NEW, **new_fields(cast))
    assert (response.status_code, response.location) == (303, f"{LIST}/rpjmd-angkatan-iv")
    [cohort] = look(select(Cohort).where(Cohort.code == "rpjmd-angkatan-iv"))
    assert cohort.starts_at == datetime(2026, 11, 30, 17, 0, tzinfo=UTC)
    assert cohort.ends_at == datetime(2027, 1, 31, 16, 59, 59, tzinfo=UTC)
    assert look(select(CohortFacilitator.person_id).where(CohortFacilitator.cohort_id == cohort.id)) == [
        cast.people["dewi"]
    ]
    words = text_of(ratna.get(response.location))
    assert "Minggu, 31 Januari 2027, pukul 23.59 WIB" in words
    assert "Belum ada peserta" in words


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "Isi nama angkatan."),
        ({"name": "x" * 121}, "paling panjang 120 karakter"),
        ({"starts": ""}, "Isi tanggal mulai."),
        ({"starts": "kemarin"}, "pola tahun-bulan-hari"),
        ({"starts": "0001-01-01"}, "Periksa tahunnya."),
        ({"ends": "2026-11-30"}, "Tanggal selesai harus sama dengan atau setelah"),
        ({"code": CODE}, f"Kode {CODE} sudah dipakai"),
        ({"code": "Baru"}, "Kode hanya boleh berisi"),
        ({"code": "../x"}, "Kode hanya boleh berisi"),
        ({"version": "987"}, "Versi pelatihan itu tidak ada."),
        ({"version": "satu"}, "Versi pelatihan itu tidak ada."),
        ({"facilitators": ["987"]}, "peran fasilitator"),
        ({"facilitators": ["x" * 100_000]}, "peran fasilitator"),
        ({"name": "x" * 1_000_000}, "paling panjang 120 karakter"),
    ],
)
def test_what_cannot_be_opened(
    as_person: Any, cast: Cast, look: Any, changes: dict[str, Any], message: str
) -> None:
    response = as_person("ratna").post(NEW, data=new_fields(cast, **changes))
    assert response.status_code == 400
    assert message in text_of(response)
    assert len(look(select(Cohort.id))) == 2
    fields = page_checks.form_fields(response, NEW)
    assert fields["ends"] == new_fields(cast, **changes)["ends"], "what was typed is still there"


def test_a_retired_version_cannot_be_chosen(as_person: Any, cast: Cast, session: Any) -> None:
    session.get_one(CourseVersion, cast.version_id).retired_at = NOW
    session.commit()
    ratna = as_person("ratna")
    assert "Belum ada versi pelatihan yang ditawarkan" in text_of(ratna.get(NEW))
    publish_second(cast)
    page = ratna.get(NEW)
    assert "Kursus uji · v2" in text_of(page)
    assert "Kursus uji · v1" not in text_of(page)
    response = ratna.post(NEW, data=new_fields(cast))
    assert response.status_code == 400
    assert "Kursus uji versi 1 sudah ditarik" in text_of(response)


# One cohort


def test_a_cohort_shows_its_learners(as_person: Any, cast: Cast, session: Any) -> None:
    actions.complete(cast.enrolments["sari"], "pembuka", now=NOW)
    actions.complete(cast.enrolments["sari"], "sudah-tidak-ada", now=NOW)
    session.commit()
    words = text_of(as_person("ratna").get(COHORT))
    assert "Peserta 2" in words
    assert words.index("Budi") < words.index("Sari Wulandari")
    assert "1 dari 4" in words
    assert "Belum mulai" in words
    assert "Dewi Anggraini" in words
    assert "Kuis uji tanpa tenggat" in words
    assert "Proyek uji tenggat 28/11/2099, 23.59 WIB" in words


def seen(cast: Cast) -> dict[str, datetime | None]:
    rows = {row.id: last_seen(row) for row in db.session.execute(learners_of(cast.cohort_id))}
    return {who: rows[cast.enrolments[who]] for who in ("budi", "sari")}


def test_quizzes_and_projects_are_learning_too(as_person: Any, cast: Cast, session: Any) -> None:
    """Whoever only takes quizzes or writes has begun, and was last there when they last did so."""
    assert seen(cast) == {"budi": None, "sari": None}
    seat = quiz_seat(CODE, "kuis-uji", cast.people["budi"])
    assert seat is not None
    quizzes.start(seat, now=NOW)
    work = begin(cast, "sari", now=NOW)
    session.commit()
    assert seen(cast) == {"budi": NOW, "sari": NOW}
    later = NOW + timedelta(hours=5)
    save(work, "isu", "Akar masalah.", by=cast.people["sari"], now=later)
    session.execute(update(Attempt).values(submitted_at=later + timedelta(hours=1)))
    session.commit()
    assert seen(cast) == {"budi": later + timedelta(hours=1), "sari": later}
    session.rollback()
    words = text_of(as_person("ratna").get(COHORT))
    assert "Belum mulai" not in words


def test_an_answer_of_a_running_attempt_counts(cast: Cast, session: Any) -> None:
    seat = quiz_seat(CODE, "kuis-uji", cast.people["budi"])
    assert seat is not None
    attempt = quizzes.start(seat, now=NOW)
    session.flush()
    later = NOW + timedelta(days=2)
    session.add(
        Answer(
            attempt_id=attempt.id, sequence=1, question_id="satu", value="1", given_at=later, saved_at=later
        )
    )
    session.commit()
    assert seen(cast)["budi"] == later


def test_changing_a_cohort(as_person: Any, cast: Cast, look: Any) -> None:
    ratna = as_person("ratna")
    page = ratna.get(COHORT)
    fields = page_checks.form_fields(page, COHORT)
    assert fields["ends"] == "2099-12-31"
    assert fields["facilitators"] == str(cast.people["dewi"])
    untouched = ratna.submit_form(page, COHORT)
    assert untouched.status_code == 303
    hasan = str(cast.people["hasan"])
    response = ratna.submit_form(page, COHORT, name="Nama  baru", ends="2027-02-01", facilitators=[hasan])
    assert (response.status_code, response.location) == (303, COHORT)
    [cohort] = look(select(Cohort).where(Cohort.code == CODE))
    assert (cohort.name, cohort.ends_at) == ("Nama baru", datetime(2027, 2, 1, 16, 59, 59, tzinfo=UTC))
    assert look(select(CohortFacilitator.person_id).where(CohortFacilitator.cohort_id == cohort.id)) == [
        cast.people["hasan"]
    ]


def test_a_cohort_sets_within_how_many_days_one_may_appeal(as_person: Any, look: Any) -> None:
    ratna = as_person("ratna")
    own = select(Cohort.appeal_days).where(Cohort.code == CODE)
    page = ratna.get(COHORT)
    assert page_checks.form_fields(page, COHORT)["appeal_days"] == ""
    assert "Mengikuti setiap proyek" in page.get_data(as_text=True)
    for typed, kept, shown in (
        ("14", 14, "14 hari sejak nilai diumumkan"),
        ("0", 0, "Tanpa banding"),
        ("", None, "Mengikuti setiap proyek"),
    ):
        assert ratna.submit_form(page, COHORT, appeal_days=typed).status_code == 303
        assert look(own) == [kept]
        page = ratna.get(COHORT)
        assert page_checks.form_fields(page, COHORT)["appeal_days"] == typed
        assert shown in page.get_data(as_text=True)
    refused = ratna.submit_form(page, COHORT, appeal_days="91")
    assert refused.status_code == 400
    assert "Isi 0 sampai 90 hari." in refused.get_data(as_text=True)
    assert look(own) == [None]


def test_a_wrong_change_keeps_what_was_typed(as_person: Any, look: Any) -> None:
    ratna = as_person("ratna")
    page = ratna.get(COHORT)
    response = ratna.submit_form(page, COHORT, name="Nama baru", ends="2000-01-01")
    assert response.status_code == 400
    assert "Tanggal selesai harus" in text_of(response)
    assert page_checks.form_fields(response, COHORT)["name"] == "Nama baru"
    assert "<h1>Angkatan rpjmd-uji-1" in response.get_data(as_text=True)
    assert ratna.submit_form(page, COHORT, name="").status_code == 400
    assert look(select(Cohort.name).where(Cohort.code == CODE)) == ["Angkatan rpjmd-uji-1"]


def test_deadlines(as_person: Any, cast: Cast, look: Any) -> None:
    ratna = as_person("ratna")
    page = ratna.get(COHORT)
    fields = page_checks.form_fields(page, DATES)
    assert fields["due_0"] == ""
    assert fields["due_1"] == "2099-11-28T23:59"
    response = ratna.submit_form(page, DATES, opens_0="2026-12-01T08:00", due_0="2026-12-05T23:59", due_1="")
    assert (response.status_code, response.location) == (303, COHORT)
    rows = {row.stable_id: row for row in look(select(Schedule).where(Schedule.cohort_id == cast.cohort_id))}
    assert rows["kuis-uji"].opens_at == datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
    assert rows["kuis-uji"].due_at == datetime(2026, 12, 5, 16, 59, 59, tzinfo=UTC)
    assert rows["proyek-uji"].due_at is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"opens_0": "2026-12-05T08:00", "due_0": "2026-12-01T08:00"}, "Tenggat harus setelah waktu dibuka."),
        ({"due_0": "besok"}, "Isi tanggal dan waktunya"),
        ({"due_0": "9999-01-01T08:00"}, "Periksa tahunnya."),
    ],
)
def test_wrong_deadlines(as_person: Any, look: Any, changes: dict[str, str], message: str) -> None:
    ratna = as_person("ratna")
    response = ratna.submit_form(ratna.get(COHORT), DATES, **changes)
    assert response.status_code == 400
    words = text_of(response)
    assert message in words
    assert 'href="#due_0"' in response.get_data(as_text=True)
    assert len(look(select(Schedule.stable_id))) == 2


def test_a_cohort_costs_the_same_with_many_learners(
    as_person: Any, cast: Cast, session: Any, count_statements: Any
) -> None:
    ratna = as_person("ratna")
    ratna.get(COHORT)
    with count_statements() as few:
        ratna.get(COHORT)
    crowd(session, cast, 60)
    with count_statements() as many:
        page = ratna.get(COHORT)
    assert len(few) == len(many) <= 7, few.statements
    following = re.search(r'rel="next" href="([^"]+)"', page.get_data(as_text=True))
    assert following
    assert "Sari Wulandari" in text_of(ratna.get(following[1]))


def test_a_cold_cohort_stays_within_the_budget(as_person: Any, count_statements: Any) -> None:
    from lms.courses import models

    ratna = as_person("ratna")
    models.forget_cached()
    with count_statements() as counted:
        ratna.get(COHORT)
    assert len(counted) <= 8, counted.statements


# Enrolling


def test_enrolling_a_list(as_person: Any, cast: Cast, look: Any) -> None:
    ratna = as_person("ratna")
    typed = "wati@uji.example\nSari\t19860926 201505 2 001\nsalah@uji.example\n<b>aneh</b>\ndewi@uji.example"
    page = ratna.submit_form(ratna.get(PEOPLE), PEOPLE, people=typed)
    assert page.status_code == 200
    words = text_of(page)
    assert "1 dari 5 baris baru terdaftar. 3 baris perlu diperiksa" in words
    assert "Wati Rahayu Terdaftar" in words
    assert "Sudah terdaftar sebelumnya" in words
    assert "Tidak ada akun dengan surel atau NIP ini" in words
    assert "Tidak ada surel atau NIP 18 angka di baris ini" in words
    assert "Akun ini tidak berperan peserta" in words
    left = page_checks.form_fields(page, PEOPLE)["people"]
    assert left.strip().splitlines() == ["salah@uji.example", "<b>aneh</b>", "dewi@uji.example"]
    enrolled = look(select(Enrolment.person_id).where(Enrolment.cohort_id == cast.cohort_id))
    assert set(enrolled) == {cast.people[name] for name in ("sari", "budi", "wati")}
    assert as_person("wati").get(f"/belajar/{CODE}/pembuka").status_code == 200


def test_enrolling_when_all_is_well(as_person: Any) -> None:
    page = as_person("ratna").post(PEOPLE, data={"people": "wati@uji.example"})
    assert "1 dari 1 baris baru terdaftar." in text_of(page)
    assert "<textarea" not in page.get_data(as_text=True)


@pytest.mark.parametrize(
    ("people", "message"),
    [
        ("", "Isi sedikitnya satu surel atau NIP."),
        ("x" * 60_001, "Daftar ini terlalu panjang."),
        ("a@b.id\n" * 501, "lebih dari 500 baris"),
        ("x" * 1_000_000, "Daftar ini terlalu panjang."),
    ],
)
def test_lists_that_are_refused(as_person: Any, look: Any, people: str, message: str) -> None:
    response = as_person("ratna").post(PEOPLE, data={"people": people})
    assert response.status_code == 400
    assert message in text_of(response)
    assert len(look(select(Enrolment.id))) == 3


def test_searching_for_one(as_person: Any, cast: Cast) -> None:
    ratna = as_person("ratna")
    page = ratna.get(f"{PEOPLE}?cari=wati")
    assert "Wati Rahayu" in text_of(page)
    response = ratna.post(PEOPLE, data={"people": "wati@uji.example"})
    assert response.status_code == 200
    assert "Sudah terdaftar" in text_of(ratna.get(f"{PEOPLE}?cari=1985"))
    nobody = ratna.get(f"{PEOPLE}?cari=%25%25")
    assert "Tidak ada peserta aktif yang cocok" in text_of(nobody)
    assert "Dewi" not in text_of(ratna.get(f"{PEOPLE}?cari=dewi")).split("cocok dengan")[0]
    assert ratna.get(f"{PEOPLE}?cari={'x' * 2000}").status_code == 200


def test_a_search_costs_little(as_person: Any, count_statements: Any) -> None:
    ratna = as_person("ratna")
    with count_statements() as counted:
        ratna.get(f"{PEOPLE}?cari=a")
    assert len(counted) <= 3


# Removing


def test_removing_asks_once_and_keeps_the_work(as_person: Any, cast: Cast, look: Any, session: Any) -> None:
    seat = cast.enrolments["sari"]
    actions.complete(seat, "pembuka", now=NOW)
    session.commit()
    ratna = as_person("ratna")
    page = ratna.get(COHORT)
    address = f"{PEOPLE}/{seat}/keluarkan"
    assert re.search(
        rf"<details[^>]*>\s*<summary>Keluarkan.*?{address}", page.get_data(as_text=True), re.DOTALL
    )
    response = ratna.submit_form(page, address)
    assert (response.status_code, response.location) == (303, COHORT)
    words = text_of(ratna.get(COHORT))
    assert "Sari Wulandari dikeluarkan dari angkatan ini. Hasil kerjanya tetap tersimpan." in words
    assert "Peserta 1" in words
    assert ratna.post(address).status_code == 404
    assert as_person("sari").get(f"/belajar/{CODE}/pembuka").status_code == 404
    again = ratna.post(PEOPLE, data={"people": "sari@uji.example"})
    assert "Terdaftar kembali, hasil kerjanya masih ada" in text_of(again)
    assert "1 dari 4" in text_of(as_person("sari").get("/pelatihan/kursus-uji"))


def test_a_foreign_enrolment_is_not_there(as_person: Any, cast: Cast) -> None:
    assert as_person("ratna").post(f"{PEOPLE}/{cast.enrolments['tono']}/keluarkan").status_code == 404
    assert as_person("ratna").post(f"{PEOPLE}/987/keluarkan").status_code == 404


# Moving


def test_moving_shows_what_changes_first(as_person: Any, cast: Cast, look: Any, session: Any) -> None:
    ratna = as_person("ratna")
    assert "sudah memakai versi terbaru" in text_of(ratna.get(MOVE))
    second = publish_second(cast)
    assert "Versi 2 tersedia" in text_of(ratna.get(COHORT))
    page = ratna.get(MOVE)
    words = text_of(page)
    assert "dari versi 1 ke versi 2" in words
    assert "Bagian baru Materi tambahan Materi · 10 menit Penutup Materi · 10 menit" in words
    assert "Bagian yang dihapus Kuis uji Kuis · 5 menit" in words
    assert "Bagian yang isinya berubah Lanjut Materi · +5 menit" in words
    assert "3 bagian tetap sama." in words
    response = ratna.submit_form(page, MOVE)
    assert (response.status_code, response.location) == (303, COHORT)
    assert look(select(Cohort.version_id).where(Cohort.code == CODE)) == [second]
    assert "Materi tambahan" in text_of(as_person("sari").get("/pelatihan/kursus-uji"))
    late = ratna.submit_form(page, MOVE)
    assert (late.status_code, late.location) == (303, MOVE)
    assert "sudah dipindahkan ke versi lain" in text_of(ratna.get(MOVE))


@pytest.mark.parametrize("fields", [{}, {"seen": "1", "to": "x"}, {"seen": "9" * 30, "to": "1"}])
def test_moving_nowhere(as_person: Any, cast: Cast, look: Any, fields: dict[str, str]) -> None:
    assert as_person("ratna").post(MOVE, data=fields).status_code == 303
    assert look(select(Cohort.version_id).where(Cohort.code == CODE)) == [cast.version_id]


def test_somebody_whose_name_has_degrees(as_person: Any, cast: Cast, session: Any) -> None:
    sari = session.get_one(Person, cast.people["sari"])
    sari.title_before, sari.title_after = "Dr.", "S.E., M.Si."
    session.commit()
    assert "Dr. Sari Wulandari, S.E., M.Si." in text_of(as_person("ratna").get(COHORT))
