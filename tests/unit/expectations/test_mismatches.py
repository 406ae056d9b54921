"""What is expected of a request, against what became of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.expectations import Destination, Expectation, ExpectedDestination, RouteTest, mismatches, seen_of
from pulumi_mesh.proxy.simulate import Outcome, Share
from pulumi_mesh.proxy.view.matching import Fraction
from pulumi_mesh.proxy.view.routes import Mirror
from pulumi_mesh.typed import build

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
    mirrors=(Mirror("outbound|80||audit.ops.svc.cluster.local"),),
)
REFUSED = Outcome(listener="0.0.0.0_80", error="denied", status=403, policy="shop/only-read")
COUNTED = Outcome(
    clusters=(Share("outbound|80||a.b"),),
    virtual_cluster="reads",
    mirrors=(Mirror("outbound|80||audit.ops", Fraction(5_000, 1_000_000)),),
)
FAR = Outcome(listener="0.0.0.0_80", status=302, location="http://a.b:8080/c/d?e=f")
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
        (SPLIT, {"status": [503, 200]}, []),
        (SPLIT, {"status": [503, 504]}, ["status: 200, not 503 or 504"]),
        (SPLIT, {"location": "", "virtual_cluster": ""}, []),
        (SPLIT, {"virtual_cluster": "other"}, ["virtual_cluster: none, not other"]),
        (COUNTED, {"virtual_cluster": "reads"}, []),
        (SPLIT, {"redirect": {"scheme": "http"}}, ["redirect: none"]),
        (MOVED, {"host": "", "path": ""}, []),
        (MOVED, {"redirect": {"scheme": "https", "host": "a.b", "port": 443, "path": "/", "query": ""}}, []),
        (FAR, {"redirect": {"scheme": "http", "host": "a.b", "port": 8080, "path": "/c/d", "query": "e=f"}}, []),
        (
            FAR,
            {"redirect": {"scheme": "https", "host": "a.c", "port": 80, "path": "/", "query": ""}},
            [
                "scheme: http, not https",
                "host: a.b, not a.c",
                "port: 8080, not 80",
                "path: /c/d, not /",
                "e=f, not none",
            ],
        ),
        (SPLIT, {"mirrors": [{"host": "audit", "port": 80, "percent": 100}]}, []),
        (SPLIT, {"mirrors": [{"host": "audit", "percent": 20}]}, ["mirrors: audit: 100 %, not 20 %"]),
        (COUNTED, {"mirrors": [{"host": "audit", "percent": 0.5}]}, []),
        (SPLIT, {"mirrors": [{"host": "audit", "port": 81}]}, ["audit gets no copy", "gets a copy, and is not exp"]),
        (SPLIT, {"destinations": [{"workload": "reviews"}]}, ["reviews gets nothing", "not expected", "not expected"]),
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


VALUES = (("x-one", "v2"), ("x-many", "a, b"), ("x-many", "c"), ("x-count", "41"), ("x-empty", ""))


@pytest.mark.parametrize(
    ("name", "test", "wanted"),
    [
        ("X-One", "v2", ""),
        ("x-one", "v3", "v2, not v3"),
        ("x-one", ["v1", "v2"], ""),
        ("x-one", ["v1", "v3"], "v2, not v1 or v3"),
        ("x-many", "a,b, c", ""),
        ("x-many", "a", "a, b,c, not a"),
        ("x-many", {"has": "c"}, ""),
        ("x-many", {"has": "b"}, "not has b"),
        ("x-one", {"prefix": "v"}, ""),
        ("x-one", {"prefix": "2"}, "not prefix 2"),
        ("x-one", {"suffix": "2"}, ""),
        ("x-one", {"suffix": "v"}, "not suffix v"),
        ("x-many", {"contains": ", "}, ""),
        ("x-one", {"contains": "x"}, "not contains x"),
        ("x-one", {"regex": "v[0-9]"}, ""),
        ("x-one", {"regex": "v"}, "not regex v"),
        ("x-one", {"exact": "V2", "ignore_case": True}, ""),
        ("x-one", {"exact": "V2"}, "v2, not V2"),
        ("x-count", {"at_least": 41, "below": 42}, ""),
        ("x-count", {"below": 41}, "41, not below 41"),
        ("x-one", {"at_least": 1}, "not at least 1"),
        ("x-empty", "", ""),
        ("x-none", "", "not set, not "),
        ("x-none", {"present": False}, ""),
        ("x-one", {"present": False}, "v2, not absent"),
        ("x-one", {"present": True}, ""),
        ("x-none", {"present": True}, "not set, not there"),
        ("x-none", {"exact": "v2", "or_absent": True}, ""),
        ("x-one", {"exact": "v3", "or_absent": True}, "v2, not v3, or absent"),
        ("x-one", {"not": "v3"}, ""),
        ("x-one", {"not": {"prefix": "v"}}, "v2, not other than prefix v"),
        ("x-none", {"not": "v3"}, ""),
        ("x-none", {"not": "v3", "present": True}, "not set, not other than v3 and there"),
        ("x-one", {"prefix": "v", "not": ["v1", "v2"]}, "v2, not prefix v and other than v1 or v2"),
        ("x-none", {"prefix": "v", "not": "v1"}, "not set, not prefix v and other than v1"),
    ],
)
@pytest.mark.parametrize("side", ["request", "response"])
def test_headers(side: str, name: str, test: Any, wanted: str) -> None:
    outcome = replace(SPLIT, request_headers=VALUES, response_headers=VALUES)
    suite: dict[str, Any] = {f"{side}_headers": {name: test}}
    said = mismatches(build(Expectation, suite), seen_of(outcome))
    if wanted:
        assert len(said) == 1
        assert f"{side} header {name}: " in said[0]
        assert wanted in said[0]
    else:
        assert said == ()


def test_workloads_by_the_deployment_that_made_them() -> None:
    found = (
        Destination("a.b", "", 80, 0.7, "reviews-v1-5d8f.shop"),
        Destination("a.b", "", 80, 0.2, "reviews-v2-77c4.shop"),
        Destination("a.b", "", 80, 0.1, "reviews-v2-77c5.shop"),
    )
    seen = replace(seen_of(SPLIT), destinations=found)
    split = [{"workload": "reviews-v1", "weight": 70}, {"host": "a", "workload": "reviews-v2.shop", "weight": 30}]
    assert mismatches(build(Expectation, {"destinations": split}), seen) == ()
    elsewhere = [{"workload": "reviews.ops"}]
    said = mismatches(build(Expectation, {"destinations": elsewhere}), seen)
    assert said[0].startswith("destinations: reviews.ops gets nothing; a.b at reviews-v1-5d8f.shop gets 70 %")
    assert mismatches(build(Expectation, {"destinations": [{"workload": "review"}]}), seen)


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
        ({"status": []}, "status: is empty"),
        ({"status": [200, 1]}, "1 is no HTTP status"),
        ({"destinations": [{"workload": ""}]}, "names no workload"),
        ({"destinations": [{"weight": 5}]}, "name the service, or its workload"),
        ({"destinations": [{"host": "a", "port": 0}]}, "port"),
        ({"redirect": {"host": "a.b:80"}}, "holds a port, which is port"),
        ({"redirect": {"path": "/a?b"}}, "holds a query, which is query"),
        ({"redirect": {"prot": "x"}}, "prot"),
        ({"mirrors": [{"host": "a", "percent": 101}]}, "percent"),
        ({"mirrors": [""]}, "names no service"),
        ({"response_headers": {"x-a": {"regex": "("}}}, "is no regular expression"),
        ({"response_headers": {"x-a": []}}, "is empty, so nothing"),
        ({"response_headers": {"x-a": {}}}, "tests nothing"),
        ({"response_headers": {"x-a": 5}}, "quote a number"),
        ({"request_headers": {"x-a": {"present": False, "or_absent": True}}}, "says nothing beside"),
        ({"destinations": [{"host": ""}]}, "names no service"),
        ({"destinations": [{"host": "a", "weight": 120}]}, "120 is no share"),
        ({"error": "broken"}, "error"),
        ({"stat": 200}, "stat"),
    ],
)
def test_what_can_not_be_expected(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        Expectation(**given)
