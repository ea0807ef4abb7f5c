"""What a learner does next, what is left, what is locked: arithmetic over outlines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.courses import progress
from lms.courses.outline import ItemLine, ModuleLine, Outline
from lms.courses.progress import Mark

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def outline(*items: tuple[str, int, tuple[str, ...]]) -> Outline:
    """An outline of one module with (id, minutes, requires) each."""
    lines = tuple(
        ItemLine(at, name, "lesson", name.title(), minutes, 1, at, requires)
        for at, (name, minutes, requires) in enumerate(items, start=1)
    )
    return Outline(
        version_id=1,
        version_number=1,
        course_id=1,
        slug="uji",
        title="Uji",
        summary="",
        language="id",
        jp=1,
        modules=(ModuleLine(1, "Satu", "", lines),),
        items=lines,
    )


def mark(percent: int = 0, place: str = "", minute: int = 0, *, done: bool = False) -> Mark:
    seen = NOW + timedelta(minutes=minute)
    return Mark(place, percent, seen, seen if done else None)


THREE = outline(("a", 10, ()), ("b", 15, ("a",)), ("c", 20, ()))


def test_a_beginner_starts_at_the_beginning() -> None:
    step = progress.next_step(THREE, set(), {})
    assert step is not None
    assert (step.line.stable_id, step.minutes_left, step.begun, step.place) == ("a", 10, False, "")


def test_what_was_begun_last_comes_first() -> None:
    marks = {"a": mark(40, "b-satu", 1), "c": mark(50, "b-dua", 2)}
    step = progress.next_step(THREE, set(), marks)
    assert step is not None
    assert (step.line.stable_id, step.minutes_left, step.place, step.begun) == ("c", 10, "b-dua", True)


def test_a_glance_is_no_beginning() -> None:
    step = progress.next_step(THREE, set(), {"c": mark(progress.BEGUN - 1)})
    assert step is not None
    assert step.line.stable_id == "a"


def test_what_is_locked_waits() -> None:
    assert [step.line.stable_id for step in progress.open_steps(THREE, set(), {})] == ["a", "c"]
    assert [step.line.stable_id for step in progress.open_steps(THREE, {"a"}, {})] == ["b", "c"]
    # begun before a newer version asked for something first
    step = progress.next_step(THREE, set(), {"b": mark(50)})
    assert step is not None
    assert step.line.stable_id == "a"


def test_when_all_is_done_nothing_is_next() -> None:
    assert progress.next_step(THREE, {"a", "b", "c"}, {}) is None
    assert progress.tally(THREE, {"a", "b", "c"}, {}).finished
    assert not progress.tally(THREE, {"a", "b"}, {}).finished
    assert not progress.tally(outline(), set(), {}).finished


def test_missing_requirements() -> None:
    both = outline(("a", 1, ()), ("b", 1, ()), ("c", 1, ("b", "a", "gone")))
    assert [line.stable_id for line in progress.missing_requirements(both, set(), "c")] == ["a", "b"]
    assert [line.stable_id for line in progress.missing_requirements(both, {"a"}, "c")] == ["b"]
    assert progress.missing_requirements(both, {"a", "b"}, "c") == ()
    assert progress.missing_requirements(both, {"c"}, "c") == ()
    assert progress.missing_requirements(both, set(), "unknown") == ()
    assert both.locked(set()) == {"c"}
    assert both.locked({"c"}) == frozenset()


@pytest.mark.parametrize(
    ("minutes", "percent", "left"),
    [(10, 0, 10), (10, 1, 10), (10, 50, 5), (10, 99, 1), (10, 100, 1), (15, 34, 10), (1, 50, 1), (9, -5, 9)],
)
def test_minutes_left(minutes: int, percent: int, left: int) -> None:
    assert progress.minutes_left(ItemLine(1, "a", "lesson", "A", minutes, 1, 1), percent) == left


def test_tally() -> None:
    tally = progress.tally(THREE, {"a", "gone"}, {"c": mark(50)})
    assert tally == progress.Tally(done=1, total=3, minutes_done=10, minutes_total=45, minutes_left=15 + 10)


def test_a_year_is_a_year_in_its_zone() -> None:
    late = datetime(2026, 12, 31, 17, 30, tzinfo=UTC)  # 00.30 WIB on New Year's Day
    start, end = progress.year_around(late, "Asia/Jakarta")
    assert start == datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
    assert end == datetime(2027, 12, 31, 17, 0, tzinfo=UTC)
    assert progress.year_around(late, "UTC")[0] == datetime(2026, 1, 1, tzinfo=UTC)


def test_an_outline_knows_neighbours_and_stages() -> None:
    assert [line.stable_id if line else None for line in THREE.around("a")] == [None, "b"]
    assert [line.stable_id if line else None for line in THREE.around("c")] == ["b", None]
    assert THREE.minutes == 45
    assert THREE.item("x") is None
    assert THREE.done({"a", "x"}) == 1
    [(module, done, locked, here)] = THREE.stages({"a", "x"}, {"b", "y"}, "c")
    assert (module.number, done, locked, here) == (1, {"a"}, {"b"}, "c")
    assert THREE.stages(set(), set(), "x")[0][3] == ""


names = st.sampled_from("abcdef")


@st.composite
def courses(draw: st.DrawFn) -> Outline:
    ids = draw(st.lists(names, unique=True, max_size=6))
    return outline(
        *(
            # only what stands before can be required, as publishing checks
            (name, draw(st.integers(1, 90)), tuple(draw(st.sets(st.sampled_from(ids[:at]))) if at else ()))
            for at, name in enumerate(ids)
        )
    )


@given(courses(), st.sets(names), st.dictionaries(names, st.builds(mark, st.integers(0, 100))))
def test_the_next_step_is_always_open(course: Outline, completed: set[str], marks: dict[str, Mark]) -> None:
    step = progress.next_step(course, completed, marks)
    tally = progress.tally(course, completed, marks)
    assert (
        tally.minutes_done + sum(line.minutes for line in course.items if line.stable_id not in completed)
        == tally.minutes_total
    )
    assert tally.minutes_left <= tally.minutes_total - tally.minutes_done
    if step is None:
        assert tally.done == tally.total
    else:
        assert step.line.stable_id not in completed
        assert progress.missing_requirements(course, completed, step.line.stable_id) == ()
        assert 1 <= step.minutes_left <= step.line.minutes


@given(courses(), st.sets(names))
def test_whoever_does_what_is_next_comes_to_the_end(course: Outline, completed: set[str]) -> None:
    done = set(completed)
    for _ in course.items:
        step = progress.next_step(course, done, {})
        if step is None:
            break
        done.add(step.line.stable_id)
    assert progress.next_step(course, done, {}) is None
    assert progress.tally(course, done, {}).done == len(course.items)
