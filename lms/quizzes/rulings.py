"""Decisions about a quiz's key in one cohort, and what of them stands: beside what the course itself says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Void = Literal["", "full", "drop"]


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision as it was written down: ``kind`` is accept, void or lift (``value`` then names another's id)."""

    id: int
    question: str
    kind: str
    value: str
    rule: str
    reason: str
    decided_at: datetime
    by: str = ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What stands about one question: answers that count as right too, and whether it no longer decides.

    ``void`` is ``full`` (everybody has its points) or ``drop`` (it leaves both points and maximum), else ''.
    ``decisions`` are those that stand, oldest first.
    """

    accepts: tuple[str, ...] = ()
    void: Void = ""
    decisions: tuple[Decision, ...] = ()


def standing(decisions: Iterable[Decision], *, until: datetime | None = None) -> dict[str, Ruling]:
    """What stands of decisions in the order in which they were made, by question id; of all, or until a moment.

    A question that is void keeps its first standing rule: another one comes only after the first is lifted.
    """
    made: dict[int, Decision] = {}
    for each in decisions:
        if until is not None and each.decided_at > until:
            continue
        if each.kind == "lift":
            made.pop(int(each.value), None)
        else:
            made[each.id] = each
    by_question: dict[str, list[Decision]] = {}
    for each in made.values():
        by_question.setdefault(each.question, []).append(each)
    return {question: _ruling(found) for question, found in by_question.items()}


def _ruling(decisions: list[Decision]) -> Ruling:
    voids = [each.rule for each in decisions if each.kind == "void"]
    return Ruling(
        accepts=tuple(each.value for each in decisions if each.kind == "accept"),
        void="" if not voids else "drop" if voids[0] == "drop" else "full",
        decisions=tuple(decisions),
    )


def voids_in_force(rulings: Mapping[str, Ruling], asked: Iterable[str]) -> dict[str, Void]:
    """The void questions among those asked, by id.

    Where nothing else would be left to earn, dropped questions give their points instead: an attempt that was
    asked nothing valid is fully right, not fully wrong.
    """
    wanted = list(asked)
    found: dict[str, Void] = {
        each: rulings[each].void for each in wanted if each in rulings and rulings[each].void
    }
    if wanted and all(found.get(each) == "drop" for each in wanted):
        return dict.fromkeys(found, "full")
    return found
