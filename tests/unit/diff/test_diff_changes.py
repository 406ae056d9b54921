"""Changes that break requests, and exactly which requests they are said to break."""

from __future__ import annotations

from typing import Any

import pytest

import pulumi_mesh as pm
from pulumi_mesh.manifests.registry import snapshot_of
from pulumi_mesh.manifests.wire import AnyObject
from pulumi_mesh.proxy.diff import Change, Diff, diff
from pulumi_mesh.proxy.diff.report import sample
from pulumi_mesh.render import render

from .world import FACTS, istio, routes, subsets, to, world

Told = tuple[str, str, tuple[str, ...], tuple[str, ...], str, tuple[str, ...], str]

SIDECARS = ("reviews-1.shop", "reviews-2.shop", "web-1.shop")
SERVERS = ("reviews-1.shop", "reviews-2.shop")
BARE = ("clients without mutual TLS", "cron-1.bare")
JASON = {"match": [{"headers": {"end-user": {"exact": "jason"}}}], "route": [to("v2")]}
API = {"match": [{"uri": {"prefix": "/api"}}], "route": [to("v1")]}
REST = {"route": [to("v1")]}
BOTH = subsets("v1", "v2")


def told(found: Diff) -> list[Told]:
    return [_told(each) for each in found.changes]


def _told(each: Change) -> Told:
    return each.severity, each.requests, each.proxies, each.clients, sample(each.sample), each.what, each.side


def changes(old: list[AnyObject], new: list[AnyObject]) -> list[Told]:
    return told(diff(world(*old), world(*new)))


def mtls(mode: str) -> AnyObject:
    return istio("PeerAuthentication", {"mtls": {"mode": mode}}, "default")


WEB_READS = istio(
    "AuthorizationPolicy",
    {
        "selector": {"matchLabels": {"app": "reviews"}},
        "action": "ALLOW",
        "rules": [
            {
                "from": [{"source": {"principals": ["cluster.local/ns/shop/sa/web"]}}],
                "to": [{"operation": {"methods": ["GET"], "paths": ["/api"]}}],
            }
        ],
    },
    "web-reads",
)


def test_a_subset_is_dropped() -> None:
    assert changes([BOTH, routes(JASON, REST)], [subsets("v1"), routes(JASON, REST)]) == [
        (
            "unreachable",
            "reviews.shop.svc.cluster.local:9080 /* with end-user exact jason",
            SIDECARS,
            (),
            "GET http://reviews.shop.svc.cluster.local:9080/ -H 'end-user: jason'",
            ("reaches a destination → 503 (unknown cluster)",),
            "client",
        )
    ]


def test_what_decides_is_named_before_and_after() -> None:
    (found,) = diff(world(BOTH, routes(JASON, REST)), world(subsets("v1"), routes(JASON, REST))).changes
    assert [str(each) for each in found.old_refs] == [
        "VirtualService shop/reviews spec.http[0].match[0]",
        "DestinationRule shop/reviews spec.subsets[1]",
    ]
    assert [str(each) for each in found.refs] == [
        "VirtualService shop/reviews spec.http[0].match[0]",
        "DestinationRule shop/reviews spec.subsets",
    ]
    (secured, _) = diff(world(mtls("PERMISSIVE")), world(mtls("STRICT"))).changes
    policy = ["PeerAuthentication shop/default spec.mtls.mode"]
    assert ([str(each) for each in secured.old_refs], [str(each) for each in secured.refs]) == (policy, policy)


def test_rules_change_places() -> None:
    assert changes([BOTH, routes(JASON, API, REST)], [BOTH, routes(API, JASON, REST)]) == [
        (
            "changed",
            "reviews.shop.svc.cluster.local:9080 /* with end-user exact jason and /api*",
            SIDECARS,
            (),
            "GET http://reviews.shop.svc.cluster.local:9080/api -H 'end-user: jason'",
            ("reviews.shop (v1): 0 % → 100 %", "reviews.shop (v2): 100 % → 0 %"),
            "client",
        )
    ]


def test_permissive_becomes_strict() -> None:
    what = ("reaches a destination → no filter chains matched",)
    assert changes([mtls("PERMISSIVE")], [mtls("STRICT")]) == [
        ("unreachable", "every request to port 80", ("web-1.shop",), BARE, "GET http://service/", what, "server"),
        ("unreachable", "every request to port 9080", SERVERS, BARE, "GET http://service:9080/", what, "server"),
    ]


def test_an_allow_policy_is_added() -> None:
    everybody = ("shop/reviews", "any other identity of the mesh", *BARE)
    what = ("reaches a destination → refused with 403",)
    assert changes([], [WEB_READS]) == [
        ("denied", "every request to port 9080", SERVERS, everybody, "GET http://service:9080/", what, "server"),
        (
            "denied",
            "port 9080: every request but GET /api",
            SERVERS,
            ("shop/web",),
            "GET http://service:9080/",
            what,
            "server",
        ),
    ]


def test_the_same_from_the_model() -> None:
    reviews = pm.Service("reviews", namespace="shop", port=9080, versions=["v1", "v2"], service_account="reviews")
    web = pm.Service("web", namespace="shop", port=80, service_account="web")

    def made(*rules: pm.Rule, **rest: Any) -> list[AnyObject]:
        route = pm.HTTPRoute("reviews", services=[reviews], rules=rules)
        mesh = pm.Mesh("shop", services=[reviews, web], routes=[route], **rest)
        return [*FACTS, *render(mesh).objects]

    jason = pm.Rule(matches=[pm.Match(headers={"end-user": "jason"})], backends=[reviews["v2"]])
    api = pm.Rule(matches=[pm.Path("/api")], backends=[reviews["v1"]])
    rest = pm.Rule(backends=[reviews["v1"]])
    only = pm.AuthorizationPolicy(
        "only", target=reviews, rules=[pm.AuthorizationRule(principals=[web], methods=["GET"], paths=["/api"])]
    )

    def between(old: list[AnyObject], new: list[AnyObject]) -> list[tuple[str, str, tuple[str, ...]]]:
        return [
            (each.severity, each.requests, each.clients) for each in diff(snapshot_of(old), snapshot_of(new)).changes
        ]

    plain = made(jason, api, rest)
    assert between(plain, made(api, jason, rest)) == [
        ("changed", f"reviews.shop.svc.cluster.local:{port} /* with end-user exact jason and /api*", ())
        for port in (80, 9080)  # its backends name their port, so port 80 leads to them, too
    ]
    assert between(
        made(rest, mutual_tls=[pm.MutualTLS("PERMISSIVE")]), made(rest, mutual_tls=[pm.MutualTLS("STRICT")])
    ) == [
        ("unreachable", "every request to port 80", BARE),
        ("unreachable", "every request to port 9080", BARE),
    ]
    everybody = ("shop/reviews", "any other identity of the mesh", *BARE)
    assert between(plain, made(jason, api, rest, authorization=[only])) == [
        ("denied", "every request to port 9080", everybody),
        ("denied", "port 9080: every request but GET /api", ("shop/web",)),
    ]


NO_PORT = "reviews.shop.svc.cluster.local:80 /*"
"""Of a route for all ports, on a port that its service has not."""
MOVED = "reviews.shop.svc.cluster.local:9080 /*"
ROUTED: list[tuple[str, dict[str, Any], dict[str, Any], str, tuple[str, ...]]] = [
    (
        "weights",
        {"route": [to("v1", 90), to("v2", 10)]},
        {"route": [to("v1", 75), to("v2", 25)]},
        "changed",
        ("reviews.shop (v1): 90 % → 75 %", "reviews.shop (v2): 10 % → 25 %"),
    ),
    ("a timeout", REST, {**REST, "timeout": "2s"}, "changed", ("timeout: none → 2 s",)),
    (
        "retries",
        {**REST, "retries": {"attempts": 1, "retryOn": "5xx"}},
        {**REST, "retries": {"attempts": 0}},
        "changed",
        ("retries: 1 on 5xx → none",),
    ),
    (
        "a redirect",
        REST,
        {"redirect": {"uri": "/new"}},
        "changed",
        ("reaches a destination → 301 to http://reviews.shop.svc.cluster.local/new",),
    ),
    ("an answer", REST, {"directResponse": {"status": 410}}, "unreachable", ("reaches a destination → 410",)),
    (
        "a copy",
        REST,
        {**REST, "mirror": {"host": "web"}},
        "changed",
        ("copies: none → web.shop.svc.cluster.local:9080: 100 %",),
    ),
    (
        "a header",
        REST,
        {**REST, "headers": {"request": {"set": {"x-shop": "1"}}}},
        "changed",
        ("request headers set: none → x-shop: 1",),
    ),
    (
        "a header of the answer",
        REST,
        {**REST, "headers": {"response": {"remove": ["server"]}}},
        "changed",
        ("answer's headers removed: none → server",),
    ),
    ("a host", REST, {**REST, "rewrite": {"authority": "other"}}, "changed", ("host: as it came → other",)),
    (
        "a fault",
        REST,
        {**REST, "fault": {"delay": {"fixedDelay": "3s", "percentage": {"value": 100}}}},
        "changed",
        ("fault: none → 3 s late",),
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "severity", "what"), [each[1:] for each in ROUTED], ids=[each[0] for each in ROUTED]
)
def test_a_route(old: dict[str, Any], new: dict[str, Any], severity: str, what: tuple[str, ...]) -> None:
    found = changes([BOTH, routes(old)], [BOTH, routes(new)])
    assert [(each[0], each[2], each[5]) for each in found if each[1] == MOVED] == [(severity, SIDECARS, what)]
    assert {each[1] for each in found} <= {MOVED, NO_PORT}


def test_the_same_is_no_change() -> None:
    objects = [BOTH, routes(JASON, API, REST), mtls("STRICT"), WEB_READS]
    assert diff(world(*objects), world(*reversed(objects))) == Diff()
