"""When a project is due: the schedule and what was granted beyond it, for everybody, one learner and a whole team."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from lms import access
from lms.courses.models import GradeEntry
from lms.extensions import db
from lms.grading import models as grading
from lms.projects import models
from lms.projects.deadlines import Due, Extension, due, late_seconds
from lms.projects.models import WorkMember, Workspace
from lms.projects.source import Late
from tests.cast import NOW, Cast
from tests.grading.reviews import ACCEPTED, handed_in, send
from tests.projects.work import ITEM, begin, change_project, fill, hand_in

DUE = datetime(2099, 11, 28, 16, 59, 59, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


# Pure


def test_the_latest_counts() -> None:
    assert due(DUE) == Due(DUE, extended=False)
    assert due(DUE, None, DUE + DAY) == Due(DUE + DAY, extended=True)
    assert due(DUE, DUE + 2 * DAY, DUE + DAY) == Due(DUE + 2 * DAY, extended=True)
    # what is granted never takes time away, and gives no deadline to what has none
    assert due(DUE, DUE - DAY, DUE) == Due(DUE, extended=False)
    assert due(None, DUE) == Due(None, extended=False)


@pytest.mark.parametrize(
    ("until", "left"),
    [
        (None, 7200),
        (DUE, 7200),
        (DUE + timedelta(hours=1), 3600),
        (DUE + timedelta(hours=2) - SECOND, 1),
        (DUE + timedelta(hours=2), 0),
        (DUE + timedelta(days=9), 0),
        (DUE - timedelta(days=9), 7200),
    ],
)
def test_what_is_granted_afterwards_excuses_to_the_second(until: datetime | None, left: int) -> None:
    came = DUE + timedelta(hours=2)
    assert late_seconds(came, 7200, None, until) == left
    assert late_seconds(came, 0, until) == 0


# On rows


def extend(
    cast: Cast, until: datetime, who: str | None = None, *, now: datetime = NOW, item: str = ITEM
) -> None:
    db.session.add(
        Extension(
            cohort_id=cast.cohort_id,
            stable_id=item,
            enrolment_id=cast.enrolments[who] if who else None,
            until=until,
            reason="Layanan terganggu.",
            granted_by=cast.people["dewi"],
            granted_at=now,
        )
    )
    db.session.flush()


def again(work: Workspace) -> Workspace:
    found = models.workspace(work.id)
    assert found is not None
    return found


def join(cast: Cast, work: Workspace, who: str = "budi") -> WorkMember:
    row = WorkMember(
        work_id=work.id,
        enrolment_id=cast.enrolments[who],
        person_id=cast.people[who],
        stable_id=ITEM,
        joined_at=NOW,
    )
    db.session.add(row)
    db.session.flush()
    return row


def test_who_an_extension_holds_for(cast: Cast, session: Any, count_statements: Any) -> None:
    work = begin(cast)
    assert work.due == Due(DUE)
    extend(cast, DUE + DAY, item="proyek-lain")
    extend(cast, DUE + 3 * DAY, "budi")
    assert again(work).due == Due(DUE)
    extend(cast, DUE + DAY)
    assert again(work).due == Due(DUE + DAY, extended=True)
    # what one member was granted holds for the team while that member belongs to it
    row = join(cast, work)
    assert again(work).due_at == DUE + 3 * DAY
    assert models.works_of([cast.enrolments["sari"]])[0].due_at == DUE + 3 * DAY
    row.left_at = NOW
    session.flush()
    with count_statements() as counted:
        assert again(work).due_at == DUE + DAY
    assert len(counted) == 1, counted.statements
    assert models.works_of([cast.enrolments["sari"]])[0].due_at == DUE + DAY


def test_before_a_project_is_begun(cast: Cast, session: Any, count_statements: Any) -> None:
    extend(cast, DUE + DAY)
    extend(cast, DUE + 2 * DAY, "budi")
    with count_statements() as counted:
        assert models.dates_of(cast.cohort_id, ITEM, cast.enrolments["budi"]) == (
            None,
            Due(DUE + 2 * DAY, extended=True),
        )
    assert len(counted) == 1
    assert models.dates_of(cast.cohort_id, ITEM, cast.enrolments["sari"])[1].at == DUE + DAY
    assert models.dates_of(cast.cohort_id, ITEM, None)[1].at == DUE + DAY
    assert models.dates_of(cast.other_cohort_id, ITEM, cast.enrolments["tono"])[1] == Due(DUE)
    assert models.dates_of(cast.cohort_id, "tidak-ada", None) == (None, Due(None))


@pytest.mark.parametrize(("after", "late"), [(-1, 0), (0, 0), (1, 1), (3600, 3600)])
def test_a_version_is_late_by_what_counts_to_the_second(
    cast: Cast, session: Any, after: int, late: int
) -> None:
    work = begin(cast)
    fill(work, cast.people["sari"])
    extend(cast, DUE + DAY, "sari")
    version = hand_in(again(work), cast.people["sari"], now=DUE + DAY + timedelta(seconds=after))
    assert (version.due_at, version.late_seconds) == (DUE + DAY, late)


GRACE, PER_DAY, MOST = 3600, Decimal(5), Decimal(25)


@pytest.mark.parametrize(
    ("seconds", "taken"),
    [
        (0, 0),
        (GRACE, 0),  # the last second of grace
        (GRACE + 1, 5),  # then the day that began with the deadline counts
        (86_400, 5),
        (86_401, 10),  # a day begun
        (4 * 86_400, 20),
        (4 * 86_400 + 1, 25),
        (30 * 86_400, 25),  # at most
    ],
)
def test_what_lateness_costs_to_the_second(cast: Cast, session: Any, seconds: int, taken: int) -> None:
    change_project(late=Late(grace=GRACE, per_day=PER_DAY, max=MOST))
    version = handed_in(cast, now=DUE + timedelta(seconds=seconds))
    send(version, ACCEPTED, cast.people["dewi"], now=DUE + 40 * DAY)
    entry = session.query(GradeEntry).one()
    assert entry.points == 85 - taken
    rounds = grading.rounds_of(version.work_id)
    assert rounds[0].late_seconds == seconds


def test_more_time_granted_after_the_outage_counts_until_the_work_is_graded(
    cast: Cast, session: Any, count_statements: Any
) -> None:
    change_project(late=Late(per_day=Decimal(5), max=Decimal(25)))
    late = DUE + timedelta(days=2)
    sari = handed_in(cast, now=late)
    budi = handed_in(cast, "budi", now=late)
    send(budi, ACCEPTED, cast.people["dewi"], now=late + DAY)
    extend(cast, DUE + timedelta(days=1), now=late + 2 * DAY)
    send(sari, ACCEPTED, cast.people["dewi"], now=late + 3 * DAY)
    points = {entry.enrolment_id: entry.points for entry in session.query(GradeEntry)}
    assert points == {cast.enrolments["budi"]: 75, cast.enrolments["sari"]: 80}
    # each page explains the grade as it was reckoned
    with count_statements() as counted:
        assert grading.rounds_of(sari.work_id)[0].late_seconds == 86_400
    assert len(counted) == 2, counted.statements
    assert grading.rounds_of(budi.work_id)[0].late_seconds == 2 * 86_400
    assert sari.late_seconds == 2 * 86_400  # the receipt says what was known then


def test_the_queue_calls_nobody_late_whom_an_extension_excuses(cast: Cast, session: Any) -> None:
    handed_in(cast, now=DUE + timedelta(hours=2))
    dewi = access.Person(
        cast.people["dewi"],
        facilitator=True,
        facilitates=frozenset({cast.cohort_id}),
        leads=frozenset({cast.cohort_id}),
    )
    (line,) = grading.queue(dewi).rows
    assert line.late_seconds == 7200
    extend(cast, DUE + timedelta(hours=3))
    (line,) = grading.queue(dewi).rows
    assert line.late_seconds == 0


def test_what_comes_next_on_beranda(cast: Cast, session: Any, as_person: Any) -> None:
    begin(cast)
    extend(cast, DUE + DAY, "sari")
    session.commit()
    page = as_person("sari").get("/").get_data(as_text=True)
    assert "29 Nov, 23.59 WIB" in page  # beside each section
    assert "29 November 2099" in page  # under what is coming
    assert "28 Nov" not in page
    # Budi has not begun, and nothing was granted to him
    page = as_person("budi").get("/").get_data(as_text=True)
    assert "28 November 2099" in page
    assert "29 Nov" not in page
