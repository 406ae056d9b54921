"""PeerAuthentication and AuthorizationPolicy with what the model does not say."""

from __future__ import annotations

from random import Random
from typing import Any

import pulumi_mesh as pm
from pulumi_mesh import istio

_MODES = ("STRICT", "PERMISSIVE", "DISABLE", "UNSET")


def peer_authentication(random: Random, listed: list[pm.Service]) -> istio.PeerAuthentication:
    """With modes for single ports."""
    service = random.choice(listed)
    ports = {each.target_port or each.number for each in service.ports} | {7777}
    levels = {str(each): {"mode": random.choice(_MODES)} for each in random.sample(sorted(ports), 1)}
    spec = {
        "selector": {"matchLabels": dict(service.labels)},
        "mtls": {"mode": random.choice(_MODES)},
        "portLevelMtls": levels,
    }
    return istio.PeerAuthentication("raw", namespace=service.namespace, spec=spec)


def authorization_policy(
    random: Random, spaces: list[pm.Namespace], listed: list[pm.Service]
) -> istio.AuthorizationPolicy:
    """For a workload, a namespace or the mesh; now and then only tried out."""
    service = random.choice(listed)
    spec: dict[str, Any] = {
        "action": random.choice(["ALLOW", "DENY", "AUDIT"]),
        "rules": [_rule(random, spaces) for _ in range(random.randint(1, 3))],
    }
    namespace = random.choice([service.namespace, "istio-system"])
    if random.random() < 0.5:
        spec["selector"] = {"matchLabels": dict(service.labels)}
    annotations = {"istio.io/dry-run": "true"} if spec["action"] != "AUDIT" and random.random() < 0.2 else {}
    return istio.AuthorizationPolicy("raw", namespace=namespace, annotations=annotations, spec=spec)


def _rule(random: Random, spaces: list[pm.Namespace]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if random.random() < 0.6:
        made["from"] = [{"source": _source(random, spaces)} for _ in range(random.randint(1, 2))]
    if random.random() < 0.6:
        made["to"] = [{"operation": _operation(random)} for _ in range(random.randint(1, 2))]
    if random.random() < 0.6:
        made["when"] = random.sample(_CONDITIONS, random.randint(1, 2))
    return made


def _source(random: Random, spaces: list[pm.Namespace]) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "principals": ["cluster.local/ns/shop/sa/a", "*"],
        "notPrincipals": ["*/sa/b", "cluster.local/ns/c/*"],
        "requestPrincipals": ["issuer.example.com/subject", "*"],
        "notRequestPrincipals": ["issuer/*", "*/subject"],
        "namespaces": [spaces[0].name, "a-*"],
        "notNamespaces": ["*-b"],
        "ipBlocks": ["10.1.2.3", "10.0.0.0/8"],
        "notIpBlocks": ["192.168.0.0/16"],
        "remoteIpBlocks": ["2001:db8::/32"],
        "notRemoteIpBlocks": ["1.2.3.4"],
    }
    return {name: parts[name] for name in random.sample(sorted(parts), random.randint(1, 3))}


def _operation(random: Random) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "hosts": ["shop.example.com", "*.example.org", "front.*"],
        "notHosts": ["*"],
        "ports": ["8080", "443"],
        "notPorts": ["9090"],
        "methods": ["GET", "P*"],
        "notMethods": ["TRACE"],
        "paths": ["/a", "/b/*", "*.png", "/t/{*}/x", "/d/{**}"],
        "notPaths": ["/admin", "*"],
    }
    return {name: parts[name] for name in random.sample(sorted(parts), random.randint(1, 3))}


_CONDITIONS: list[dict[str, Any]] = [
    {"key": "request.headers[x-user]", "values": ["a", "b*", "*c", "*"]},
    {"key": "request.headers[X-Other]", "notValues": ["a"]},
    {"key": "source.ip", "values": ["10.0.0.1"], "notValues": ["10.0.0.2"]},
    {"key": "remote.ip", "values": ["10.0.0.0/24"]},
    {"key": "source.namespace", "values": ["shop", "a*"]},
    {"key": "source.principal", "values": ["cluster.local/ns/a/sa/b"]},
    {"key": "request.auth.principal", "values": ["issuer/subject"]},
    {"key": "request.auth.audiences", "values": ["one", "two"]},
    {"key": "request.auth.presenter", "values": ["one"]},
    {"key": "request.auth.claims[iss]", "values": ["*.example.com"]},
    {"key": "request.auth.claims[a][b]", "notValues": ["c"]},
    {"key": "destination.ip", "values": ["10.0.0.0/8"]},
    {"key": "destination.port", "values": ["80", "443"]},
    {"key": "connection.sni", "values": ["*.example.com"]},
    {"key": "experimental.envoy.filters.a.b[c]", "values": ["d"]},
]
