"""Where a section of somebody's work stands, said by one function from a few facts."""

from enum import StrEnum

import msgspec


class SectionState(StrEnum):
    """In the order a section goes through them."""

    NOT_STARTED = "not_started"
    DRAFT = "draft"
    FINDINGS = "findings"
    HANDED_IN = "handed_in"
    RETURNED = "returned"
    ACCEPTED = "accepted"


class SectionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one section.

    `empty`: nothing has been typed. `errors`: findings in the draft that block handing in. `handed_in`,
    `returned_in`, `accepted_in`: the number of the latest version that holds the section, and of those whose
    review returned or accepted it; None if there is none. `changed`: the draft differs from what was handed
    in last.
    """

    empty: bool = True
    errors: int = 0
    handed_in: int | None = None
    changed: bool = False
    returned_in: int | None = None
    accepted_in: int | None = None


def section_state(facts: SectionFacts) -> SectionState:
    """The state of a section.

    Accepted stays accepted. A section that came back is returned until its draft is changed; then it is a
    draft again, with findings or without, and handed in with the next version.
    """
    if facts.accepted_in is not None:
        return SectionState.ACCEPTED
    if facts.handed_in is not None and not facts.changed:
        back = facts.returned_in is not None and facts.returned_in >= facts.handed_in
        return SectionState.RETURNED if back else SectionState.HANDED_IN
    if facts.empty and facts.handed_in is None:
        return SectionState.NOT_STARTED
    return SectionState.FINDINGS if facts.errors else SectionState.DRAFT


def is_locked(facts: SectionFacts) -> bool:
    """Whether the section can no longer be changed: it was accepted."""
    return section_state(facts) is SectionState.ACCEPTED
