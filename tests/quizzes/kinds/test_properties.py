"""What holds for every kind, whatever is written and whatever is stored."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lms.quizzes.kinds import KINDS
from lms.quizzes.kinds.choice import Choice, Multiple, Option, Single
from lms.quizzes.kinds.essay import Essay
from lms.quizzes.kinds.matching import Matching, Pair, Side
from lms.quizzes.kinds.numeric import Accepted, Numeric
from lms.quizzes.kinds.ordering import Ordering, Step
from lms.quizzes.kinds.question import Answer, Question
from lms.quizzes.kinds.short import Short
from lms.quizzes.scoring import drawn, score, shown
from lms.quizzes.source import Quiz, parse, print_quiz

LETTERS = "abcde"
OPTIONS = tuple(Option(each, f"Pilihan {each}", each in "ab", f"Umpan {each}") for each in LETTERS)
PAIRS = (
    *(Pair(Side(f"r{each}", f"Kanan {each}"), Side(f"l{each}", f"Kiri {each}")) for each in LETTERS),
    Pair(Side("rx", "Pengecoh")),
)
PARTIAL = Multiple(id="sebagian", prompt="P", options=OPTIONS, partial=True, points=Decimal(3))
WHOLE = Multiple(id="semua", prompt="P", options=OPTIONS)
MATCHING = Matching(id="jodoh", prompt="P", pairs=PAIRS, points=Decimal("0.7"))
ORDERING = Ordering(
    id="urut",
    prompt="P",
    steps=tuple(Step(each, f"Langkah {each}") for each in LETTERS),
    points=Decimal("2.5"),
)
ESSAY = Essay(id="esai", prompt="P", points=Decimal(5), least=2, most=9)
QUESTIONS: tuple[Question, ...] = (
    Single(
        id="satu",
        prompt="P",
        options=tuple(msgspec.structs.replace(each, right=each.id == "b") for each in OPTIONS),
    ),
    PARTIAL,
    WHOLE,
    Numeric(id="angka", prompt="P", accepts=(Accepted(Decimal("16.2"), Decimal("16.6"), Decimal("16.4")),)),
    Short(id="singkat", prompt="P", accepts=("KLHS",), patterns=("kajian.*",)),
    MATCHING,
    ORDERING,
    ESSAY,
)
QUIZ = Quiz(title="K", id="k", minutes=5, questions=QUESTIONS)  # type: ignore[arg-type]
RIGHT: dict[str, Answer] = {
    "satu": "b",
    "sebagian": ["a", "b"],
    "semua": ["a", "b"],
    "angka": "16,4",
    "singkat": "klhs",
    "jodoh": {f"l{each}": f"r{each}" for each in LETTERS},
    "urut": {each: str(at) for at, each in enumerate(LETTERS, start=1)},
    "esai": "Jawaban panjang",
}

garbage = st.text(max_size=40) | st.sampled_from(
    [*LETTERS, "1", "2", "16,4", "KLHS", "la", "ra", "la=ra", "a=1", "b=99", "\0", "9" * 30, "٣", "\ud800"]
)
stored = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | garbage,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(garbage, inner, max_size=5),
    max_leaves=8,
)
chosen = st.sets(st.sampled_from(LETTERS))
pairings = st.dictionaries(
    st.sampled_from([f"l{each}" for each in LETTERS]), st.sampled_from([pair.right.id for pair in PAIRS])
)
numberings = st.dictionaries(st.sampled_from(LETTERS), st.sampled_from("12345"))
answers = st.fixed_dictionaries(
    {},
    optional={
        "satu": st.sampled_from(LETTERS),
        "sebagian": chosen.map(sorted),
        "semua": chosen.map(sorted),
        "angka": st.sampled_from(["16,4", "17", "1.234", "x"]),
        "singkat": st.sampled_from(["klhs", "Kajian itu", "lain"]),
        "jodoh": pairings,
        "urut": numberings,
        "esai": st.sampled_from(["", "Isi"]),
    },
)


def test_every_kind_is_here() -> None:
    assert {type(each) for each in QUESTIONS} == set(KINDS)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: each.id)
class TestBounds:
    @settings(max_examples=120, deadline=None)
    @given(answer=stored)
    def test_whatever_is_stored_is_scored_and_told(self, question: Question, answer: Any) -> None:
        assert 0 <= question.score(answer) <= 1
        assert not (question.score(answer) and not question.is_answered(answer))
        told = question.explain(answer)
        assert (told.outcome == "blank") is not question.is_answered(answer)
        doubt = question.doubt(answer)
        assert doubt is None or doubt.message % doubt.values
        assert 0 <= score(QUIZ, {question.id: answer}).points <= question.points

    @settings(max_examples=120, deadline=None)
    @given(values=st.lists(garbage, max_size=8))
    def test_whatever_is_sent_is_read_as_an_answer_or_none(
        self, question: Question, values: list[str]
    ) -> None:
        answer = question.read(values)
        assert msgspec.json.decode(msgspec.json.encode(answer), type=Answer) == answer
        assert question.is_answered(answer) is (answer is not None)

    def test_the_right_answer_earns_all_and_none_earns_nothing(self, question: Question) -> None:
        assert question.score(None) == 0
        assert question.outcome(None) == "blank"
        assert question.by_hand or question.score(RIGHT[question.id]) == 1
        assert question.outcome(RIGHT[question.id]) == ("waiting" if question.by_hand else "right")


class TestOrderDoesNotMatter:
    @settings(max_examples=100, deadline=None)
    @given(given=answers, data=st.data())
    def test_of_questions_and_of_what_was_saved_first(
        self, given: dict[str, Answer], data: st.DataObject
    ) -> None:
        one = score(QUIZ, given, marks={"esai": Fraction(1, 2)})
        mixed = msgspec.structs.replace(QUIZ, questions=tuple(data.draw(st.permutations(QUESTIONS))))
        later = dict(data.draw(st.permutations(list(given.items()))))
        two = score(mixed, later, marks={"esai": Fraction(1, 2)})
        assert (one.points, one.max, one.percent) == (two.points, two.max, two.percent)
        assert set(one.marks) == set(two.marks)

    @settings(max_examples=100, deadline=None)
    @given(given=answers, data=st.data())
    def test_of_options_pairs_and_of_what_was_chosen_first(
        self, given: dict[str, Answer], data: st.DataObject
    ) -> None:
        for question in QUESTIONS:
            mixed, answer = question, given.get(question.id)
            if isinstance(question, Choice):
                mixed = msgspec.structs.replace(
                    question, options=tuple(data.draw(st.permutations(question.options)))
                )
            elif isinstance(question, Matching):
                mixed = msgspec.structs.replace(
                    question, pairs=tuple(data.draw(st.permutations(question.pairs)))
                )
            if isinstance(answer, list):
                answer = data.draw(st.permutations(answer))
            elif isinstance(answer, dict):
                answer = dict(data.draw(st.permutations(list(answer.items()))))
            assert mixed.score(answer) == question.score(given.get(question.id))

    @settings(max_examples=60, deadline=None)
    @given(given=answers, other=answers)
    def test_a_question_earns_the_same_whatever_the_others_were_given(
        self, given: dict[str, Answer], other: dict[str, Answer]
    ) -> None:
        for question in QUESTIONS:
            mine = {name: value for name, value in given.items() if name == question.id}
            theirs = {name: value for name, value in other.items() if name != question.id}
            alone, together = score(QUIZ, mine).marks, score(QUIZ, theirs | mine).marks
            assert [each for each in alone if each.question == question.id] == [
                each for each in together if each.question == question.id
            ]


class TestBetterIsNeverLess:
    @settings(max_examples=100, deadline=None)
    @given(before=chosen, more=st.sampled_from(LETTERS))
    def test_of_several_choices(self, before: set[str], more: str) -> None:
        assume(more not in before)
        for question in (PARTIAL, WHOLE):
            less, after = question.score(sorted(before)), question.score(sorted(before | {more}))
            assert after >= less if more in "ab" else after <= less

    @settings(max_examples=100, deadline=None)
    @given(
        before=pairings,
        left=st.sampled_from(LETTERS),
        right=st.sampled_from([each.right.id for each in PAIRS]),
    )
    def test_of_pairs(self, before: dict[str, str], left: str, right: str) -> None:
        was, now = MATCHING.score(before), MATCHING.score(before | {f"l{left}": right})
        assert now >= was if right == f"r{left}" else now <= was

    @settings(max_examples=100, deadline=None)
    @given(order=st.permutations(LETTERS), at=st.integers(0, len(LETTERS) - 2))
    def test_of_an_order_that_comes_nearer(self, order: list[str], at: int) -> None:
        """Two neighbours that stand the wrong way round change places."""
        assume(order[at] > order[at + 1])
        nearer = [*order[:at], order[at + 1], order[at], *order[at + 2 :]]
        one, two = ({step: str(n) for n, step in enumerate(each, start=1)} for each in (order, nearer))
        assert ORDERING.score(two) >= ORDERING.score(one)

    @settings(max_examples=60, deadline=None)
    @given(numbers=numberings, step=st.sampled_from(LETTERS))
    def test_of_an_order_with_one_more_number(self, numbers: dict[str, str], step: str) -> None:
        without = {name: number for name, number in numbers.items() if name != step}
        assert ORDERING.score(numbers) >= ORDERING.score(without)

    @given(shares=st.lists(st.fractions(0, 1), min_size=2, max_size=2))
    def test_of_marks(self, shares: list[Fraction]) -> None:
        low, high = sorted(shares)
        results = [score(QUIZ, {"esai": "Isi"}, marks={"esai": each}) for each in (low, high)]
        assert results[0].points <= results[1].points <= 5

    @settings(max_examples=60, deadline=None)
    @given(given=answers, name=st.sampled_from(sorted(RIGHT)))
    def test_of_a_whole_quiz(self, given: dict[str, Answer], name: str) -> None:
        better = score(QUIZ, given | {name: RIGHT[name]})
        assert score(QUIZ, given).percent <= better.percent <= 100


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31), shuffle=st.sampled_from(["none", "options", "questions", "all"]))
def test_what_is_shown_is_the_same_for_every_key(seed: int, shuffle: Any) -> None:
    """A quiz whose key is another is shown in the same words and order: nothing in the page depends on it."""
    quiz = msgspec.structs.replace(QUIZ, shuffle=shuffle)
    turned = {
        "satu": {"options": tuple(msgspec.structs.replace(each, right=each.id == "e") for each in OPTIONS)},
        "sebagian": {
            "options": tuple(msgspec.structs.replace(each, right=each.id == "e") for each in OPTIONS)
        },
        "semua": {"options": tuple(msgspec.structs.replace(each, right=each.id == "e") for each in OPTIONS)},
        "angka": {"accepts": (Accepted(Decimal(1), Decimal(2)),)},
        "singkat": {"accepts": ("lain",), "patterns": ()},
        "jodoh": {
            "pairs": tuple(
                Pair(right.right, left.left) for left, right in zip(PAIRS, PAIRS[1:] + PAIRS[:1], strict=True)
            )
        },
        "urut": {},  # shown in any order but its own: see test_ordering
        "esai": {"explanation": "Kunci"},
    }
    other = msgspec.structs.replace(
        quiz, questions=tuple(msgspec.structs.replace(each, **turned[each.id]) for each in QUESTIONS)
    )
    assert shown(quiz, drawn(quiz, seed)) == shown(other, drawn(other, seed))


# What is printed reads back the same

HEAD = "---\nkind: quiz\ntitle: Kuis\nminutes: 10\n---\n"
nasty = st.text("ab B12.,;:!?-+*_`~$[](){}<>=#|\\/\"'&%^@é\u00a0\u200b😀ß", min_size=1, max_size=14)
pieces = nasty | st.sampled_from(
    [
        "`- [x]`",
        "[x](y.md)",
        "{#a}",
        "{points=2}",
        "a => b",
        "= 5",
        "____",
        "**b**",
        "<b>",
        "&amp;",
        "1. a",
        "$x$",
        "[ ]",
    ]
)
lines = st.lists(pieces, min_size=1, max_size=3).map(" ".join)
paragraphs = st.lists(lines, max_size=2).map("\n\n".join)


@st.composite
def blocks(draw: st.DrawFn, kind: str) -> str:
    """A question of a kind with nasty text in all its places."""
    text = [draw(lines) for _ in range(4)]
    more = f"\n\n{draw(paragraphs)}" if draw(st.booleans()) else ""
    attributes = draw(st.sampled_from(["", " points=2.5", " points=1,125"]))
    deep = [f"\n   {draw(lines)}" if draw(st.booleans()) else "" for _ in range(3)]
    said = [f"\n   > {draw(lines)}" if draw(st.booleans()) else "" for _ in range(2)]
    body = {
        "single": f"1. [x] {text[0]}{deep[0]}{said[0]}\n2. [ ] {text[1]}{said[1]}",
        "multiple": f"- [x] {text[0]}{deep[0]}{said[0]}\n- [ ] {text[1]}\n- [X] {text[2]}{said[1]}",
        "numeric": draw(st.sampled_from(["= 16,4 +- 0,2", "= [1; 2,125]", "= -3\n= 1.234,5", "= 0,001"])),
        "short": f"= {text[0]}\n= jawaban {text[1]}\n~= (a|b)+\\.?",
        "matching": f"- {text[0]} => {text[1]}\n- kiri => kanan\n- => {text[2]}",
        "ordering": f"1. {text[0]}{deep[0]}\n2. {text[1]}{deep[1]}\n3. {text[2]}{deep[2]}",
        "essay": "____",
    }[kind]
    attributes += {
        "multiple": draw(st.sampled_from(["", " partial"])),
        "essay": draw(st.sampled_from(["", " words=5.."])),
    }.get(kind, "")
    why = f"\n\n> {draw(lines)}\n>\n> {draw(lines)}" if draw(st.booleans()) else ""
    return f"## {text[3]} {{#a{attributes}}}{more}\n\n{body}{why}\n"


@pytest.mark.parametrize("kind", sorted(str(each.__struct_config__.tag) for each in KINDS))
def test_what_is_read_prints_and_reads_back_the_same(kind: str) -> None:
    read: list[str] = []

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(blocks(kind))
    def check(block: str) -> None:
        source = HEAD + block
        quiz, problems = parse(source, "kuis.md")
        assert (quiz is None) is bool(problems)
        assert all(1 <= each.line <= source.count("\n") + 1 for each in problems)
        if quiz is None:
            return
        read.extend(question.kind for question in quiz.questions)
        assert parse(print_quiz(quiz), "kuis.md") == (quiz, [])
        assert msgspec.json.decode(msgspec.json.encode(quiz), type=Quiz) == quiz

    check()
    assert kind in read, "else this says nothing"


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        lines
        | st.sampled_from(
            ["## A {#a}", "# P {#p draw=1}", "1. [x] a", "- a => b", "1. a", "____", "> x", "```"]
        ),
        max_size=12,
    )
)
def test_any_text_is_read_or_its_problems_are_told(body: list[str]) -> None:
    source = HEAD + "\n".join(body)
    quiz, problems = parse(source, "kuis.md")
    assert (quiz is None) is bool(problems)
    assert all(1 <= each.line <= source.count("\n") + 1 for each in problems)
    if quiz is not None:
        assert parse(print_quiz(quiz), "kuis.md") == (quiz, [])
