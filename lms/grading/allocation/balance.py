"""Who gets which work and why: the plan that is shown before anything is allocated. Values in, values out.

Every plan keeps to the same bounds: nobody gets work of their own, of their organization, or against a relation they
declared; nobody away gets anything; neither a facilitator's nor a university's cap is passed; nobody gets a work twice.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

ADVANTAGE = 2
"""Somebody who knows the subject is preferred until they have this many works more than the one with fewest."""

Obstacle = Literal["has it", "conflict", "away", "cap", "university cap"]


class Work(msgspec.Struct, frozen=True):
    """A work that lacks ``places`` reviewers; ``barred`` must keep away from it, ``reviewers`` have it already."""

    id: int
    places: int
    barred: frozenset[int] = frozenset()
    reviewers: frozenset[int] = frozenset()
    tags: frozenset[str] = frozenset()


class Reviewer(msgspec.Struct, frozen=True):
    """Somebody who can be given work: ``waiting`` works now, ``works`` altogether; caps of None are none."""

    id: int
    waiting: int = 0
    works: int = 0
    cap: int | None = None
    university: int | None = None
    university_cap: int | None = None
    away: bool = False
    tags: frozenset[str] = frozenset()


class Given(msgspec.Struct, frozen=True):
    """A work for somebody: what they know of its subject, and how many works waited for them before it."""

    work_id: int
    reviewer_id: int
    tags: tuple[str, ...]
    waiting: int


class Left(msgspec.Struct, frozen=True):
    """A work that lacks ``places`` reviewers still, and how many people each obstacle keeps from it."""

    work_id: int
    places: int
    obstacles: tuple[tuple[Obstacle, int], ...]


class Plan(msgspec.Struct, frozen=True):
    """What is given to whom, and what is left."""

    given: tuple[Given, ...]
    left: tuple[Left, ...]

    @property
    def digest(self) -> str:
        """The same for the same plan only."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


class _State:
    """The reviewers while works are handed out."""

    def __init__(self, reviewers: Iterable[Reviewer]) -> None:
        self.people = {each.id: each for each in reviewers}
        self.waiting = {each.id: each.waiting for each in self.people.values()}
        self.works = {each.id: each.works for each in self.people.values()}
        self.universities: Counter[int] = Counter()
        for each in self.people.values():
            if each.university is not None:
                self.universities[each.university] += each.works

    def obstacle(self, work: Work, has: frozenset[int], person: Reviewer) -> Obstacle | None:
        """What keeps somebody from a work now."""
        if person.id in has:
            return "has it"
        if person.id in work.barred:
            return "conflict"
        if person.away:
            return "away"
        if person.cap is not None and self.works[person.id] >= person.cap:
            return "cap"
        full = person.university is not None and person.university_cap is not None
        if full and self.universities[person.university or 0] >= (person.university_cap or 0):
            return "university cap"
        return None

    def able(self, work: Work, has: frozenset[int]) -> Iterator[Reviewer]:
        return (each for each in self.people.values() if self.obstacle(work, has, each) is None)

    def give(self, work: Work, person: Reviewer) -> Given:
        given = Given(work.id, person.id, tuple(sorted(work.tags & person.tags)), self.waiting[person.id])
        self._count(person, 1)
        return given

    def take(self, person: Reviewer) -> None:
        self._count(person, -1)

    def _count(self, person: Reviewer, by: int) -> None:
        self.waiting[person.id] += by
        self.works[person.id] += by
        if person.university is not None:
            self.universities[person.university] += by

    def left(self, work: Work, has: frozenset[int], places: int) -> Left:
        found = Counter(self.obstacle(work, has, each) for each in self.people.values())
        return Left(
            work.id,
            places,
            tuple(sorted((name, count) for name, count in found.items() if name is not None)),
        )


def balanced(works: Sequence[Work], reviewers: Sequence[Reviewer], *, seed: int) -> Plan:
    """Give every open place to whoever has fewest works waiting, those who know the subject first.

    Works that few can review go first; ``seed`` decides between equals, so that the same question has one answer.
    """
    state = _State(sorted(reviewers, key=lambda each: each.id))
    has = {work.id: work.reviewers for work in works}
    order = sorted(works, key=lambda work: (len(list(state.able(work, has[work.id]))), _lot(seed, work.id)))
    by_id = {work.id: work for work in works}
    given: list[Given] = []
    left: list[Left] = []
    for work in order:
        for place in range(work.places):
            person = _choose(state, work, has[work.id], seed)
            if person is None:
                person = _make_room(state, work, has, by_id, given, seed)
            if person is None:
                left.append(state.left(work, has[work.id], work.places - place))
                break
            given.append(state.give(work, person))
            has[work.id] |= {person.id}
    return _in_order(works, given, left)


def by_hand(works: Sequence[Work], reviewers: Sequence[Reviewer], chosen: int) -> Plan:
    """Give every one of these works to one person, as far as the bounds allow; works that have enough too."""
    state = _State(reviewers)
    person = state.people.get(chosen)
    given: list[Given] = []
    left: list[Left] = []
    for work in works:
        obstacle = "away" if person is None else state.obstacle(work, work.reviewers, person)
        if person is not None and obstacle in (None, "away"):  # who chooses somebody away knows why
            given.append(state.give(work, person))
        else:
            left.append(Left(work.id, work.places, ((obstacle or "away", 1),)))
    return Plan(tuple(given), tuple(left))


def _choose(state: _State, work: Work, has: frozenset[int], seed: int) -> Reviewer | None:
    def rank(person: Reviewer) -> tuple[int, int, int]:
        knows = ADVANTAGE if work.tags & person.tags else 0
        return state.waiting[person.id] - knows, -knows, _lot(seed, work.id, person.id)

    return min(state.able(work, has), key=rank, default=None)


def _make_room(
    state: _State,
    work: Work,
    has: dict[int, frozenset[int]],
    by_id: Mapping[int, Work],
    given: list[Given],
    seed: int,
) -> Reviewer | None:
    """Pass one work of this plan on to somebody else, where that frees its reviewer for this work."""
    if not any(
        each.cap is None or state.works[each.id] < each.cap for each in state.people.values() if not each.away
    ):
        return None  # nobody could take over anything: not looked for at every work of a long list
    for at, other in enumerate(given):
        if other.work_id == work.id:
            continue
        person = state.people[other.reviewer_id]
        state.take(person)
        free = state.obstacle(work, has[work.id], person) is None
        if free:
            # with the place taken here, as it will be
            state.give(work, person)
            heir = _choose(state, by_id[other.work_id], has[other.work_id], seed)
            state.take(person)
            if heir is not None:
                given[at] = state.give(by_id[other.work_id], heir)
                has[other.work_id] = has[other.work_id] - {person.id} | {heir.id}
                return person
        state.give(work, person)
    return None


def _in_order(works: Sequence[Work], given: Iterable[Given], left: Iterable[Left]) -> Plan:
    """As the works were listed, so that the plan reads like the list it was made for."""
    place = {work.id: at for at, work in enumerate(works)}
    return Plan(
        tuple(sorted(given, key=lambda each: (place[each.work_id], each.reviewer_id))),
        tuple(sorted(left, key=lambda each: place[each.work_id])),
    )


def _lot(seed: int, *ids: int) -> int:
    return int.from_bytes(hashlib.sha256(repr((seed, *ids)).encode()).digest()[:8], "big")
