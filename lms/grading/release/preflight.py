"""What stands in the way of letting a cohort see its grades, and what exactly would be let out.

Nothing here writes. A party is a work with its members, or a learner who has not begun one. What graders still
owe blocks everybody; what learners have not handed in can be left out, by name and with a reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from lms.grading.state import WorkState

Kind = Literal[
    "unmarked",
    "second_review",
    "disagreeing",
    "newer_version",
    "rubric_changed",
    "returned",
    "not_handed_in",
]

EXCLUDABLE: frozenset[Kind] = frozenset({"returned", "not_handed_in"})
"""Where the learner is the one to act: this must not hold up all the others."""

REASON_AT_MOST = 300


class Mark(msgspec.Struct, frozen=True):
    """A member's newest decided row of the ledger, by enrolment."""

    enrolment_id: int
    entry_id: int
    points: Decimal


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one work, or of a learner without one (`work_id` None).

    `version` is the newest handed in, 0 before the first; `settled` says that its reviews decided about it;
    `sent` of the `needed` reviews are there. `rubric_changed`: the cohort's version has another rubric than the
    one this was marked by, and nobody has said what is to become of that.
    """

    key: str
    work_id: int | None = None
    enrolments: tuple[int, ...] = ()
    state: WorkState | None = None
    submission_id: int | None = None
    version: int = 0
    needed: int = 1
    sent: int = 0
    settled: bool = False
    rubric_changed: bool = False
    marks: tuple[Mark, ...] = ()


class Open(msgspec.Struct, frozen=True):
    """A party that holds the release up, and by what."""

    party: Party
    kind: Kind

    @property
    def excludable(self) -> bool:
        return self.kind in EXCLUDABLE


class Preflight(msgspec.Struct, frozen=True):
    """All parties of a cohort's project, sorted by what a release would do with them.

    `fingerprint` (SHA-256, hex) is the same as long as the same would be let out and the same is open.
    """

    ready: tuple[Party, ...]
    open: tuple[Open, ...]
    done: tuple[Party, ...]
    fingerprint: str

    @property
    def blocking(self) -> tuple[Open, ...]:
        """What has to be settled first; no reason helps."""
        return tuple(each for each in self.open if not each.excludable)

    @property
    def excludable(self) -> tuple[Open, ...]:
        """Whoever can be left out, with a reason."""
        return tuple(each for each in self.open if each.excludable)


def open_kind(party: Party) -> Kind | None:
    """What is open about a party; None when its grade is out or can go out."""
    match party.state:
        case None:
            return "not_handed_in"
        case WorkState.RETURNED:
            return "returned"
        case WorkState.GRADED | WorkState.RELEASED if not party.settled:
            # marked, and then handed in again: what would go out is the grade of another text
            return "newer_version"
        case WorkState.GRADED:
            return "rubric_changed" if party.rubric_changed else None
        case WorkState.RELEASED:
            return None
    if not party.sent:
        return "unmarked"
    return "second_review" if party.sent < party.needed else "disagreeing"


def preflight(parties: Iterable[Party], basis: str) -> Preflight:
    """Sort the parties; ``basis`` names the cohort and the project, which the fingerprint depends on too."""
    ready: list[Party] = []
    open_: list[Open] = []
    done: list[Party] = []
    digest = hashlib.sha256(basis.encode())
    for party in sorted(parties, key=lambda each: each.key):
        digest.update(b"\n" + msgspec.json.encode(party))
        kind = open_kind(party)
        if kind is not None:
            open_.append(Open(party, kind))
        elif party.state is WorkState.RELEASED:
            done.append(party)
        else:
            ready.append(party)
    return Preflight(tuple(ready), tuple(open_), tuple(done), digest.hexdigest())


Missing = Literal["unsettled", "not_excluded", "no_reason", "long_reason"]


def missing(found: Preflight, excluded: Mapping[str, str]) -> dict[str, Missing]:
    """By party: why the release cannot be done with these exclusions (key → reason); empty when it can."""
    problems: dict[str, Missing] = {}
    for each in found.open:
        if not each.excludable:
            problems[each.party.key] = "unsettled"
            continue
        reason = excluded.get(each.party.key)
        if reason is None:
            problems[each.party.key] = "not_excluded"
        elif not reason.strip():
            problems[each.party.key] = "no_reason"
        elif len(reason) > REASON_AT_MOST:
            problems[each.party.key] = "long_reason"
    return problems
