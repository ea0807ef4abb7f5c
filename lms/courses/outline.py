"""A version's table of contents: modules and the items in them, in order."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item as outlines show it.

    ``number`` counts within its module, from 1; ``requires`` are stable ids to complete first.
    """

    id: int
    stable_id: str
    kind: str
    title: str
    minutes: int
    module: int
    number: int
    requires: tuple[str, ...] = ()
    open: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ModuleLine:
    """A module with its items, in order; compared by identity, because outlines are read once and kept."""

    number: int
    title: str
    summary: str
    items: tuple[ItemLine, ...]

    def among(self, ids: AbstractSet[str]) -> frozenset[str]:
        """Those of the stable ids that are this module's."""
        return frozenset(line.stable_id for line in self.items if line.stable_id in ids)


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A version's table of contents (rubrics left out), with what its course page says about it.

    Compared by identity, like its modules.
    """

    version_id: int
    version_number: int
    course_id: int
    slug: str
    title: str
    summary: str
    language: str
    jp: int
    modules: tuple[ModuleLine, ...]
    items: tuple[ItemLine, ...]
    audience: str = ""
    objectives: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    certificate: bool = False

    @property
    def minutes(self) -> int:
        """The designed minutes of all items together."""
        return sum(line.minutes for line in self.items)

    def done(self, completed: AbstractSet[str]) -> int:
        """How many items are completed; ids that left the outline do not count."""
        return sum(1 for line in self.items if line.stable_id in completed)

    def item(self, stable_id: str) -> ItemLine | None:
        """The line with this stable id."""
        return next((line for line in self.items if line.stable_id == stable_id), None)

    def around(self, stable_id: str) -> tuple[ItemLine | None, ItemLine | None]:
        """The lines before and after."""
        order = [line.stable_id for line in self.items]
        at = order.index(stable_id)
        return (
            self.items[at - 1] if at else None,
            self.items[at + 1] if at + 1 < len(order) else None,
        )

    def missing(self, line: ItemLine, completed: AbstractSet[str]) -> tuple[ItemLine, ...]:
        """What must be completed before ``line``, in order; an id that is no item asks for nothing."""
        if not line.requires:
            return ()
        wanted = set(line.requires) - completed
        return tuple(other for other in self.items if other.stable_id in wanted)

    def stages(
        self, completed: AbstractSet[str], locked: AbstractSet[str], current: str
    ) -> list[tuple[ModuleLine, frozenset[str], frozenset[str], str]]:
        """Each module with its own part of the ids, and with ``current`` where that is one of its items."""
        return [
            (
                module,
                module.among(completed),
                module.among(locked) if locked else frozenset(),
                current if any(line.stable_id == current for line in module.items) else "",
            )
            for module in self.modules
        ]

    def locked(self, completed: AbstractSet[str]) -> frozenset[str]:
        """The stable ids that wait for something else to be completed first."""
        return frozenset(
            line.stable_id
            for line in self.items
            if line.requires and line.stable_id not in completed and self.missing(line, completed)
        )
