"""Ordering: steps as authors write them, never shown in their order, paid by the longest run."""

from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from lms.quizzes.kinds.ordering import Ordering, longest_run
from lms.quizzes.models import Answer, read_value
from lms.quizzes.scoring import drawn
from lms.quizzes.source import parse, print_quiz
from tests.quizzes.answers import change_quiz
from tests.quizzes.test_views import begin, fields, text

HEAD = "---\nkind: quiz\ntitle: Kuis\nminutes: 10\n---\n"
BODY = """\
## Urutkan tahapannya {#urut points=3}

1. Rancangan awal
2. Musrenbang {#musrenbang}
   tingkat kota

   - dengan catatan
3) **Rancangan akhir**
4. Penetapan

> Penjelasan urutan.
"""


def read(body: str = BODY) -> Ordering:
    quiz, problems = parse(HEAD + body, "kuis.md")
    assert problems == []
    assert quiz is not None
    (question,) = quiz.questions
    assert isinstance(question, Ordering)
    assert parse(print_quiz(quiz), "kuis.md") == (quiz, [])
    return question


def wrong(body: str) -> list[tuple[int, str]]:
    quiz, problems = parse(HEAD + body, "kuis.md")
    assert quiz is None
    return [(each.line, each.message) for each in problems]


URUT = read()
A, B, C, D = URUT.option_ids


def numbered(*steps: str) -> dict[str, str]:
    """An answer that puts the steps in this order."""
    return {step: str(number) for number, step in enumerate(steps, start=1)}


class TestReading:
    def test_steps_with_what_belongs_to_them(self) -> None:
        assert [each.text for each in URUT.steps] == [
            "Rancangan awal",
            "Musrenbang\ntingkat kota\n\n- dengan catatan",
            "**Rancangan akhir**",
            "Penetapan",
        ]
        assert URUT.explanation == "Penjelasan urutan."

    def test_ids_keep_when_steps_move_and_say_nothing(self) -> None:
        moved = read("## A {#urut}\n1. Penetapan\n2. Rapat {#musrenbang}\n3. Rancangan awal\n")
        assert moved.option_ids == (D, B, A)
        assert "musrenbang" not in URUT.option_ids

    def test_a_list_before_boxes_or_a_gap_is_no_order(self) -> None:
        for answer in ("- [x] A\n- [ ] B\n", "____\n", "- a => b\n- c => d\n", "= 5\n"):
            quiz, problems = parse(f"{HEAD}## A {{#a}}\n\n1. Satu\n2. Dua\n3. Tiga\n\n{answer}", "kuis.md")
            assert problems == []
            assert quiz is not None
            assert quiz.questions[0].kind != "ordering"

    @pytest.mark.parametrize(
        ("body", "line", "part"),
        [
            ("## A {#a}\n1. Satu\n2. Dua\n", 6, "paling sedikit 3 langkah"),
            ("## A {#a}\n" + "".join(f"{n}. L{n}\n" for n in range(16)), 6, "paling banyak 15"),
            ("## A {#a}\n1. Satu\n2. Dua\n3. satu.\n", 9, "sama dengan langkah di baris 7"),
            ("## A {#a}\n1. Satu\n2. Dua\n3. Tiga\n- Empat\n", 10, "bukan langkah"),
            ("## A {#a}\n1. Satu\n2. Dua\n3. [y] Tiga\n", 9, "Kotak pilihan ini salah tulis"),
            ("## A {#a}\n1. Satu {#s}\n2. Dua {#s}\n3. Tiga\n", 8, "Id `s` sudah dipakai di baris 7"),
            ("## A {#a}\n1. Satu {#S!}\n2. Dua\n3. Tiga\n", 7, "Id `S!` tidak dapat dipakai"),
            ("## A {#a}\n1. {#s}\n2. Dua\n3. Tiga\n", 7, "Langkah ini kosong"),
            ("## A {#a}\n1. Satu {#s points=1}\n2. Dua\n3. Tiga\n", 7, "`points` tidak dikenal pada langkah"),
            (
                "## Urutkan satu, dua, dan tiga! {#a}\n1. Satu\n2. Dua\n3. Tiga\n",
                6,
                "terbaca di dalam soalnya",
            ),
            (
                "## A {#a partial}\n1. Satu\n2. Dua\n3. Tiga\n",
                6,
                "`partial` tidak dikenal pada soal jenis ini",
            ),
        ],
    )
    def test_problems(self, body: str, line: int, part: str) -> None:
        assert line in [each[0] for each in wrong(body) if part in each[1]], wrong(body)

    def test_the_steps_may_be_named_in_another_order(self) -> None:
        read("## Urutkan tiga, dua, dan satu! {#a}\n1. Satu\n2. Dua\n3. Tiga\n")


class TestShowing:
    def test_it_is_always_mixed_and_never_right(self) -> None:
        quiz, _ = parse(HEAD.replace("minutes", "shuffle: none\nminutes") + BODY, "kuis.md")
        assert quiz is not None
        orders = {drawn(quiz, seed)[0].options for seed in range(400)}
        assert orders == set(permutations(URUT.option_ids)) - {URUT.option_ids}
        assert tuple(each.id for each in URUT.shown().options) != URUT.option_ids


class TestAnswering:
    def test_numbers_are_read_in_any_order(self) -> None:
        values = [f"{step}={number}" for step, number in numbered(C, A, B, D).items()]
        assert URUT.read(values) == URUT.read(values[::-1]) == numbered(C, A, B, D)

    @pytest.mark.parametrize("number", ["", "0", "5", "-1", "1.0", "01", "²", "١", "x", "999999999999"])
    def test_what_is_no_number_here_is_passed_over(self, number: str) -> None:
        assert URUT.read([f"{A}={number}", f"x={number}", number]) is None
        assert URUT.score({A: "1", B: number, C: "2"}) == URUT.score({A: "1", C: "2"})

    def test_gaps_and_doubles_are_asked_about(self) -> None:
        assert "Baru" in URUT.doubt({A: "1"}).message  # type: ignore[union-attr]
        assert "lebih dari sekali" in URUT.doubt({A: "1", B: "1", C: "2", D: "3"}).message  # type: ignore[union-attr]
        assert URUT.doubt(numbered(B, A, C, D)) is None
        assert URUT.doubt(None) is None


class TestScoring:
    @pytest.mark.parametrize(
        ("order", "share"),
        [
            ((A, B, C, D), 1),
            ((B, A, C, D), Fraction(2, 3)),
            ((B, C, D, A), Fraction(2, 3)),  # one misplaced step costs the same however far it went
            ((D, A, B, C), Fraction(2, 3)),
            ((C, D, A, B), Fraction(1, 3)),
            ((B, A, D, C), Fraction(1, 3)),
            ((D, C, B, A), 0),
        ],
    )
    def test_the_longest_run_is_paid(self, order: tuple[str, ...], share: Fraction) -> None:
        assert URUT.score(numbered(*order)) == share

    def test_gaps_and_doubles_earn_no_more_than_they_are(self) -> None:
        assert URUT.score({A: "1"}) == 0
        assert URUT.score({A: "1", D: "4"}) == Fraction(1, 3)
        assert URUT.score({A: "2", B: "2", C: "2", D: "2"}) == 0
        assert URUT.score({A: "1", B: "1", C: "3", D: "4"}) == Fraction(2, 3)

    def test_told_in_the_order_that_was_given(self) -> None:
        told = URUT.explain(numbered(B, C, D, A))
        assert [(each.given, each.key, each.right) for each in told.parts] == [
            ("1", "2", True),
            ("2", "3", True),
            ("3", "4", True),
            ("4", "1", False),
        ]
        assert told.sequence
        assert told.key == tuple(each.text for each in URUT.steps)

    def test_no_answer_is_not_told_in_the_right_order(self) -> None:
        many = read("## A {#a}\n" + "".join(f"{n}. Langkah {n}\n" for n in range(1, 9)))
        assert [each.text for each in many.explain(None).parts] != [each.text for each in many.steps]
        assert {(each.given, each.right) for each in many.explain(None).parts} == {("", False)}


@given(st.lists(st.integers(1, 12), max_size=9))
def test_the_longest_run_is_one_and_none_is_longer(numbers: list[int]) -> None:
    run = longest_run(numbers)
    values = [numbers[at] for at in run]
    assert list(run) == sorted(set(run))
    assert values == sorted(set(values))
    slow = [0] * len(numbers)
    for at, number in enumerate(numbers):
        slow[at] = 1 + max((slow[i] for i in range(at) if numbers[i] < number), default=0)
    assert len(run) == max(slow, default=0)


def test_the_whole_way(as_person: Any, session: Any) -> None:
    change_quiz(questions=(URUT,), feedback="passed", pass_mark=90)
    session.commit()
    sari = as_person("sari")
    attempt = begin(sari)
    page = sari.get(attempt).get_data(as_text=True)
    places = [page.index(f'value="{step}=1"') for step in URUT.option_ids]
    assert places != sorted(places)
    assert page.count("data-moves hidden") == 5
    form = fields(sari, attempt) | {"answer.urut": [f"{A}=2", f"{B}=2", ""]}
    response = sari.post(f"{attempt}/kumpulkan", data=form)
    page = sari.get(response.location)
    assert "Baru 2 dari 4 langkah yang diberi nomor." in text(page)
    assert sari.get(attempt).get_data(as_text=True).count(" selected>") == 2
    answer = numbered(D, A, B, C)
    form = fields(sari, attempt) | {"answer.urut": [f"{step}={number}" for step, number in answer.items()]}
    response = sari.post(f"{attempt}/kumpulkan", data=form)
    assert response.location == f"{attempt}/hasil"
    assert [read_value(each) for each in session.scalars(select(Answer.value))][-1] == answer
    kept_back = text(sari.get(response.location))
    assert "Penetapan Jawaban Anda: 1 Rancangan awal Jawaban Anda: 2" in kept_back
    for secret in ("Seharusnya", "Urutan yang benar", "runtut", "Penjelasan urutan"):
        assert secret not in kept_back
    session.rollback()
    change_quiz(feedback="submitted")
    session.commit()
    told = text(sari.get(response.location))
    assert "Penetapan Jawaban Anda: 1 Seharusnya: 4" in told
    assert "Rancangan awal Jawaban Anda: 2 , sudah runtut" in told
    assert "Urutan yang benar Rancangan awal Musrenbang" in told
    assert "2 dari 3 poin" in told
