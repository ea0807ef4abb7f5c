"""Essays: read as written, marked by people, never scored by us."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from lms.quizzes.kinds.essay import Essay
from lms.quizzes.models import Answer, read_value
from lms.quizzes.scoring import score
from lms.quizzes.source import Quiz, parse, print_quiz
from tests.quizzes.answers import change_quiz
from tests.quizzes.test_views import begin, fields, text

HEAD = "---\nkind: quiz\ntitle: Kuis\nminutes: 10\n---\n"
ESSAY = Essay(id="esai", prompt="Jelaskan.", points=Decimal(5), least=3, most=6, explanation="Lihat bab 2.")
QUIZ = Quiz(title="K", id="k", minutes=5, questions=(ESSAY, Essay(id="lain", prompt="Lagi.")))


def read(body: str) -> Essay:
    quiz, problems = parse(HEAD + body, "kuis.md")
    assert problems == []
    assert quiz is not None
    (question,) = quiz.questions
    assert isinstance(question, Essay)
    assert parse(print_quiz(quiz), "kuis.md") == (quiz, [])
    return question


def wrong(body: str) -> list[tuple[int, str]]:
    quiz, problems = parse(HEAD + body, "kuis.md")
    assert quiz is None
    return [(each.line, each.message) for each in problems]


class TestReading:
    def test_all_that_can_be_written(self) -> None:
        essay = read(
            "## Jelaskan. {#esai points=5 rubric=rubrik-esai.yml words=50..300}\n\n1. Satu\n2. Dua\n\n____\n\n> Kunci\n"
        )
        assert essay == Essay(
            id="esai",
            prompt="Jelaskan.\n\n1. Satu\n2. Dua",
            points=Decimal(5),
            explanation="Kunci",
            rubric="rubrik-esai",
            least=50,
            most=300,
        )

    @pytest.mark.parametrize(
        ("written", "least", "most"),
        [("", 0, None), (" words=50..", 50, None), (" words=..300", 0, 300), (" words=5..5", 5, 5)],
    )
    def test_how_long(self, written: str, least: int, most: int | None) -> None:
        essay = read(f"## A {{#a{written}}}\n________\n")
        assert (essay.least, essay.most) == (least, most)

    @pytest.mark.parametrize(
        ("body", "line", "part"),
        [
            ("## A {#a words=banyak}\n____\n", 6, "`words`"),
            ("## A {#a words=..}\n____\n", 6, "`words`"),
            ("## A {#a words=300..50}\n____\n", 6, "dari kecil ke besar"),
            ("## A {#a words=10..9000}\n____\n", 6, "paling banyak 2000"),
            ("## A {#a words=9000..}\n____\n", 6, "paling banyak 2000"),
            ("## A {#a rubric}\n____\n", 6, "`rubric` harus"),
            ("## A {#a partial}\n____\n", 6, "`partial` tidak dikenal pada soal jenis ini"),
            ("## A {#a}\n____\nSesudahnya\n", 8, "Sesudah garis esai"),
            ("## {#a}\n____\n", 6, "Judul soal kosong"),
        ],
    )
    def test_problems(self, body: str, line: int, part: str) -> None:
        assert line in [each[0] for each in wrong(body) if part in each[1]], wrong(body)


class TestAnswering:
    def test_text_is_kept_as_typed(self) -> None:
        assert ESSAY.read(["  Baris satu\r\n\r\n- dua\t🙂\x00\x07\n"]) == "Baris satu\n\n- dua\t🙂"
        assert ESSAY.read(["", "kedua"]) == "kedua"
        assert ESSAY.read(["x" * 50_000]) == "x" * 20_000

    @pytest.mark.parametrize("values", [[], [""], [" \r\n\t"], ["\x00"]])
    def test_nothing_is_no_answer(self, values: list[str]) -> None:
        assert ESSAY.read(values) is None

    def test_too_short_and_too_long_are_asked_about(self) -> None:
        assert "paling sedikit" in str(ESSAY.doubt("dua kata").message)  # type: ignore[union-attr]
        assert "paling banyak" in str(ESSAY.doubt("satu dua tiga empat lima enam tujuh").message)  # type: ignore[union-attr]
        for fine in ("satu dua tiga", "", None, ["a"]):
            assert ESSAY.doubt(fine) is None


class TestScoring:
    def test_an_answer_waits_until_it_is_marked(self) -> None:
        found = score(QUIZ, {"esai": "jawaban", "lain": " "})
        assert (found.points, found.max, found.pending) == (0, 6, ("esai",))
        assert ESSAY.outcome("jawaban") == "waiting"
        marked = score(QUIZ, {"esai": "jawaban", "lain": "x"}, marks={"esai": Fraction(1, 2)})
        assert (marked.points, marked.pending) == (Decimal("2.5"), ("lain",))
        assert score(QUIZ, {"esai": "jawaban"}, ["lain"]).pending == ()

    def test_a_blank_one_earns_nothing_and_waits_for_nobody(self) -> None:
        found = score(QUIZ, {}, marks={"esai": Fraction(1)})
        assert (found.points, found.pending) == (0, ())
        assert ESSAY.outcome(None) == "blank"

    @pytest.mark.parametrize(("share", "points"), [(Fraction(-3), 0), (Fraction(7), 5)])
    def test_marks_stay_within_bounds(self, share: Fraction, points: int) -> None:
        assert score(QUIZ, {"esai": "jawaban"}, marks={"esai": share}).points == points

    @pytest.mark.parametrize(
        ("share", "outcome"), [(Fraction(0), "wrong"), (Fraction(1, 3), "partly"), (Fraction(1), "right")]
    )
    def test_a_mark_in_a_word(self, share: Fraction, outcome: str) -> None:
        assert ESSAY.outcome("jawaban", share) == outcome

    def test_stored_and_read_again_it_is_the_same(self) -> None:
        assert msgspec.json.decode(msgspec.json.encode(QUIZ), type=Quiz) == QUIZ


NASTY = "<script>alert(1)</script> **tebal**\n\n[x](javascript:alert(1))"


def test_the_whole_way(as_person: Any, session: Any) -> None:
    change_quiz(questions=(ESSAY,))
    session.commit()
    sari = as_person("sari")
    attempt = begin(sari)
    page = text(sari.get(attempt))
    for words in ("Jelaskan.", "Tulis 3 sampai 6 kata.", "dinilai oleh fasilitator", "0 kata"):
        assert words in page
    response = sari.post(f"{attempt}/kumpulkan", data=fields(sari, attempt) | {"answer.esai": "\r\nDua kata"})
    assert response.location.endswith("/ringkasan")
    assert "Tulisan Anda 2 kata; yang diminta paling sedikit 3 kata." in text(sari.get(response.location))
    asked = sari.get(attempt)
    assert "\nDua kata</textarea>" in asked.get_data(as_text=True)
    response = sari.post(
        f"{attempt}/kumpulkan", data=fields(sari, attempt) | {"answer.esai": NASTY, "yakin": "1"}
    )
    assert response.location == f"{attempt}/hasil"
    assert [read_value(each) for each in session.scalars(select(Answer.value).order_by(Answer.id))] == [
        "Dua kata",
        NASTY,
    ]
    page = sari.get(response.location)
    assert "Menunggu penilaian" in text(page)
    assert "Lihat bab 2." in text(page)
    html = page.get_data(as_text=True)
    assert "<strong>tebal</strong>" in html
    assert "<script>alert" not in html
    assert 'href="javascript' not in html
