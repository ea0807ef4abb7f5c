"""Points, grades, draws and what learners may see."""

import time
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.quizzes.kinds.choice import Multiple, Option, Single
from lms.quizzes.kinds.numeric import Accepted, Numeric
from lms.quizzes.kinds.short import Short, normal
from lms.quizzes.scoring import Drawn, drawn, feedback_open, grade_of, percent, score, shown
from lms.quizzes.source import Pool, Quiz

SINGLE = Single(
    id="satu",
    prompt="Berapa tahun?",
    points=Decimal(2),
    explanation="PENJELASAN",
    options=(Option("a", "Satu", False, "UMPAN"), Option("b", "Lima", True), Option("c", "Sepuluh", False)),
)
ALL = Multiple(
    id="semua",
    prompt="Yang mana?",
    options=(Option("a", "RPJPD", True, "UMPAN"), Option("b", "Renstra", True), Option("c", "APBN", False)),
)
PARTIAL = msgspec.structs.replace(
    ALL,
    id="sebagian",
    partial=True,
    options=(*ALL.options[:2], Option("d", "RKPD", True), *ALL.options[2:], Option("e", "KUA", False)),
)
NUMBER = Numeric(
    id="angka",
    prompt="Berapa?",
    accepts=(
        Accepted(Decimal("16.2"), Decimal("16.6"), Decimal("16.4")),
        Accepted(Decimal(1000), Decimal(1300)),
    ),
)
SHORT = Short(
    id="kata",
    prompt="Apa?",
    accepts=("Kajian Lingkungan Hidup Strategis", "KLHS"),
    patterns=(r"Studi\s+[Ll]ingkungan\D*", "(a+)+b"),
)
QUESTIONS = (SINGLE, ALL, PARTIAL, NUMBER, SHORT)
QUIZ = Quiz(title="Kuis", id="kuis", minutes=5, questions=QUESTIONS)


class TestReading:
    @pytest.mark.parametrize(
        ("values", "answer"),
        [
            (["b"], "b"),
            (["b", "b"], "b"),
            ([], None),
            ([""], None),
            (["z"], None),
            (["a", "b"], None),
            (["z", "a"], "a"),
        ],
    )
    def test_single(self, values, answer):
        assert SINGLE.read(values) == answer

    @pytest.mark.parametrize(
        ("values", "answer"),
        [(["b", "a"], ["a", "b"]), (["a", "a", "z"], ["a"]), ([], None), (["z"], None)],
    )
    def test_multiple(self, values, answer):
        assert ALL.read(values) == answer

    @pytest.mark.parametrize(
        ("values", "answer"),
        [
            (["  16,4 "], "16,4"),
            (["", "5"], "5"),
            (["\x00\ud800 \u200b"], None),
            (["a\x00b\tc\r\nd"], "ab c d"),
            (["1" * 1_000_000], "1" * 40),
            ([], None),
        ],
    )
    def test_typed(self, values, answer):
        assert NUMBER.read(values) == answer

    def test_short_answers_are_bounded(self):
        assert SHORT.read(["é" * 5000]) == "é" * 200


class TestScoring:
    @pytest.mark.parametrize(
        ("question", "answer", "fraction"),
        [
            (SINGLE, "b", 1),
            (SINGLE, "a", 0),
            (SINGLE, None, 0),
            (ALL, ["a", "b"], 1),
            (ALL, ["b", "a"], 1),
            (ALL, ["a"], 0),
            (ALL, ["a", "b", "c"], 0),
            (ALL, None, 0),
            (PARTIAL, ["a", "b", "d"], 1),
            (PARTIAL, ["a", "b"], Fraction(2, 3)),
            (PARTIAL, ["a", "b", "c"], Fraction(1, 3)),
            (PARTIAL, ["a", "b", "d", "c", "e"], Fraction(1, 3)),
            (PARTIAL, ["a", "c"], 0),
            (PARTIAL, ["c", "e"], 0),
            (NUMBER, "16,4", 1),
            (NUMBER, "16.20", 1),
            (NUMBER, "16,6%", 1),
            (NUMBER, "16,61", 0),
            (NUMBER, "+ 16,4 persen", 1),
            (NUMBER, "1.200", 1),  # 1200 or 1.2: one reading is right
            (NUMBER, "Rp1.200", 1),
            (NUMBER, "1.400", 0),
            (NUMBER, "enam belas", 0),
            (NUMBER, "NaN", 0),
            (NUMBER, None, 0),
            (SHORT, "kajian lingkungan   HIDUP strategis.", 1),
            (SHORT, "klhs", 1),
            (SHORT, "ＫＬＨＳ", 1),
            (SHORT, "studi LINGKUNGAN", 1),
            (SHORT, "Studi lingkungan hidup", 1),
            (SHORT, "Studi lingkungan 2", 0),
            (SHORT, "kajian", 0),
            (SHORT, "...", 0),
            (SHORT, None, 0),
        ],
    )
    def test_fractions(self, question, answer, fraction):
        assert question.score(answer) == fraction

    def test_patterns_take_no_longer_for_hostile_answers(self):
        started = time.process_time()
        assert SHORT.score("a" * 200) == 0
        assert time.process_time() - started < 0.5

    def test_the_shapes_of_quotes_and_dashes_do_not_matter(self):
        assert normal("  Jum’at — “Pon” ") == normal('jum\'at - "pon".')

    def test_a_whole_quiz(self):
        result = score(QUIZ, {"satu": "b", "sebagian": ["a", "b"], "angka": "16,4", "hapus": "x"})
        assert (result.points, result.max) == (Decimal("3.666667"), Decimal(6))
        assert [(each.question, each.points, each.max, each.answered) for each in result.marks] == [
            ("satu", Decimal(2), Decimal(2), True),
            ("semua", Decimal(0), Decimal(1), False),
            ("sebagian", Decimal("0.666667"), Decimal(1), True),
            ("angka", Decimal(1), Decimal(1), True),
            ("kata", Decimal(0), Decimal(1), False),
        ]
        assert result.percent == Decimal("61.111111")

    def test_only_what_was_asked_counts(self):
        result = score(QUIZ, {"satu": "b", "kata": "klhs"}, asked=["satu"])
        assert (result.points, result.max, len(result.marks)) == (Decimal(2), Decimal(2), 1)

    def test_three_thirds_are_one(self):
        third = [msgspec.structs.replace(PARTIAL, id=f"s{n}") for n in range(3)]
        quiz = msgspec.structs.replace(QUIZ, questions=tuple(third))
        answers = {each.id: ["a"] for each in third}
        assert score(quiz, answers).points == 1

    def test_percent(self):
        assert percent(Decimal(7), Decimal(10)) == 70
        assert percent(Decimal(1), Decimal(3)) == Decimal("33.333333")
        assert percent(Decimal(0), Decimal(0)) == 0

    def test_stored_as_json_and_back(self):
        result = score(QUIZ, {"satu": "b"})
        assert msgspec.json.decode(msgspec.json.encode(result), type=type(result)) == result


@pytest.mark.parametrize(
    ("rule", "grade"),
    [("best", Decimal(90)), ("first", Decimal(50)), ("last", Decimal(70)), ("average", Decimal(70))],
)
def test_which_attempt_counts(rule, grade):
    assert grade_of([Decimal(50), Decimal(90), Decimal(70)], rule) == grade
    assert grade_of([], rule) is None


class TestFeedback:
    def test_options_with_what_was_said_about_them(self):
        said = PARTIAL.explain(["a", "c"])
        assert said.outcome == "wrong"
        assert said.given == ("RPJPD", "APBN")
        assert said.key == ("RPJPD", "Renstra", "RKPD")
        assert [(each.id, each.chosen, each.right, each.feedback) for each in said.options] == [
            ("a", True, True, "UMPAN"),
            ("b", False, True, ""),
            ("d", False, True, ""),
            ("c", True, False, ""),
            ("e", False, False, ""),
        ]

    def test_numbers_and_words(self):
        said = NUMBER.explain("16,4")
        assert (said.outcome, said.given) == ("right", ("16,4",))
        assert said.key == ("16,4 ± 0,2", "1.000–1.300")
        assert NUMBER.explain("16,4", "en").key == ("16.4 ± 0.2", "1,000–1,300")
        assert SHORT.explain("x").key == SHORT.accepts

    def test_outcomes(self):
        assert PARTIAL.outcome(["a", "b"]) == "partly"
        assert SINGLE.outcome(None) == "blank"
        assert SINGLE.explain("b").explanation == "PENJELASAN"

    def test_what_cannot_be_a_number_is_asked_about(self):
        assert "“enam belas” bukan angka" in str(NUMBER.doubt("enam belas"))
        assert "1234 atau 1,234. Tulis 1234 atau 1,2340." in str(NUMBER.doubt("1.234"))
        for none in (NUMBER.doubt("16,4"), NUMBER.doubt(None), SHORT.doubt("x"), SINGLE.doubt("a")):
            assert none is None

    @pytest.mark.parametrize(
        ("rule", "open_when"),
        [
            ("each", {"submitted", "passed", "closed"}),
            ("submitted", {"submitted", "passed", "closed"}),
            ("passed", {"passed"}),
            ("closed", {"closed"}),
            ("never", set()),
        ],
    )
    def test_when_feedback_may_be_seen(self, rule, open_when):
        for case in ("submitted", "passed", "closed"):
            facts = {"submitted": True, "passed": case == "passed", "closed": case == "closed"}
            assert feedback_open(rule, **facts) is (case in open_when)
        assert feedback_open(rule, submitted=False, passed=True, closed=True) is False


class TestShown:
    def test_nothing_of_key_or_feedback_is_in_what_is_shown(self):
        for each in shown(QUIZ, drawn(QUIZ, 1)):
            stored = msgspec.json.encode(each).decode()
            for secret in ("right", "UMPAN", "PENJELASAN", "accepts", "16", "KLHS", "Kajian", "partial"):
                assert secret not in stored

    def test_options_in_the_order_of_the_attempt(self):
        view = SINGLE.shown(("c", "a", "b"))
        assert [each.text for each in view.options] == ["Sepuluh", "Satu", "Lima"]
        assert (view.id, view.kind, view.prompt, view.points) == (
            "satu",
            "single",
            "Berapa tahun?",
            Decimal(2),
        )
        assert [each.id for each in SINGLE.shown().options] == ["a", "b", "c"]


def pooled(shuffle: str) -> Quiz:
    questions = tuple(
        Single(id=f"s{n}", prompt="?", options=tuple(Option(f"o{m}", str(m), m == 0) for m in range(6)))
        for n in range(12)
    )
    pools = (
        Pool("p", "P", 3, tuple(each.id for each in questions[2:8])),
        Pool("q", "Q", 4, tuple(each.id for each in questions[8:])),
    )
    return Quiz(title="K", id="k", minutes=1, shuffle=shuffle, questions=questions, pools=pools)


class TestDrawing:
    def test_nothing_shuffled_is_as_written(self):
        assert drawn(QUIZ, 7) == tuple(Drawn(each.id, each.option_ids) for each in QUESTIONS)

    def test_a_draw_for_ever(self):
        """A stored seed must give the same questions in every later release."""
        assert [each.question for each in drawn(pooled("all"), 20261124)] == GIVEN_ORDER
        assert drawn(pooled("options"), 20261124)[0].options == GIVEN_OPTIONS

    @given(st.integers(0, 2**63 - 1), st.sampled_from(["none", "options", "questions", "all"]))
    @settings(max_examples=50, deadline=None)
    def test_draws(self, seed, shuffle):
        quiz = pooled(shuffle)
        got = drawn(quiz, seed)
        assert got == drawn(quiz, seed)
        names = [each.question for each in got]
        assert len(set(names)) == len(names) == 2 + 3 + 4
        numbers = [int(each[1:]) for each in names]
        assert set(numbers[:2]) == {0, 1}
        assert all(2 <= each < 8 for each in numbers[2:5])
        assert set(numbers[5:]) == {8, 9, 10, 11}
        if shuffle in ("none", "options"):
            assert numbers == sorted(numbers)
        for each in got:
            assert sorted(each.options) == [f"o{n}" for n in range(6)]
            if shuffle in ("none", "questions"):
                assert each.options == tuple(f"o{n}" for n in range(6))

    def test_every_question_of_a_pool_is_drawn_about_as_often(self):
        quiz = pooled("none")
        counts = dict.fromkeys(quiz.pools[0].questions, 0)
        for seed in range(600):
            for each in drawn(quiz, seed)[2:5]:
                counts[each.question] += 1
        assert all(240 < count < 360 for count in counts.values())


GIVEN_ORDER = ["s0", "s1", "s4", "s2", "s6", "s9", "s10", "s11", "s8"]
GIVEN_OPTIONS = ("o0", "o2", "o3", "o1", "o4", "o5")


# --- whatever is sent or stored -----------------------------------------------------------------------------

garbage = st.text(st.characters(), max_size=300) | st.sampled_from(
    [
        "a",
        "b",
        "c",
        "d",
        "e",
        "16,4",
        "1.234",
        "klhs",
        "\x00",
        "\ud800",
        "[",
        "9" * 400,
        "1e99",
        "NaN",
        "-",
        "Rp",
        "½",
        "٣",
    ]
)
stored = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | garbage,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(garbage, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: each.id)
class TestWhateverComes:
    @settings(max_examples=80, deadline=None)
    @given(values=st.lists(garbage, max_size=6))
    def test_reading_never_fails_and_is_scored_within_bounds(self, question, values):
        answer = question.read(values)
        sent = msgspec.json.encode(answer)
        assert len(sent) <= 4 * 200 + 100
        assert msgspec.json.decode(sent) == answer
        assert 0 <= question.score(answer) <= 1
        assert question.is_answered(answer) is (answer is not None)
        question.explain(answer)

    @settings(max_examples=80, deadline=None)
    @given(values=st.lists(st.sampled_from(["a", "b", "c", "d", "e", "x", ""]), max_size=6), data=st.data())
    def test_the_order_of_the_values_does_not_matter_for_choices(self, question, values, data):
        if question.option_ids:
            mixed = data.draw(st.permutations(values))
            assert question.read(values) == question.read(mixed)

    @settings(max_examples=80, deadline=None)
    @given(answer=stored)
    def test_scoring_never_fails_on_what_was_stored(self, question, answer):
        assert 0 <= question.score(answer) <= 1
        assert question.explain(answer).outcome in ("right", "partly", "wrong", "blank")
        assert str(question.doubt(answer))
        assert score(QUIZ, {question.id: answer}).points <= score(QUIZ, {}).max

    def test_no_answer_earns_nothing(self, question):
        assert question.score(None) == 0
        assert not question.is_answered(None)


@settings(max_examples=100, deadline=None)
@given(chosen=st.sets(st.sampled_from(["a", "b", "c", "d", "e"])), more=st.sampled_from(["a", "b", "d"]))
def test_one_more_right_tick_never_costs(chosen, more):
    assert PARTIAL.score(sorted(chosen | {more})) >= PARTIAL.score(sorted(chosen))
