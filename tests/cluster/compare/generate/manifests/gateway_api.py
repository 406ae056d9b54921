"""The Gateway API: Gateways with their routes, routes of Services, and grants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.cluster.compare.generate.manifests.scene import Document, Scene, document

_API = "gateway.networking.k8s.io/v1"
_LISTENERS: tuple[Document, ...] = (
    {"name": "http", "port": 80, "protocol": "HTTP"},
    {"name": "named", "port": 80, "protocol": "HTTP", "hostname": "*.example.com"},
    {"name": "more", "port": 8080, "protocol": "HTTP", "hostname": "shop.example.com"},
    {"name": "pass", "port": 9443, "protocol": "TLS", "tls": {"mode": "Passthrough"}, "hostname": "*.example.com"},
    {"name": "db", "port": 3306, "protocol": "TCP"},
)


_FRACTION: Document = {"fraction": {"numerator": 1, "denominator": 8}}


def gateway_api(seen: Scene) -> Iterator[Document]:
    """A Gateway and up to four routes of different kinds."""
    space = seen.one(seen.spaces)
    listeners = [dict(each) for each in seen.some(_LISTENERS, 1, 4)]
    for each in listeners:
        if seen.chance(0.5):
            each["allowedRoutes"] = {"namespaces": {"from": seen.one(["All", "Same"])}}
        if seen.chance(0.15):
            one = seen.one(seen.spaces)
            labels = {"matchLabels": {"kubernetes.io/metadata.name": one}}
            each["allowedRoutes"] = {"namespaces": {"from": "Selector", "selector": labels}}
    yield document("Gateway", space, "api", {"gatewayClassName": "istio", "listeners": listeners}, _API)
    for position, kind in enumerate(seen.some(["HTTPRoute", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"], 1, 4)):
        yield _route(seen, space, kind, position)
    if seen.chance(0.4):
        service = seen.one(seen.services)
        spec = {
            "from": [
                {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": each} for each in seen.spaces
            ],
            "to": [{"group": "", "kind": "Service"}],
        }
        yield document("ReferenceGrant", service.namespace, "all", spec, "gateway.networking.k8s.io/v1beta1")


def _route(seen: Scene, space: str, kind: str, position: int) -> Document:
    service = seen.one(seen.services)
    parents: list[Document] = [{"name": "api", "namespace": space}]
    if kind in ("HTTPRoute", "GRPCRoute") and seen.chance(0.4):
        parents = [*parents[: seen.one([0, 1])], {"group": "", "kind": "Service", "name": service.name}]
    elif seen.chance(0.3):
        parents[0]["sectionName"] = seen.one(["http", "named", "pass", "db"])
    rules = [_rule(seen, kind) for _ in range(seen.one([1, 2]) if kind in ("HTTPRoute", "GRPCRoute") else 1)]
    spec: Document = {"parentRefs": parents, "rules": rules}
    if kind == "TLSRoute" or (kind != "TCPRoute" and seen.chance(0.6)):
        spec["hostnames"] = seen.some(["shop.example.com", "*.example.com", "other.org"], 1, 2)
    version = _API
    return document(kind, service.namespace, f"route-{position}", spec, version)


def _rule(seen: Scene, kind: str) -> Document:
    made: Document = {"backendRefs": [_backend(seen) for _ in range(seen.one([1, 1, 2]))]}
    if kind == "GRPCRoute" and seen.chance(0.7):
        method: Document = {"service": "a.B", **({"method": "Get"} if seen.chance(0.5) else {})}
        headers = {"headers": [{"name": "x-a", "value": "1"}]} if seen.chance(0.3) else {}
        made["matches"] = [{"method": seen.one([method, {**method, "type": "RegularExpression"}]), **headers}]
    if kind != "HTTPRoute":
        return made
    matches: dict[str, Any] = {
        "path": seen.one([{"type": each, "value": "/a/b"} for each in ("Exact", "PathPrefix", "RegularExpression")]),
        "method": "GET",
        "headers": [{"name": "x-a", "value": "1"}, {"name": "x-b", "value": "b.*", "type": "RegularExpression"}],
        "queryParams": [{"name": "q", "value": "1"}],
    }
    if seen.chance(0.8):
        made["matches"] = [seen.parts(matches, 1, 3) for _ in range(seen.one([1, 2]))]
    filters: list[Document] = [
        {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x-s", "value": "1"}]}},
        {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"remove": ["x-r"]}},
        {"type": "RequestMirror", "requestMirror": {"backendRef": _backend(seen, weight=False)}},
        {"type": "URLRewrite", "urlRewrite": {"hostname": "inside.example.com"}},
        {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/full"}}},
        {
            "type": "URLRewrite",
            "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": seen.one(["/", "/in/"])}},
        },
        {
            "type": "RequestMirror",
            "requestMirror": {"backendRef": _backend(seen, weight=False), **seen.one([{"percent": 5}, _FRACTION])},
        },
        {
            "type": "CORS",
            "cors": {"allowOrigins": seen.one([["https://a"], ["*"], ["https://*.example.com"]]), "maxAge": 9},
        },
    ]
    if seen.chance(0.4):
        made["filters"] = seen.some(filters, 1, 2)
    elif seen.chance(0.15):
        redirect = seen.one(
            [
                {"hostname": "new.example.com"},
                {"scheme": "https", "statusCode": 301},
                {"port": 8443},
                {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/new"}},
                {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new"}},
            ]
        )
        made = {**made, "filters": [{"type": "RequestRedirect", "requestRedirect": redirect}]}
        del made["backendRefs"]
    if seen.chance(0.15):
        made["retry"] = seen.one([{"attempts": 2}, {"codes": [500, 503], "attempts": 3, "backoff": "2s"}])
    if seen.chance(0.2):
        made["name"] = "named"
    if "backendRefs" in made and seen.chance(0.2):
        made["backendRefs"][0]["filters"] = [
            {"type": "RequestHeaderModifier", "requestHeaderModifier": {"add": [{"name": "x-b", "value": "1"}]}}
        ]
    if seen.chance(0.3):
        made["timeouts"] = seen.one([{"request": "3s"}, {"request": "3s", "backendRequest": "1s"}])
    return made


def _backend(seen: Scene, *, weight: bool = True) -> Document:
    service = seen.one(seen.services)
    made: Document = {"name": service.name, "port": seen.one([*service.ports, {"port": 1}])["port"]}
    if seen.chance(0.7):
        made["namespace"] = service.namespace
    if weight and seen.chance(0.5):
        made["weight"] = seen.random.randint(0, 9)
    return made
