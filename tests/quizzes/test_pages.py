"""An attempt page by page: what each page asks, moving between them, flags, the summary; without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from lms.quizzes.models import Answer, AttemptFlag
from lms.quizzes.source import parse, print_quiz
from tests import page_checks
from tests.conftest import Browser
from tests.quizzes.answers import RIGHT, WRONG, change_quiz
from tests.quizzes.test_views import answered, begin, fields, look, save_address, save_one, text


def begin_paged(sari: Browser, session: Any, per_page: int = 1) -> str:
    change_quiz(per_page=per_page)
    session.commit()
    return begin(sari)


def press(browser: Browser, page: Any, attempt: str, to: str, **changes: Any) -> str:
    """Press a button that saves and moves on; where it leads."""
    response = browser.submit_form(page, save_address(attempt), ke=to, **changes)
    assert response.status_code == 303
    return str(response.location)


def test_one_question_on_each_page(as_person: Any, session: Any) -> None:
    sari = as_person("sari")
    attempt = begin_paged(sari, session)
    first = sari.get(attempt)
    assert "Soal 1 dari 4" in text(first)
    assert "<title>Soal 1 dari 4" in first.get_data(as_text=True)
    assert "Pilih satu" in text(first)
    assert "answer.beberapa" not in first.get_data(as_text=True)
    second = press(sari, first, attempt, "2", **{"answer.satu": RIGHT["satu"]})
    assert second == f"{attempt}?hal=2"
    page = sari.get(second)
    assert "Soal 2 dari 4" in text(page)
    assert "1 dari 4 terjawab" in text(page)
    last = sari.get(press(sari, page, attempt, "4", **{"answer.beberapa": RIGHT["beberapa"]}))
    assert "Selanjutnya" not in text(last)
    assert "2 dari 4 terjawab" in text(last)
    assert press(sari, last, attempt, "3") == f"{attempt}?hal=3"
    assert press(sari, last, attempt, "ringkasan", **{"answer.singkat": "klhs"}) == f"{attempt}/ringkasan"
    summary = sari.get(f"{attempt}/ringkasan")
    assert "3 dari 4 terjawab" in text(summary)
    assert f'href="{attempt}?hal=3"' in summary.get_data(as_text=True)


def test_a_few_questions_on_each_page(as_person: Any, session: Any) -> None:
    sari = as_person("sari")
    attempt = begin_paged(sari, session, 3)
    page = sari.get(attempt)
    assert "Soal 1–3 dari 4" in text(page)
    assert "Soal 4 dari 4" in text(sari.get(f"{attempt}?hal=2"))
    # saving stays, and says so; the others are reached over the map
    assert press(sari, page, attempt, "1", **{"answer.satu": WRONG}) == f"{attempt}?hal=1"
    page = sari.get(f"{attempt}?hal=1")
    assert "Jawaban Anda tersimpan" in text(page)
    assert press(sari, page, attempt, "4") == f"{attempt}?hal=2"
    page = sari.get(f"{attempt}?hal=2")
    assert "Jawaban Anda tersimpan" not in text(page)
    assert press(sari, page, attempt, "2") == f"{attempt}?hal=1#soal-2"


@pytest.mark.parametrize("page", ["0", "5", "-1", "x", "", "99999999999999999", "²"])
def test_pages_that_are_none_lead_to_what_is_open(as_person: Any, session: Any, page: str) -> None:
    sari = as_person("sari")
    attempt = begin_paged(sari, session)
    assert "Soal 1 dari 4" in text(sari.get(f"{attempt}?hal={page}"))
    save_one(sari, attempt, "satu", WRONG)
    save_one(sari, attempt, "angka", "1")
    assert "Soal 2 dari 4" in text(sari.get(f"{attempt}?hal={page}"))


@pytest.mark.parametrize("to", ["0", "5", "x", "", "9" * 30])
def test_buttons_that_lead_nowhere_save(as_person: Any, session: Any, to: str) -> None:
    sari = as_person("sari")
    attempt = begin_paged(sari, session)
    assert press(sari, sari.get(attempt), attempt, to, **{"answer.satu": WRONG}) == attempt
    assert look(session, select(func.count(Answer.id))) == [1]


def test_a_page_asked_twice_takes_nothing_back(as_person: Any, session: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    form = fields(sari, attempt) | {"answer.angka": "1"}
    sari.post(save_address(attempt), data=form)
    save_one(sari, attempt, "angka", "2", **{"seen.angka": "1"})
    sari.post(save_address(attempt), data=form)  # the browser heard no answer and sends it again
    assert 'name="answer.angka" value="2"' in sari.get(attempt).get_data(as_text=True)


# Flags


def test_a_question_is_flagged_for_later(as_person: Any, session: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    page = sari.get(attempt)
    press(sari, page, attempt, "1", **{"flag.angka": "1"})
    assert look(session, select(AttemptFlag.question_id)) == ["angka"]
    assert look(session, select(func.count(Answer.id))) == [0], "a flag is not an answer"
    page = sari.get(attempt)
    assert page_checks.form_fields(page, save_address(attempt))["flag.angka"] == "1"
    summary = text(sari.get(f"{attempt}/ringkasan"))
    assert "Ditandai untuk ditinjau lagi Soal 3" in summary
    press(sari, page, attempt, "1", **{"flag.angka": None})
    assert look(session, select(AttemptFlag.question_id)) == []
    assert "Ditandai untuk" not in text(sari.get(f"{attempt}/ringkasan"))


def test_an_old_page_leaves_the_flags_of_another_alone(as_person: Any, session: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    old = sari.get(attempt)
    press(sari, old, attempt, "1", **{"flag.angka": "1"})
    press(sari, old, attempt, "1", **{"flag.satu": "1"})
    assert sorted(look(session, select(AttemptFlag.question_id))) == ["angka", "satu"]


def test_the_module_flags_without_saving(as_person: Any, session: Any, count_statements: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    for _ in range(2):  # the second because the reply to the first was lost
        response = sari.post_json(save_address(attempt), {"flagged.satu": "0", "flag.satu": "1"})
        assert response.status_code == 200
        assert response.json["saved"] == {}
    assert look(session, select(AttemptFlag.question_id)) == ["satu"]
    sari.post_json(save_address(attempt), {"flagged.satu": "1", "flagged.unknown": "1"})
    assert look(session, select(AttemptFlag.question_id)) == []
    assert sari.post_json(save_address(attempt), {"flagged.satu": "1", "flag.satu": "1"}).status_code == 400


# The summary


def test_the_summary_hands_in_once(as_person: Any, session: Any) -> None:
    sari = as_person("sari")
    attempt = begin(sari)
    press(sari, sari.get(attempt), attempt, "1", **answered(3))
    summary = sari.get(f"{attempt}/ringkasan")
    assert "Tetap kumpulkan" in text(summary)
    for _ in range(2):
        done = sari.submit_form(summary, f"{attempt}/kumpulkan", yakin="1")
        assert done.location == f"{attempt}/hasil"
    assert sari.get(f"{attempt}/ringkasan").location == f"{attempt}/hasil"


# The format


def test_per_page_is_read_and_printed() -> None:
    source = "---\nkind: quiz\ntitle: Uji\nminutes: 5\nper_page: {}\n---\n## Apa? {{#apa}}\n= itu\n"
    quiz, problems = parse(source.format(2), "kuis.md")
    assert problems == []
    assert quiz is not None
    assert quiz.per_page == 2
    assert parse(print_quiz(quiz), "kuis.md")[0] == quiz
    for wrong in ("0", "-1", "banyak", "1.5"):
        nothing, problems = parse(source.format(wrong), "kuis.md")
        assert nothing is None
        assert [problem.line for problem in problems] == [5], wrong
