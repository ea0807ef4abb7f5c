"""The demo people and their cohort."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from lms import demo
from lms.courses.models import Cohort, Schedule
from lms.publishing import actions
from tests.cast import sample


@pytest.mark.parametrize("hour", [1, 18])
def test_the_demo_cohort_has_whole_days(
    hour: int, clean: None, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it is made late in the evening, when Jakarta has the next day already."""
    now = datetime(2026, 11, 24, hour, 30, tzinfo=UTC)
    actions.publish(sample(), by=None, now=now)
    monkeypatch.setattr(demo, "COURSE", "kursus-uji")
    assert demo.create(now=now)
    session.commit()
    cohort = session.query(Cohort).one()
    today = 24 if hour == 1 else 25
    assert cohort.starts_at == datetime(2026, 11, today - 21, 17, 0, tzinfo=UTC), "00.00 WIB"
    assert (cohort.ends_at.hour, cohort.ends_at.minute, cohort.ends_at.second) == (16, 59, 59)
    due = session.query(Schedule).one().due_at
    assert due == datetime(2026, 12, today - 12, 16, 59, 59, tzinfo=UTC), "23.59.59 WIB, in 18 days"
