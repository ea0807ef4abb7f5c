"""Feedback on each question as soon as it is answered for good, and nothing of the key before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from lms.quizzes.models import Answer, AnswerLock, Attempt
from tests.quizzes.answers import RIGHT, WRONG, change_quiz
from tests.quizzes.test_views import FRONT, begin, fields, look, out_of_time, save_one, text

# what each question tells only once it may be seen
SECRETS = {
    "satu": ("Bukan ini", "Ya, ini", "Juga bukan", "Penjelasan soal satu"),
    "beberapa": ("Alfa termasuk", "Beta termasuk", "Gama tidak termasuk", "Penjelasan soal beberapa"),
    "angka": ("16,4", "Penjelasan soal angka"),
    "singkat": ("Kajian Lingkungan Hidup Strategis", "Penjelasan soal singkat"),
}


@pytest.fixture
def attempt(as_person: Any, session: Any) -> str:
    """Sari's running attempt at a quiz that gives feedback on each question."""
    change_quiz(feedback="each", limit=30)
    session.commit()
    return begin(as_person("sari"))


def check(browser: Any, attempt: str, question: str, **answers: Any) -> Any:
    form = fields(browser, attempt) | {f"answer.{name}": value for name, value in answers.items()}
    return browser.post(f"{attempt}/periksa", data=form | {"periksa": question})


def told(page: Any) -> set[str]:
    """The questions of which a page tells everything that it may tell once it may."""
    words = page.get_data(as_text=True)
    found = {name for name, secrets in SECRETS.items() if any(each in words for each in secrets)}
    for name in found:
        assert all(each in words for each in SECRETS[name]), name
    return found


def test_a_checked_question_is_told_and_no_other(attempt: str, as_person: Any, count_statements: Any) -> None:
    sari = as_person("sari")
    assert "Terlihat per soal" in text(sari.get(FRONT))
    page = sari.get(attempt)
    assert told(page) == set()
    assert text(page).count("Periksa jawaban :") == 4
    sent = check(sari, attempt, "satu", satu=WRONG)
    assert (sent.status_code, sent.location) == (303, attempt)
    with count_statements() as counted:
        page = sari.get(attempt)
    assert len(counted) <= 6, counted.statements
    assert told(page) == {"satu"}
    assert "Jawaban Anda, tidak tepat" in text(page)
    assert 'name="seen.satu"' not in page.get_data(as_text=True)
    assert text(page).count("Periksa jawaban :") == 3
    assert "1 dari 4 terjawab" in text(page)
    check(sari, attempt, "singkat", singkat="entah")
    assert told(sari.get(attempt)) == {"satu", "singkat"}
    assert told(sari.get(f"{attempt}/ringkasan")) == set()


def test_saving_tells_nothing(attempt: str, as_person: Any) -> None:
    sari = as_person("sari")
    for name, value in RIGHT.items():
        assert told(save_one(sari, attempt, name, value)) == set()
    page = sari.get(attempt).get_data(as_text=True)
    for secrets in SECRETS.values():
        for each in secrets:
            assert each not in page.replace('value="16,4"', "").replace(
                'value="Kajian Lingkungan Hidup Strategis"', ""
            )


def test_what_was_checked_stays(attempt: str, as_person: Any, session: Any) -> None:
    sari = as_person("sari")
    old_tab = fields(sari, attempt)
    check(sari, attempt, "satu", satu=WRONG)
    late = save_one(sari, attempt, "satu", RIGHT["satu"])
    assert (late.status_code, late.json["late"]) == (409, ["satu"])
    assert "sudah diperiksa" not in text(sari.get(attempt)), "the page itself says nothing new"
    sari.post(f"{attempt}/jawaban", data=old_tab | {"answer.satu": RIGHT["satu"], "answer.angka": "16,4"})
    sari.post(f"{attempt}/kumpulkan", data={"yakin": "1"})
    words = text(sari.get(f"{attempt}/hasil"))
    assert "1 dari 5 poin" in words
    assert "1 jawaban tiba ketika sudah tidak dapat ikut dinilai" in words
    assert "Penjelasan soal beberapa" in words, "once handed in, everything may be seen"
    log = text(as_person("dewi").get(f"{attempt}/catatan"))
    assert "Jawaban soal 1 diperiksa dan tidak berubah lagi" in log
    assert "Jawaban soal 1 tiba ketika sudah tidak dapat ikut dinilai: “Benar”" in log


def test_checking_saves_the_whole_page(attempt: str, as_person: Any, session: Any) -> None:
    check(as_person("sari"), attempt, "satu", satu=WRONG, angka="7")
    assert sorted(look(session, select(Answer.question_id))) == ["angka", "satu"]
    assert look(session, select(AnswerLock.question_id)) == ["satu"]


def test_without_an_answer_there_is_nothing_to_check(attempt: str, as_person: Any, session: Any) -> None:
    sari = as_person("sari")
    assert check(sari, attempt, "satu", angka="7").status_code == 303
    assert "Jawab soal ini dahulu" in text(sari.get(attempt))
    assert look(session, select(AnswerLock.question_id)) == []
    assert look(session, select(Answer.question_id)) == ["angka"], "what came along is saved all the same"


@pytest.mark.parametrize("rule", ["submitted", "passed", "closed", "never"])
def test_other_rules_know_no_checking(as_person: Any, session: Any, rule: str) -> None:
    change_quiz(feedback=rule)
    session.commit()
    sari = as_person("sari")
    attempt = begin(sari)
    assert "Periksa jawaban" not in text(sari.get(attempt))
    check(sari, attempt, "satu", satu=WRONG)
    page = sari.get(attempt)
    assert told(page) == set()
    assert "tidak dapat diperiksa" in text(page)
    assert look(session, select(func.count(AnswerLock.at))) == [0]


@pytest.mark.parametrize("ago", [timedelta(seconds=5), timedelta(hours=1)])
def test_when_the_time_is_over_nothing_is_checked_any_more(
    attempt: str, as_person: Any, session: Any, ago: timedelta
) -> None:
    sari = as_person("sari")
    form = fields(sari, attempt) | {"answer.satu": WRONG, "ago.satu": "0", "periksa": "satu"}
    out_of_time(session, ago)
    sari.post(f"{attempt}/periksa", data=form)
    assert look(session, select(AnswerLock.question_id)) == []
    assert look(session, select(Answer.question_id)) == ["satu"]
    assert look(session, select(Attempt.closed_by)) == ["clock" if ago > timedelta(minutes=1) else ""]


@pytest.mark.parametrize("question", ["", "tidak-ada", "satu\n"])
def test_only_questions_of_the_attempt_are_checked(attempt: str, as_person: Any, question: str) -> None:
    assert as_person("sari").post(f"{attempt}/periksa", data={"periksa": question}).status_code == 400


@pytest.mark.parametrize(("name", "status"), [("budi", 404), ("dewi", 403), ("ratna", 403), ("tono", 404)])
def test_an_attempt_is_checked_by_whose_it_is(attempt: str, as_person: Any, name: str, status: int) -> None:
    assert as_person(name).post(f"{attempt}/periksa", data={"periksa": "satu"}).status_code == status


def test_checking_is_a_post(attempt: str, as_person: Any) -> None:
    assert as_person("sari").get(f"{attempt}/periksa").status_code == 405
