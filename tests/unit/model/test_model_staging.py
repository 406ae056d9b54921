"""Canaries become plain weights."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pulumi_mesh as pm

reviews = pm.Service("reviews", namespace="bookinfo", port=9080, versions=["v1", "v2"])
ratings = pm.Service("ratings", namespace="bookinfo", port=9080)
canary = pm.Canary(
    reviews,
    stable="v1",
    candidate="v2",
    stages=[pm.Stage(weight=5, duration="10m"), pm.Stage(weight=25), pm.Stage(weight=100)],
)
route = pm.HTTPRoute(
    "reviews",
    services=[reviews],
    rules=[
        pm.Rule(matches=[pm.Path("/v2")], backends=[reviews["v2"]]),
        pm.Rule(backends=[pm.Backend(reviews, weight=3), pm.Backend(ratings, weight=1)]),
    ],
)
mesh = pm.Mesh("m", services=[reviews, ratings], routes=[route], canaries=[canary])


def shares(rule: pm.Rule) -> dict[tuple[str, str], Fraction]:
    total = sum(each.weight for each in rule.backends)
    return {
        (each.destination.service.name, each.destination.version): Fraction(each.weight, total)
        for each in rule.backends
    }


@pytest.mark.parametrize(("stage", "weights"), [(0, (100, 0)), (1, (95, 5)), (2, (75, 25)), (3, (0, 100))])
def test_weights(stage: int, weights: tuple[int, int]) -> None:
    assert canary.weights(stage) == weights
    alone = mesh.replace(routes=[]).at({"reviews": stage})
    assert [(each.name, each.services) for each in alone.routes] == [("reviews-canary", (reviews,))]
    assert tuple(each.weight for each in alone.routes[0].rules[0].backends) == weights
    assert alone.canaries == ()


def test_rules_that_name_a_version_stay() -> None:
    staged = mesh.at({"reviews": 1})
    assert staged.routes[0].rules[0] == route.rules[0]
    assert shares(staged.routes[0].rules[1]) == {
        ("reviews", "v1"): Fraction(3, 4) * Fraction(95, 100),
        ("reviews", "v2"): Fraction(3, 4) * Fraction(5, 100),
        ("ratings", ""): Fraction(1, 4),
    }


@given(
    whole=st.integers(0, 1_000_000),
    named=st.integers(0, 1_000_000),
    other=st.integers(1, 1_000_000),
    percent=st.integers(0, 100),
)
def test_shares_hold(whole: int, named: int, other: int, percent: int) -> None:
    backends = [
        pm.Backend(reviews, weight=whole),
        pm.Backend(reviews["v1"], weight=named),
        pm.Backend(ratings, weight=other),
    ]
    one = pm.Mesh(
        "m",
        services=[reviews, ratings],
        routes=[pm.HTTPRoute("r", services=[reviews], rules=[pm.Rule(backends=backends)])],
        canaries=[pm.Canary(reviews, stable="v1", candidate="v2", stages=[pm.Stage(weight=percent)])],
    )
    total = whole + named + other
    staged = one.at({"reviews": 1})
    wanted = {
        ("reviews", "v1"): Fraction(whole * (100 - percent) + named * 100, total * 100),
        ("reviews", "v2"): Fraction(whole * percent, total * 100),
        ("ratings", ""): Fraction(other, total),
    }
    seen = shares(staged.routes[0].rules[0])
    assert seen.keys() == wanted.keys()
    assert all(abs(seen[key] - wanted[key]) <= Fraction(2, 1_000_000) for key in wanted)
    assert all(bool(seen[key]) is bool(wanted[key]) for key in wanted)
    assert staged.at() == staged


def test_the_stage_is_no_part_of_the_mesh() -> None:
    assert mesh.at() == mesh.at({"reviews": 0})
    assert mesh.canaries == (canary,)


@pytest.mark.parametrize("stage", [-1, 4, True, "1", 1.0])
def test_a_stage_that_is_not_there(stage: object) -> None:
    with pytest.raises(pm.InvalidError, match=r'Canary\("reviews"\): it has stages 0 to 3, not'):
        mesh.at({"reviews": stage})  # type: ignore[dict-item]


def test_a_canary_that_is_not_there() -> None:
    with pytest.raises(pm.InvalidError, match="no canary is named 'ratings'; known: reviews"):
        mesh.at({"ratings": 1})
