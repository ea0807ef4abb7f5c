"""What differs between two versions of a course, item by item, before a cohort moves to the newer one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ItemState:
    """An item as it stands in one version; ``digest`` is a hash of everything in it."""

    stable_id: str
    kind: str
    title: str
    minutes: int
    digest: str


@dataclass(frozen=True, slots=True)
class Changed:
    """One item in both versions."""

    old: ItemState
    new: ItemState

    @property
    def renamed(self) -> bool:
        return self.old.title != self.new.title

    @property
    def minutes_moved(self) -> int:
        """How many minutes longer (or, negative, shorter) it has become."""
        return self.new.minutes - self.old.minutes


@dataclass(frozen=True, slots=True)
class Changes:
    """What came, went, changed and stayed, each in its version's order."""

    added: tuple[ItemState, ...]
    removed: tuple[ItemState, ...]
    changed: tuple[Changed, ...]
    same: int

    @property
    def any(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def compare(old: Sequence[ItemState], new: Sequence[ItemState]) -> Changes:
    """Match items by stable id, whatever their place; an item that only moved stays the same item."""
    before = {item.stable_id: item for item in old}
    after = {item.stable_id: item for item in new}
    both = [Changed(before[item.stable_id], item) for item in new if item.stable_id in before]
    return Changes(
        added=tuple(item for item in new if item.stable_id not in before),
        removed=tuple(item for item in old if item.stable_id not in after),
        changed=tuple(pair for pair in both if pair.old != pair.new),
        same=sum(1 for pair in both if pair.old == pair.new),
    )
