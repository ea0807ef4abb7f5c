"""Decisions about a key: what of them stands, and what they make of a score."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.quizzes.kinds.choice import Option, Single
from lms.quizzes.kinds.essay import Essay
from lms.quizzes.kinds.numeric import Accepted, Numeric
from lms.quizzes.kinds.short import Short
from lms.quizzes.rulings import Decision, Ruling, standing, voids_in_force
from lms.quizzes.scoring import is_accepted, score
from lms.quizzes.source import Quiz

NOW = datetime(2026, 11, 24, tzinfo=UTC)
YEARS = Single(
    id="tahun",
    prompt="Berapa tahun?",
    points=Decimal(2),
    options=(Option("a", "Satu", False), Option("b", "Lima", True)),
)
NUMBER = Numeric(id="angka", prompt="Berapa?", accepts=(Accepted(Decimal(16), Decimal(17)),))
WORDS = Short(id="kata", prompt="Apa?", accepts=("Kajian Lingkungan Hidup Strategis",))
QUIZ = Quiz(title="Kuis", id="kuis", minutes=5, questions=(YEARS, NUMBER, WORDS))
WRONG = {"tahun": "a", "angka": "3", "kata": "KLHS."}


def made(at: int, question: str, kind: str, value: str = "", rule: str = "") -> Decision:
    return Decision(at, question, kind, value, rule, "Alasan", NOW + timedelta(minutes=at))


class TestStanding:
    def test_nothing_was_decided(self):
        assert standing([]) == {}

    def test_what_was_decided_stands_until_it_is_lifted(self):
        accept, void, lift = made(1, "kata", "accept", "KLHS"), made(2, "tahun", "void", rule="drop"), None
        lift = made(3, "kata", "lift", "1")
        assert standing([accept, void]) == {
            "kata": Ruling(("KLHS",), "", (accept,)),
            "tahun": Ruling((), "drop", (void,)),
        }
        assert standing([accept, void, lift]) == {"tahun": Ruling((), "drop", (void,))}

    def test_what_stood_at_an_earlier_moment(self):
        decisions = [made(1, "kata", "accept", "KLHS"), made(2, "kata", "lift", "1")]
        assert standing(decisions, until=NOW) == {}
        assert standing(decisions, until=NOW + timedelta(minutes=1))["kata"].accepts == ("KLHS",)

    def test_a_lift_takes_back_one_decision_only(self):
        first, second = made(1, "kata", "accept", "KLHS"), made(2, "kata", "accept", "Kajian LH")
        assert standing([first, second, made(3, "kata", "lift", "2")])["kata"].accepts == ("KLHS",)


class TestScores:
    """Worked by hand: 2 + 1 + 1 points, everything wrong."""

    @pytest.mark.parametrize(
        ("rulings", "points", "most"),
        [
            ({}, 0, 4),
            ({"kata": Ruling(("klhs",))}, 1, 4),
            ({"angka": Ruling(("3,0",))}, 1, 4),
            ({"tahun": Ruling(void="full")}, 2, 4),
            ({"tahun": Ruling(void="drop")}, 0, 2),
            ({"tahun": Ruling(void="drop"), "kata": Ruling(("KLHS",))}, 1, 2),
            ({"kata": Ruling(("KLHS",), "full")}, 1, 4),
            ({"kata": Ruling(("KLHS",), "drop")}, 0, 3),
            # nothing valid was asked: fully right
            ({"tahun": Ruling(void="drop"), "angka": Ruling(void="drop"), "kata": Ruling(void="drop")}, 4, 4),
            ({"tahun": Ruling(void="drop"), "angka": Ruling(void="drop"), "kata": Ruling(void="full")}, 1, 1),
        ],
    )
    def test_by_hand(self, rulings, points, most):
        result = score(QUIZ, WRONG, rulings=rulings)
        assert (result.points, result.max) == (points, most)

    def test_marks_say_by_which_rule_a_question_is_void(self):
        marks = score(QUIZ, WRONG, rulings={"tahun": Ruling(void="drop"), "angka": Ruling(void="full")}).marks
        assert [(mark.question, mark.points, mark.max, mark.void) for mark in marks] == [
            ("tahun", 0, 0, "drop"),
            ("angka", 1, 1, "full"),
            ("kata", 0, 1, ""),
        ]

    def test_only_what_was_asked_counts_for_whether_anything_is_left(self):
        rulings = {"tahun": Ruling(void="drop")}
        assert voids_in_force(rulings, ["tahun", "kata"]) == {"tahun": "drop"}
        assert voids_in_force(rulings, ["tahun"]) == {"tahun": "full"}
        assert score(QUIZ, WRONG, ["tahun"], rulings=rulings).percent == 100

    @pytest.mark.parametrize(
        ("void", "points", "most", "pending"), [("", 0, 9, ("esai",)), ("full", 5, 9, ()), ("drop", 0, 4, ())]
    )
    def test_a_void_essay_waits_for_nobody(self, void, points, most, pending):
        quiz = msgspec.structs.replace(
            QUIZ, questions=(*QUIZ.questions, Essay(id="esai", prompt="Jelaskan.", points=Decimal(5)))
        )
        result = score(quiz, WRONG | {"esai": "Sebab begitu."}, rulings={"esai": Ruling(void=void)})
        assert (result.points, result.max, result.pending) == (points, most, pending)

    @given(
        answers=st.fixed_dictionaries(
            {"tahun": st.sampled_from(["a", "b", None]), "angka": st.text(max_size=5), "kata": st.text()}
        ),
        accepted=st.text(max_size=8),
        void=st.sampled_from(["", "full"]),
    )
    def test_accepting_and_giving_points_never_takes_any(self, answers, accepted, void):
        rulings = {"kata": Ruling((accepted,)), "angka": Ruling(("1",), void)}
        before, after = score(QUIZ, answers), score(QUIZ, answers, rulings=rulings)
        assert after.points >= before.points
        assert after.max == before.max
        assert 0 <= after.percent <= 100


class TestAccepted:
    @pytest.mark.parametrize("answer", ["KLHS", " klhs. ", "Klhs"])
    def test_a_text_in_any_spelling_that_is_compared_alike(self, answer):
        assert is_accepted(WORDS, answer, Ruling(("KLHS",)))

    @pytest.mark.parametrize("answer", [None, "", "  ", "K L H S", ["KLHS"], {"a": "KLHS"}])
    def test_nothing_else(self, answer):
        assert not is_accepted(WORDS, answer, Ruling(("KLHS", "")))

    @pytest.mark.parametrize("answer", ["1250", "1.250,0", "Rp1.250", "1250,00"])
    def test_a_number_in_any_spelling(self, answer):
        assert is_accepted(NUMBER, answer, Ruling(("1250",)))

    def test_what_is_no_number_can_be_accepted_too(self):
        assert is_accepted(NUMBER, "kira-kira  Tiga", Ruling(("Kira-kira tiga",)))
        assert not is_accepted(NUMBER, "1250", Ruling(("1.250",))), "which may be two numbers"

    def test_what_is_chosen_has_no_other_spelling(self):
        assert not is_accepted(YEARS, "a", Ruling(("a",)))

    def test_the_least_number_there_is(self):
        assert NUMBER.gist("-0") == NUMBER.gist("0,00") == "0"
        assert NUMBER.gist(None) == NUMBER.gist(["1"]) == ""
        assert msgspec.structs.replace(NUMBER).gist("1e5") == "1e5"
