"""What differs between two versions."""

from __future__ import annotations

from dataclasses import replace

from lms.courses.changes import ItemState, compare

A = ItemState("a", "lesson", "A", 10, "1")
B = ItemState("b", "quiz", "B", 5, "2")
C = ItemState("c", "rubric", "C", 0, "3")


def test_the_same_version_changes_nothing() -> None:
    changes = compare([A, B, C], [A, B, C])
    assert not changes.any
    assert changes.same == 3


def test_what_came_went_and_changed() -> None:
    longer = replace(B, title="B baru", minutes=8, digest="9")
    changes = compare([A, B], [longer, C])
    assert changes.added == (C,)
    assert changes.removed == (A,)
    [pair] = changes.changed
    assert pair.old == B
    assert pair.new == longer
    assert pair.renamed
    assert pair.minutes_moved == 3
    assert changes.same == 0
    assert changes.any


def test_a_moved_item_is_the_same_item() -> None:
    changes = compare([A, B, C], [C, A, B])
    assert not changes.any
    assert changes.same == 3


def test_only_the_text_changed() -> None:
    changes = compare([A], [replace(A, digest="other")])
    [pair] = changes.changed
    assert not pair.renamed
    assert pair.minutes_moved == 0
