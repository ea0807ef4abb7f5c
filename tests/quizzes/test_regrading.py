"""What differs between two keys, and whose score a corrected key would change."""

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from lms.quizzes.kinds.choice import Multiple, Option, Single
from lms.quizzes.kinds.matching import Matching, Pair, Side
from lms.quizzes.kinds.numeric import Accepted, Numeric
from lms.quizzes.kinds.ordering import Ordering, Step
from lms.quizzes.kinds.short import Short
from lms.quizzes.regrading import Taken, corrected, differences, preview
from lms.quizzes.rulings import Ruling
from lms.quizzes.scoring import Result, score
from lms.quizzes.source import Quiz

YEARS = Single(
    id="tahun",
    prompt="RPJMD berlaku untuk jangka waktu berapa tahun?",
    points=Decimal(2),
    options=(Option("a", "Satu tahun", False), Option("b", "Lima tahun", True)),
)
PAPERS = Multiple(
    id="dokumen",
    prompt="Mana yang termasuk dokumen perencanaan daerah?",
    options=(Option("c", "RPJPD", True), Option("d", "Renstra", True), Option("e", "APBN", False)),
)
NUMBER = Numeric(
    id="angka", prompt="Berapa persen penurunannya?", accepts=(Accepted(Decimal(16), Decimal(17)),)
)
WORDS = Short(id="kata", prompt="Kepanjangan KLHS?", accepts=("Kajian Lingkungan Hidup Strategis",))
QUIZ = Quiz(
    title="Kuis", id="kuis", minutes=5, pass_mark=60, questions=(YEARS, PAPERS, NUMBER, WORDS), grade="best"
)
ONE_YEAR = msgspec.structs.replace(
    YEARS, options=(Option("a", "Satu tahun", True), Option("b", "Lima tahun", False))
)


def changed(*questions, **rules) -> Quiz:
    """The quiz with some questions replaced by others of the same id."""
    new = {question.id: question for question in questions}
    return msgspec.structs.replace(
        QUIZ, questions=tuple(new.get(question.id, question) for question in QUIZ.questions), **rules
    )


def only(old, new):
    """The one difference between a question and its newer state."""
    (found,) = differences(changed(old), changed(new))
    return found


class TestDifferences:
    def test_the_same_quiz_has_none(self):
        assert differences(QUIZ, QUIZ) == ()
        assert differences(QUIZ, changed(title="Lain")) == ()

    def test_a_corrected_key(self):
        found = only(YEARS, ONE_YEAR)
        assert (found.id, found.key, found.points, found.text, found.another) == (
            "tahun",
            True,
            False,
            False,
            False,
        )
        assert found.scores

    def test_other_points(self):
        found = only(YEARS, msgspec.structs.replace(YEARS, points=Decimal(3)))
        assert (found.key, found.points, found.scores) == (False, True, True)

    def test_feedback_and_order_are_no_key(self):
        explained = msgspec.structs.replace(
            YEARS,
            explanation="Sebab begitu.",
            options=(Option("b", "Lima tahun", True, "Ya."), Option("a", "Satu tahun", False)),
        )
        assert differences(QUIZ, changed(explained)) == ()

    def test_a_wider_tolerance_and_a_pattern_are_a_key(self):
        assert only(
            NUMBER, msgspec.structs.replace(NUMBER, accepts=(Accepted(Decimal(15), Decimal(17)),))
        ).key
        assert only(WORDS, msgspec.structs.replace(WORDS, patterns=(r"klhs\d",))).key

    def test_a_reworded_question_is_the_same_and_is_told(self):
        found = only(
            YEARS,
            msgspec.structs.replace(YEARS, prompt="RPJMD berlaku untuk jangka waktu berapa tahun lamanya?"),
        )
        assert (found.text, found.another, found.scores) == (True, False, False)

    def test_another_question_under_the_same_id(self):
        text = msgspec.structs.replace(YEARS, prompt="Siapa yang menetapkan Renstra?")
        kind = Short(id="tahun", prompt=YEARS.prompt, points=YEARS.points, accepts=("lima",))
        options = msgspec.structs.replace(
            YEARS, options=(Option("a", "Satu tahun", False), Option("x", "Sepuluh windu", True))
        )
        for other in (text, kind, options):
            assert only(YEARS, other).another

    def test_a_question_that_is_gone(self):
        (found,) = differences(QUIZ, msgspec.structs.replace(QUIZ, questions=(YEARS, PAPERS, NUMBER)))
        assert (found.id, found.new, found.another, found.scores) == ("kata", None, False, False)

    def test_an_option_with_another_comma_is_the_same(self):
        """Its id is made of its text: whoever chose it before it was corrected chose the same."""
        before = msgspec.structs.replace(
            YEARS, options=(Option("a", "Satu tahun", False), Option("z", "lima  tahun.", True))
        )
        found = only(before, YEARS)
        assert (found.key, found.text, found.options, found.another) == (False, True, (), False)
        assert corrected(changed(before), QUIZ, frozenset()).questions[0].score("z") == 1

    def test_an_option_with_another_letter_is_somebodys_to_judge(self):
        before = msgspec.structs.replace(
            YEARS, options=(Option("a", "APBN", True), Option("z", "APBD dan Renja", False))
        )
        after = msgspec.structs.replace(
            YEARS, options=(Option("b", "APBD", True), Option("c", "Renja", False))
        )
        found = only(before, after)
        assert found.another
        assert found.options == (("APBN", "APBD"), ("APBD dan Renja", ""))
        assert corrected(changed(before), changed(after), frozenset()).questions[0] == before
        included = corrected(changed(before), changed(after), frozenset({"tahun"})).questions[0]
        assert (included.score("a"), included.score("z")) == (1, 0)

    def test_pairs_and_orders_have_keys_too(self):
        pairs = Matching(
            id="tahun",
            prompt="Jodohkan.",
            pairs=(
                Pair(Side("r1", "20 tahun"), Side("l1", "RPJPD")),
                Pair(Side("r2", "5 tahun"), Side("l2", "RPJMD")),
            ),
        )
        crossed = msgspec.structs.replace(
            pairs,
            pairs=(
                Pair(Side("r2", "5 tahun"), Side("l1", "RPJPD")),
                Pair(Side("r1", "20 tahun"), Side("l2", "RPJMD")),
            ),
        )
        other = msgspec.structs.replace(
            pairs,
            pairs=(Pair(Side("r3", "15 tahun"), Side("l1", "RPJPD")), pairs.pairs[1]),
        )
        assert (only(pairs, crossed).key, only(pairs, crossed).another) == (True, False)
        assert only(pairs, other).options == (("20 tahun", ""),)
        assert only(pairs, other).another
        steps = Ordering(
            id="tahun", prompt="Urutkan.", steps=(Step("s1", "Rancangan"), Step("s2", "Musrenbang"))
        )
        turned = msgspec.structs.replace(steps, steps=steps.steps[::-1])
        assert (only(steps, turned).key, only(steps, turned).another) == (True, False)


class TestCorrected:
    def test_the_key_is_the_newer_one(self):
        quiz = corrected(QUIZ, changed(ONE_YEAR, title="Baru", pass_mark=90), frozenset())
        assert quiz.questions == (ONE_YEAR, PAPERS, NUMBER, WORDS)
        assert (quiz.title, quiz.pass_mark) == ("Kuis", 60)

    def test_a_question_that_is_gone_keeps_its_key(self):
        newer = msgspec.structs.replace(QUIZ, questions=(ONE_YEAR,))
        assert corrected(QUIZ, newer, frozenset()).questions == (ONE_YEAR, PAPERS, NUMBER, WORDS)

    def test_another_question_keeps_its_key_unless_it_is_included(self):
        other = msgspec.structs.replace(ONE_YEAR, prompt="Siapa menetapkan Renstra?")
        assert corrected(QUIZ, changed(other), frozenset()).questions[0] == YEARS
        assert corrected(QUIZ, changed(other), frozenset({"tahun"})).questions[0] == other


ALL = tuple(question.id for question in QUIZ.questions)


def taken(number: int, answers: dict, *, enrolment: int = 1, quiz: Quiz = QUIZ) -> Taken:
    """An attempt as handing in left it."""
    result = score(quiz, answers, ALL)
    return Taken(100 * enrolment + number, enrolment, number, ALL, answers, result.points, result.max)


def seen(attempts, newer: Quiz, ledger=None, rulings=None, rules=QUIZ, basis="7"):
    def rescored(attempt: Taken) -> Result:
        return score(
            corrected(QUIZ, newer, frozenset()), attempt.answers, attempt.asked, rulings=rulings or {}
        )

    return preview(attempts, rescored, rules, ledger or {}, basis)


SOME = {"dokumen": ["c", "d"]}
"""Answers that earn 1 of 5 points: 20%."""


class TestPreview:
    """Worked by hand: of 5 points, `tahun` gives 2; its key moves from b to a."""

    def test_who_changes_by_how_much(self):
        attempts = [
            taken(1, SOME | {"tahun": "b"}, enrolment=1),  # 3 → 1
            taken(1, SOME | {"tahun": "a"}, enrolment=2),  # 1 → 3, passes now
            taken(1, SOME, enrolment=3),  # 1 → 1
            taken(1, {"tahun": "b"}, enrolment=4),  # 2 → 0
            taken(2, SOME | {"tahun": "a", "angka": "16", "kata": "?"}, enrolment=4),  # 2 → 4
        ]
        ledger = {1: Decimal(60), 2: Decimal(20), 3: Decimal(20), 4: Decimal(40)}
        found = seen(attempts, changed(ONE_YEAR), ledger)
        assert [(each.attempt.id, each.before, each.points, each.after) for each in found.changes] == [
            (101, 60, 1, 20),
            (201, 20, 3, 60),
            (401, 40, 0, 0),
            (402, 40, 4, 80),
        ]
        assert [(each.enrolment, each.before, each.after) for each in found.grades] == [
            (1, 60, 20),
            (2, 20, 60),
            (4, 40, 80),
        ]
        assert (found.passing, found.failing, found.same) == ({2, 4}, {1}, 1)

    def test_a_grade_stays_where_the_best_attempt_is_another(self):
        full = {
            "tahun": "b",
            "dokumen": ["c", "d"],
            "angka": "16",
            "kata": "Kajian Lingkungan Hidup Strategis",
        }
        attempts = [taken(1, {"tahun": "a"}), taken(2, full | {"tahun": "a"})]
        found = seen(attempts, changed(msgspec.structs.replace(NUMBER, points=Decimal(1))), {1: Decimal(60)})
        assert found.changes == found.grades == ()
        found = seen(attempts, changed(ONE_YEAR), {1: Decimal(60)})
        assert [each.after for each in found.changes] == [40, 100]
        assert [each.after for each in found.grades] == [100]

    def test_another_rule_alone_moves_nobodys_grade(self):
        attempts = [taken(1, {"tahun": "b"}), taken(2, {})]
        found = seen(attempts, QUIZ, {1: Decimal(40)}, rules=msgspec.structs.replace(QUIZ, grade="last"))
        assert found.grades == ()

    def test_an_essay_that_waits_stays_waiting(self):
        waiting = msgspec.structs.replace(score(QUIZ, {}, ALL), pending=("esai",))
        attempt = Taken(1, 1, 1, ALL, {}, None, None)
        found = preview([attempt], lambda _: waiting, QUIZ, {}, "")
        assert (found.changes, found.grades, found.same) == ((), (), 1)

    def test_an_attempt_whose_last_essay_was_voided_has_its_first_score(self):
        attempt = Taken(1, 1, 1, ALL, SOME | {"tahun": "b"}, None, None)
        found = preview([attempt], lambda each: score(QUIZ, each.answers, ALL), QUIZ, {}, "")
        assert [(each.before, each.after) for each in found.changes] == [(None, 60)]
        assert [(each.before, each.after) for each in found.grades] == [(None, 60)]
        assert found.passing == {1}

    def test_dropping_a_question_changes_the_maximum(self):
        found = seen([taken(1, {"tahun": "b"})], QUIZ, {1: Decimal(40)}, {"kata": Ruling(void="drop")})
        (change,) = found.changes
        assert (change.points, change.max_points, change.after) == (2, 4, 50)

    def test_the_fingerprint_is_of_what_would_be_done(self):
        attempts = [taken(1, {"tahun": "b"})]
        first = seen(attempts, changed(ONE_YEAR), {1: Decimal(40)})
        assert first.fingerprint == seen(attempts, changed(ONE_YEAR), {1: Decimal(40)}).fingerprint
        others = [
            seen([*attempts, taken(2, {})], changed(ONE_YEAR), {1: Decimal(40)}),
            seen(attempts, changed(ONE_YEAR), {1: Decimal(50)}),
            seen(attempts, QUIZ, {1: Decimal(40)}),
            seen([taken(1, {"tahun": "a"})], changed(ONE_YEAR), {1: Decimal(0)}),
            seen(attempts, changed(ONE_YEAR), {1: Decimal(40)}, basis="8"),
        ]
        assert len({first.fingerprint, *(other.fingerprint for other in others)}) == 6

    @given(
        st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "tahun": st.sampled_from(["a", "b", "z"]),
                    "dokumen": st.lists(st.sampled_from("cde"), unique=True),
                    "angka": st.text("0123456789,. ", max_size=6),
                    "kata": st.text(max_size=6) | st.just("kajian lingkungan hidup strategis"),
                },
            ),
            max_size=6,
        ),
        st.sampled_from(["best", "last", "first", "average"]),
    )
    def test_the_unchanged_key_changes_nothing(self, answers, rule):
        quiz = msgspec.structs.replace(QUIZ, grade=rule)
        found = seen([taken(at, each) for at, each in enumerate(answers)], quiz, rules=quiz)
        assert found.changes == found.grades == ()
        assert found.same == len(answers)

    @given(st.permutations(["a", "b", None]), st.sampled_from(["best", "average"]))
    def test_going_back_to_the_first_key_gives_the_first_scores(self, chosen, rule):
        attempts = [taken(at, {"tahun": each} if each else {}) for at, each in enumerate(chosen)]
        there = seen(attempts, changed(ONE_YEAR))
        moved = {each.attempt.id: each for each in there.changes}
        now = [
            each
            if each.id not in moved
            else Taken(
                each.id, 1, each.number, ALL, each.answers, moved[each.id].points, moved[each.id].max_points
            )
            for each in attempts
        ]
        back = seen(now, QUIZ, rules=msgspec.structs.replace(QUIZ, grade=rule))
        first = {each.id: each.points for each in attempts}
        assert {each.attempt.id for each in back.changes} == set(moved)
        assert all(each.points == first[each.attempt.id] for each in back.changes)
