"""The pages on which essays are marked: what waits, who may mark, without names, and what is never lost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from lms.courses.models import CohortFacilitator, GradeEntry
from lms.extensions import db
from lms.people.models import Person
from lms.quizzes.essays import actions
from lms.quizzes.essays.actions import Given
from lms.quizzes.essays.models import next_essay, quizzes_waiting
from lms.quizzes.models import EssayMark, Rescore
from tests import page_checks
from tests.cast import CODE, NOW, Cast
from tests.quizzes.answers import QUIZ, change_quiz
from tests.quizzes.marking.taking import BOTH, LATER, begin, count, enrol, sit
from tests.quizzes.test_views import text

LIST = f"/kuis/angkatan/{CODE}/{QUIZ}/esai"
ANSWER = "/kuis/percobaan/1/esai/esai"
RUBRIC = "/kuis/percobaan/1/esai/lain"
LEVELS = {"level.isu": "3", "level.sasaran": "4"}


@pytest.fixture
def essays(session: Any, cast: Cast) -> Cast:
    """sari answered both essays, budi the first one a minute later; one attempt still runs."""
    change_quiz(questions=BOTH, attempts=None)
    enrol(cast, "Dani")
    sit(cast, "sari", {"esai": "Renstra **menjabarkan** RPJMD.", "lain": "Misalnya <b>ini</b>."})
    sit(cast, "budi", {"esai": "Tidak ada hubungannya."}, now=NOW + timedelta(minutes=1))
    begin(cast, "Dani")
    session.commit()
    return cast


def rows(*tables: Any) -> list[int]:
    """How many rows the tables have; lets go of the database at once, because SQLite has one writer at a time."""
    found = count(*tables)
    db.session.rollback()
    return found


def facilitate(cast: Cast, who: str) -> None:
    """Let a learner facilitate the cohort too."""
    db.session.execute(update(Person).where(Person.id == cast.people[who]).values(facilitator=True))
    db.session.add(CohortFacilitator(cohort_id=cast.cohort_id, person_id=cast.people[who], added_at=NOW))
    db.session.commit()


# Who may


@pytest.mark.parametrize(
    ("who", "status"), [("dewi", 200), ("ratna", 200), ("sari", 403), ("hasan", 404), ("tono", 404)]
)
def test_who_sees_what_waits(essays: Cast, as_person: Any, who: str, status: int) -> None:
    assert as_person(who).get(LIST).status_code == status


@pytest.mark.parametrize(
    ("who", "status"),
    [("dewi", 200), ("ratna", 403), ("sari", 403), ("budi", 404), ("hasan", 404), ("tono", 404)],
)
def test_who_may_mark(essays: Cast, as_person: Any, who: str, status: int) -> None:
    browser = as_person(who)
    assert browser.get(ANSWER).status_code == status
    if status != 200:
        assert browser.post(ANSWER, data={"points": "5", "seen": "0"}).status_code == status
        assert rows(EssayMark) == [0]


def test_nobody_marks_their_own(essays: Cast, as_person: Any) -> None:
    facilitate(essays, "sari")
    sari = as_person("sari")
    page = text(sari.get(LIST))
    assert "Jawaban Anda sendiri" in page
    assert sari.get(ANSWER).status_code == 403
    assert sari.get("/kuis/percobaan/2/esai/esai").status_code == 200
    assert next_essay(essays.cohort_id, QUIZ, "lain", essays.people["sari"]) is None


@pytest.mark.parametrize(
    "address",
    [
        "/kuis/percobaan/1/esai/satu",
        "/kuis/percobaan/1/esai/tidak-ada",
        "/kuis/percobaan/2/esai/lain",
        "/kuis/percobaan/3/esai/esai",
        "/kuis/percobaan/99/esai/esai",
    ],
)
def test_what_cannot_be_marked_is_not_there(essays: Cast, as_person: Any, address: str) -> None:
    assert as_person("dewi").get(address).status_code == 404


# The list


def test_what_waits_question_by_question_without_names(
    essays: Cast, as_person: Any, count_statements: Any
) -> None:
    dewi = as_person("dewi")
    dewi.get(LIST)
    with count_statements() as counted:
        page = dewi.get(LIST)
    assert len(counted) <= 8, counted.statements
    words = text(page)
    assert "2 menunggu" in words
    assert "1 menunggu" in words
    assert words.count("Jawaban ") >= 2
    html = page.get_data(as_text=True)
    for name in ("Sari", "Budi"):
        assert name not in html
    assert html.index("/kuis/percobaan/1/esai/esai") < html.index("/kuis/percobaan/2/esai/esai")
    assert "Belum ada jawaban yang dinilai" in text(dewi.get(f"{LIST}?soal=lain&keadaan=dinilai"))


def test_a_quiz_without_essays_says_so(cast: Cast, as_person: Any) -> None:
    dewi = as_person("dewi")
    assert "tidak memiliki soal esai" in text(dewi.get(LIST))
    assert LIST not in dewi.get(f"/kuis/angkatan/{CODE}/{QUIZ}").get_data(as_text=True)


def test_a_list_of_many(session: Any, cast: Cast, as_person: Any, count_statements: Any) -> None:
    change_quiz(questions=BOTH)
    for at in range(52):
        enrol(cast, f"Peserta {at:02}")
        sit(cast, f"Peserta {at:02}", {"esai": f"Jawaban ke-{at}."}, now=NOW + timedelta(minutes=at))
    session.commit()
    dewi = as_person("dewi")
    dewi.get(LIST)
    with count_statements() as counted:
        first = dewi.get(LIST)
    assert len(counted) <= 8
    assert "52 menunggu" in text(first)
    html = first.get_data(as_text=True)
    assert "/kuis/percobaan/50/esai/esai" in html
    assert "/kuis/percobaan/51/esai/esai" not in html
    following = html.split('rel="next" href="', 1)[1].split('"', 1)[0].replace("&amp;", "&")
    assert "/kuis/percobaan/51/esai/esai" in dewi.get(following).get_data(as_text=True)


# Marking


def test_an_answer_is_marked_without_a_name_and_leads_to_the_next(
    essays: Cast, as_person: Any, count_statements: Any
) -> None:
    dewi, sari = as_person("dewi"), as_person("sari")
    with count_statements() as counted:
        page = dewi.get(ANSWER)
    assert len(counted) <= 8, counted.statements
    html = page.get_data(as_text=True)
    assert "<strong>menjabarkan</strong>" in html
    assert "Sari" not in html
    assert "Menunggu penilaian" in text(sari.get("/kuis/percobaan/1/hasil"))
    response = dewi.submit_form(page, ANSWER, points="4,5", comment="Tambahkan **contoh**.")
    assert (response.status_code, response.location) == (303, "/kuis/percobaan/2/esai/esai")
    assert "Ini jawaban berikutnya" in text(dewi.get(response.location))
    assert rows(EssayMark, GradeEntry) == [1, 0]
    assert "sedang dinilai" in text(sari.get("/kuis/percobaan/1/hasil"))
    assert "Jawaban esai Anda sedang dinilai" in text(sari.get(f"/kuis/{CODE}/{QUIZ}"))
    rubric = dewi.get(RUBRIC)
    assert "Isu strategis" in text(rubric)
    response = dewi.submit_form(rubric, RUBRIC, **LEVELS)
    assert response.location == LIST
    assert "Tidak ada lagi jawaban yang menunggu" in text(dewi.get(LIST))
    # 4,5 of 5, and (60 x 3/4 + 40 x 1) % of 5
    told = text(sari.get("/kuis/percobaan/1/hasil"))
    assert "8,75 dari 10 poin" in told
    assert "Penilaian fasilitator Isu strategis Baik Sasaran Sangat baik" in told
    assert "Tambahkan contoh ." in told
    assert "✓ Lulus" in told


@pytest.mark.parametrize(
    ("address", "form", "words"),
    [
        (ANSWER, {"points": ""}, "Tulis poin dari 0 sampai 5"),
        (ANSWER, {"points": "lima"}, "Tulis poin dari 0 sampai 5"),
        (ANSWER, {"points": "-1"}, "Tulis poin dari 0 sampai 5"),
        (ANSWER, {"points": "5,01"}, "Tulis poin dari 0 sampai 5"),
        (ANSWER, {"points": "4", "comment": "x" * 5001}, "Komentar paling panjang"),
        (RUBRIC, {"level.isu": "3"}, "Pilih satu tingkat untuk setiap kriteria"),
        (RUBRIC, {"level.isu": "3", "level.sasaran": "9"}, "Pilih satu tingkat untuk setiap kriteria"),
        (RUBRIC, {"points": "5"}, "Pilih satu tingkat untuk setiap kriteria"),
    ],
)
def test_a_mark_that_is_none_keeps_what_was_typed(
    essays: Cast, as_person: Any, address: str, form: dict[str, str], words: str
) -> None:
    form = {"comment": "Ditulis <b>lama</b>\nsekali", "seen": "0"} | form
    response = as_person("dewi").post(address, data=dict(form))
    assert response.status_code == 400
    assert words in text(response)
    kept = page_checks.form_fields(response, address)
    assert kept["comment"].lstrip("\n") == form["comment"]
    assert all(kept.get(name) == value for name, value in form.items() if name == "level.isu")
    assert kept.get("points", "") == form.get("points", "") or address == RUBRIC
    assert rows(EssayMark) == [0]


def test_the_second_of_two_markers_sees_both(essays: Cast, as_person: Any) -> None:
    dewi = as_person("dewi")
    form = page_checks.form_fields(dewi.get(ANSWER), ANSWER) | {
        "points": "2",
        "comment": "Menurut saya kurang.",
    }
    facilitate(essays, "budi")
    budi = as_person("budi")
    budi.submit_form(budi.get(ANSWER), ANSWER, points="4", comment="Cukup baik.")
    response = dewi.post(ANSWER, data=dict(form))
    assert response.status_code == 409
    page = text(response)
    assert "sudah dinilai oleh Budi" in page
    assert "Cukup baik." in page
    again = page_checks.form_fields(response, ANSWER)
    assert (again["points"], again["comment"].strip()) == ("2", "Menurut saya kurang.")
    assert rows(EssayMark) == [1]
    assert dewi.post(ANSWER, data=again).status_code == 303
    assert rows(EssayMark) == [2]


def test_the_same_button_twice_marks_once(essays: Cast, as_person: Any) -> None:
    dewi = as_person("dewi")
    form = page_checks.form_fields(dewi.get(ANSWER), ANSWER) | {"points": "2"}
    assert dewi.post(ANSWER, data=dict(form)).status_code == 303
    assert dewi.post(ANSWER, data=dict(form)).status_code == 303
    assert rows(EssayMark) == [1]


def test_a_mark_is_corrected_with_a_reason(essays: Cast, as_person: Any) -> None:
    dewi, budi = as_person("dewi"), as_person("budi")
    address = "/kuis/percobaan/2/esai/esai"
    dewi.submit_form(dewi.get(address), address, points="1", comment="Terlalu singkat.")
    page = dewi.get(address)
    assert "Perbaiki penilaian" in text(page)
    assert page_checks.form_fields(page, address)["points"] == "1"
    refused = dewi.submit_form(page, address, points="4")
    assert refused.status_code == 400
    assert "Tulis alasannya" in text(refused)
    assert rows(EssayMark, Rescore) == [1, 0]
    done = dewi.submit_form(refused, address, reason="Halaman kedua terlewat")
    assert done.status_code == 303
    told = text(budi.get("/kuis/percobaan/2/hasil"))
    assert "Nilai percobaan ini berubah dari 10 menjadi 40" in told
    assert "Alasan: Halaman kedua terlewat" in told
    assert "Riwayat penilaian (2)" in text(dewi.get(address))
    assert address in dewi.get(f"{LIST}?soal=esai&keadaan=dinilai").get_data(as_text=True)


def test_comments_are_kept_back_with_the_feedback(session: Any, cast: Cast, as_person: Any) -> None:
    change_quiz(questions=BOTH, feedback="never")
    tried = sit(cast, "sari", {"esai": "Renstra menjabarkan RPJMD."})
    actions.mark(
        tried, "esai", Given(Decimal(1), {}, "Rahasia dahulu.", 0), by=cast.people["dewi"], now=LATER
    )
    session.commit()
    page = text(as_person("sari").get("/kuis/percobaan/1/hasil"))
    assert "5 dari 10 poin" in page
    assert "Rahasia" not in page


def test_the_pages_in_english(essays: Cast, as_person: Any) -> None:
    dewi = as_person("dewi")
    dewi.post("/bahasa", data={"language": "en", "back": LIST})
    for address in (LIST, ANSWER, RUBRIC):
        assert dewi.get(address).status_code == 200


# What other pages tell


def test_where_essays_wait(essays: Cast, as_person: Any, count_statements: Any) -> None:
    with count_statements() as counted:
        (found,) = quizzes_waiting([essays.cohort_id, essays.other_cohort_id])
    assert len(counted) <= 1
    assert (found.code, found.title, found.count, found.since) == (CODE, "Kuis uji", 2, NOW)
    assert quizzes_waiting([essays.other_cohort_id]) == []
    assert quizzes_waiting([]) == []
    db.session.rollback()
    dewi = as_person("dewi")
    for address in ("/", "/telaah"):
        page = dewi.get(address)
        assert "2 percobaan" in text(page)
        assert f'href="{LIST}"' in page.get_data(as_text=True)
    hasan = as_person("hasan")
    for address in ("/", "/telaah"):
        assert "/esai" not in hasan.get(address).get_data(as_text=True)
