"""What is expected of a request, against what became of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.expectations import Destination, Expectation, ExpectedDestination, RouteTest, mismatches, seen_of
from pulumi_mesh.proxy.simulate import Outcome, Share
from pulumi_mesh.proxy.view.routes import Mirror

SPLIT = Outcome(
    listener="0.0.0.0_9080",
    route="everyone",
    clusters=(
        Share("outbound|9080|v1|reviews.bookinfo.svc.cluster.local", 90),
        Share("outbound|9080|v2|reviews.bookinfo.svc.cluster.local", 10),
    ),
    host="reviews",
    path="/reviews/1",
    request_headers=(("x-a", "1"), ("x-a", "2")),
    response_headers=(("x-b", "3"),),
    response_headers_removed=("server",),
    mirrors=(Mirror("outbound|80||audit.ops.svc.cluster.local"),),
)
REFUSED = Outcome(listener="0.0.0.0_80", error="denied", status=403, policy="shop/only-read")
MOVED = Outcome(listener="0.0.0.0_80", status=301, location="https://a.b/")


@pytest.mark.parametrize(
    ("outcome", "expected", "found"),
    [
        (SPLIT, {}, []),
        (SPLIT, {"status": 200}, []),
        (SPLIT, {"status": 503}, ["status: 200, not 503"]),
        (SPLIT, {"destinations": ["reviews"]}, []),
        (SPLIT, {"destinations": ["reviews.bookinfo"]}, []),
        (SPLIT, {"destinations": ["review"]}, ["destinations: review gets nothing", "reviews", "reviews"]),
        (SPLIT, {"destinations": [{"host": "reviews", "weight": 100}]}, []),
        (
            SPLIT,
            {
                "destinations": [
                    {"host": "reviews", "subset": "v1", "weight": 90},
                    {"host": "reviews", "subset": "v2", "port": 9080},
                ]
            },
            [],
        ),
        (
            SPLIT,
            {"destinations": [{"host": "reviews", "subset": "v1", "weight": 80}]},
            ["reviews (v1): 90 %, not 80 %", "reviews.bookinfo.svc.cluster.local (v2) gets 10 %, and is not expected"],
        ),
        (SPLIT, {"destinations": [{"host": "reviews", "port": 80}]}, ["gets nothing", "not expected", "not expected"]),
        (SPLIT, {"destinations": []}, ["not expected", "not expected"]),
        (SPLIT, {"error": ""}, []),
        (SPLIT, {"error": "denied"}, ["error: none, not denied"]),
        (SPLIT, {"host": "reviews", "path": "/reviews/1", "route": "everyone", "listener": "0.0.0.0_9080"}, []),
        (SPLIT, {"path": "/"}, ["path: /reviews/1, not /"]),
        (SPLIT, {"cluster": ""}, []),
        (SPLIT, {"request_headers": {"X-A": "1,2"}, "absent_request_headers": ["x-c"]}, []),
        (SPLIT, {"request_headers": {"x-a": "1"}}, ["request header x-a: 1,2, not 1"]),
        (SPLIT, {"request_headers": {"x-c": "1"}}, ["request header x-c: not set, not 1"]),
        (SPLIT, {"absent_request_headers": ["x-a"]}, ["request header x-a: 1,2, and is expected not to be there"]),
        (SPLIT, {"response_headers": {"x-b": "3"}, "absent_response_headers": ["server"]}, []),
        (SPLIT, {"mirrors": ["audit.ops"]}, []),
        (SPLIT, {"mirrors": []}, ["mirrors: audit.ops.svc.cluster.local gets a copy, and is not expected to"]),
        (SPLIT, {"mirrors": ["audit", "log"]}, ["mirrors: log gets no copy"]),
        (REFUSED, {"status": 403, "error": "denied", "policy": "shop/only-read", "destinations": []}, []),
        (REFUSED, {"status": 200}, ["status: 403 (denied), not 200"]),
        (REFUSED, {"destinations": ["reviews"]}, ["destinations: none (denied), not reviews"]),
        (MOVED, {"status": 301, "location": "https://a.b/"}, []),
        (MOVED, {"location": "https://a.c/"}, ["location: https://a.b/, not https://a.c/"]),
        (
            Outcome(error="no filter chains matched"),
            {"status": 404},
            ["no HTTP answer (no filter chains matched), not"],
        ),
    ],
)
def test_mismatches(outcome: Outcome, expected: dict[str, Any], found: list[str]) -> None:
    said = mismatches(Expectation(**expected), seen_of(outcome))
    assert len(said) == len(found), said
    for text, part in zip(said, found, strict=True):
        assert part in text


def test_shares_of_one_destination_are_added() -> None:
    seen = replace(
        seen_of(SPLIT),
        destinations=(
            Destination("a.b", "v1", 80, 0.25),
            Destination("a.b", "v1", 80, 0.25),
            Destination("c", "", 80, 0.5),
        ),
    )
    wanted = [ExpectedDestination("a", weight=50), ExpectedDestination("c", weight=50)]
    assert mismatches(Expectation(destinations=wanted), seen) == ()


def test_the_method_of_a_request() -> None:
    assert (
        RouteTest("a", request="http://b/", expect={}).method,
        RouteTest("a", request="http://b/", expect={}).url,
    ) == (
        "GET",
        "http://b/",
    )
    assert RouteTest("a", request="POST http://b/", expect={}).method == "POST"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"status": 42}, "status: 42 is no HTTP status"),
        ({"destinations": [{"host": ""}]}, "names no service"),
        ({"destinations": [{"host": "a", "weight": 120}]}, "120 is no share"),
        ({"error": "broken"}, "error"),
        ({"stat": 200}, "stat"),
    ],
)
def test_what_can_not_be_expected(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        Expectation(**given)
