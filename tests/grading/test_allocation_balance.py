"""The plan of who gets what: no conflict ever, no cap passed, nobody twice, the same answer to the same question."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from lms.grading.allocation.balance import ADVANTAGE, Left, Reviewer, Work, balanced, by_hand


def ids(*values: int) -> frozenset[int]:
    return frozenset(values)


def test_work_goes_to_who_has_least() -> None:
    plan = balanced([Work(1, 1)], [Reviewer(7, waiting=3), Reviewer(8, waiting=1)], seed=1)
    assert [(each.work_id, each.reviewer_id, each.waiting) for each in plan.given] == [(1, 8, 1)]
    assert plan.left == ()


def test_shares_come_out_even() -> None:
    works = [Work(n, 1) for n in range(1, 31)]
    plan = balanced(works, [Reviewer(n) for n in (7, 8, 9)], seed=5)
    assert Counter(each.reviewer_id for each in plan.given) == {7: 10, 8: 10, 9: 10}
    assert [each.work_id for each in plan.given] == list(range(1, 31))  # as they were listed


def test_who_knows_the_subject_is_preferred_within_bounds() -> None:
    expert = Reviewer(7, waiting=ADVANTAGE, tags=frozenset({"rpjmd", "data"}))
    work = Work(1, 1, tags=frozenset({"rpjmd"}))
    (first,) = balanced([work], [expert, Reviewer(8)], seed=1).given
    assert (first.reviewer_id, first.tags) == (7, ("rpjmd",))
    busy = Reviewer(7, waiting=ADVANTAGE + 1, tags=frozenset({"rpjmd"}))
    assert balanced([work], [busy, Reviewer(8)], seed=1).given[0].reviewer_id == 8


def test_what_cannot_be_given_says_why() -> None:
    people = [
        Reviewer(1, works=4, cap=4),
        Reviewer(2, away=True),
        Reviewer(3, works=1, university=9, university_cap=1),
        Reviewer(4),
        Reviewer(5),
    ]
    plan = balanced([Work(10, 2, barred=ids(4), reviewers=ids(5))], people, seed=1)
    assert plan.given == ()
    assert plan.left == (
        Left(10, 2, (("away", 1), ("cap", 1), ("conflict", 1), ("has it", 1), ("university cap", 1))),
    )


def test_a_work_that_only_one_can_review_finds_that_one() -> None:
    """Whoever is free for few works is not used up by those that anybody can take."""
    people = [Reviewer(1, cap=1), Reviewer(2, cap=1)]
    works = [Work(10, 1), Work(11, 1, barred=ids(2))]
    for seed in range(20):
        assert {(each.work_id, each.reviewer_id) for each in balanced(works, people, seed=seed).given} == {
            (10, 2),
            (11, 1),
        }


def test_room_is_made_by_passing_a_work_on() -> None:
    # both works can be reviewed by two people each, so that their order alone does not save the second
    people = [Reviewer(1, cap=1), Reviewer(2, cap=1), Reviewer(3, cap=1, waiting=9)]
    works = [Work(10, 1, barred=ids(3)), Work(11, 1, barred=ids(3)), Work(12, 1, barred=ids(2))]
    for seed in range(20):
        assert balanced(works, people, seed=seed).left == ()


def test_by_hand_gives_what_it_may() -> None:
    people = [Reviewer(1, works=1, cap=2), Reviewer(2)]
    works = [Work(10, 1, barred=ids(1)), Work(11, 1, reviewers=ids(1)), Work(12, 1), Work(13, 1)]
    plan = by_hand(works, people, 1)
    assert [each.work_id for each in plan.given] == [12]
    assert [(each.work_id, each.obstacles) for each in plan.left] == [
        (10, (("conflict", 1),)),
        (11, (("has it", 1),)),
        (13, (("cap", 1),)),
    ]
    assert by_hand(works, people, 99).given == ()


_people = st.lists(
    st.builds(
        Reviewer,
        id=st.integers(1, 8),
        waiting=st.integers(0, 5),
        works=st.integers(0, 5),
        cap=st.none() | st.integers(0, 8),
        university=st.sampled_from([None, 1, 2]),
        away=st.booleans(),
        tags=st.frozensets(st.sampled_from("abc")),
    ),
    max_size=8,
    unique_by=lambda each: each.id,
)
_works = st.lists(
    st.builds(
        Work,
        id=st.integers(1, 60),
        places=st.integers(1, 3),
        barred=st.frozensets(st.integers(1, 8), max_size=4),
        reviewers=st.frozensets(st.integers(1, 8), max_size=2),
        tags=st.frozensets(st.sampled_from("abc")),
    ),
    max_size=15,
    unique_by=lambda each: each.id,
)


@settings(max_examples=200, deadline=None)
@given(_works, _people, st.dictionaries(st.sampled_from([1, 2]), st.integers(0, 12)), st.integers(0, 9))
def test_every_plan_keeps_to_its_bounds(
    works: list[Work], people: list[Reviewer], caps: dict[int, int], seed: int
) -> None:
    people = [
        Reviewer(
            id=each.id,
            waiting=each.waiting,
            works=each.works,
            cap=each.cap,
            university=each.university,
            university_cap=caps.get(each.university) if each.university else None,
            away=each.away,
            tags=each.tags,
        )
        for each in people
    ]
    plan = balanced(works, people, seed=seed)
    assert plan == balanced(list(works), list(reversed(people)), seed=seed)
    assert plan.digest == balanced(works, people, seed=seed).digest
    by_id, who = {work.id: work for work in works}, {each.id: each for each in people}
    pairs = [(each.work_id, each.reviewer_id) for each in plan.given]
    assert len(set(pairs)) == len(pairs)
    for work_id, person_id in pairs:
        assert person_id not in by_id[work_id].barred
        assert person_id not in by_id[work_id].reviewers
        assert not who[person_id].away
    got = Counter(person_id for _, person_id in pairs)
    for person in people:
        cap = person.cap
        assert not got[person.id] or cap is None or person.works + got[person.id] <= cap
    for university, cap in caps.items():
        of = [each for each in people if each.university == university]
        came = sum(got[each.id] for each in of)
        assert not came or sum(each.works for each in of) + came <= cap
    # every open place is either given or accounted for
    given_to = Counter(work_id for work_id, _ in pairs)
    left = {each.work_id: each.places for each in plan.left}
    assert all(given_to[work.id] + left.get(work.id, 0) == work.places for work in works)
