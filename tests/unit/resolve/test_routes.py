"""Routes of virtual services."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest

from pulumi_mesh import istio
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import MeshConfig
from pulumi_mesh.proxy.resolve.matches import claim_of
from pulumi_mesh.proxy.view.matching import Fraction, HeaderMatch, QueryMatch, StringMatch
from pulumi_mesh.proxy.view.routes import (
    Cors,
    DirectResponse,
    Fault,
    Forward,
    HashCookie,
    HashPolicy,
    HeaderChanges,
    HeaderValue,
    Mirror,
    PathMatch,
    Redirect,
    RegexRewrite,
    RetryPolicy,
    Route,
    RouteMatch,
    WeightedCluster,
)
from pulumi_mesh.refs import Ref
from tests.unit.resolve.shop import FAR, hosts_of, routed, to, view

REVIEWS = "outbound|9080||reviews.shop.svc.cluster.local"
V1 = "outbound|9080|v1|reviews.shop.svc.cluster.local"
V2 = "outbound|9080|v2|reviews.shop.svc.cluster.local"
DEFAULT_RETRY = RetryPolicy(
    ("connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes"),
    2,
    avoid_tried_hosts=True,
    host_selection_attempts=5,
)
MIRRORED: FrozenMap[str, object] = FrozenMap({"trace_sampled": False, "disable_shadow_host_suffix_append": True})
ROUTE = [to("reviews")]


def test_default_route() -> None:
    hosts = hosts_of(view(), "9080")
    (route,) = hosts["reviews.shop.svc.cluster.local:9080"].routes
    assert route.name == "default"
    assert route.decorator == "reviews.shop.svc.cluster.local:9080/*"
    assert route.ref == Ref("Service", "shop", "reviews")
    assert route.action == Forward(REVIEWS, timeout=timedelta(0), max_grpc_timeout=timedelta(0), retry=DEFAULT_RETRY)


@pytest.mark.parametrize(
    ("match", "made"),
    [
        ({}, RouteMatch(PathMatch("prefix", "/"))),
        ({"uri": {"exact": "/a"}}, RouteMatch(PathMatch("path", "/a"))),
        ({"uri": {"prefix": "/a"}, "ignoreUriCase": True}, RouteMatch(PathMatch("prefix", "/a", False))),
        ({"uri": {"regex": "/a.*"}}, RouteMatch(PathMatch("regex", "/a.*"))),
        (
            {
                "method": {"exact": "GET"},
                "authority": {"prefix": "a"},
                "scheme": {"exact": "http"},
                "headers": {"b": {"regex": "*"}, "a": {"exact": "1"}},
                "withoutHeaders": {"aa": {"prefix": "2"}, "c": {}},
            },
            RouteMatch(
                PathMatch("prefix", "/"),
                (
                    HeaderMatch("a", StringMatch("exact", "1")),
                    HeaderMatch("aa", StringMatch("prefix", "2"), invert=True, missing_as_empty=True),
                    HeaderMatch("b"),
                    HeaderMatch("c", invert=True),
                    HeaderMatch(":method", StringMatch("exact", "GET")),
                    HeaderMatch(":authority", StringMatch("prefix", "a")),
                    HeaderMatch(":scheme", StringMatch("exact", "http")),
                ),
            ),
        ),
        (
            {"queryParams": {"z": {}, "a": {"regex": "x+"}}},
            RouteMatch(
                PathMatch("prefix", "/"),
                query=(QueryMatch("a", StringMatch("regex", "x+")), QueryMatch("z")),
            ),
        ),
    ],
)
def test_matches(match: dict[str, Any], made: RouteMatch) -> None:
    assert routed({"match": [match], "route": ROUTE})[0].match == made


@pytest.mark.parametrize(
    ("match", "counts"),
    [
        ({"port": 9080}, True),
        ({"port": 80}, False),
        ({"sourceLabels": {"app": "client"}}, True),
        ({"sourceLabels": {"app": "other"}}, False),
        ({"sourceNamespace": "shop"}, True),
        ({"sourceNamespace": "far"}, False),
        ({"gateways": ["mesh"]}, True),
        ({"gateways": ["public"]}, False),
    ],
)
def test_matches_known_beforehand(match: dict[str, Any], counts: bool) -> None:
    uri = {"uri": {"exact": "/a"}}
    names = [each.name for each in routed({"name": "a", "match": [{**uri, **match}], "route": ROUTE}, {"route": ROUTE})]
    assert names == (["a", ""] if counts else [""])


def test_nothing_after_a_catch_all() -> None:
    routes = routed(
        {"name": "a", "match": [{"name": "x", "uri": {"exact": "/a"}}, {"uri": {"prefix": "/"}}], "route": ROUTE},
        {"name": "b", "match": [{"uri": {"exact": "/b"}}], "route": ROUTE},
    )
    assert [(each.name, each.ref) for each in routes] == [
        ("a.x", Ref("VirtualService", "shop", "reviews", "spec.http[0].match[0]")),
        ("a", Ref("VirtualService", "shop", "reviews", "spec.http[0].match[1]")),
    ]


def test_split_leaves_out_shares_of_zero() -> None:
    (route,) = routed(
        {
            "route": [
                to("reviews", "v1", weight=90, headers={"request": {"set": {"x": "1", "Host": "h"}}}),
                to("details", weight=0),
                to("reviews", "v2", weight=10),
            ],
            "headers": {"request": {"add": {"y": "2"}}},
        }
    )
    assert isinstance(route.action, Forward)
    assert route.action.weighted == (
        WeightedCluster(
            V1,
            90,
            HeaderChanges((HeaderValue("x", "1"),)),
            host_rewrite="h",
        ),
        WeightedCluster(V2, 10),
    )
    assert [each.ref for each in route.action.weighted] == [
        Ref("VirtualService", "shop", "reviews", "spec.http[0].route[0]"),
        Ref("VirtualService", "shop", "reviews", "spec.http[0].route[2]"),
    ]
    assert route.request_headers == HeaderChanges((HeaderValue("y", "2", append=True),))
    assert route.decorator == "reviews:9080/*"


def test_headers_of_a_single_destination_join_those_of_the_route() -> None:
    (route,) = routed(
        {
            "route": [
                to(
                    "reviews",
                    weight=0,
                    headers={"request": {"set": {"b": "2", "a": "1"}}, "response": {"remove": ["s"]}},
                )
            ],
            "headers": {"request": {"set": {":authority": "h"}, "remove": ["x", "host"]}},
        }
    )
    assert route.request_headers == HeaderChanges((HeaderValue("a", "1"), HeaderValue("b", "2")), ("x",))
    assert route.response_headers == HeaderChanges((), ("s",))
    assert isinstance(route.action, Forward)
    assert (route.action.cluster, route.action.host_rewrite) == (REVIEWS, "h")


@pytest.mark.parametrize(
    ("retries", "policy"),
    [
        ({"attempts": 0}, None),
        (
            {"attempts": 3, "perTryTimeout": "2s"},
            RetryPolicy(
                DEFAULT_RETRY.conditions, 3, timedelta(seconds=2), avoid_tried_hosts=True, host_selection_attempts=5
            ),
        ),
        (
            {"attempts": 1, "retryOn": "5xx, 503,,404", "retryIgnorePreviousHosts": False},
            RetryPolicy(("5xx", "retriable-status-codes"), 1, status_codes=(503, 404), host_selection_attempts=5),
        ),
        (
            {"attempts": 1, "retryOn": "gateway-error", "backoff": "1.5s"},
            RetryPolicy(
                ("gateway-error",),
                1,
                avoid_tried_hosts=True,
                host_selection_attempts=5,
                back_off=timedelta(milliseconds=1500),
            ),
        ),
    ],
)
def test_retries(retries: dict[str, Any], policy: RetryPolicy | None) -> None:
    (route,) = routed({"route": ROUTE, "retries": retries})
    assert isinstance(route.action, Forward)
    assert route.action.retry == policy


def test_timeouts_mirrors_and_rewrites() -> None:
    (route,) = routed(
        {
            "match": [{"uri": {"prefix": "/a"}}],
            "route": ROUTE,
            "timeout": "1500ms",
            "rewrite": {"uri": "/b", "authority": "host"},
            "mirrors": [
                to("details", percentage={"value": 12.5}),
                to("reviews", "v2"),
                to("details", percentage={"value": 0}),
            ],
        }
    )
    length = timedelta(milliseconds=1500)
    assert route.action == Forward(
        REVIEWS,
        timeout=length,
        max_grpc_timeout=length,
        retry=DEFAULT_RETRY,
        mirrors=(
            Mirror("outbound|9080||details.shop.svc.cluster.local", Fraction(125_000, 1_000_000), MIRRORED),
            Mirror(V2, Fraction(100), MIRRORED),
        ),
        host_rewrite="host",
        prefix_rewrite="/b",
    )


def test_regex_rewrite() -> None:
    (route,) = routed({"route": ROUTE, "rewrite": {"uriRegexRewrite": {"match": "/a(.*)", "rewrite": r"\1"}}})
    assert isinstance(route.action, Forward)
    assert route.action.regex_rewrite == RegexRewrite("/a(.*)", r"\1")


@pytest.mark.parametrize(
    ("redirect", "action"),
    [
        ({"uri": "/b"}, Redirect(path="/b")),
        ({"authority": "h", "redirectCode": 308, "scheme": "https", "port": 443}, Redirect("https", "h", code=308)),
        ({"port": 8443, "prefixRewrite": "/c"}, Redirect(port=8443, prefix_rewrite="/c")),
        ({"derivePort": "FROM_REQUEST_PORT"}, Redirect(port=9080)),
    ],
)
def test_redirects(redirect: dict[str, Any], action: Redirect) -> None:
    assert routed({"match": [{"uri": {"prefix": "/a"}}], "redirect": redirect})[0].action == action


def test_direct_responses() -> None:
    assert routed({"directResponse": {"status": 418, "body": {"string": "short"}}})[0].action == DirectResponse(
        418, "short"
    )
    assert routed({"directResponse": {"status": 204}})[0].action == DirectResponse(204)


@pytest.mark.parametrize(
    ("fault", "made"),
    [
        (
            {"delay": {"fixedDelay": "3s", "percentage": {"value": 0.1}}},
            Fault(delay=timedelta(seconds=3), delay_fraction=Fraction(1000, 1_000_000)),
        ),
        (
            {"abort": {"httpStatus": 503, "percentage": {"value": 100}}},
            Fault(abort_status=503, abort_fraction=Fraction(1_000_000, 1_000_000)),
        ),
        ({"abort": {"grpcStatus": "UNAVAILABLE"}}, Fault(abort_grpc_status=14)),
    ],
)
def test_faults(fault: dict[str, Any], made: Fault) -> None:
    assert routed({"route": ROUTE, "fault": fault})[0].fault == made


def test_cross_origin_rules_stand_beside_faults() -> None:
    (route,) = routed(
        {
            "route": ROUTE,
            "fault": {"abort": {"httpStatus": 500, "percentage": {"value": 1}}},
            "corsPolicy": {"allowOrigins": [{"exact": "https://a"}], "allowMethods": ["GET", "PUT"], "maxAge": "1h"},
        }
    )
    assert route.fault is not None
    assert route.cors == Cors(
        (StringMatch("exact", "https://a"),),
        allow_methods="GET,PUT",
        max_age="3600",
        enabled=Fraction(100),
        forward_unmatched_preflights=True,
    )


def test_hashes_follow_the_destination_rule() -> None:
    rule = istio.DestinationRule(
        "reviews",
        namespace="shop",
        spec={
            "host": "reviews",
            "trafficPolicy": {"loadBalancer": {"consistentHash": {"httpHeaderName": "x-user"}}},
            "subsets": [
                {
                    "name": "v1",
                    "labels": {"version": "v1"},
                    "trafficPolicy": {"loadBalancer": {"consistentHash": {"httpQueryParameterName": "q"}}},
                }
            ],
        },
    )
    cut = {"uri": {"exact": "/a"}}
    one, both = routed(
        {"match": [cut], "route": ROUTE},
        {"route": [to("reviews", "v1", weight=1), to("reviews", weight=1)]},
        objects=(rule,),
    )
    assert isinstance(one.action, Forward)
    assert isinstance(both.action, Forward)
    header, query = HashPolicy("x-user"), HashPolicy(query_parameter="q")
    assert one.action.hash_policies == (header,)
    assert one.action.retry is not None
    assert not one.action.retry.avoid_tried_hosts
    assert both.action.hash_policies == (query, header)
    assert both.action.retry == DEFAULT_RETRY
    (default,) = hosts_of(view(rule), "9080")["reviews.shop.svc.cluster.local:9080"].routes
    assert isinstance(default.action, Forward)
    assert default.action.hash_policies == (header,)


def test_what_is_not_exported_does_not_count() -> None:
    made = istio.VirtualService(
        "reviews", namespace="shop", spec={"hosts": ["reviews"], "exportTo": ["."], "http": [{"route": ROUTE}]}
    )
    name = "reviews.shop.svc.cluster.local:9080"
    assert hosts_of(view(made), "9080")[name].routes[0].name == ""
    assert hosts_of(view(made, proxy=FAR), "9080")[name].routes[0].name == "default"


GATEWAY_API = {"internal.istio.io/route-semantics": "gateway"}


def of_gateway_api(**http: Any) -> Route:
    """The first route of a virtual service that stands for a route of the Gateway API: all its names are full."""
    host = "reviews.shop.svc.cluster.local"
    made = istio.VirtualService(
        "reviews",
        namespace="shop",
        annotations=GATEWAY_API,
        spec={"hosts": [host], "http": [{"route": [to(host, port=9080)], **http}]},
    )
    return hosts_of(view(made), "9080")[f"{host}:9080"].routes[0]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("/a", PathMatch("path_separated_prefix", "/a")),
        ("/a/", PathMatch("path_separated_prefix", "/a")),
        ("/", PathMatch("prefix", "/")),
    ],
)
def test_prefixes_of_the_gateway_api_end_at_a_slash(prefix: str, expected: PathMatch) -> None:
    assert of_gateway_api(match=[{"uri": {"prefix": prefix}}]).match.path == expected


@pytest.mark.parametrize(
    ("uri", "expected"),
    [("/b", ("/b", None)), ("/", ("", RegexRewrite(r"^/a\.b(/?)(.*)", r"/\2")))],
)
def test_a_prefix_of_the_gateway_api_is_replaced(uri: str, expected: Any) -> None:
    action = of_gateway_api(match=[{"uri": {"prefix": "/a.b"}}], rewrite={"uri": uri}).action
    assert isinstance(action, Forward)
    assert (action.prefix_rewrite, action.regex_rewrite) == expected
    assert action.unknown_cluster_status == 500


def test_a_backend_that_is_not_valid() -> None:
    host = "reviews.shop.svc.cluster.local"
    action = of_gateway_api(route=[to("", weight=1), to(host, port=9080, weight=1)]).action
    assert isinstance(action, Forward)
    assert [each.cluster for each in action.weighted] == ["UnknownService", REVIEWS]


@pytest.mark.parametrize(
    ("header", "path"),
    [
        ("@request.auth.claims.admin", ("admin",)),
        ("@request.auth.claims.group.id", ("group", "id")),
        ("@request.auth.claims[group][id.x]", ("group", "id.x")),
        ("@Request.Auth.Claims.admin", ("admin",)),
        ("@request.auth.claims", ()),
        ("x-user", ()),
    ],
)
def test_claims(header: str, path: tuple[str, ...]) -> None:
    assert claim_of(header) == path


def test_a_claim_is_no_header() -> None:
    match = {"headers": {"@request.auth.claims.admin": {"exact": "yes"}, "x": {"exact": "1"}}}
    first, last = routed({"match": [match], "route": ROUTE}, {"name": "all", "route": ROUTE})
    assert [each.name for each in first.match.headers] == ["x"]
    (claim,) = cast("tuple[Any, ...]", first.match.extra["dynamic_metadata"])
    assert claim["path"] == ({"key": "payload"}, {"key": "admin"})
    assert last.name == "all"


def test_the_mesh_says_how_requests_are_tried_again() -> None:
    mesh = MeshConfig(default_http_retry_policy=FrozenMap({"attempts": 3, "retryOn": "5xx,503"}))
    (route,) = hosts_of(view(mesh=mesh), "9080")["reviews.shop.svc.cluster.local:9080"].routes
    assert isinstance(route.action, Forward)
    assert route.action.retry == RetryPolicy(
        ("5xx", "retriable-status-codes"), 3, status_codes=(503,), avoid_tried_hosts=True, host_selection_attempts=5
    )


@pytest.mark.parametrize(
    ("hashing", "expected"),
    [
        ({"httpHeaderName": "x"}, HashPolicy("x")),
        ({"useSourceIp": True}, HashPolicy(source_ip=True)),
        ({"httpQueryParameterName": "q"}, HashPolicy(query_parameter="q")),
        ({"httpCookie": {"name": "c"}}, HashPolicy(cookie=HashCookie("c"))),
        (
            {"httpCookie": {"name": "c", "ttl": "0s", "path": "/p", "attributes": [{"name": "Secure"}]}},
            HashPolicy(cookie=HashCookie("c", timedelta(0), "/p", (("Secure", ""),))),
        ),
    ],
)
def test_every_hash(hashing: dict[str, Any], expected: HashPolicy) -> None:
    rule = istio.DestinationRule(
        "reviews",
        namespace="shop",
        spec={"host": "reviews", "trafficPolicy": {"loadBalancer": {"consistentHash": hashing}}},
    )
    (route,) = hosts_of(view(rule), "9080")["reviews.shop.svc.cluster.local:9080"].routes
    assert isinstance(route.action, Forward)
    assert route.action.hash_policies == (expected,)
