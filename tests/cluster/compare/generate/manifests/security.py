"""RequestAuthentication, PeerAuthentication and AuthorizationPolicy, CUSTOM and AUDIT among them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.cluster.compare.generate.manifests.mesh_config import AUTHORIZERS
from tests.cluster.compare.generate.manifests.scene import ROOT, SECURITY, Document, Scene, document

_KEYS = (
    '{"keys":[{"kty":"RSA","e":"AQAB","kid":"one","n":"xAE7eB6qugXyCAG3yhh7pkDkT65pHymX-P7KfIupjf59vsdo91bSP9C8H07pSAGQ'
    "O1MV_xFj9VswgsCg4R6otmg5PV2He95lZdHtOcU5DXIg_pbhLdKXbi66GlVeK6ABZOUW3WYtnNHD-91gVuoeJT_DwtGGcp4ignkgXfkiEm4sw-4s"
    "fb4qdt5oLbyVpmW6x9cfa7vs2WTfURiCrBoUqgBo_-4WTiULmmHSGZHOjzwa8WtrtOQGsAFjIbno85jp6MnGGGZPYZbDAa_b3y5u-YpW7ypZrvD8"
    'BgtKVjgtQgZhLAGezMt0ua3DRrWnKqTZ0BJ_EyxOGuHJrLsn00fnMQ"}]}'
)
"""A public key, so that istiod has none to fetch."""
_MODES = ("STRICT", "PERMISSIVE", "DISABLE", "UNSET")


def request_authentications(seen: Scene) -> Iterator[Document]:
    """One or two, each of a workload, a namespace, or the mesh."""
    for position in range(seen.one([1, 1, 2])):
        rules = [_rule(seen, each) for each in seen.some(["a.example.com", "b.example.com"], 1, 2)]
        spec: Document = {"jwtRules": rules, **_selected(seen)}
        yield document("RequestAuthentication", seen.space(), f"tokens-{position}", spec, SECURITY)


def _rule(seen: Scene, issuer: str) -> Document:
    parts: dict[str, Any] = {
        "audiences": ["one", "two"],
        "fromHeaders": [{"name": "x-token", "prefix": "Bearer "}, {"name": "x-other"}],
        "fromParams": ["token"],
        "fromCookies": ["session"],
        "forwardOriginalToken": True,
        "outputPayloadToHeader": "x-payload",
        "outputClaimToHeaders": [{"header": "x-group", "claim": "group"}],
        "timeout": "2s",
    }
    return {"issuer": issuer, "jwks": _KEYS, **seen.parts(parts, 0, 4)}


def peer_authentications(seen: Scene) -> Iterator[Document]:
    """Of the mesh, a namespace, a workload and its ports."""
    if seen.chance(0.4):
        yield document("PeerAuthentication", ROOT, "default", {"mtls": {"mode": seen.one(_MODES)}}, SECURITY)
    if seen.chance(0.4):
        spec: Document = {"mtls": {"mode": seen.one(_MODES)}}
        yield document("PeerAuthentication", seen.one(seen.spaces), "default", spec, SECURITY)
    if seen.chance(0.6):
        service = seen.one(seen.services)
        port = seen.one(service.ports)
        spec = {
            "selector": {"matchLabels": {"app": service.name}},
            "mtls": {"mode": seen.one(_MODES)},
            "portLevelMtls": {str(port.get("targetPort", port["port"])): {"mode": seen.one(_MODES)}},
        }
        yield document("PeerAuthentication", service.namespace, "own", spec, SECURITY)


def authorization_policies(seen: Scene) -> Iterator[Document]:
    """One to three; CUSTOM asks a provider, one of which the mesh may not have."""
    for position in range(seen.random.randint(1, 3)):
        action = seen.one(["ALLOW", "DENY", "AUDIT", "CUSTOM", "CUSTOM"])
        spec: Document = {"action": action, **_selected(seen)}
        if seen.chance(0.85):
            spec["rules"] = [_authorization(seen, custom=action == "CUSTOM") for _ in range(seen.one([1, 1, 2]))]
        if action == "CUSTOM":
            spec["provider"] = {"name": seen.one(AUTHORIZERS)}
        annotations = {"istio.io/dry-run": "true"} if seen.chance(0.15) else {}
        yield document(
            "AuthorizationPolicy", seen.space(), f"rules-{position}", spec, SECURITY, annotations=annotations
        )


def _authorization(seen: Scene, *, custom: bool) -> Document:
    sources: dict[str, Any] = {
        "ipBlocks": ["10.1.0.0/16"],
        "notRemoteIpBlocks": ["1.2.3.4"],
        "remoteIpBlocks": ["5.6.0.0/16"],
        "notIpBlocks": ["10.1.2.0/24"],
        "namespaces": [seen.one(seen.spaces)],
        "serviceAccounts": [f"{seen.one(seen.spaces)}/cart-account"],
    }
    if not custom:
        sources |= {"requestPrincipals": ["a.example.com/*"], "principals": ["cluster.local/ns/shop/sa/*"]}
        sources["notPrincipals"] = ["cluster.local/ns/shop/sa/cart-account"]
    if "namespaces" in sources and seen.chance(0.5):
        del sources["namespaces"]
    else:
        del sources["serviceAccounts"]
    operations: dict[str, Any] = {
        "paths": ["/a/*", "/b/{*}/c"],
        "methods": ["GET"],
        "ports": ["8080", "3306"],
        "hosts": ["*.example.com"],
        "notPaths": ["/healthz"],
        "notMethods": ["PUT", "P*"],
        "notHosts": ["a.example.com"],
        "notPorts": ["9090"],
    }
    conditions = [
        {"key": "request.headers[x-user]", "values": ["a*"]},
        {"key": "destination.port", "notValues": ["9090"]},
        {"key": "connection.sni", "values": ["a.example.com"]},
        {"key": "source.namespace", "values": ["shop"]},
        {"key": "source.ip", "values": ["10.1.0.0/16"], "notValues": ["10.1.2.3"]},
        {"key": "remote.ip", "notValues": ["1.2.3.4"]},
        {"key": "destination.ip", "values": ["10.42.0.0/16"]},
        {"key": "experimental.envoy.filters.a.b[c]", "values": ["x"]},
    ]
    if not custom:
        conditions += [
            {"key": "request.auth.claims[group]", "values": ["admin", "x*"]},
            {"key": "request.auth.claims[realm][roles]", "values": ["a"]},
            {"key": "request.auth.audiences", "values": ["one"]},
            {"key": "request.auth.presenter", "notValues": ["two"]},
            {"key": "request.auth.principal", "values": ["a.example.com/x"]},
            {"key": "source.principal", "notValues": ["cluster.local/ns/shop/sa/cart-account"]},
        ]
    parts: dict[str, Any] = {
        "from": [{"source": seen.parts(sources, 1, 2)}],
        "to": [{"operation": seen.parts(operations, 1, 2)}],
        "when": seen.some(conditions, 1, 2),
    }
    return seen.parts(parts, 0 if custom else 1, 3)


def _selected(seen: Scene) -> Document:
    if seen.chance(0.5):
        return {}
    labels = {"istio": "ingress"} if seen.chance(0.2) else seen.labels()
    return {"selector": {"matchLabels": labels}}
