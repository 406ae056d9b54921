"""Modes of ports, tokens, and what authorization asks of them."""

from __future__ import annotations

from typing import Any, Literal

import pytest

import pulumi_mesh as pm
from pulumi_mesh.manifests.wire import to_wire
from pulumi_mesh.render import render, snapshot

CART = pm.Service("cart", namespace="shop", ports=[8080, pm.Port(9090, target_port=9091)], versions=["v1", "v2"])
EDGE = pm.Gateway("edge", namespace="edge", listeners=[pm.Listener("http", port=80)])
LOGIN = pm.JWTRule("https://login.example.com", jwks_uri="https://login.example.com/keys")
KEYS = '{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "a", "alg": "HS256"}]}'
CART_LABELS = {"selector": {"matchLabels": {"app": "cart"}}}


def only(mesh: pm.Mesh) -> tuple[str, str, dict[str, Any]]:
    """Namespace, name and spec of what a mesh renders."""
    (entry,) = render(mesh).entries
    return entry.identity.namespace, entry.identity.name, to_wire(entry.object)["spec"]


def test_a_mode_of_a_port() -> None:
    mutual = pm.MutualTLS("STRICT", service=CART, ports={9091: "DISABLE", 8080: "PERMISSIVE"})
    assert only(pm.Mesh("m", mutual_tls=[mutual])) == (
        "shop",
        "cart",
        {
            **CART_LABELS,
            "mtls": {"mode": "STRICT"},
            "portLevelMtls": {"9091": {"mode": "DISABLE"}, "8080": {"mode": "PERMISSIVE"}},
        },
    )


@pytest.mark.parametrize(
    ("place", "namespace", "selector"),
    [
        ({}, "istio-system", {}),
        ({"namespace": "shop"}, "shop", {}),
        ({"target": CART}, "shop", CART_LABELS),
        ({"target": CART["v1"]}, "shop", {"selector": {"matchLabels": {"app": "cart", "version": "v1"}}}),
        ({"target": EDGE}, "edge", {"selector": {"matchLabels": {"istio": "ingressgateway"}}}),
    ],
)
def test_where_tokens_are_verified(place: dict[str, Any], namespace: str, selector: dict[str, Any]) -> None:
    asked = pm.RequestAuthentication("login", jwt_rules=[LOGIN], **place)
    rule = {"issuer": "https://login.example.com", "jwksUri": "https://login.example.com/keys"}
    assert only(pm.Mesh("m", request_authentication=[asked])) == (namespace, "login", {**selector, "jwtRules": [rule]})


def test_all_of_a_token() -> None:
    rule = pm.JWTRule(
        "login",
        audiences=["shop"],
        jwks=KEYS,
        from_headers={"X-Token": "Bearer ", "x-plain": ""},
        from_params=["token"],
        from_cookies=["token"],
        forward_original_token=True,
        output_payload_to_header="X-Payload",
        output_claim_to_headers={"x-subject": "sub"},
        timeout="2s",
    )
    asked = pm.RequestAuthentication("login", target=CART, jwt_rules=[rule])
    assert only(pm.Mesh("m", request_authentication=[asked]))[2]["jwtRules"] == [
        {
            "issuer": "login",
            "audiences": ["shop"],
            "jwks": KEYS,
            "fromHeaders": [{"name": "x-token", "prefix": "Bearer "}, {"name": "x-plain"}],
            "fromParams": ["token"],
            "fromCookies": ["token"],
            "forwardOriginalToken": True,
            "outputPayloadToHeader": "x-payload",
            "outputClaimToHeaders": [{"header": "x-subject", "claim": "sub"}],
            "timeout": "2s",
        }
    ]


def test_authorization_by_tokens() -> None:
    rule = pm.AuthorizationRule(
        request_principals=["https://login.example.com/*"],
        claims={"groups": ["admin", "staff*"], "[realm][roles]": ["*"], "https://a.example/b": ["c"]},
    )
    policy = pm.AuthorizationPolicy("staff", target=CART, rules=[rule])
    assert only(pm.Mesh("m", authorization=[policy]))[2]["rules"] == [
        {
            "from": [{"source": {"requestPrincipals": ["https://login.example.com/*"]}}],
            "when": [
                {"key": "request.auth.claims[groups]", "values": ["admin", "staff*"]},
                {"key": "request.auth.claims[realm][roles]", "values": ["*"]},
                {"key": "request.auth.claims[https://a.example/b]", "values": ["c"]},
            ],
        }
    ]


@pytest.mark.parametrize("action", ["ALLOW", "DENY"])
def test_authorization_that_is_tried_out(action: Literal["ALLOW", "DENY"]) -> None:
    rule = pm.AuthorizationRule(methods=["GET"])
    policies = [
        pm.AuthorizationPolicy("meant", target=CART, action=action, rules=[rule]),
        pm.AuthorizationPolicy("tried", target=CART, action=action, rules=[rule], dry_run=True),
    ]
    meant, tried = (to_wire(entry.object) for entry in render(pm.Mesh("m", authorization=policies)).entries)
    assert tried["spec"] == meant["spec"]
    assert "annotations" not in meant["metadata"]
    assert tried["metadata"]["annotations"] == {"istio.io/dry-run": "true"}


def test_authorization_that_marks_or_asks() -> None:
    rule = pm.AuthorizationRule(methods=["GET"], paths=["/a*"], ports=[8080])
    audit = pm.AuthorizationPolicy("a", target=CART, action="AUDIT", rules=[rule])
    custom = pm.AuthorizationPolicy("b", target=CART, action="CUSTOM", provider="sso", rules=[rule])
    rules = [{"to": [{"operation": {"methods": ["GET"], "paths": ["/a*"], "ports": ["8080"]}}]}]
    specs = [to_wire(entry.object)["spec"] for entry in render(pm.Mesh("m", authorization=[audit, custom])).entries]
    assert specs == [
        {**CART_LABELS, "action": "AUDIT", "rules": rules},
        {**CART_LABELS, "action": "CUSTOM", "provider": {"name": "sso"}, "rules": rules},
    ]


def test_what_policies_reach_is_known() -> None:
    asked = [pm.RequestAuthentication(each.name, target=each, jwt_rules=[LOGIN]) for each in (CART, EDGE)]
    mesh = pm.Mesh("m", request_authentication=asked)
    assert (mesh.known_services, mesh.known_gateways) == ((CART,), (EDGE,))


def test_providers_of_an_installation_are_known() -> None:
    sso: Any = {"name": "sso", "envoyExtAuthzGrpc": {"service": "sso.auth.svc.cluster.local", "port": 9000}}
    istio = pm.Istio("1.31.1", values={"meshConfig": {"extensionProviders": [sso]}})
    (known,) = snapshot(pm.Mesh("m", istio=istio)).mesh.extension_providers
    assert (known.name, known.kind) == ("sso", "envoyExtAuthzGrpc")
    assert known.config["service"] == "sso.auth.svc.cluster.local"
    assert snapshot(pm.Mesh("m")).mesh.extension_providers == ()
