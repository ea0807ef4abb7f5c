"""The pages of a quiz: front, attempt, result; as browsers with and without our module use them."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from lms.courses.models import Enrolment, GradeEntry, Progress, Schedule
from lms.quizzes.models import Answer, Attempt, AttemptEvent
from tests import page_checks
from tests.cast import CODE, OTHER, Cast
from tests.conftest import Browser
from tests.quizzes.answers import RIGHT, WRONG, change_quiz

FRONT = f"/kuis/{CODE}/kuis-uji"
START = f"{FRONT}/mulai"
SECRETS = (
    *("Bukan ini", "Ya, ini", "Juga bukan", "Alfa termasuk", "Gama tidak termasuk", "Penjelasan soal"),
    *("16,4", "16.4", "16,2", "16.2", "Kajian Lingkungan", "right", "feedback", "accepts", "benar"),
)


def begin(browser: Browser) -> str:
    """The address of a new, or the running, attempt; through the real form where there is one."""
    front = browser.get(FRONT)
    if START in front.get_data(as_text=True):
        response = browser.submit_form(front, START)
    else:
        response = browser.post(START)
    assert response.status_code == 303
    assert re.fullmatch(r"/kuis/percobaan/\d+", response.location)
    return str(response.location)


def save_address(attempt: str) -> str:
    return f"{attempt}/jawaban"


def fields(browser: Browser, attempt: str) -> dict[str, Any]:
    """What a browser without JavaScript would post from the attempt's page as it stands."""
    return page_checks.form_fields(browser.get(attempt), save_address(attempt))


def save_one(browser: Browser, attempt: str, question: str, value: Any, **more: Any) -> TestResponse:
    """One answer as the module sends it."""
    return browser.post_json(
        save_address(attempt), {f"seen.{question}": "0", f"answer.{question}": value} | more
    )


def answered(count: int) -> dict[str, Any]:
    return {f"answer.{name}": value for name, value in list(RIGHT.items())[:count]}


def look(session: Any, query: Any) -> list[Any]:
    """What the database holds now; lets go of it at once, because SQLite has one writer at a time."""
    found = list(session.scalars(query))
    session.rollback()
    session.expire_all()
    return found


def take(browser: Browser, count: int = 4) -> str:
    """A whole attempt with the first ``count`` questions right; the address of its result."""
    attempt = begin(browser)
    form = fields(browser, attempt) | answered(count) | {"yakin": "1"}
    response = browser.post(f"{attempt}/kumpulkan", data=form)
    assert (response.status_code, response.location) == (303, f"{attempt}/hasil")
    return str(response.location)


def text(response: TestResponse) -> str:
    """A page's words, without markup, spaces made single."""
    page = response.get_data(as_text=True).partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


# The front


def test_the_front_says_what_awaits(as_person: Any, count_statements: Any) -> None:
    sari = as_person("sari")
    sari.get(FRONT)
    with count_statements() as counted:
        page = text(sari.get(FRONT))
    assert len(counted) <= 5, counted.statements
    for words in (
        "Kuis uji",
        "4 soal, sekitar 5 menit",
        "Nilai ambang kelulusan 70",
        "0 dari 2 terpakai, sisa 2",
        "Nilai tertinggi dari semua percobaan",
        "Terlihat setelah percobaan dikumpulkan",
        "Mulai kuis",
    ):
        assert words in page


def test_the_front_of_a_running_attempt_leads_back_to_it(as_person: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    page = sari.get(FRONT)
    assert "Lanjutkan percobaan 1" in text(page)
    assert f'href="{attempt}"' in page.get_data(as_text=True)
    assert START not in page.get_data(as_text=True)


def test_the_front_lists_past_attempts(as_person: Any) -> None:
    sari = as_person("sari")
    failed, passed = take(sari, 1), take(sari, 4)
    page = sari.get(FRONT)
    assert failed in page.get_data(as_text=True)
    assert passed in page.get_data(as_text=True)
    words = text(page)
    assert "Nilai Anda 100" in words
    assert "✓ Lulus" in words
    assert "Semua percobaan Anda sudah terpakai." in words
    assert "Hubungi fasilitator" not in words
    assert START not in page.get_data(as_text=True)


def test_whoever_used_up_all_attempts_is_told_whom_to_ask(as_person: Any) -> None:
    sari = as_person("sari")
    take(sari, 0)
    assert "Anda boleh mencoba lagi, sisa 1 percobaan." in text(sari.get(FRONT))
    result = take(sari, 1)
    for address in (FRONT, result):
        assert "Hubungi fasilitator angkatan Anda" in text(sari.get(address))


@pytest.mark.parametrize("name", ["dewi", "ratna"])
def test_others_see_the_front_without_a_start(as_person: Any, name: str) -> None:
    page = as_person(name).get(FRONT)
    assert page.status_code == 200
    assert START not in page.get_data(as_text=True)
    assert "tanpa mengerjakannya" in text(page)
    assert "sisa" not in text(page)


def test_a_locked_quiz_names_what_comes_first(as_person: Any, session: Any, cast: Cast) -> None:
    change_quiz(requires=("lanjut",))
    session.commit()
    sari = as_person("sari")
    page = sari.get(FRONT)
    assert "Terkunci" in text(page)
    assert f'href="/belajar/{CODE}/lanjut"' in page.get_data(as_text=True)
    assert START not in page.get_data(as_text=True)
    refused = sari.post(START)
    assert refused.location == FRONT
    assert "masih terkunci" in text(sari.get(FRONT))
    assert look(session, select(func.count(Attempt.id))) == [0]


@pytest.mark.parametrize(("days", "words"), [(2, "Kuis ini dibuka"), (-2, "sudah ditutup")])
def test_outside_its_dates_a_quiz_does_not_begin(
    as_person: Any, session: Any, cast: Cast, days: int, words: str
) -> None:
    moment = datetime.now(UTC) + timedelta(days=days)
    early = days > 0
    session.add(
        Schedule(
            cohort_id=cast.cohort_id,
            stable_id="kuis-uji",
            opens_at=moment if early else None,
            due_at=None if early else moment,
        )
    )
    session.commit()
    sari = as_person("sari")
    page = sari.get(FRONT)
    assert words in text(page)
    assert START not in page.get_data(as_text=True)
    assert sari.post(START).location == FRONT
    assert look(session, select(func.count(Attempt.id))) == [0]


def test_the_front_of_a_quiz_of_many_rules(as_person: Any, session: Any) -> None:
    change_quiz(pass_mark=0, attempts=None, grade="average", feedback="never")
    session.commit()
    sari = as_person("sari")
    words = text(sari.get(FRONT))
    assert "Tidak dibatasi" in words
    assert "Nilai rata-rata semua percobaan" in words
    assert "Tidak diperlihatkan" in words
    assert "ambang" not in words
    result = take(sari, 0)
    assert "tidak memiliki nilai ambang" in text(sari.get(result))
    assert "Sudah dikumpulkan" in text(sari.get(FRONT))


def test_the_front_in_english(as_person: Any) -> None:
    sari = as_person("sari")
    sari.post("/bahasa", data={"language": "en", "back": FRONT})
    assert sari.get(FRONT).status_code == 200
    attempt = begin(sari)
    assert 'lang="id">Pilih satu' in sari.get(attempt).get_data(as_text=True)
    assert sari.get(take(sari)).status_code == 200


# Without JavaScript, from the front to the grade


def test_the_whole_way_with_real_forms(as_person: Any, session: Any, cast: Cast) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    page = sari.get(attempt)
    assert "0 dari 4 terjawab" in text(page)
    saved = sari.submit_form(page, save_address(attempt), **{"answer.satu": WRONG, "answer.angka": "16.4"})
    assert (saved.status_code, saved.location) == (303, attempt)
    page = sari.get(attempt)
    assert "Jawaban Anda tersimpan pukul" in text(page)
    assert "2 dari 4 terjawab" in text(page)
    assert f'value="{WRONG}" checked' in page.get_data(as_text=True)
    assert 'value="16.4"' in page.get_data(as_text=True)
    form = page_checks.form_fields(page, save_address(attempt))
    form |= {"answer.satu": RIGHT["satu"], "answer.beberapa": RIGHT["beberapa"]}
    asked = sari.post(save_address(attempt), data=form | {"ke": "ringkasan"})
    assert asked.location == f"{attempt}/ringkasan"
    check = sari.get(asked.location)
    assert "Belum dijawab Soal 4" in text(check)
    assert f'href="{attempt}#soal-4"' in check.get_data(as_text=True)
    sari.submit_form(sari.get(attempt), save_address(attempt), **{"answer.singkat": "klhs"})
    check = sari.get(asked.location)
    assert "Semua soal sudah dijawab" in text(check)
    done = sari.submit_form(check, f"{attempt}/kumpulkan", yakin="1")
    assert done.location == f"{attempt}/hasil"
    words = text(sari.get(done.location))
    assert "4 dari 5 poin (80%)" in words
    assert "✓ Lulus" in words
    entry = look(session, select(GradeEntry))[0]
    assert (entry.points, entry.state) == (Decimal(80), "released")
    (progress,) = look(session, select(Progress))
    assert (progress.enrolment_id, progress.stable_id) == (cast.enrolments["sari"], "kuis-uji")
    assert progress.completed_at is not None
    values = look(session, select(Answer.value).where(Answer.question_id == "satu").order_by(Answer.id))
    assert values == [f'"{WRONG}"', f'"{RIGHT["satu"]}"'], "every save is kept"


def test_everything_answered_is_handed_in_at_once(as_person: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    response = sari.post(f"{attempt}/kumpulkan", data=fields(sari, attempt) | answered(4))
    assert response.location == f"{attempt}/hasil"


def test_boxes_can_be_emptied_without_javascript(as_person: Any, session: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    sari.submit_form(sari.get(attempt), save_address(attempt), **{"answer.beberapa": RIGHT["beberapa"]})
    assert "1 dari 4 terjawab" in text(sari.get(attempt))
    sari.submit_form(sari.get(attempt), save_address(attempt), **{"answer.beberapa": None})
    assert "0 dari 4 terjawab" in text(sari.get(attempt))


def test_two_tabs_lose_nothing(as_person: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    one, other = sari.get(attempt), sari.get(attempt)
    sari.submit_form(one, save_address(attempt), **{"answer.angka": "1", "answer.satu": WRONG})
    sari.submit_form(other, save_address(attempt), **{"answer.singkat": "KLHS"})
    page = sari.get(attempt)
    assert "3 dari 4 terjawab" in text(page)
    for value in ('value="1"', 'value="KLHS"', f'value="{WRONG}" checked'):
        assert value in page.get_data(as_text=True)


@pytest.mark.parametrize("number", ["16,4", "16.4", " 16,40 ", "16,4 %", "16,5", "+16.3"])
def test_decimals_of_both_languages_count(as_person: Any, session: Any, number: str) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    form = fields(sari, attempt) | {"answer.angka": number, "yakin": "1"}
    sari.post(f"{attempt}/kumpulkan", data=form)
    assert look(session, select(Attempt))[0].points == 1


def test_a_number_with_two_readings_is_asked_about(as_person: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    saved = save_one(sari, attempt, "angka", "1.234")
    assert "1234 atau 1,234" in saved.json["doubts"]["angka"]
    page = sari.get(attempt)
    assert "1234 atau 1,234" in text(page)
    form = page_checks.form_fields(page, save_address(attempt)) | answered(2) | {"answer.singkat": "x"}
    asked = sari.post(f"{attempt}/kumpulkan", data=form)
    assert asked.location == f"{attempt}/ringkasan"
    words = text(sari.get(asked.location))
    assert "Soal 3 : “1.234” dapat berarti" in words
    assert "Belum dijawab" not in words
    assert "Tetap kumpulkan" in words


# With the module


def test_each_answer_is_saved_as_it_is_given(as_person: Any, session: Any, count_statements: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    save_one(sari, attempt, "satu", WRONG)
    token = {"csrf_token": sari.csrf_token()}
    with count_statements() as counted:
        response = save_one(sari, attempt, "satu", RIGHT["satu"], **token)
    assert len(counted) <= 3, counted.statements
    assert response.status_code == 200
    assert response.json["saved"] == {"satu": 2}
    assert response.json["doubts"] == {"satu": ""}
    assert response.json["older"] == []
    assert re.fullmatch(r"Tersimpan otomatis \d\d\.\d\d WIB", response.json["message"])
    assert response.headers["Cache-Control"] == "private, no-store"
    assert f'value="{RIGHT["satu"]}" checked' in sari.get(attempt).get_data(as_text=True)


def test_what_was_kept_offline_comes_together(as_person: Any, session: Any, count_statements: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    save_one(sari, attempt, "angka", "2")
    late = {"csrf_token": sari.csrf_token(), "seen.satu": "0", "answer.satu": WRONG, "ago.satu": "1000"}
    late |= {"seen.angka": "0", "answer.angka": "1", "ago.angka": "99999999"}
    with count_statements() as counted:
        response = sari.post_json(save_address(attempt), late)
    assert len(counted) <= 5, counted.statements
    assert response.json["saved"] == {"satu": 2, "angka": 1}
    assert response.json["older"] == ["angka"]
    assert look(session, select(func.count(Answer.id))) == [3]


def test_a_late_answer_does_not_replace_a_newer_one(as_person: Any, session: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    session.execute(update(Attempt).values(started_at=datetime.now(UTC) - timedelta(hours=1)))
    session.commit()
    save_one(sari, attempt, "angka", "2")
    assert save_one(sari, attempt, "angka", "1", **{"ago.angka": "600000"}).json["older"] == ["angka"]
    page = sari.get(attempt).get_data(as_text=True)
    assert 'name="answer.angka" value="2"' in page


def test_pages_count_their_statements(as_person: Any, count_statements: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    for at in range(12):
        save_one(sari, attempt, "angka", str(at))
    sari.get(attempt)
    with count_statements() as counted:
        sari.get(attempt)
    assert len(counted) == 3, counted.statements
    with count_statements() as counted:
        sari.get(f"{attempt}/ringkasan")
    assert len(counted) == 3, counted.statements
    form = fields(sari, attempt) | answered(4)
    with count_statements() as counted:
        sari.post(f"{attempt}/kumpulkan", data=form)
    assert len(counted) <= 9, counted.statements
    with count_statements() as counted:
        sari.get(f"{attempt}/hasil")
    assert len(counted) <= 7, counted.statements


# The key


def test_nothing_of_the_key_is_in_a_page_before_handing_in(as_person: Any) -> None:
    sari = as_person("sari")
    pages = [sari.get(FRONT)]
    attempt = begin(sari)
    pages.append(sari.get(attempt))
    replies = [save_one(sari, attempt, name, value) for name, value in RIGHT.items() if name == "satu"]
    pages += [sari.get(f"{attempt}/ringkasan"), sari.get(f"{attempt}/hasil"), sari.get(FRONT)]
    for page in pages + replies:
        source = page.get_data(as_text=True)
        for secret in SECRETS:
            assert secret not in source, (page.request.path, secret)


def test_the_result_tells_right_wrong_and_why(as_person: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    form = fields(sari, attempt) | {"answer.satu": WRONG, "answer.beberapa": RIGHT["beberapa"][0]}
    form |= {"answer.angka": "3", "yakin": "1"}
    sari.post(f"{attempt}/kumpulkan", data=form)
    words = text(sari.get(f"{attempt}/hasil"))
    assert "0 dari 5 poin (0%)" in words
    assert "✗ Belum lulus" in words
    assert "Benar" in words
    for told in (
        "Salah Jawaban Anda, tidak tepat Bukan ini.",
        "Benar Jawaban yang benar Ya, ini.",
        "Alfa Jawaban Anda, benar Alfa termasuk.",
        "Beta Jawaban yang benar Beta termasuk.",
        "Gama Gama tidak termasuk.",
        "Jawaban Anda 3 Jawaban yang benar 16,4 ± 0,2",
        "Jawaban Anda tidak dijawab Jawaban yang benar Kajian Lingkungan Hidup Strategis",
        *(f"Penjelasan soal {name}." for name in ("satu", "beberapa", "angka", "singkat")),
        "– Tidak dijawab",
    ):
        assert told in words, told


@pytest.mark.parametrize(
    ("rule", "right", "told"),
    [("each", 1, True), ("never", 4, False), ("passed", 1, False), ("passed", 4, True), ("closed", 4, False)],
)
def test_feedback_follows_the_rule(as_person: Any, session: Any, rule: str, right: int, told: bool) -> None:
    change_quiz(feedback=rule)
    session.commit()
    sari = as_person("sari")
    result = sari.get(take(sari, right))
    source = result.get_data(as_text=True)
    assert ("Penjelasan soal satu." in source) is told
    assert ("Ya, ini." in source) is told
    assert ("Jawaban yang benar" in source) is told
    assert "Jawaban Anda" in source
    if not told:
        main = source.partition("<main")[2]
        assert not re.search(r"told-(right|wrong|key)|tidak tepat|Jawaban Anda, benar|✓ Benar|✗ Salah", main)


def test_feedback_opens_when_the_quiz_closes(as_person: Any, session: Any, cast: Cast) -> None:
    change_quiz(feedback="closed")
    session.commit()
    sari = as_person("sari")
    result = take(sari, 4)
    assert "Kuis ditutup Kamis, 31 Desember 2099" in text(sari.get(result))
    session.add(Schedule(cohort_id=cast.cohort_id, stable_id="kuis-uji", due_at=datetime.now(UTC)))
    session.commit()
    assert "Penjelasan soal satu." in text(sari.get(result))


def test_a_score_just_below_the_mark_does_not_look_passed(as_person: Any, session: Any) -> None:
    change_quiz(pass_mark=60)
    session.commit()
    sari = as_person("sari")
    result = take(sari, 2)
    session.execute(update(Attempt).values(points=Decimal("59.996"), max_points=Decimal(100)))
    session.commit()
    words = text(sari.get(result))
    assert "(59,996%)" in words
    assert "✗ Belum lulus" in words


# Time


def out_of_time(session: Any, ago: timedelta) -> None:
    """Move the end of every running attempt to that long ago, and its answers to the minute before."""
    end = datetime.now(UTC) - ago
    before = end - timedelta(minutes=1)
    values = {"closes_at": end, "started_at": end - timedelta(minutes=30)}
    session.execute(update(Attempt).where(Attempt.submitted_at.is_(None)).values(**values))
    session.execute(update(Answer).values(given_at=before, saved_at=before))
    session.commit()


@pytest.fixture
def timed(cast: Cast, session: Any) -> None:
    change_quiz(limit=30, minutes=5)
    session.commit()


def test_a_quiz_with_a_limit_says_so_before_and_while_it_runs(timed: None, as_person: Any) -> None:
    sari = as_person("sari")
    words = text(sari.get(FRONT))
    assert "Begitu dimulai, Anda punya 30 menit." in words
    assert "Paling lama 30 menit untuk satu percobaan" in words
    assert "tanpa batas waktu" not in words
    attempt = begin(sari)
    page = sari.get(attempt)
    assert "batas waktu 30 menit" in text(page)
    assert "Sisa waktu 30 menit" in text(page)
    seconds = re.search(r'data-seconds="(\d+)"', page.get_data(as_text=True))
    assert seconds is not None
    assert 1700 < int(seconds[1]) <= 1800
    assert "Waktu percobaan ini berjalan terus sampai" in text(sari.get(FRONT))


def test_without_a_limit_there_is_no_clock(as_person: Any) -> None:
    sari = as_person("sari")
    assert "data-clock" not in sari.get(begin(sari)).get_data(as_text=True)


def test_when_the_time_is_over_pages_say_so_and_write_nothing(
    timed: None, as_person: Any, session: Any
) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    save_one(sari, attempt, "angka", "16,4")
    for ago in (timedelta(seconds=5), timedelta(hours=2)):
        out_of_time(session, ago)
        page = sari.get(attempt)
        assert "Waktu percobaan ini sudah habis" in text(page)
        assert "1 soal terjawab" in text(page)
        assert "Tutup dan lihat hasil" in text(page)
        assert 'name="answer.' not in page.get_data(as_text=True)
        assert "Waktu percobaan 1 sudah habis" in text(sari.get(FRONT))
        assert sari.get(f"{attempt}/hasil").location == attempt
    assert look(session, select(Attempt.submitted_at)) == [None]


@pytest.mark.parametrize(("ago", "by"), [(timedelta(seconds=5), "learner"), (timedelta(hours=2), "clock")])
def test_whoever_comes_back_too_late_closes_the_attempt_without_being_asked(
    timed: None, as_person: Any, session: Any, ago: timedelta, by: str
) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    save_one(sari, attempt, "angka", "16,4")
    out_of_time(session, ago)
    for address in (attempt, FRONT):
        assert f'action="{attempt}/kumpulkan"' in sari.get(address).get_data(as_text=True)
    closed = sari.submit_form(sari.get(attempt), f"{attempt}/kumpulkan")
    assert (closed.status_code, closed.location) == (303, f"{attempt}/hasil")
    assert look(session, select(Attempt.closed_by)) == [by]
    words = text(sari.get(f"{attempt}/hasil"))
    assert "1 dari 5 poin" in words
    assert ("ditutup karena waktunya habis" in words) == (by == "clock")
    assert ("waktu habis" in text(sari.get(FRONT))) == (by == "clock")
    # the one who is left has another attempt
    assert "Mulai percobaan 2" in text(sari.get(FRONT))


def test_an_answer_on_its_way_when_the_time_ended_counts(timed: None, as_person: Any, session: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    form = fields(sari, attempt)
    out_of_time(session, timedelta(seconds=5))
    sent = save_one(sari, attempt, "angka", "16,4", **{"ago.angka": "8000"})
    assert (sent.status_code, sent.json["late"]) == (200, [])
    # without our module nobody can say when it was given
    sari.post(f"{attempt}/kumpulkan", data=form | {"answer.angka": "16,4", "answer.satu": RIGHT["satu"]})
    assert "2 dari 5 poin" in text(sari.get(f"{attempt}/hasil"))


@pytest.mark.parametrize("ago", [timedelta(seconds=10), timedelta(hours=2)])
def test_an_answer_after_the_end_is_kept_and_the_learner_is_told(
    timed: None, as_person: Any, session: Any, ago: timedelta
) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    out_of_time(session, ago)
    late = save_one(sari, attempt, "angka", "16,4", **{"ago.angka": "0"})
    assert (late.status_code, late.json["late"]) == (409, ["angka"])
    assert "tidak ikut dinilai" in late.json["message"]
    assert late.json["location"] == f"{attempt}/hasil"
    assert look(session, select(Answer.value)) == ['"16,4"']
    sari.post(f"{attempt}/kumpulkan", data={"yakin": "1"})
    words = text(sari.get(f"{attempt}/hasil"))
    assert "0 dari 5 poin" in words
    assert "1 jawaban tiba ketika sudah tidak dapat ikut dinilai" in words


def test_a_save_of_a_timed_quiz_is_few_statements(timed: None, as_person: Any, count_statements: Any) -> None:
    sari = as_person("sari")
    attempt, token = begin(sari), {"csrf_token": sari.csrf_token()}
    with count_statements() as counted:
        save_one(sari, attempt, "angka", "1", **token)
    assert len(counted) == 3, counted.statements
    sari.client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Windows NT 10.0) Firefox/132.0"
    for _ in range(2):
        with count_statements() as counted:
            save_one(sari, attempt, "angka", "2", **token)
        assert len(counted) == 4, counted.statements


def test_what_starts_saves_and_hands_in_is_in_the_log_with_its_address(as_person: Any, session: Any) -> None:
    sari = as_person("sari")
    sari.client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Linux; Android 10) Chrome/130.0 Mobile"
    attempt = begin(sari)
    save_one(sari, attempt, "angka", "1")
    sari.client.environ_base |= {
        "HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 10.0) Firefox/132.0",
        "REMOTE_ADDR": "203.0.113.9",
    }
    save_one(sari, attempt, "angka", "2")
    sari.post(f"{attempt}/kumpulkan", data=fields(sari, attempt) | {"yakin": "1"})
    found = session.execute(
        select(AttemptEvent.kind, AttemptEvent.device, AttemptEvent.address).order_by(AttemptEvent.id)
    ).all()
    assert [(row.kind, row.device.rpartition(", ")[0], row.address) for row in found] == [
        ("started", "Chrome, Android", "127.0.0.1"),
        ("opened", "Firefox, Windows", "203.0.113.9"),
        ("submitted", "Firefox, Windows", "203.0.113.9"),
    ]
    assert look(session, select(Answer.address).order_by(Answer.id)) == ["127.0.0.1", "203.0.113.9"]


def test_keys_are_not_told_while_somebody_still_has_extra_time(
    as_person: Any, session: Any, cast: Cast
) -> None:
    change_quiz(feedback="closed", attempts=1)
    session.commit()
    sari, budi = as_person("sari"), as_person("budi")
    result = take(sari, 4)
    begin(budi)
    moment = datetime.now(UTC) - timedelta(seconds=5)
    session.add(Schedule(cohort_id=cast.cohort_id, stable_id="kuis-uji", due_at=moment))
    session.execute(
        update(Attempt).where(Attempt.submitted_at.is_(None)).values(closes_at=moment + timedelta(hours=1))
    )
    session.commit()
    assert "Penjelasan soal" not in text(sari.get(result))
    out_of_time(session, timedelta(minutes=1))
    assert "Penjelasan soal" in text(sari.get(result))


# Handed in


def test_what_is_handed_in_stays(as_person: Any, session: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    form = fields(sari, attempt)
    sari.post(f"{attempt}/kumpulkan", data=form | answered(4))
    assert sari.get(attempt).location == f"{attempt}/hasil"
    for address in (save_address(attempt), f"{attempt}/kumpulkan"):
        again = sari.post(address, data=form | {"answer.satu": WRONG, "yakin": "1"})
        assert (again.status_code, again.location) == (303, f"{attempt}/hasil")
    assert "sudah dikumpulkan" in text(sari.get(f"{attempt}/hasil"))
    late = save_one(sari, attempt, "satu", WRONG)
    assert late.status_code == 409
    assert late.json["location"] == f"{attempt}/hasil"
    # what came too late is kept once, and counts for nothing
    assert look(session, select(Answer.question_id).order_by(Answer.id))[4:] == ["satu"]
    assert "1 jawaban tiba ketika sudah tidak dapat ikut dinilai" in text(sari.get(f"{attempt}/hasil"))
    assert look(session, select(func.count(GradeEntry.id))) == [1]


def test_the_result_of_a_running_attempt_leads_back(as_person: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    assert sari.get(f"{attempt}/hasil").location == attempt


def test_after_failing_one_may_go_on_or_try_again(as_person: Any) -> None:
    sari = as_person("sari")
    page = sari.get(take(sari, 1)).get_data(as_text=True)
    assert START in page
    assert f"/proyek/{CODE}/proyek-uji" in page
    begin(sari)
    running = text(sari.get("/kuis/percobaan/1/hasil"))
    assert "Lanjutkan percobaan 2" in running
    assert "Percobaan 2 sedang Anda kerjakan." in running
    assert "terpakai" not in running


def test_double_clicks_begin_and_hand_in_once(app: Flask, as_person: Any, session: Any) -> None:
    sari = as_person("sari")
    token = sari.csrf_token()

    def together(address: str, data: dict[str, Any]) -> list[str | None]:
        barrier = threading.Barrier(4)
        locations: list[str | None] = []

        def click() -> None:
            client = app.test_client()
            client.set_cookie("lms", sari.client.get_cookie("lms").value)
            barrier.wait()
            response = client.post(
                address, data=data | {"csrf_token": token}, headers={"Sec-Fetch-Site": "same-origin"}
            )
            locations.append(response.location)

        threads = [threading.Thread(target=click) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return locations

    begun = set(together(START, {}))
    assert len(begun) == 1
    (attempt,) = begun
    form = fields(sari, str(attempt)) | answered(4)
    assert set(together(f"{attempt}/kumpulkan", form)) == {f"{attempt}/hasil"}
    assert look(session, select(func.count(Attempt.id))) == [1]
    assert look(session, select(func.count(GradeEntry.id))) == [1]
    assert look(session, select(func.count(Answer.id))) == [4]


# Who may not


def addresses(attempt: str) -> list[tuple[str, str]]:
    return [
        ("get", FRONT),
        ("post", START),
        ("get", attempt),
        ("post", save_address(attempt)),
        ("get", f"{attempt}/ringkasan"),
        ("post", f"{attempt}/kumpulkan"),
        ("get", f"{attempt}/hasil"),
    ]


def ask(browser: Browser, method: str, address: str) -> TestResponse:
    return browser.get(address) if method == "get" else browser.post(address, data={})


def test_signed_out_everything_asks_to_sign_in(as_person: Any, browser: Browser, session: Any) -> None:
    attempt = begin(as_person("sari"))
    for method, address in addresses(attempt):
        response = ask(browser, method, address)
        assert response.status_code in (302, 303, 401), address
        assert "Pilih satu" not in response.get_data(as_text=True)
    assert look(session, select(func.count(Attempt.id))) == [1]


@pytest.mark.parametrize("name", ["tono", "wati", "hasan"])
def test_outsiders_find_nothing(as_person: Any, name: str) -> None:
    attempt = begin(as_person("sari"))
    for method, address in addresses(attempt):
        assert ask(as_person(name), method, address).status_code == 404, address


def test_an_attempt_is_its_owners_alone(as_person: Any, session: Any) -> None:
    attempt = begin(as_person("sari"))
    for method, address in addresses(attempt)[2:]:
        assert ask(as_person("budi"), method, address).status_code == 404, address
        for name in ("dewi", "ratna"):
            assert ask(as_person(name), method, address).status_code == 403, address
    for name in ("dewi", "ratna"):
        assert ask(as_person(name), "post", START).status_code == 403
    assert look(session, select(func.count(Answer.id))) == [0]


def test_whoever_was_removed_keeps_results_but_writes_no_more(
    as_person: Any, session: Any, cast: Cast
) -> None:
    sari = as_person("sari")
    result = take(sari)
    attempt = begin(sari)
    session.execute(
        update(Enrolment).where(Enrolment.id == cast.enrolments["sari"]).values(removed_at=datetime.now(UTC))
    )
    session.commit()
    page = sari.get(result)
    assert page.status_code == 200
    assert "Mulai percobaan" not in text(page)
    assert FRONT not in page.get_data(as_text=True).partition("<main")[2]
    assert sari.get(attempt).status_code == 403
    assert save_one(sari, attempt, "satu", WRONG).status_code == 403
    assert sari.get(FRONT).status_code == 404


# Nonsense


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"/kuis/{CODE}/tidak-ada", 404),
        (f"/kuis/{CODE}/pembuka", 404),  # a lesson
        (f"/kuis/{CODE}/rubrik-uji", 404),
        ("/kuis/tidak-ada/kuis-uji", 404),
        (f"/kuis/{OTHER}/kuis-uji", 404),
        ("/kuis/percobaan/999", 404),
        ("/kuis/percobaan/99999999999999999999999", 404),
        ("/kuis/percobaan/-1", 404),
        ("/kuis/percobaan/satu", 404),
        (f"/kuis/{CODE}/kuis-uji%00", 400),
    ],
)
def test_addresses_that_are_none(as_person: Any, address: str, status: int) -> None:
    assert as_person("sari").get(address).status_code == status


def test_methods(as_person: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    for address in (START, save_address(attempt), f"{attempt}/kumpulkan"):
        # /kuis/<code>/<item> reads the last two as a quiz that is not there; both answers write nothing
        assert sari.get(address).status_code in (404, 405), address
    for address in (FRONT, attempt, f"{attempt}/ringkasan", f"{attempt}/hasil"):
        assert sari.post(address).status_code == 405, address
        assert sari.other("put", address).status_code == 405
        assert sari.other("delete", address).status_code == 405


def test_without_a_token_nothing_is_written(as_person: Any, session: Any) -> None:
    sari = as_person("sari")
    assert sari.post(START, token=False).status_code == 400
    attempt = begin(sari)
    form = {"seen.singkat": "0", "answer.singkat": "jawaban yang panjang sekali"}
    for address in (save_address(attempt), f"{attempt}/kumpulkan"):
        kept = sari.post(address, data=form, token=False)
        assert kept.status_code == 400
        assert "jawaban yang panjang sekali" in kept.get_data(as_text=True), "what was typed is offered again"
    assert look(session, select(func.count(Answer.id))) == [0]


def test_answers_survive_an_ended_session(as_person: Any, browser: Browser, cast: Cast) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    form = fields(sari, attempt) | {"answer.singkat": "jawaban yang panjang sekali"}
    form.pop("csrf_token")
    response = browser.post(save_address(attempt), data=form)
    assert response.status_code == 401
    assert "kept" in response.get_data(as_text=True)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"seen.tidak-ada": "0", "answer.tidak-ada": "x"},
        {"answer.satu": WRONG},
        {"seen.": "", "answer.": "x"},
    ],
)
def test_questions_of_others_are_not_saved(as_person: Any, session: Any, form: dict[str, str]) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    assert sari.post_json(save_address(attempt), dict(form)).status_code == 400
    assert sari.post(save_address(attempt), data=dict(form)).status_code == 400
    assert look(session, select(func.count(Answer.id))) == [0]


@pytest.mark.parametrize(
    ("question", "value", "stored"),
    [
        ("satu", "tidak-ada", "null"),
        ("satu", [RIGHT["satu"], WRONG], "null"),
        ("beberapa", ["tidak-ada"], "null"),
        ("angka", "bukan angka", '"bukan angka"'),
        ("angka", "9" * 1_000_000, '"' + "9" * 40 + '"'),
        ("singkat", "x" * 1_000_000, '"' + "x" * 200 + '"'),
        ("singkat", "KL\0HS", '"KLHS"'),
        ("singkat", "\0", "null"),
        ("singkat", "<script>alert(1)</script>", '"<script>alert(1)</script>"'),
        ("singkat", "[a" * 4000, '"' + "[a" * 100 + '"'),
    ],
)
def test_nonsense_is_kept_within_bounds(
    as_person: Any, session: Any, question: str, value: Any, stored: str
) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    assert save_one(sari, attempt, question, value).status_code == 200
    assert look(session, select(Answer.value))[0] == stored
    assert "<script>alert" not in sari.get(attempt).get_data(as_text=True)
    form = fields(sari, attempt) | {"yakin": "1"}
    result = sari.post(f"{attempt}/kumpulkan", data=form)
    assert look(session, select(Attempt))[0].points == 0
    assert "<script>alert" not in sari.get(result.location).get_data(as_text=True)


@pytest.mark.parametrize("number", ["", "-1", "x", "1e9", "9" * 30, "٣", "1.5"])
def test_numbers_of_the_form_that_make_no_sense(as_person: Any, session: Any, number: str) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    response = save_one(sari, attempt, "angka", "1", **{"seen.angka": number, "ago.angka": number})
    assert response.status_code == 200
    both = {"seen.angka": number, "seen.singkat": number, "answer.singkat": "x", "ago.singkat": number}
    assert sari.post_json(save_address(attempt), both).status_code == 200


def test_too_much_is_refused_clearly(as_person: Any, session: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    assert save_one(sari, attempt, "singkat", "x" * 5_000_000).status_code == 413
    assert look(session, select(func.count(Answer.id))) == [0]
