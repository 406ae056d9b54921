"""Exact binomial bounds, against sums of fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_mesh.canary.binomial import acceptance, least_draws, within


def chance(n: int, p: Fraction, counts: range) -> Fraction:
    return sum((math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in counts), Fraction(0))


@pytest.mark.parametrize("n", [1, 2, 7, 40, 150])
@pytest.mark.parametrize("p", ["1/100", "1/20", "1/4", "1/2", "9/10"])
@pytest.mark.parametrize("alpha", ["1/2", "1/100", "1/1000000"])
def test_bounds_are_the_narrowest_that_keep_alpha(n: int, p: str, alpha: str) -> None:
    share, side = Fraction(p), Fraction(alpha) / 2
    low, high = acceptance(n, float(share), float(2 * side))
    assert chance(n, share, range(low)) <= side < chance(n, share, range(low + 1))
    assert chance(n, share, range(high + 1, n + 1)) <= side < chance(n, share, range(high, n + 1))


@pytest.mark.parametrize(("n", "p", "expected"), [(10, 0.0, (0, 0)), (10, 1.0, (10, 10)), (0, 0.3, (0, 0))])
def test_certainty_leaves_one_count(n: int, p: float, expected: tuple[int, int]) -> None:
    assert acceptance(n, p) == expected


@pytest.mark.parametrize(("n", "p"), [(100_000, 0.05), (100_000, 0.999), (1_000_000, 1e-5)])
def test_large_experiments_stay_near_the_normal_bounds(n: int, p: float) -> None:
    low, high = acceptance(n, p)
    deviation = math.sqrt(n * p * (1 - p))
    assert n * p - 5.5 * deviation < low < n * p < high < n * p + 10 * deviation


@given(n=st.integers(1, 300), p=st.floats(0.001, 0.999), alpha=st.floats(1e-9, 0.5))
def test_bounds_hold_the_mean_and_mirror(n: int, p: float, alpha: float) -> None:
    low, high = acceptance(n, p, alpha)
    assert 0 <= low <= n * p + 1
    assert n * p - 1 <= high <= n
    wider_low, wider_high = acceptance(n, p, alpha / 10)
    assert wider_low <= low
    assert high <= wider_high


@pytest.mark.parametrize("p", [0.05, 0.25, 0.5])
def test_bounds_rise_with_the_share(p: float) -> None:
    lower, higher = acceptance(500, p), acceptance(500, p + 0.1)
    assert lower[0] < higher[0]
    assert lower[1] < higher[1]


def test_within_takes_the_ends() -> None:
    low, high = acceptance(500, 0.1)
    assert [within(500, k, 0.1) for k in (low - 1, low, high, high + 1)] == [False, True, True, False]


@pytest.mark.parametrize(("n", "p", "alpha"), [(-1, 0.5, 0.1), (1, 1.5, 0.1), (1, -0.1, 0.1), (1, 0.5, 0.0)])
def test_what_is_no_experiment_is_refused(n: int, p: float, alpha: float) -> None:
    with pytest.raises(ValueError, match="no binomial experiment"):
        acceptance(n, p, alpha)


@pytest.mark.parametrize("percent", [1, 2, 5, 10, 25, 50, 75, 99])
@pytest.mark.parametrize("alpha", [0.5, 1e-2, 1e-6])
def test_least_draws_is_where_none_is_left_out_first(percent: int, alpha: float) -> None:
    least = least_draws(percent / 100, alpha)
    assert acceptance(least, percent / 100, alpha)[0] >= 1
    assert acceptance(least - 1, percent / 100, alpha)[0] == 0


def test_least_draws_of_a_certain_thing_and_of_a_twentieth() -> None:
    assert (least_draws(1.0), least_draws(0.05)) == (1, 283)


@pytest.mark.parametrize(("p", "alpha"), [(0.0, 0.1), (-0.1, 0.1), (1.1, 0.1), (0.5, 0.0), (0.5, 1.0)])
def test_nothing_to_tell_from_none(p: float, alpha: float) -> None:
    with pytest.raises(ValueError, match="nothing to tell from 0"):
        least_draws(p, alpha)
