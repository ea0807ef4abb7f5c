import pytest

from lms.projects.state import SectionFacts, SectionState, is_locked, section_state


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (SectionFacts(), SectionState.NOT_STARTED),
        (SectionFacts(empty=True, errors=1), SectionState.NOT_STARTED),
        (SectionFacts(empty=False), SectionState.DRAFT),
        (SectionFacts(empty=False, errors=2), SectionState.FINDINGS),
        (SectionFacts(empty=False, handed_in=1), SectionState.HANDED_IN),
        (SectionFacts(empty=True, handed_in=1), SectionState.HANDED_IN),
        (SectionFacts(empty=False, handed_in=1, errors=1), SectionState.HANDED_IN),
        (SectionFacts(empty=False, handed_in=1, changed=True), SectionState.DRAFT),
        (SectionFacts(empty=False, handed_in=1, returned_in=1), SectionState.RETURNED),
        (SectionFacts(empty=False, handed_in=1, returned_in=1, changed=True), SectionState.DRAFT),
        (SectionFacts(empty=True, handed_in=1, returned_in=1, changed=True, errors=1), SectionState.FINDINGS),
        (SectionFacts(empty=False, handed_in=2, returned_in=1), SectionState.HANDED_IN),
        (SectionFacts(empty=False, handed_in=2, returned_in=2), SectionState.RETURNED),
        (SectionFacts(empty=False, handed_in=2, returned_in=1, accepted_in=2), SectionState.ACCEPTED),
        (SectionFacts(empty=False, handed_in=1, accepted_in=1, changed=True), SectionState.ACCEPTED),
    ],
)
def test_a_section_goes_from_nothing_to_accepted(facts: SectionFacts, state: SectionState) -> None:
    assert section_state(facts) is state
    assert is_locked(facts) == (state is SectionState.ACCEPTED)
