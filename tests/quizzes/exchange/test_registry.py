"""Formats told apart, and nothing that is sent ever dropped without a word."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms.quizzes.exchange.registry import READ, id_for, names, quiz_from
from lms.quizzes.source import parse
from lms.refusals import Refused
from tests.quizzes.exchange import test_moodle, test_qti12, test_qti21
from tests.quizzes.exchange.reading import FILE, imported, losses
from tests.quizzes.exchange.test_hostile import zipped

GIFT = "::a::Satu?{\n=benar\n~salah}\n\n1. Dua?{=x}\n"
GIFT_LINES = "1. Soal{\n= benar\n~ salah\n}\n"
AIKEN = "Satu?\nA. a\nB. b\nANSWER: A\n\nDua?\nA) a\nB) b\nANSWER: B\n"
TEXT2QTI = "1. Berapa $\\frac{1}{2}$?\n*a) x\nb) y\n... umpan\n\n2. Jelaskan\n____\n\n3. Angka\n= 5\n"
MOODLE = test_moodle.quiz(
    test_moodle.asked("essay", "<hint><text>x</text></hint>"),
    test_moodle.asked("multichoice", test_moodle.answer("100", "a") + test_moodle.answer("0", "b", "c")),
)
QTI12 = test_qti12.quiz(
    test_qti12.item(test_qti12.choice("a", "b"), test_qti12.rule(test_qti12.equal("0"))),
    test_qti12.item("", "", "text_only_question"),
)
QTI21 = test_qti21.item(test_qti21.declared("single", "A"), test_qti21.choices("a", "b"))
SAMPLES = {
    "GIFT": GIFT,
    "Aiken": AIKEN,
    "text2qti": TEXT2QTI,
    "Moodle XML": MOODLE,
    "QTI 1.2": QTI12,
    "QTI 2.1": QTI21,
}


@pytest.mark.parametrize(("title", "content"), [*SAMPLES.items(), ("GIFT", GIFT_LINES)])
def test_told_apart(title: str, content: str) -> None:
    assert imported(content).format == title
    assert title in dict(names(READ)).values()
    if title.startswith("QTI"):
        assert imported(zipped({"a/b.xml": content.encode()}), "x.zip").format == title


def test_a_format_that_is_asked_for() -> None:
    assert imported(AIKEN, form="gift").format == "GIFT"
    with pytest.raises(Refused):
        imported(AIKEN, form="tidak-ada")


@pytest.mark.parametrize(
    "content", [b"Hanya catatan.", zipped({"a.txt": b"x"}), b"<html><p>x</p></html>", b"// {=a}\n"]
)
def test_what_nobody_claims_or_holds_no_question(content: bytes) -> None:
    with pytest.raises(Refused):
        quiz_from("x", content)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Kuis Awal.xml", "kuis-awal"),
        ("03-kuis.gift.txt", "kuis-gift"),
        ("???.txt", "kuis-impor"),
        ("x" * 200, "x" * 60),
        ("", "kuis-impor"),
    ],
)
def test_ids_of_files(name: str, found: str) -> None:
    assert id_for(name) == found


@pytest.mark.parametrize("title", SAMPLES)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damage_is_refused_or_told_and_every_question_is_somewhere(title: str, data: st.DataObject) -> None:
    text = SAMPLES[title]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        more = data.draw(
            st.sampled_from(
                ["", "", "-->", "## x {#x}\n", "{", "}", "\n\n", "<", "&lt;!--", "```\n", "é", "\t", "= "]
            )
        )
        text = text[:at] + more + text[at + data.draw(st.integers(0, 12)) :]
    form = {"GIFT": "gift", "Aiken": "aiken", "text2qti": "text2qti"}.get(title, "")
    try:
        found = imported(text, form=form)
    except Refused:
        return
    kept = [
        loss for loss in found.losses if loss.message.endswith("disimpan sebagai komentar") and loss.numbers
    ]
    comments = set(re.findall(r"^<!-- Soal (\d+): ", found.markdown, re.MULTILINE))
    gone = {str(number) for loss in kept for number in loss.numbers} & comments
    assert found.written + len(gone) >= found.asked
    quiz, problems = parse(found.markdown, FILE)
    assert [problem for _, problem in found.problems] == sorted(problems)
    assert (quiz is None) == bool(found.problems)
    if quiz is not None:
        assert len(quiz.questions) == found.written
    assert all(loss.startswith(("Soal ", "Kuis: ")) for loss in losses(found))
