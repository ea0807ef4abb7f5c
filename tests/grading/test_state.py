import pytest

from lms.grading.state import WorkFacts, WorkState, awaits_reviewer, work_state


@pytest.mark.parametrize(
    ("facts", "state", "reviewer_acts"),
    [
        (WorkFacts(), None, False),
        (WorkFacts(version=1), WorkState.WAITING, True),
        (WorkFacts(version=1, started=1), WorkState.IN_REVIEW, True),
        (WorkFacts(version=1, started=1, sent=1, returned=True), WorkState.RETURNED, False),
        (WorkFacts(version=2), WorkState.RESUBMITTED, True),
        (WorkFacts(version=2, started=1), WorkState.IN_REVIEW, True),
        (WorkFacts(version=1, needed=2, started=1, sent=1, returned=True), WorkState.IN_REVIEW, True),
        (WorkFacts(version=1, needed=2, started=2, sent=2, returned=True), WorkState.RETURNED, False),
        (WorkFacts(version=1, needed=2, started=2, sent=2), WorkState.IN_REVIEW, True),
        (WorkFacts(version=1, needed=2, started=2, sent=2, disputed=True), WorkState.MODERATION, False),
        (WorkFacts(version=2, started=1, sent=1, graded=True), WorkState.GRADED, False),
        (WorkFacts(version=2, started=1, sent=1, returned=True, graded=True), WorkState.RETURNED, False),
        (WorkFacts(version=2, started=1, sent=1, graded=True, released=True), WorkState.RELEASED, False),
    ],
)
def test_a_work_goes_from_waiting_to_released(
    facts: WorkFacts, state: WorkState | None, reviewer_acts: bool
) -> None:
    assert work_state(facts) is state
    assert awaits_reviewer(state) == reviewer_acts
