"""A queue costs the same whatever waits in the database: counted in what SQLite does, not in seconds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text

from lms.access import Person
from lms.courses.models import CohortFacilitator
from lms.extensions import db
from lms.grading import models
from lms.projects.models import Allocation, SubmissionVersion, Work
from lms.projects.reviewers import day_of
from tests.cast import NOW, Cast
from tests.grading.reviews import handed_in

PER_DAY = 20


def fill(cast: Cast, count: int, *, first: int, reviewer: int | None = None) -> None:
    """So many waiting versions, some each day; in the pool, or allocated to somebody."""
    like = db.session.get_one(Work, db.session.query(Work.id).limit(1).scalar())
    keys = range(first, first + count)
    at = {key: NOW + timedelta(days=(key - first) // PER_DAY, minutes=key % 600) for key in keys}
    db.session.execute(
        insert(Work),
        [
            {
                "id": key,
                "cohort_id": cast.cohort_id,
                "item_id": like.item_id,
                "stable_id": like.stable_id,
                "created_at": NOW,
            }
            for key in keys
        ],
    )
    db.session.execute(
        insert(SubmissionVersion),
        [
            {
                "id": key,
                "work_id": key,
                "cohort_id": cast.cohort_id,
                "number": 1,
                "submitted_at": at[key],
                "submitted_by": cast.people["budi"],
                "sha256": "",
                "receipt": f"uji-{key}",
                "pool_on": None if reviewer else day_of(at[key]),
            }
            for key in keys
        ],
    )
    if reviewer:
        db.session.execute(
            insert(Allocation),
            [
                {
                    "work_id": key,
                    "cohort_id": cast.cohort_id,
                    "reviewer_id": reviewer,
                    "how": "hand",
                    "allocated_by": reviewer,
                    "allocated_at": NOW,
                    "waiting_on": day_of(at[key]),
                }
                for key in keys
            ],
        )
    db.session.execute(text("ANALYZE"))


def steps(deed: Callable[[], Any]) -> int:
    """How many hundreds of steps the database's machine takes for it."""
    raw: Any = db.session.connection().connection.driver_connection
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    raw.set_progress_handler(count, 100)
    try:
        deed()
    finally:
        raw.set_progress_handler(None, 0)
    return taken


def lead(cast: Cast, who: str = "dewi", *, leads: bool = True) -> Person:
    here = frozenset((cast.cohort_id,))
    return Person(cast.people[who], facilitator=True, facilitates=here, leads=here if leads else frozenset())


DEEDS: dict[str, Callable[[Person], Any]] = {
    "queue": models.queue,
    "beginning": lambda person: models.oldest_waiting(person, 5),
    "counts": models.waiting_counts,
    "following": lambda person: models.following(person, now=NOW),
}


@pytest.mark.parametrize("what", DEEDS)
@pytest.mark.parametrize("whose", ["the pool", "one's own", "somebody else's"])
@pytest.mark.sqlite
def test_it_costs_what_it_shows(cast: Cast, session: Any, what: str, whose: str) -> None:
    handed_in(cast)
    hasan = cast.people["hasan"]
    db.session.add(CohortFacilitator(cohort_id=cast.cohort_id, person_id=hasan, added_at=NOW, leads=False))
    person = lead(cast, "hasan", leads=False) if whose == "one's own" else lead(cast)
    reviewer = None if whose == "the pool" else hasan
    # as much as one page and one count can take, so that both sides read the same
    fill(cast, 600, first=1000, reviewer=reviewer)
    few = steps(lambda: DEEDS[what](person))
    fill(cast, 6000, first=10_000, reviewer=reviewer)
    many = steps(lambda: DEEDS[what](person))
    assert many <= few * 1.25 + 20, (few, many)


@pytest.mark.sqlite
def test_a_late_page_costs_what_the_first_does(cast: Cast, session: Any) -> None:
    handed_in(cast)
    fill(cast, 3000, first=1000)
    person = lead(cast)
    first = steps(lambda: models.queue(person))
    page = models.queue(person)
    seen = {line.submission_id for line in page.rows}
    for _ in range(30):
        page = models.queue(person, after=page.next)
        found = {line.submission_id for line in page.rows}
        assert not found & seen
        seen |= found
    late = steps(lambda: models.queue(person, after=page.next))
    assert late <= first * 1.5 + 20, (first, late)


def test_equals_stand_in_an_order_of_each_reviewers_own(cast: Cast, session: Any) -> None:
    handed_in(cast)
    fill(cast, PER_DAY * 3, first=1000)
    db.session.add(CohortFacilitator(cohort_id=cast.cohort_id, person_id=cast.people["hasan"], added_at=NOW))
    orders = {}
    for who in ("dewi", "hasan"):
        person = lead(cast, who)
        lines = models.queue(person, per_page=100).rows
        orders[who] = [line.submission_id for line in lines]
        days = [day_of(line.submitted_at) for line in lines]
        assert days == sorted(days)  # the oldest day first, whoever looks
        assert [line.submission_id for line in models.queue(person, per_page=100).rows] == orders[who]
        paged, after = [], None
        while True:
            page = models.queue(person, per_page=7, after=after)
            paged += [line.submission_id for line in page.rows]
            after = page.next
            if after is None:
                break
        assert paged == orders[who]
    assert set(orders["dewi"]) == set(orders["hasan"])
    assert orders["dewi"] != orders["hasan"]
    assert orders["dewi"] != sorted(orders["dewi"])
