"""How many may write about one version at once."""

from hypothesis import given
from hypothesis import strategies as st

from lms.grading.leases.slots import is_free

SMALL = st.integers(0, 6)


def test_one_grader_one_turn() -> None:
    assert is_free(1, sent=0, held=0)
    assert not is_free(1, sent=0, held=1)


def test_as_many_turns_as_graders_are_still_to_send() -> None:
    assert is_free(2, sent=0, held=1)
    assert not is_free(2, sent=0, held=2)
    assert not is_free(2, sent=1, held=1)


def test_whoever_decides_between_those_who_sent_is_not_kept_out() -> None:
    assert is_free(2, sent=2, held=0)
    assert not is_free(2, sent=2, held=1)


@given(st.integers(1, 6), SMALL, SMALL)
def test_nobody_waits_where_nobody_holds_and_turns_never_exceed_what_is_asked(
    graders: int, sent: int, held: int
) -> None:
    assert is_free(graders, sent, 0)
    if is_free(graders, sent, held):
        assert held < graders
