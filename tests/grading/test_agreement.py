"""Agreement against published worked examples, and what must hold for any ratings."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.grading import agreement

# Shrout and Fleiss 1979, table 2: four judges on six targets; table 4 gives ICC(2,1) = .29
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]

# Boyd et al. 1982 in Altman, Practical Statistics for Medical Research (1991), section 14.3: two radiologists on 85
# xeromammograms; kappa 0.47, with linear weights 0.57
BOYD = ((21, 12, 0, 0), (4, 17, 1, 0), (3, 9, 15, 2), (0, 0, 0, 1))


def pairs_of(table: tuple[tuple[int, ...], ...]) -> list[tuple[int, int]]:
    return [(i, j) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]


def test_icc_of_shrout_and_fleiss() -> None:
    assert agreement.icc(SHROUT_FLEISS) == pytest.approx(0.29, abs=0.005)


def test_kappa_of_boyd_in_altman() -> None:
    pairs = pairs_of(BOYD)
    assert len(pairs) == 85
    assert agreement.kappa(pairs, power=0) == pytest.approx(0.47, abs=0.005)
    assert agreement.kappa(pairs, power=1) == pytest.approx(0.57, abs=0.005)


def test_quadratic_kappa_by_hand() -> None:
    """Six pairs on levels 1 to 3.

    Observed squares: 0 + 0 + 1 + 0 + 1 + 4 = 6 of 6 pairs. First: 1 1 2 2 3 3, second: 1 1 1 2 2 1, so levels
    (1: 2, 2: 2, 3: 2) and (1: 4, 2: 2). Expected, times 36: 2*4*0 + 2*2*1 + 2*4*1 + 2*2*0 + 2*4*4 + 2*2*1 = 48.
    kappa = 1 - 6*6/48 = 1/4.
    """
    pairs = [(1, 1), (1, 1), (2, 1), (2, 2), (3, 2), (3, 1)]
    found = agreement.agreement(pairs)
    assert (found.n, found.kappa) == (6, pytest.approx(0.25))
    assert (found.exact, found.adjacent) == (0.5, pytest.approx(5 / 6))


def test_what_is_not_defined_is_none() -> None:
    assert agreement.agreement([]) == agreement.Agreement(0, None, None, None)
    assert agreement.kappa([(2, 2), (2, 2)]) is None
    assert agreement.icc([]) is None
    assert agreement.icc([[1, 2]]) is None
    assert agreement.icc([[1], [2]]) is None
    assert agreement.icc([[3, 3], [3, 3]]) is None
    with pytest.raises(ValueError):
        agreement.icc([[1, 2], [1]])


def test_severity_by_hand() -> None:
    """Grader 1 gives 80, 70, 90; the others' means are 70, 65, 80: differences 10, 5, 10.

    Mean 25/3, s = sqrt(((5/3)**2 + (10/3)**2 + (5/3)**2) / 2) = sqrt(25/3), half = 4.303 * s / sqrt(3) = 7.1717.
    """
    works = [{1: 80, 2: 70}, {1: 70, 2: 60, 3: 70}, {1: 90, 3: 80}, {2: 50}]
    found = agreement.severities(works)
    assert found[1].n == 3
    assert found[1].mean == pytest.approx(25 / 3)
    assert found[1].low == pytest.approx(25 / 3 - 7.1717, abs=1e-3)
    assert found[1].high == pytest.approx(25 / 3 + 7.1717, abs=1e-3)
    assert found[3].n == 2
    assert 4 not in found


@pytest.mark.parametrize(
    ("freedom", "t"), [(1, 12.706), (10, 2.228), (30, 2.042), (40, 2.021), (60, 2.000), (120, 1.980)]
)
def test_student(freedom: int, t: float) -> None:
    assert agreement.student(freedom) == pytest.approx(t, abs=0.001)


levels = st.integers(1, 4)
pairs = st.lists(st.tuples(levels, levels), min_size=1, max_size=30)


@settings(deadline=None)
@given(pairs)
def test_agreement_is_bounded_symmetric_and_free_of_order(given_pairs: list[tuple[int, int]]) -> None:
    found = agreement.agreement(given_pairs)
    assert 0 <= (found.exact or 0) <= (found.adjacent or 0) <= 1
    assert found.kappa is None or -1 - 1e-9 <= found.kappa <= 1
    swapped = agreement.agreement([(other, one) for one, other in reversed(given_pairs)])
    assert swapped.kappa == (None if found.kappa is None else pytest.approx(found.kappa))
    if all(one == other for one, other in given_pairs) and len(set(given_pairs)) > 1:
        assert found.kappa == 1


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 100), min_size=3, max_size=3), min_size=2, max_size=12))
def test_icc_is_at_most_one_and_does_not_mind_the_scale(table: list[list[int]]) -> None:
    found = agreement.icc(table)
    assert found is None or found <= 1 + 1e-9
    moved = agreement.icc([[2 * value + 7 for value in row] for row in table])
    assert (moved is None) == (found is None)
    if found is not None:
        assert moved == pytest.approx(found, abs=1e-6)


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.integers(1, 4), st.integers(0, 100), min_size=2), min_size=1, max_size=10))
def test_with_two_graders_what_one_is_too_high_the_other_is_too_low(works: list[dict[int, int]]) -> None:
    two = [{1: next(iter(work.values())), 2: list(work.values())[1]} for work in works]
    found = agreement.severities(two)  # type: ignore[arg-type]
    assert found[1].mean == pytest.approx(-(found[2].mean or 0.0))
