"""Who may do what: every person against every deed and thing, written out by hand; no database."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from lms import access
from lms.access import TABLE, Decision, Deed, Person, decide, may

HERE, THERE = 1, 2  # two cohorts


@dataclass(frozen=True)
class Cohort:
    """A thing that belongs to a cohort only."""

    cohort_id: int


@dataclass(frozen=True)
class Work:
    """A thing that is somebody's work in a cohort; allocated to these, and these are too close to its members."""

    cohort_id: int
    member_ids: frozenset[int] = field(default_factory=frozenset)
    reviewer_ids: frozenset[int] = field(default_factory=frozenset)
    barred_ids: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Case:
    """A version whose reviews differ, with who wrote them."""

    cohort_id: int
    member_ids: frozenset[int]
    grader_ids: frozenset[int]
    barred_ids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class File:
    """A file of somebody's work, before or after it was handed in."""

    cohort_id: int
    member_ids: frozenset[int]
    handed_in: bool
    reviewer_ids: frozenset[int] = field(default_factory=frozenset)
    barred_ids: frozenset[int] = field(default_factory=frozenset)


SARI, BUDI, TONO, DEWI, HASAN, RATNA, WATI, EDI, LALA, YUNI, ANDI, JOKO = range(1, 13)


def ids(*values: int) -> frozenset[int]:
    return frozenset(values)


PEOPLE = {
    # the author of the work, and the other member of the team
    "sari": Person(SARI, "Sari", learner=True, learns_in=ids(HERE)),
    "budi": Person(BUDI, "Budi", learner=True, learns_in=ids(HERE)),
    # a learner of the same cohort with no part in the work
    "lala": Person(LALA, "Lala", learner=True, learns_in=ids(HERE)),
    # the facilitator who leads the cohort, and the one of another cohort
    "dewi": Person(DEWI, "Dewi", facilitator=True, facilitates=ids(HERE), leads=ids(HERE)),
    "hasan": Person(HASAN, "Hasan", facilitator=True, facilitates=ids(THERE), leads=ids(THERE)),
    # facilitators of the cohort who do not lead it: the work is allocated to yuni, none to andi
    "yuni": Person(YUNI, "Yuni", facilitator=True, facilitates=ids(HERE)),
    "andi": Person(ANDI, "Andi", facilitator=True, facilitates=ids(HERE)),
    # leads the cohort, and is close to whoever did "a relative's work"
    "joko": Person(JOKO, "Joko", facilitator=True, facilitates=ids(HERE), leads=ids(HERE)),
    # a learner of another cohort, and one of none
    "tono": Person(TONO, "Tono", learner=True, learns_in=ids(THERE)),
    "wati": Person(WATI, "Wati", learner=True),
    # the administrator
    "ratna": Person(RATNA, "Ratna", administrator=True),
    # learns here and facilitates here at once: author of a work of their own
    "edi": Person(
        EDI,
        "Edi",
        learner=True,
        facilitator=True,
        learns_in=ids(HERE),
        facilitates=ids(HERE),
        leads=ids(HERE),
    ),
    # rows of a cohort outlive a role that was taken away
    "sari without the role": Person(SARI, "Sari", learns_in=ids(HERE)),
    "dewi without the role": Person(DEWI, "Dewi", facilitates=ids(HERE), leads=ids(HERE)),
    # what was allocated to somebody who no longer facilitates the cohort
    "yuni removed": Person(YUNI, "Yuni", facilitator=True),
    # removed from the cohort; the work stays theirs
    "sari removed": Person(SARI, "Sari", learner=True),
    "nobody's roles": Person(99, "Kosong"),
}

THINGS: dict[str, object] = {
    "nothing": None,
    "the cohort": Cohort(HERE),
    "the work": Work(HERE, ids(SARI, BUDI), ids(YUNI)),
    "edi's work": Work(HERE, ids(EDI), ids(EDI)),
    "a relative's work": Work(HERE, ids(SARI), ids(YUNI, JOKO), ids(YUNI, JOKO)),
    "a case between others": Case(HERE, ids(SARI, BUDI), ids(HASAN, RATNA)),
    "a case with edi's review": Case(HERE, ids(SARI, BUDI), ids(EDI, HASAN)),
    "a case of edi's work": Case(HERE, ids(EDI), ids(HASAN)),
    "a case of a relative": Case(HERE, ids(SARI), ids(HASAN), ids(DEWI, RATNA)),
    "sari's attempt": Work(HERE, ids(SARI)),
    "a draft's file": File(HERE, ids(SARI, BUDI), handed_in=False),
    "a handed-in file": File(HERE, ids(SARI, BUDI), True, ids(YUNI)),
    "a relative's file": File(HERE, ids(SARI), True, ids(YUNI), ids(YUNI)),
}

# Deed and thing → who may. Everybody else may not. Written by hand, so that a slip in the table shows.
LEADS = {"dewi", "joko", "edi"}
SARIS = {"sari", "sari without the role", "sari removed"}
ALLOWED: dict[tuple[Deed, str], set[str]] = {
    (Deed.SEE_COHORT, "the cohort"): {"sari", "budi", "lala", "dewi", "joko", "yuni", "andi", "ratna", "edi"},
    (Deed.SEE_COHORT, "the work"): {"sari", "budi", "lala", "dewi", "joko", "yuni", "andi", "ratna", "edi"},
    (Deed.LEARN, "the cohort"): {"sari", "budi", "lala", "edi"},
    (Deed.LEARN, "the work"): {"sari", "budi", "lala", "edi"},
    (Deed.FACILITATE, "the cohort"): LEADS | {"ratna"},
    (Deed.FACILITATE, "the work"): LEADS | {"ratna"},
    (Deed.ALLOCATE, "the cohort"): LEADS | {"ratna"},
    (Deed.ALLOCATE, "the work"): LEADS | {"ratna"},
    (Deed.ALLOCATE, "edi's work"): {"dewi", "joko", "ratna"},
    (Deed.REGRADE, "the cohort"): LEADS | {"ratna"},
    (Deed.SEE_WORK, "the work"): {"sari", "budi"},
    (Deed.SEE_WORK, "edi's work"): {"edi"},
    (Deed.WRITE_WORK, "the work"): {"sari", "budi"},
    (Deed.WRITE_WORK, "edi's work"): {"edi"},
    (Deed.TAKE_QUIZ, "sari's attempt"): {"sari"},
    (Deed.SEE_OWN, "sari's attempt"): SARIS,
    (Deed.SEE_SUBMISSION, "the work"): SARIS | LEADS | {"budi", "yuni", "ratna"},
    (Deed.SEE_SUBMISSION, "edi's work"): LEADS | {"ratna"},
    # who leads the cohort answers for it and looks on; who was only given it does not
    (Deed.SEE_SUBMISSION, "a relative's work"): SARIS | LEADS | {"ratna"},
    (Deed.SEE_FILE, "a draft's file"): {"sari", "budi"},
    (Deed.SEE_FILE, "a handed-in file"): SARIS | LEADS | {"budi", "yuni", "ratna"},
    (Deed.SEE_FILE, "a relative's file"): SARIS | LEADS | {"ratna"},
    (Deed.REVIEW, "the work"): LEADS | {"yuni"},
    (Deed.REVIEW, "edi's work"): {"dewi", "joko"},
    (Deed.REVIEW, "a relative's work"): {"dewi", "edi"},
    (Deed.PRACTICE, "the cohort"): LEADS | {"yuni", "andi", "ratna"},
    (Deed.PRACTICE, "edi's work"): (LEADS - {"edi"}) | {"yuni", "andi", "ratna"},
    (Deed.PRACTICE, "a relative's work"): {"dewi", "edi", "andi", "ratna"},
    (Deed.CALIBRATE, "the cohort"): LEADS | {"ratna"},
    (Deed.CALIBRATE, "edi's work"): LEADS - {"edi"} | {"ratna"},
    # who is close to its team may retire a sample, as they may make one: it is of nobody's grade
    (Deed.CALIBRATE, "a relative's work"): LEADS | {"ratna"},
    (Deed.MODERATE, "a case between others"): LEADS,
    (Deed.MODERATE, "a case with edi's review"): (LEADS | {"ratna"}) - {"edi"},
    (Deed.MODERATE, "a case of edi's work"): (LEADS | {"ratna"}) - {"edi"},
    (Deed.MODERATE, "a case of a relative"): LEADS - {"dewi"},
    (Deed.APPEAL, "the work"): SARIS | {"budi"},
    (Deed.APPEAL, "edi's work"): {"edi"},
    (Deed.ANSWER_APPEAL, "a case between others"): LEADS,
    (Deed.ANSWER_APPEAL, "a case with edi's review"): (LEADS | {"ratna"}) - {"edi"},
    (Deed.ANSWER_APPEAL, "a case of edi's work"): (LEADS | {"ratna"}) - {"edi"},
    (Deed.ANSWER_APPEAL, "a case of a relative"): LEADS - {"dewi"},
    (Deed.EXPLAIN, "the work"): SARIS | LEADS | {"budi", "ratna"},
    (Deed.EXPLAIN, "edi's work"): LEADS | {"ratna"},
    (Deed.MARK, "sari's attempt"): LEADS,
    (Deed.MARK, "edi's work"): {"dewi", "joko"},
    (Deed.RELEASE, "the work"): LEADS,
    (Deed.RELEASE, "edi's work"): {"dewi", "joko"},
    (Deed.CHECK_RELEASE, "the work"): LEADS | {"ratna"},
    (Deed.CHECK_RELEASE, "edi's work"): {"dewi", "joko", "ratna"},
    (Deed.GRANT, "the work"): LEADS | {"ratna"},
    (Deed.GRANT, "edi's work"): {"dewi", "joko", "ratna"},
    (Deed.SEE_OWN, "the work"): SARIS | {"budi"},
    (Deed.SEE_OWN, "edi's work"): {"edi"},
    (Deed.SEE_QUEUE, "nothing"): {"dewi", "hasan", "edi", "yuni", "andi", "joko", "yuni removed"},
    (Deed.MANAGE_COURSES, "nothing"): {"ratna"},
    (Deed.MANAGE_COURSES, "the cohort"): {"ratna"},
    (Deed.MANAGE_COHORTS, "nothing"): {"ratna"},
    (Deed.MANAGE_COHORTS, "the cohort"): {"ratna"},
    (Deed.MANAGE_PEOPLE, "nothing"): {"ratna"},
}


def test_every_deed_stands_in_the_table_and_in_this_matrix() -> None:
    assert set(TABLE) == set(Deed)
    assert {deed for deed, _ in ALLOWED} == set(Deed)
    assert all(rules for rules in TABLE.values())


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize(("deed", "thing"), ALLOWED, ids=lambda value: getattr(value, "name", value))
def test_matrix(who: str, deed: Deed, thing: str) -> None:
    assert may(PEOPLE[who], deed, THINGS[thing]) == (who in ALLOWED[deed, thing])


@pytest.mark.parametrize(("deed", "thing"), ALLOWED, ids=lambda value: getattr(value, "name", value))
def test_nobody_signed_in_may_do_nothing(deed: Deed, thing: str) -> None:
    assert not may(None, deed, THINGS[thing])


def test_a_deed_without_a_rule_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(TABLE, Deed.MANAGE_PEOPLE)
    assert not may(PEOPLE["ratna"], Deed.MANAGE_PEOPLE)


# Refusals: what the guard answers. A = allowed, F = forbidden (403), H = hidden (404).

REFUSALS: dict[tuple[Deed, str], dict[str, str]] = {
    # an insider lacks the right and is told so; an outsider does not learn that it exists
    (Deed.LEARN, "the cohort"): {
        "yuni": "F",
        "andi": "F",
        "joko": "F",
        "yuni removed": "H",
        "sari": "A",
        "budi": "A",
        "lala": "A",
        "edi": "A",
        "dewi": "F",
        "ratna": "F",
        "sari without the role": "F",
        "dewi without the role": "F",
        "hasan": "H",
        "tono": "H",
        "wati": "H",
        "sari removed": "H",
        "nobody's roles": "H",
    },
    (Deed.FACILITATE, "the cohort"): {
        "yuni": "F",
        "andi": "F",
        "joko": "A",
        "yuni removed": "H",
        "dewi": "A",
        "ratna": "A",
        "edi": "A",
        "sari": "F",
        "budi": "F",
        "lala": "F",
        "sari without the role": "F",
        "dewi without the role": "F",
        "hasan": "H",
        "tono": "H",
        "wati": "H",
        "sari removed": "H",
        "nobody's roles": "H",
    },
    (Deed.REGRADE, "the cohort"): {
        "yuni": "F",
        "andi": "F",
        "joko": "A",
        "yuni removed": "H",
        "dewi": "A",
        "ratna": "A",
        "edi": "A",
        "sari": "F",
        "budi": "F",
        "lala": "F",
        "sari without the role": "F",
        "dewi without the role": "F",
        "hasan": "H",
        "tono": "H",
        "wati": "H",
        "sari removed": "H",
        "nobody's roles": "H",
    },
    # work is private: a learner of the same cohort is an outsider to it
    (Deed.SEE_WORK, "the work"): {
        "yuni": "F",
        "andi": "F",
        "joko": "F",
        "yuni removed": "H",
        "sari": "A",
        "budi": "A",
        "dewi": "F",
        "ratna": "F",
        "edi": "F",
        "sari without the role": "F",
        "sari removed": "F",
        "dewi without the role": "F",
        "lala": "H",
        "hasan": "H",
        "tono": "H",
        "wati": "H",
        "nobody's roles": "H",
    },
    (Deed.SEE_SUBMISSION, "the work"): {
        "yuni": "A",
        "andi": "F",
        "joko": "A",
        "yuni removed": "H",
        "sari": "A",
        "budi": "A",
        "dewi": "A",
        "ratna": "A",
        "edi": "A",
        "sari without the role": "A",
        "sari removed": "A",
        "dewi without the role": "F",
        "lala": "H",
        "hasan": "H",
        "tono": "H",
        "wati": "H",
        "nobody's roles": "H",
    },
    (Deed.REVIEW, "the work"): {
        "yuni": "A",
        "andi": "F",
        "joko": "A",
        "yuni removed": "H",
        "dewi": "A",
        "edi": "A",
        "sari": "F",
        "budi": "F",
        "ratna": "F",
        "sari without the role": "F",
        "sari removed": "F",
        "dewi without the role": "F",
        "lala": "H",
        "hasan": "H",
        "tono": "H",
        "wati": "H",
        "nobody's roles": "H",
    },
    (Deed.REVIEW, "edi's work"): {
        "yuni": "F",
        "andi": "F",
        "joko": "A",
        "yuni removed": "H",
        "dewi": "A",
        "edi": "F",  # nobody reviews what is their own
        "ratna": "F",
        "dewi without the role": "F",
        "sari": "H",
        "budi": "H",
        "lala": "H",
        "hasan": "H",
        "tono": "H",
        "wati": "H",
        "sari without the role": "H",
        "sari removed": "H",
        "nobody's roles": "H",
    },
    (Deed.MARK, "edi's work"): {
        "yuni": "F",
        "andi": "F",
        "joko": "A",
        "yuni removed": "H",
        "dewi": "A",
        "edi": "F",  # nobody marks their own
        "ratna": "F",
        "dewi without the role": "F",
        "sari": "H",
        "budi": "H",
        "lala": "H",
        "hasan": "H",
        "tono": "H",
        "wati": "H",
        "sari without the role": "H",
        "sari removed": "H",
        "nobody's roles": "H",
    },
    (Deed.SEE_FILE, "a draft's file"): {
        "yuni": "F",
        "andi": "F",
        "joko": "F",
        "yuni removed": "H",
        "sari": "A",
        "budi": "A",
        "dewi": "F",
        "ratna": "F",
        "edi": "F",
        "sari without the role": "F",
        "sari removed": "F",
        "dewi without the role": "F",
        "lala": "H",
        "hasan": "H",
        "tono": "H",
        "wati": "H",
        "nobody's roles": "H",
    },
    # a conflict of interest is told to whoever it concerns
    (Deed.REVIEW, "a relative's work"): {
        "dewi": "A",
        "edi": "A",
        "joko": "F",
        "yuni": "F",
        "andi": "F",
        "sari": "F",
        "ratna": "F",
        "sari without the role": "F",
        "sari removed": "F",
        "dewi without the role": "F",
        "budi": "H",
        "lala": "H",
        "hasan": "H",
        "tono": "H",
        "wati": "H",
        "yuni removed": "H",
        "nobody's roles": "H",
    },
    (Deed.ALLOCATE, "the cohort"): {
        "dewi": "A",
        "joko": "A",
        "edi": "A",
        "ratna": "A",
        "yuni": "F",
        "andi": "F",
        "sari": "F",
        "budi": "F",
        "lala": "F",
        "sari without the role": "F",
        "dewi without the role": "F",
        "hasan": "H",
        "tono": "H",
        "wati": "H",
        "sari removed": "H",
        "yuni removed": "H",
        "nobody's roles": "H",
    },
    # nothing to hide: everybody knows that there is a queue and an administrator's desk
    (Deed.SEE_QUEUE, "nothing"): {
        **dict.fromkeys(PEOPLE, "F"),
        "dewi": "A",
        "hasan": "A",
        "edi": "A",
        "yuni": "A",
        "andi": "A",
        "joko": "A",
        "yuni removed": "A",
    },
    (Deed.MANAGE_PEOPLE, "nothing"): {**dict.fromkeys(PEOPLE, "F"), "ratna": "A"},
    (Deed.MANAGE_COURSES, "nothing"): {**dict.fromkeys(PEOPLE, "F"), "ratna": "A"},
}
LETTERS = {"A": Decision.ALLOWED, "F": Decision.FORBIDDEN, "H": Decision.HIDDEN}


def test_the_refusals_are_written_out_for_everybody() -> None:
    assert all(set(row) == set(PEOPLE) for row in REFUSALS.values())


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize(("deed", "thing"), REFUSALS, ids=lambda value: getattr(value, "name", value))
def test_refusals(who: str, deed: Deed, thing: str) -> None:
    assert decide(PEOPLE[who], deed, THINGS[thing]) == LETTERS[REFUSALS[deed, thing][who]]


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize(("deed", "thing"), ALLOWED, ids=lambda value: getattr(value, "name", value))
def test_deciding_agrees_with_the_table(who: str, deed: Deed, thing: str) -> None:
    decision = decide(PEOPLE[who], deed, THINGS[thing])
    assert (decision is Decision.ALLOWED) == (who in ALLOWED[deed, thing])


def test_being_a_facilitator_somewhere_else_counts_for_nothing_here() -> None:
    hasan = PEOPLE["hasan"]
    course_bound = {deed for deed, thing in ALLOWED if thing != "nothing"}
    for deed in course_bound:
        for thing in (Cohort(HERE), THINGS["the work"], THINGS["a handed-in file"]):
            if deed is Deed.SEE_FILE and not isinstance(thing, File):
                continue
            if isinstance(thing, Cohort) and (deed, "the cohort") not in ALLOWED:
                continue
            assert not may(hasan, deed, thing), deed


def test_a_snapshot_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        PEOPLE["sari"].administrator = True  # type: ignore[misc]


def test_predicates_are_named_functions_of_the_access_room() -> None:
    for rules in TABLE.values():
        for rule in rules:
            assert rule.__module__ == access.__name__
            assert rule.__name__ != "<lambda>"
            assert rule.__doc__


@pytest.mark.parametrize("blind", [False, True])
@pytest.mark.parametrize("released", [False, True])
def test_whose_work_it_is_is_kept_from_its_reviewers_only(blind: bool, released: bool) -> None:
    """Every mode of a project for every role; nobody else is kept in the dark, and nobody after the release."""

    @dataclass
    class Held:
        cohort_id: int = 1
        member_ids: frozenset[int] = frozenset({7})

    reviewer = Person(1, facilitator=True, facilitates=frozenset({1}))
    both = Person(2, facilitator=True, administrator=True, facilitates=frozenset({1}))
    others = [
        Person(7, learner=True, learns_in=frozenset({1})),
        Person(3, administrator=True),
        Person(4, facilitator=True, administrator=True, facilitates=frozenset({2})),
    ]
    hidden = blind and not released
    for person in (reviewer, both):
        assert access.kept_from(person, Held(), blind=blind, released=released) is hidden
    for person in others:
        assert not access.kept_from(person, Held(), blind=blind, released=released)
