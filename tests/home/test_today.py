"""The greeting of the hour and what fits into the minutes somebody has."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lms.courses.outline import ItemLine
from lms.courses.progress import Step
from lms.home.today import part_of_day, that_fit


@pytest.mark.parametrize(
    ("hour_utc", "minute", "zone", "part"),
    [
        (0, 0, "Asia/Jakarta", "pagi"),
        (3, 59, "Asia/Jakarta", "pagi"),
        (4, 0, "Asia/Jakarta", "siang"),
        (8, 0, "Asia/Jakarta", "sore"),
        (11, 30, "Asia/Jakarta", "malam"),
        (20, 59, "Asia/Jakarta", "malam"),
        (21, 0, "Asia/Jakarta", "pagi"),
        (2, 0, "Asia/Jayapura", "siang"),
    ],
)
def test_part_of_day(hour_utc: int, minute: int, zone: str, part: str) -> None:
    assert part_of_day(datetime(2026, 11, 24, hour_utc, minute, tzinfo=UTC), zone) == part


def step(name: str, minutes: int, kind: str = "lesson") -> Step:
    return Step(ItemLine(1, name, kind, name, minutes, 1, 1), minutes, begun=False, place="", percent=0)


def test_what_fits() -> None:
    steps = [step("a", 12), step("b", 8), step("project", 5, "project"), step("c", 2), step("d", 10)]
    assert [s.line.stable_id for s in that_fit(steps, 10)] == ["b", "c"]
    assert [s.line.stable_id for s in that_fit(steps, 45)] == ["a", "b", "c"]
    assert that_fit(steps, 1) == []
