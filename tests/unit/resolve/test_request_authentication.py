"""RequestAuthentication as Envoy's filter of tokens."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import AuthorizationPolicy, RequestAuthentication
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, Proxy, ServicePort
from pulumi_mesh.manifests.snapshot import Snapshot, snapshot
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.resolve.authentication import http_filters
from pulumi_mesh.proxy.resolve.authentication.providers import UNKNOWN_KEYS
from pulumi_mesh.proxy.view.jwt import (
    AllRequirements,
    AnyRequirement,
    ByProvider,
    JwtAuthentication,
    JwtProvider,
    JwtRule,
    MissingAllowed,
)
from pulumi_mesh.proxy.view.listeners import HttpConnectionManager
from pulumi_mesh.proxy.view.rbac import HttpRbac

LABELS = FrozenMap({"app": "a"})
PROXY = Proxy("sidecar", "a", "shop", "10.0.0.1", LABELS)
ROUTER = Proxy("router", "gw", "shop", "10.0.0.2", FrozenMap({"istio": "gw"}))
KEYS = UNKNOWN_KEYS.replace(" ", "")
ISSUER = KnownService(
    "issuer.example.com", "issuer", "shop", (ServicePort("https", 443, 443, "HTTPS"),), registry="External"
)
OWN = KnownService(
    "a.shop.svc.cluster.local", "a", "shop", (ServicePort("http", 80, 8080, "HTTP"),), "10.1.0.2", selector=LABELS
)


def policy(*rules: dict[str, Any], name: str = "p", namespace: str = "shop", **spec: Any) -> RequestAuthentication:
    return RequestAuthentication(name, namespace=namespace, spec={"jwtRules": list(rules), **spec})


def rule(issuer: str = "a", **fields: Any) -> dict[str, Any]:
    return {"issuer": issuer, "jwks": KEYS, **fields}


def known(*objects: Object, mesh: MeshConfig | None = None) -> Snapshot:
    return snapshot(objects, services=[ISSUER, OWN], proxies=[PROXY], mesh=mesh or MeshConfig())


def the_filter(*objects: Object, proxy: Proxy = PROXY, mesh: MeshConfig | None = None) -> JwtAuthentication:
    [found] = http_filters(known(*objects, mesh=mesh), proxy)
    return found


def provider(*objects: Object, proxy: Proxy = PROXY, mesh: MeshConfig | None = None) -> JwtProvider:
    [found] = the_filter(*objects, proxy=proxy, mesh=mesh).providers
    return found


SPACED = FrozenMap({"space_delimited_claims": ("permission", "scope")})


def test_no_policy_no_filter() -> None:
    assert http_filters(known(), PROXY) == ()
    assert http_filters(known(policy()), PROXY) == ()


def test_one_issuer() -> None:
    found = the_filter(policy(rule()))
    assert found.providers == (
        JwtProvider(
            "origins-0",
            "a",
            keys=KEYS,
            payload_metadata="payload",
            extra=FrozenMap({"normalize_payload_in_metadata": SPACED}),
        ),
    )
    needed = AnyRequirement((ByProvider("origins-0"), MissingAllowed()))
    assert found.rules == (JwtRule("/", needed),)
    assert found.bypass_cors_preflight


def test_everything_that_a_rule_says() -> None:
    found = provider(
        policy(
            rule(
                audiences=["x", "y"],
                fromHeaders=[{"name": "x-token", "prefix": "T "}, {"name": "x-other"}],
                fromParams=["token"],
                fromCookies=["session"],
                forwardOriginalToken=True,
                outputPayloadToHeader="x-payload",
                outputClaimToHeaders=[{"header": "x-sub", "claim": "sub"}],
                spaceDelimitedClaims=["roles"],
            )
        )
    )
    assert found.audiences == ("x", "y")
    assert found.from_headers == (("x-token", "T "), ("x-other", ""))
    assert (found.from_params, found.from_cookies) == (("token",), ("session",))
    assert (found.forward, found.payload_header) == (True, "x-payload")
    assert found.claim_headers == (("x-sub", "sub"),)
    claims: Any = found.extra["normalize_payload_in_metadata"]
    assert claims["space_delimited_claims"] == ("permission", "roles", "scope")


def test_several_issuers_in_order_of_their_names() -> None:
    found = the_filter(policy(rule("c"), rule("a")), policy(rule("b"), name="root", namespace="istio-system"))
    assert [each.issuer for each in found.providers] == ["a", "b", "c"]
    names = [ByProvider(f"origins-{index}") for index in range(3)]
    every = AllRequirements(tuple(AnyRequirement((each, MissingAllowed())) for each in names))
    assert found.rules[0].requirement == AnyRequirement((*names, every))


@pytest.mark.parametrize(
    ("held", "namespace", "spec"),
    [
        (True, "shop", {"selector": {"matchLabels": {"app": "a"}}}),
        (False, "shop", {"selector": {"matchLabels": {"app": "b"}}}),
        (True, "istio-system", {"selector": {"matchLabels": {"app": "a"}}}),
        (False, "other", {}),
        (False, "shop", {"targetRefs": [{"kind": "Service", "group": "", "name": "a"}]}),
    ],
)
def test_selection(held: bool, namespace: str, spec: dict[str, Any]) -> None:
    assert bool(http_filters(known(policy(rule(), namespace=namespace, **spec)), PROXY)) is held


def test_a_gateway_by_name() -> None:
    gateway = Proxy("router", "gw", "shop", "10.0.0.2", FrozenMap({"gateway.networking.k8s.io/gateway-name": "edge"}))
    target = {"kind": "Gateway", "group": "gateway.networking.k8s.io", "name": "edge"}
    assert provider(policy(rule(), targetRefs=[target]), proxy=gateway).extra["clear_route_cache"] is True
    assert http_filters(known(policy(rule(), targetRefs=[{**target, "name": "x"}])), gateway) == ()


def test_a_gateway_chooses_the_route_anew() -> None:
    assert provider(policy(rule()), proxy=ROUTER).extra["clear_route_cache"] is True
    assert "clear_route_cache" not in provider(policy(rule())).extra


REMOTE = {"issuer": "a", "jwksUri": "https://issuer.example.com/keys", "timeout": "2s"}
CLUSTER = "outbound|443||issuer.example.com"


@pytest.mark.parametrize(
    ("mode", "uri", "cluster"),
    [
        ("istiod", REMOTE["jwksUri"], None),
        ("hybrid", REMOTE["jwksUri"], CLUSTER),
        ("hybrid", "https://nowhere.example.com/keys", None),
        ("envoy", REMOTE["jwksUri"], CLUSTER),
        ("envoy", "http://nowhere.example.com:8080/keys", "outbound|8080||nowhere.example.com"),
    ],
)
def test_keys_that_are_fetched(mode: Any, uri: str, cluster: str | None) -> None:
    found = provider(policy({**REMOTE, "jwksUri": uri}), mesh=MeshConfig(remote_jwks=mode))
    if cluster is None:
        assert found.keys == UNKNOWN_KEYS
        assert "remote_jwks" not in found.extra
        return
    remote: Any = found.extra["remote_jwks"]
    assert found.keys == ""
    assert remote == {"http_uri": {"uri": uri, "cluster": cluster, "timeout": "2s"}, "cache_duration": "300s"}


def test_the_unknown_keys_are_a_key() -> None:
    [key] = json.loads(UNKNOWN_KEYS)["keys"]
    assert (key["kty"], len(key["n"])) == ("RSA", 342)


@pytest.mark.parametrize("mode", ["istiod", "hybrid", "envoy"])
def test_order_of_filters_and_envoy_takes_them(mode: Any) -> None:
    allow = AuthorizationPolicy(
        "p",
        namespace="shop",
        spec={"rules": [{"from": [{"source": {"requestPrincipals": ["a/*", "b/x"]}}]}]},
    )
    both = policy(rule("b", fromHeaders=[{"name": "x"}], forwardOriginalToken=True), {**REMOTE})
    view = resolve(known(both, allow, mesh=MeshConfig(remote_jwks=mode)), PROXY)
    inbound = next(each for each in view.listeners if each.name == "virtualInbound")
    manager = next(each for each in inbound.filter_chains if each.name == "0.0.0.0_8080").filters[0]
    assert isinstance(manager, HttpConnectionManager)
    assert [type(each) for each in manager.http_filters[:2]] == [JwtAuthentication, HttpRbac]
