"""Random changes and random requests: what differs is told of, and what is told of differs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_mesh.proxy.diff.changes import Change
from pulumi_mesh.proxy.diff.classes import treated
from pulumi_mesh.proxy.diff.compare import diff
from pulumi_mesh.proxy.diff.effects import Effect
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.proxy.view import ProxyView

from .world import HOST, istio, routes, subsets, to, world

Json = dict[str, Any]
SUBSETS = subsets("v1", "v2")
PATHS = ["/", "/a", "/a/b", "/ab", "/b", "/a/other"]
PATTERNS = ["/a.*", "/[ab]+", "/(a|b)/c", r"/a/\d+", "/.*b", ".*"]
# The same examples in each run: a landing is no lottery.
FEW = settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def asked(texts: list[str], patterns: list[str]) -> st.SearchStrategy[Json]:
    plain = st.builds(lambda kind, text: {kind: text}, st.sampled_from(["exact", "prefix"]), st.sampled_from(texts))
    return plain | st.sampled_from(patterns).map(lambda pattern: {"regex": pattern})


VALUES: st.SearchStrategy[Json] = asked(["1", "12", "2"], ["1.*", "[12]+", r"\d"]) | st.just({})
NAMES = st.sampled_from(["x-one", "x-two"])
MATCHES = st.fixed_dictionaries(
    {},
    optional={
        "uri": asked(PATHS, PATTERNS),
        "headers": st.dictionaries(NAMES, VALUES, min_size=1, max_size=2),
        "withoutHeaders": st.dictionaries(NAMES, VALUES, min_size=1, max_size=1),
        "method": st.sampled_from([{"exact": "GET"}, {"exact": "POST"}, {"regex": "P.*"}]),
        "queryParams": st.just("q").flatmap(
            lambda name: st.sampled_from([{"exact": "1"}, {"regex": "[12]"}]).map(lambda value: {name: value})
        ),
    },
).filter(bool)
ACTIONS: list[Json] = [
    {"route": [to("v1")]},
    {"route": [to("v2")]},
    {"route": [to("v1", 90), to("v2", 10)]},
    {"redirect": {"uri": "/elsewhere"}},
    {"directResponse": {"status": 418}},
    {"route": [to("v1")], "timeout": "2s"},
    {"route": [to("v1")], "rewrite": {"authority": "other"}},
    {"route": [to("v1")], "headers": {"request": {"set": {"x-set": "1"}}}},
]
RULES = st.builds(
    lambda action, matches: {**action, **({"match": matches} if matches else {})},
    st.sampled_from(ACTIONS),
    st.lists(MATCHES, max_size=2),
)
REQUESTS = st.builds(
    lambda path, query, method, headers: (path + query, method, tuple(headers.items())),
    st.sampled_from([*PATHS, "/a/1", "/b/c", "/a/c", "/zb", "/q", "/bb"]),
    st.sampled_from(["", "?q=1", "?q=2", "?q=3"]),
    st.sampled_from(["GET", "POST", "PUT"]),
    st.dictionaries(NAMES, st.sampled_from(["1", "12", "2", "z"])),
)


@st.composite
def changed(draw: st.DrawFn, items: st.SearchStrategy[Json]) -> tuple[list[Json], list[Json]]:
    """Some items, and them with one more, one fewer, one another, or in another order."""
    old = draw(st.lists(items, min_size=1, max_size=4))
    kind, place = draw(st.sampled_from(["added", "removed", "replaced", "moved"])), draw(st.integers(0, len(old) - 1))
    match kind:
        case "added":
            return old, [*old[:place], draw(items), *old[place:]]
        case "removed":
            return old, [*old[:place], *old[place + 1 :]]
        case "replaced":
            return old, [*old[:place], draw(items), *old[place + 1 :]]
        case _:
            return old, list(draw(st.permutations(old)))


def essence(effect: Effect) -> Effect:
    """An effect without what depends on the request's own path and host."""
    return replace(effect, path="", location="", host="")


def pairs(changes: list[Change]) -> set[tuple[Effect, Effect]]:
    return {(essence(each.old), essence(each.new)) for each in changes}


def holds(old: ProxyView, new: ProxyView, changes: list[Change]) -> None:
    """What is told of each sample is so."""
    for each in changes:
        again = treated(old, new, each.sample)
        assert again is not None and again.effects == (each.old, each.new)


@FEW
@given(changed(RULES), st.lists(REQUESTS, min_size=30, max_size=40))
def test_routes(
    change: tuple[list[Json], list[Json]], requests: list[tuple[str, str, tuple[tuple[str, str], ...]]]
) -> None:
    snapshots = [world(SUBSETS, *([routes(*side)] if side else [])) for side in change]
    client = next(each for each in snapshots[0].proxies if each.name == "web-1")
    old, new = (resolve(each, client) for each in snapshots)
    found = diff(*snapshots).changes
    holds(old, new, list(found))
    told = pairs([each for each in found if each.sample.port == 9080])
    for path, method, headers in requests:
        request = Request(HOST, path, method, headers, port=9080, address="10.1.0.1", direction="outbound")
        if (case := treated(old, new, request)) is not None:
            assert (essence(case.effects[0]), essence(case.effects[1])) in told, request


WORDS = ["/", "/a", "/a/b", "/b", "/admin/x"]
SOURCES = st.fixed_dictionaries(
    {},
    optional={
        "principals": st.sampled_from([["cluster.local/ns/shop/sa/web"], ["*/sa/reviews"], ["*"]]),
        "notPrincipals": st.just(["cluster.local/ns/shop/sa/web"]),
        "namespaces": st.sampled_from([["shop"], ["bare"]]),
        "ipBlocks": st.just(["10.0.0.0/30"]),
    },
).filter(bool)
OPERATIONS = st.fixed_dictionaries(
    {},
    optional={
        "methods": st.sampled_from([["GET"], ["POST", "PUT"]]),
        "notMethods": st.just(["GET"]),
        "paths": st.lists(st.sampled_from(["/a", "/a*", "*/b", "/b", "/admin/*"]), min_size=1, max_size=2),
        "notPaths": st.just(["/a*"]),
        "hosts": st.just([HOST]),
    },
).filter(bool)
CONDITIONS = st.sampled_from(
    [
        {"key": "request.headers[x-one]", "values": ["1"]},
        {"key": "request.headers[x-one]", "notValues": ["1"]},
        {"key": "source.ip", "values": ["10.0.0.3"]},
    ]
)
POLICIES = st.builds(
    lambda action, rule: {
        "selector": {"matchLabels": {"app": "reviews"}},
        "action": action,
        "rules": [rule] if rule is not None else [],
    },
    st.sampled_from(["ALLOW", "DENY"]),
    st.fixed_dictionaries(
        {},
        optional={
            "from": SOURCES.map(lambda each: [{"source": each}]),
            "to": OPERATIONS.map(lambda each: [{"operation": each}]),
            "when": CONDITIONS.map(lambda each: [each]),
        },
    ),
)
CLIENTS = [
    "",
    *(f"spiffe://cluster.local/ns/{each}" for each in ("shop/sa/web", "shop/sa/reviews", "bare/sa/cron", "other/sa/x")),
]


@FEW
@given(
    changed(POLICIES),
    st.lists(
        st.tuples(
            st.sampled_from(WORDS),
            st.sampled_from(["GET", "POST", "DELETE"]),
            st.sampled_from(CLIENTS),
            st.sampled_from([(), (("x-one", "1"),), (("x-one", "2"),)]),
            st.sampled_from(["10.0.0.1", "10.0.0.3", "10.9.9.9"]),
            st.sampled_from([HOST, "other"]),
        ),
        min_size=30,
        max_size=40,
    ),
)
def test_policies(change: tuple[list[Json], list[Json]], requests: list[tuple[Any, ...]]) -> None:
    snapshots = [
        world(*(istio("AuthorizationPolicy", each, f"p{place}") for place, each in enumerate(side))) for side in change
    ]
    server = next(each for each in snapshots[0].proxies if each.name == "reviews-1")
    old, new = (resolve(each, server) for each in snapshots)
    found = [each for each in diff(*snapshots).changes if each.side == "server"]
    holds(old, new, found)
    told = pairs(found)
    for path, method, principal, headers, source, host in requests:
        request = Request(
            host,
            path,
            method,
            headers,
            port=9080,
            direction="inbound",
            tls="mtls" if principal else "plaintext",
            principal=principal,
            source=source,
        )
        if (case := treated(old, new, request)) is not None:
            assert (essence(case.effects[0]), essence(case.effects[1])) in told, request
