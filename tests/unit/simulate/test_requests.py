"""What becomes of HTTP requests where a live Envoy is not asked: tokens, chances, endpoints, transports, reasons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.proxy.simulate import Outcome, Request, simulate
from pulumi_mesh.proxy.simulate.outcome import Step
from pulumi_mesh.proxy.simulate.templates import template_matches, template_rewrite
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.clusters import (
    Cluster,
    Endpoint,
    EndpointSet,
    LoadBalancing,
    LocalityEndpoints,
    TransportMatch,
)
from pulumi_mesh.proxy.view.ext_authz import HttpExtAuthz
from pulumi_mesh.proxy.view.jwt import (
    AnyRequirement,
    ByProvider,
    JwtAuthentication,
    JwtProvider,
    JwtRequirement,
    JwtRule,
    MissingAllowed,
)
from pulumi_mesh.proxy.view.listeners import FaultFilter, FilterChain, HttpFilter, OpaqueFilter
from pulumi_mesh.proxy.view.matching import Fraction, ListMatch, MetadataMatch, StringMatch
from pulumi_mesh.proxy.view.rbac import Always, Authenticated, HttpRbac, Metadata, Policy, Rules
from pulumi_mesh.proxy.view.routes import (
    DirectResponse,
    Fault,
    Forward,
    Route,
    RouteConfig,
    VirtualHost,
    WeightedCluster,
)
from pulumi_mesh.proxy.view.tls import PlainText, SecretRef, UpstreamTls
from pulumi_mesh.refs import Ref
from tests.unit.simulate.made import ALL, MUTUAL, cluster, config, listener, manager, view

REF = Ref("VirtualService", "shop", "reviews", "spec.http[0]")


def _asked(*filters: HttpFilter, routes: RouteConfig | None = None, **asked: Any) -> Outcome:
    served = view(listener(FilterChain((manager(*filters, routes=routes),))))
    return simulate(served, Request(**asked))


ISSUER = JwtProvider("p", "https://issuer", audiences=("shop",), payload_metadata="payload")


def _jwt(requirement: JwtRequirement | None) -> JwtAuthentication:
    return JwtAuthentication((ISSUER,), (JwtRule("/", requirement),))


OPTIONAL = AnyRequirement((ByProvider("p"), MissingAllowed()))
OF_ISSUER = FrozenMap({"iss": "https://issuer", "aud": ("other", "shop")})


@pytest.mark.parametrize(
    ("requirement", "claims", "status"),
    [
        (None, None, None),
        (OPTIONAL, None, None),
        (OPTIONAL, OF_ISSUER, None),
        (OPTIONAL, FrozenMap({"iss": "https://other"}), 401),
        (OPTIONAL, FrozenMap({"iss": "https://issuer", "aud": "other"}), 403),
        (ByProvider("p"), None, 401),
        (ByProvider("p"), OF_ISSUER, None),
        (ByProvider("unknown"), OF_ISSUER, 403),
    ],
)
def test_tokens(requirement: JwtRequirement | None, claims: FrozenMap[str, object] | None, status: int | None) -> None:
    outcome = _asked(_jwt(requirement), claims=claims)
    assert outcome.status == status
    assert outcome.error == ("denied" if status else "")


@pytest.mark.parametrize(("groups", "status"), [(("dev", "ops"), None), (("ops",), 403), ("dev", 403)])
def test_claims_are_noted_for_authorization(groups: object, status: int | None) -> None:
    wanted = MetadataMatch(
        "envoy.filters.http.jwt_authn", ("payload", "groups"), ListMatch(StringMatch("exact", "dev"))
    )
    rbac = HttpRbac(Rules("ALLOW", (Policy("devs", (Always(),), (Metadata(wanted),)),)))
    outcome = _asked(_jwt(OPTIONAL), rbac, claims=FrozenMap({**OF_ISSUER, "groups": groups}))
    assert (outcome.status, outcome.policy) == (status, "" if status else "devs")


def test_claims_divided_by_spaces() -> None:
    provider = JwtProvider(
        "p",
        "https://issuer",
        payload_metadata="payload",
        extra=freeze({"normalize_payload_in_metadata": {"space_delimited_claims": ["scope"]}}),
    )
    wanted = MetadataMatch("envoy.filters.http.jwt_authn", ("payload", "scope"), ListMatch(StringMatch("exact", "b")))
    rbac = HttpRbac(Rules("DENY", (Policy("b", (Always(),), (Metadata(wanted),)),)))
    filters = (JwtAuthentication((provider,), (JwtRule("/", ByProvider("p")),)), rbac)
    assert _asked(*filters, claims=FrozenMap({"iss": "https://issuer", "scope": "a b"})).error == "denied"
    assert _asked(*filters, claims=FrozenMap({"iss": "https://issuer", "scope": "a bc"})).error == ""


def test_a_refusal_names_its_policy() -> None:
    rbac = HttpRbac(Rules("DENY", (Policy("b", (Always(),), (Always(),), ref=REF), Policy("a", (), ()))))
    outcome = _asked(rbac)
    assert (outcome.status, outcome.error, outcome.policy, outcome.body) == (403, "denied", "b", "RBAC: access denied")
    assert outcome.why[-1].ref == REF


def test_shadow_rules_decide_nothing_but_are_noted() -> None:
    shadow = Rules("DENY", (Policy("p", (Always(),), (Always(),)),))
    rbac = HttpRbac(None, shadow, shadow_prefix="custom_")
    note = MetadataMatch("envoy.filters.http.rbac", ("custom_shadow_effective_policy_id",), StringMatch("prefix", "p"))
    outcome = _asked(rbac, HttpExtAuthz("ext", "http", only_if=note))
    assert outcome.passes
    assert any("ext is asked" in step.text for step in outcome.why)
    assert not any("ext is asked" in step.text for step in _asked(HttpExtAuthz("ext", "http", only_if=note)).why)


ONE = Policy("p", (Always(),), (Always(),), ref=REF)
NEVER = Policy("p", (), (), ref=REF)


@pytest.mark.parametrize(
    ("shadow", "prefix", "text", "ref"),
    [
        (Rules("DENY", (ONE,)), "istio_dry_run_deny_", "dry run: policy p would deny the request", REF),
        (Rules("ALLOW", (ONE,)), "istio_dry_run_allow_", "dry run: policy p would allow the request", REF),
        (Rules("DENY", (NEVER,)), "", "dry run: no DENY policy matches: the request would pass", None),
        (Rules("ALLOW", (NEVER,)), "", "dry run: no ALLOW policy matches: the request would be denied", REF),
        (Rules("DENY", (ONE,)), "istio_ext_authz_", "policy p has an authorizer asked", REF),
        (Rules("DENY", (NEVER,)), "istio_ext_authz_", "no CUSTOM policy matches: no authorizer is asked", None),
    ],
)
def test_what_shadow_rules_would_do_is_told_before_what_is_done(
    shadow: Rules, prefix: str, text: str, ref: Ref | None
) -> None:
    alone = _asked(HttpRbac(None, shadow, shadow_prefix=prefix))
    assert alone.passes
    assert Step(text, ref) in alone.why
    assert not any("enforced" in step.text for step in alone.why)
    both = _asked(HttpRbac(Rules("DENY", (ONE,)), shadow, shadow_prefix=prefix))
    assert both.error == "denied"
    assert both.why[-2:] == (Step(text, ref), Step("policy p denies the request", REF))


def test_who_asks_over_mutual_tls() -> None:
    rbac = HttpRbac(Rules("ALLOW", (Policy("me", (Always(),), (Authenticated(StringMatch("exact", "spiffe://me")),)),)))
    served = view(listener(FilterChain((manager(rbac),), tls=MUTUAL)))
    outcome = simulate(served, Request(tls="mtls", principal="spiffe://me"))
    assert (outcome.passes, outcome.principal, outcome.policy) == (True, "spiffe://me", "me")
    assert simulate(served, Request(tls="mtls", principal="spiffe://you")).error == "denied"


def test_shares() -> None:
    split = Forward(weighted=(WeightedCluster("a", 1, ref=REF), WeightedCluster("b", 3), WeightedCluster("a", 0)))
    served = view(listener(FilterChain((manager(routes=config(split)),))))
    outcome = simulate(served, Request())
    assert [(each.cluster, each.weight, each.error) for each in outcome.clusters] == [
        ("a", 1, ""),
        ("b", 3, "unknown cluster"),
    ]
    assert (outcome.error, outcome.status, outcome.clusters[0].ref) == ("", None, REF)
    drawn = [simulate(served, Request(), random_value=value).clusters[0].cluster for value in range(5)]
    assert drawn == ["a", "b", "b", "b", "a"]


@pytest.mark.parametrize(
    ("percent", "random_value", "status", "told"),
    [
        (100, None, 418, True),
        (0, None, None, False),
        (30, None, None, True),
        (30, 29, 418, True),
        (30, 30, None, False),
    ],
)
def test_aborts(percent: int, random_value: int | None, status: int | None, told: bool) -> None:
    fault = Fault(abort_status=418, abort_fraction=Fraction(percent))
    routes = RouteConfig("r", (VirtualHost("v", ("*",), (Route(ALL, Forward("a"), fault=fault),)),))
    served = view(listener(FilterChain((manager(FaultFilter(), routes=routes),))))
    outcome = simulate(served, Request(), random_value=random_value)
    assert (outcome.status, outcome.fault is not None) == (status, told)
    assert outcome.error == ""


def test_a_fault_without_its_filter_does_nothing() -> None:
    fault = Fault(abort_status=418, abort_fraction=Fraction(100))
    routes = RouteConfig("r", (VirtualHost("v", ("*",), (Route(ALL, Forward("a"), fault=fault),)),))
    assert _asked(routes=routes).passes


@pytest.mark.parametrize(
    ("health", "threshold", "error"),
    [
        ("", None, ""),
        ("HEALTHY", 0, ""),
        ("UNHEALTHY", None, ""),
        ("UNHEALTHY", 0, "no healthy upstream"),
        ("DRAINING", None, "no healthy upstream"),
    ],
)
def test_endpoints(health: str, threshold: float | None, error: str) -> None:
    there = LocalityEndpoints((Endpoint(SocketAddress("10.0.0.1", 80), health=health),))
    a = Cluster("a", "EDS", load_balancing=LoadBalancing(healthy_panic_threshold=threshold))
    served = view(listener(FilterChain((manager(),))), clusters=(a,), endpoints=(EndpointSet("a", (there,)),))
    outcome = simulate(served, Request())
    assert (outcome.error, outcome.status) == (error, 503 if error else None)
    assert [each.cluster for each in outcome.clusters] == ["a"]


MESH = UpstreamTls((SecretRef("default"),))


@pytest.mark.parametrize(
    ("modes", "spoken"), [(("istio",), "mtls"), (("",), "plaintext"), (("istio", ""), "mixed"), ((), "")]
)
def test_transports(modes: tuple[str, ...], spoken: str) -> None:
    there = tuple(Endpoint(SocketAddress("10.0.0.1", 80 + index), mode) for index, mode in enumerate(modes))
    matches = (
        TransportMatch("mtls", FrozenMap({"tlsMode": "istio"}), MESH),
        TransportMatch("plain", FrozenMap(), PlainText()),
    )
    a = Cluster("a", "STATIC", (LocalityEndpoints(there),), transport_matches=matches)
    outcome = simulate(view(listener(FilterChain((manager(),))), clusters=(a,)), Request())
    assert outcome.transport == spoken


def test_tls_to_the_outside() -> None:
    served = view(listener(FilterChain((manager(),))), clusters=(cluster("a", transport=UpstreamTls(sni="a.test")),))
    assert simulate(served, Request()).transport == "tls"


@pytest.mark.parametrize(
    ("timeout", "told"),
    [(None, timedelta(seconds=15)), (timedelta(0), None), (timedelta(seconds=3), timedelta(seconds=3))],
)
def test_timeouts(timeout: timedelta | None, told: timedelta | None) -> None:
    assert _asked(routes=config(Forward("a", timeout=timeout))).timeout == told


def test_routes_by_name() -> None:
    found = manager(routes=config())
    by_name = view(
        listener(FilterChain((type(found)("in", "80", found.http_filters),))),
        routes=(config(DirectResponse(200, "said"), name="80"),),
    )
    outcome = simulate(by_name, Request())
    assert (outcome.route_config, outcome.virtual_host, outcome.route, outcome.body) == ("80", "all", "route-0", "said")
    missing = view(listener(FilterChain((type(found)("in", "81", found.http_filters),))))
    assert (simulate(missing, Request()).error, simulate(missing, Request()).status) == ("no virtual host matched", 404)


def test_reasons_name_objects() -> None:
    passed = Route(ALL, Forward("a"), name="second", ref=REF)
    first = Route(
        type(ALL)(type(ALL.path)("path", "/x")), Forward("a"), name="first", ref=Ref("VirtualService", "shop", "x")
    )
    routes = RouteConfig("r", (VirtualHost("v", ("*",), (first, passed)),))
    outcome = _asked(routes=routes)
    assert outcome.ref == REF
    told = [(step.text, step.ref) for step in outcome.why]
    assert ("route first does not match: the path is not path /x", first.ref) in told
    assert ("route second matches", REF) in told


def test_a_filter_that_is_not_known_is_told_of() -> None:
    outcome = _asked(OpaqueFilter("acme.http", freeze({})))
    assert outcome.passes
    assert any("acme.http is not known" in step.text for step in outcome.why)
    assert outcome.may_refuse == ("filter acme.http",)


def test_virtual_clusters() -> None:
    users = {"name": "users", "headers": [{"name": ":path", "string_match": {"safe_regex": {"regex": "/users/.*"}}}]}
    host = VirtualHost("v", ("*",), (Route(ALL, Forward("a")),), extra=freeze({"virtual_clusters": [users]}))
    routes = RouteConfig("r", (host,))
    assert _asked(routes=routes, path="/users/1").virtual_cluster == "users"
    assert _asked(routes=routes, path="/other").virtual_cluster == "other"
    assert _asked().virtual_cluster == ""


@pytest.mark.parametrize(
    ("template", "path", "held"),
    [
        ("/a/*", "/a/b", True),
        ("/a/*", "/a/b/c", False),
        ("/a/*", "/a/", False),
        ("/a/**", "/a/b/c", True),
        ("/a/{*}/c", "/a/b/c", True),
        ("/a/{**}", "/a/b/c", True),
        ("/a/{name}/c", "/a/b/c", True),
        ("/a/{name=x/*}", "/a/x/y", True),
        ("/a/{name=x/*}", "/a/y/y", False),
        ("/a.b", "/aXb", False),
    ],
)
def test_templates(template: str, path: str, held: bool) -> None:
    assert template_matches(template, path) == held


def test_rewriting_by_template() -> None:
    assert template_rewrite("/a/{one}/{two=**}", "/{two}/{one}", "/a/b/c/d") == "/c/d/b"
    assert template_rewrite("/a/{one}", "/{one}", "/b") is None
