"""Attempts as facilitators see them: the list, the log, what is granted beyond the rules, what was gained."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from lms.courses import models as course_models
from lms.courses.models import Enrolment, Item
from lms.extensions import db
from lms.quizzes.models import Allowance, Answer, Attempt
from lms.quizzes.paper import paper
from tests.cast import CODE, Cast
from tests.quizzes.answers import QUIZ, WRONG, change_quiz
from tests.quizzes.test_views import FRONT, begin, look, out_of_time, save_one, take, text

LIST = f"/kuis/angkatan/{CODE}/{QUIZ}/percobaan"
GRANTS = f"/kuis/angkatan/{CODE}/{QUIZ}/kelonggaran"
PEOPLE = [
    ("dewi", 200),
    ("ratna", 200),
    ("sari", 403),
    ("budi", 403),
    ("hasan", 404),
    ("tono", 404),
    ("wati", 404),
]


def grant_address(cast: Cast, who: str = "sari") -> str:
    return f"{GRANTS}/{cast.enrolments[who]}"


def grant(browser: Any, cast: Cast, *, who: str = "sari", scope: str = "kuis", **fields: Any) -> Any:
    values = {"minutes": "0", "attempts": "0", "reason": "Jaringan kantor padam"} | fields
    data = {"scope": scope} | {f"{scope}-{name}": value for name, value in values.items()}
    return browser.post(grant_address(cast, who), data=data)


# The list


def test_the_list_names_learners_with_their_attempts(as_person: Any, count_statements: Any) -> None:
    take(as_person("sari"), 2)
    running = begin(as_person("sari"))
    dewi = as_person("dewi")
    dewi.get(LIST)
    with count_statements() as counted:
        page = dewi.get(LIST)
    assert len(counted) <= 6, counted.statements
    words = text(page)
    assert "Sari Wulandari" in words
    assert "Percobaan 1 , Sari Wulandari 60" in words
    assert "Budi Dinas Pariwisata Belum mulai" in words
    assert f'href="{running}/catatan"' in page.get_data(as_text=True)
    assert '<a href="' + LIST + '" aria-current="page">Percobaan</a>' in page.get_data(as_text=True)


def test_an_attempt_whose_time_is_over_is_said_so(as_person: Any, session: Any) -> None:
    change_quiz(limit=30)
    session.commit()
    begin(as_person("sari"))
    out_of_time(session, timedelta(minutes=5))
    assert "waktu habis, belum ditutup" in text(as_person("dewi").get(LIST))


@pytest.mark.parametrize(("name", "status"), PEOPLE)
def test_pages_are_for_facilitators_of_the_cohort_and_administrators(
    as_person: Any, cast: Cast, session: Any, name: str, status: int
) -> None:
    attempt = begin(as_person("sari"))
    for address in (LIST, GRANTS, grant_address(cast)):
        assert as_person(name).get(address).status_code == status, address
    # a learner of the same cohort is an outsider to another's attempt
    assert as_person(name).get(f"{attempt}/catatan").status_code == (404 if name == "budi" else status)
    sent = grant(as_person(name), cast, minutes="5")
    assert sent.status_code == (303 if status == 200 else status)
    assert len(look(session, select(Allowance.extra_minutes))) == (status == 200)


@pytest.mark.parametrize("address", [LIST, GRANTS])
def test_lists_take_no_post(as_person: Any, address: str) -> None:
    assert as_person("dewi").post(address).status_code == 405


def test_what_is_not_there_is_not_found(as_person: Any, cast: Cast) -> None:
    dewi = as_person("dewi")
    for address in (
        f"/kuis/angkatan/{CODE}/tidak-ada/percobaan",
        f"/kuis/angkatan/{CODE}/proyek-uji/kelonggaran",
        f"{GRANTS}/{cast.enrolments['tono']}",
        f"{GRANTS}/{2**63}",
        "/kuis/percobaan/999/catatan",
    ):
        assert dewi.get(address).status_code == 404, address


# The log


def test_the_log_tells_what_happened_in_order_and_judges_nothing(
    as_person: Any, session: Any, count_statements: Any
) -> None:
    sari = as_person("sari")
    sari.client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Linux; Android 10) Chrome/130.0 Mobile"
    attempt = begin(sari)
    save_one(sari, attempt, "angka", "1")
    sari.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    save_one(sari, attempt, "satu", WRONG, **{"ago.satu": "60000"})
    sari.post(f"{attempt}/kumpulkan", data={"yakin": "1"})
    save_one(sari, attempt, "angka", "16,4")
    # a minute passed between beginning and what was given a minute ago
    session.execute(
        update(Answer).where(Answer.question_id == "satu").values(given_at=datetime(2026, 1, 1, tzinfo=UTC))
    )
    session.commit()
    dewi = as_person("dewi")
    with count_statements() as counted:
        page = dewi.get(f"{attempt}/catatan")
    assert len(counted) <= 6, counted.statements
    words = text(page)
    parts = (
        "Percobaan dimulai (Chrome, Android,",
        "127.0.0.1",
        "Jawaban soal 3 tersimpan",
        "Jawaban soal 1 tersimpan",
        "menurut perangkatnya diberikan 01/01/2026, 07.00.00 WIB",
        "203.0.113.9",
        "Dikumpulkan oleh peserta",
        "Jawaban soal 3 tiba ketika sudah tidak dapat ikut dinilai: “16,4”",
    )
    places = [words.find(part) for part in parts]
    assert -1 not in places, list(zip(parts, places, strict=True))
    assert places == sorted(places)
    for word in ("curang", "mencurigakan", "pelanggaran", "benar", "salah"):
        assert word not in words.lower().replace("sebenarnya", "")


def test_what_the_clock_closed_is_in_the_log(as_person: Any, session: Any) -> None:
    change_quiz(limit=30)
    session.commit()
    sari = as_person("sari")
    attempt = begin(sari)
    out_of_time(session, timedelta(minutes=5))
    assert "Waktu habis, segera ditutup" in text(as_person("dewi").get(f"{attempt}/catatan"))
    sari.post(f"{attempt}/kumpulkan")
    assert "Ditutup oleh sistem karena waktunya habis" in text(as_person("dewi").get(f"{attempt}/catatan"))


def test_a_long_log_goes_on_on_a_second_page(as_person: Any, session: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    attempt_id = int(attempt.rpartition("/")[2])
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    rows = [
        {
            "attempt_id": attempt_id,
            "sequence": at,
            "question_id": "angka",
            "value": f'"{at}"',
            "given_at": moment + timedelta(seconds=at),
            "saved_at": moment + timedelta(seconds=at),
        }
        for at in range(1, 251)
    ]
    session.execute(Answer.__table__.insert(), rows)
    session.commit()
    page = as_person("dewi").get(f"{attempt}/catatan")
    assert text(page).count("Jawaban soal 3 tersimpan") == 200
    following = page.get_data(as_text=True).split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert text(as_person("dewi").get(following)).count("Jawaban soal 3 tersimpan") == 50


# What is granted


def test_extra_time_and_attempts_reach_the_learner(as_person: Any, cast: Cast, session: Any) -> None:
    change_quiz(limit=30)
    session.commit()
    sari, dewi = as_person("sari"), as_person("dewi")
    page = dewi.get(grant_address(cast))
    assert "Batas waktu kuis ini 30 menit." in text(page)
    sent = grant(dewi, cast, minutes="15", attempts="1")
    assert (sent.status_code, sent.location) == (303, GRANTS)
    grant(dewi, cast, scope="semua", minutes="5", reason="Pendengaran")
    words = text(sari.get(FRONT))
    assert "Anda mendapat tambahan 20 menit" in words
    assert "0 dari 3 terpakai, sisa 3" in words
    assert "Begitu dimulai, Anda punya 50 menit." in words
    words = text(dewi.get(GRANTS))
    assert "kuis ini +15 menit, +1 percobaan Jaringan kantor padam Dewi Anggraini" in words
    assert "semua kuis angkatan +5 menit Pendengaran" in words
    assert "+20 menit, +1 percobaan" in text(dewi.get(LIST))
    assert "0 dari 2 terpakai" in text(as_person("budi").get(FRONT)), "it is for one person"


def test_time_for_a_running_attempt_counts_at_once(as_person: Any, cast: Cast, session: Any) -> None:
    change_quiz(limit=30)
    session.commit()
    sari = as_person("sari")
    attempt = begin(sari)
    out_of_time(session, timedelta(seconds=5))
    session.execute(update(Attempt).values(started_at=datetime.now(UTC) - timedelta(minutes=30, seconds=5)))
    session.commit()
    assert "Waktu percobaan ini sudah habis" in text(sari.get(attempt))
    grant(as_person("dewi"), cast, minutes="15")
    assert "Sisa waktu 15 menit" in text(sari.get(attempt))


def test_a_grant_is_taken_back_with_two_zeros(as_person: Any, cast: Cast, session: Any) -> None:
    dewi = as_person("dewi")
    grant(dewi, cast, attempts="1")
    filled = dewi.get(grant_address(cast))
    assert 'name="kuis-attempts"' in filled.get_data(as_text=True)
    assert 'value="Jaringan kantor padam"' in filled.get_data(as_text=True)
    grant(dewi, cast)
    assert look(session, select(Allowance.extra_attempts)) == []
    assert "Belum ada kelonggaran" in text(dewi.get(GRANTS))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"minutes": "1441"}, "1.440 menit"),
        ({"minutes": "-5"}, "bilangan bulat"),
        ({"minutes": "lima"}, "bilangan bulat"),
        ({"minutes": "9" * 30}, "bilangan bulat"),
        ({"attempts": "21"}, "paling banyak 20 kali"),
        ({"minutes": "5", "reason": "  "}, "Tulis alasan"),
        ({"minutes": "5", "reason": "x" * 301}, "paling panjang 300"),
    ],
)
def test_bad_grants_are_told_and_nothing_is_written(
    as_person: Any, cast: Cast, session: Any, fields: dict[str, str], words: str
) -> None:
    sent = grant(as_person("dewi"), cast, **fields)
    assert sent.status_code == 400
    assert words in text(sent)
    assert look(session, select(Allowance.extra_minutes)) == []


def test_nobody_grants_themselves_anything(as_person: Any, cast: Cast, session: Any) -> None:
    enrolment = Enrolment(
        cohort_id=cast.cohort_id, person_id=cast.people["dewi"], enrolled_at=datetime.now(UTC)
    )
    session.add(enrolment)
    session.commit()
    sent = as_person("dewi").post(
        f"{GRANTS}/{enrolment.id}", data={"scope": "kuis", "kuis-minutes": "5", "kuis-reason": "Ingin"}
    )
    assert sent.status_code == 400
    assert "oleh orang lain" in text(sent)


# A test before and one after


@pytest.fixture
def pretest(cast: Cast, session: Any) -> str:
    """The address of the front of a quiz that is the test before the sample quiz."""
    row = session.scalars(select(Item).where(Item.stable_id == QUIZ)).one()
    position = max(session.scalars(select(Item.position))) + 1
    quiz = msgspec.structs.replace(paper(row.definition).quiz, id="prates", title="Prates", pass_mark=0)
    session.add(
        Item(
            version_id=row.version_id,
            module=row.module,
            position=position,
            stable_id="prates",
            kind="quiz",
            title="Prates",
            minutes=5,
            source=row.source,
            definition=msgspec.json.encode(quiz).decode(),
        )
    )
    session.commit()
    change_quiz(pretest="prates")
    session.commit()
    course_models.forget_cached()
    return f"/kuis/{CODE}/prates"


def take_pretest(browser: Any, front: str, **answers: str) -> None:
    attempt = browser.post(f"{front}/mulai").location
    for question, value in answers.items():
        save_one(browser, attempt, question, value)
    browser.post(f"{attempt}/kumpulkan", data={"yakin": "1"})


def test_the_test_after_shows_what_was_gained(as_person: Any, pretest: str, count_statements: Any) -> None:
    sari, dewi = as_person("sari"), as_person("dewi")
    assert "Belum ada peserta yang memiliki nilai pada kedua kuis." in text(dewi.get(LIST))
    take_pretest(sari, pretest, angka="16,4")
    result = take(sari, 2)
    with count_statements() as counted:
        words = text(sari.get(result))
    assert len(counted) <= 8, counted.statements
    # 20 before, 60 after: 40 of the 80 that could still be gained
    assert "Peningkatan dari Prates Nilai sebelum 20,0 Nilai sesudah 60,0 Selisih +40,0 poin" in words
    assert "⟨g⟩ 0,50" in words
    take_pretest(as_person("budi"), pretest)
    with count_statements() as counted:
        words = text(dewi.get(LIST))
    assert len(counted) <= 7, counted.statements
    assert "1 peserta mengerjakan keduanya." in words
    assert "Rata-rata sebelum 20,0 Rata-rata sesudah 60,0" in words


def test_without_the_test_before_there_is_no_gain(as_person: Any, pretest: str) -> None:
    assert "Peningkatan" not in text(as_person("sari").get(take(as_person("sari"), 4)))


def test_a_first_grade_of_100_has_no_share(as_person: Any, pretest: str, session: Any) -> None:
    sari = as_person("sari")
    take_pretest(sari, pretest, angka="16,4")
    session.execute(update(Attempt).values(points=db.text("max_points")))
    session.commit()
    words = text(sari.get(take(sari, 4)))
    assert "tidak dihitung, karena nilai sebelumnya sudah 100" in words
