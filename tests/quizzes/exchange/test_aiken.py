"""Aiken: options by letter, one answer."""

from __future__ import annotations

import pytest

from lms.quizzes.kinds.choice import Single
from tests.quizzes.exchange.reading import imported, losses, one, quiz_of


def test_a_question() -> None:
    question = one("Apa kepanjangan RKPD?\nA. Rencana *Kerja*\nB) Rencana Kas\nANSWER: A\n")
    assert isinstance(question, Single)
    assert question.prompt == "Apa kepanjangan RKPD?"
    assert [(each.text, each.right) for each in question.options] == [
        ("Rencana \\*Kerja\\*", True),
        ("Rencana Kas", False),
    ]


def test_several_on_several_lines() -> None:
    content = "Satu\nbaris dua\n\nA) a\nB) b\nANSWER: b\nA. Bukan pilihan?\nA) c\nB) d\nanswer: A"
    quiz = quiz_of(imported(content, form="aiken"))
    assert [each.prompt for each in quiz.questions] == ["Satu\n\nbaris dua", "A. Bukan pilihan?"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("Soal\nA. a\nB. b\nANSWER: C", "`ANSWER: C` di baris 8 bukan salah satu pilihan"),
        ("Soal\nA. a\nB. b\nANSWER: A, B", "`ANSWER: A, B` di baris 8 bukan salah satu pilihan"),
        ("Soal\nA. a\nA. b\nANSWER: A", "huruf pilihan dipakai dua kali di soal pada baris 5"),
        ("Soal\nANSWER: A", "tidak ada pilihan di soal pada baris 5"),
        ("Soal\nA. a\nB. b", "tidak ada baris `ANSWER:` di soal pada baris 5"),
    ],
)
def test_kept_as_a_comment(content: str, reason: str) -> None:
    found = imported(f"Awal\nA. a\nB. b\nANSWER: A\n{content}\n")
    found_lines = losses(found)
    assert found_lines == [f"Soal 2: {reason}, disimpan sebagai komentar"]
    assert content in found.markdown
    assert len(quiz_of(found).questions) == 1


def test_a_missing_answer_does_not_take_the_next_question_along() -> None:
    found = imported("Satu\nA. a\nB. b\nDua\nA. c\nB. d\nANSWER: B\n")
    assert losses(found) == [
        "Soal 1: tidak ada baris `ANSWER:` di soal pada baris 1, disimpan sebagai komentar"
    ]
    assert [each.prompt for each in quiz_of(found).questions] == ["Dua"]


def test_one_option_is_a_problem_of_its_question() -> None:
    found = imported("Satu\nA. a\nANSWER: A\n")
    assert [number for number, _ in found.problems] == [1]
