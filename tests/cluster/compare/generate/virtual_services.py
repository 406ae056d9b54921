"""VirtualServices with what the model does not say."""

from __future__ import annotations

from random import Random
from typing import Any

import pulumi_mesh as pm
from pulumi_mesh import istio


def virtual_service(random: Random, listed: list[pm.Service], edges: list[pm.Gateway]) -> istio.VirtualService:
    """For a service, a wildcard, an unknown host, or for gateways and sidecars at once."""
    service = random.choice(listed)
    inside = f"{service.name}.{service.namespace}.svc.cluster.local"
    hosts = [inside, service.name, f"*.{service.namespace}.svc.cluster.local", "unknown.example.com"]
    spec: dict[str, Any] = {"hosts": [random.choice(hosts)]}
    if edges and random.random() < 0.5:
        edge = random.choice(edges)
        spec |= {"hosts": ["raw.example.com"], "gateways": [f"{edge.namespace}/{edge.name}"]}
        if random.random() < 0.5:
            spec["gateways"].append("mesh")
    if random.random() < 0.3:
        spec["exportTo"] = random.choice([["."], ["istio-system"], [service.namespace, "other"]])
    spec["http"] = [_http(random, listed, edges) for _ in range(random.randint(1, 3))]
    return istio.VirtualService("raw", namespace=service.namespace, spec=spec)


def _http(random: Random, listed: list[pm.Service], edges: list[pm.Gateway]) -> dict[str, Any]:
    made: dict[str, Any] = {"name": random.choice(["", "raw"])}
    if random.random() < 0.8:
        made["match"] = [_match(random, listed, edges) for _ in range(random.randint(1, 2))]
    if random.random() < 0.3:
        made["headers"] = _headers(random)
    kind = random.choice(["redirect", "answer", "forward", "forward", "forward"])
    if kind == "redirect":
        made["redirect"] = random.choice(
            [
                {"authority": "new.example.com", "derivePort": "FROM_REQUEST_PORT"},
                {"uri": "/new", "port": 8443, "redirectCode": 303},
                {"scheme": "https", "derivePort": "FROM_PROTOCOL_DEFAULT"},
                {"uri": "%PREFIX()%/x"},
            ]
        )
        return made
    if kind == "answer":
        made["directResponse"] = random.choice([{"status": 418, "body": {"string": "short"}}, {"status": 503}])
        return made
    made["route"] = _routes(random, listed)
    parts: dict[str, Any] = {
        "timeout": random.choice(["10ms", "5m"]),
        "fault": random.choice(
            [
                {"abort": {"grpcStatus": "UNAVAILABLE", "percentage": {"value": 50}}},
                {"delay": {"fixedDelay": "1s", "percent": 5}, "abort": {"httpStatus": 500}},
            ]
        ),
        "retries": random.choice(
            [
                {"attempts": 2, "backoff": "100ms", "retryOn": "5xx,503,gateway-error"},
                {"attempts": 1, "retryIgnorePreviousHosts": False, "retryRemoteLocalities": True},
                {"attempts": 0},
            ]
        ),
        "rewrite": random.choice([{"uriRegexRewrite": {"match": "^/rx/(.*)", "rewrite": "/\\1"}}, {"uri": "/inside"}]),
        "corsPolicy": {
            "allowOrigins": [{"exact": "https://a"}, {"regex": ".*b"}, {"prefix": "c"}],
            "allowMethods": ["GET", "POST"],
            "allowHeaders": ["x-a"],
            "exposeHeaders": ["x-e"],
            "maxAge": "24h",
            "allowCredentials": True,
        },
    }
    mirrored = _destination(random, listed)
    parts["mirror"] = {"destination": mirrored}
    for name in random.sample(sorted(parts), random.randint(0, 3)):
        if name == "mirror":
            made |= random.choice(
                [
                    {"mirror": mirrored, "mirrorPercentage": {"value": 1.5}},
                    {"mirror": mirrored},
                    {"mirrors": [{"destination": mirrored}, {"destination": mirrored, "percentage": {"value": 0}}]},
                ]
            )
        else:
            made[name] = parts[name]
    return made


def _match(random: Random, listed: list[pm.Service], edges: list[pm.Gateway]) -> dict[str, Any]:
    gateways = ["mesh", *(f"{each.namespace}/{each.name}" for each in edges)]
    parts: dict[str, Any] = {
        "name": "match",
        "uri": random.choice([{"exact": "/A"}, {"prefix": "/b"}, {"regex": "/c.*"}]),
        "ignoreUriCase": True,
        "scheme": {"exact": "https"},
        "authority": random.choice([{"exact": "a.example.com"}, {"prefix": "a"}, {"regex": "a.*"}]),
        "method": random.choice([{"prefix": "P"}, {"regex": "GET|HEAD"}]),
        "withoutHeaders": {"x-no": {"exact": "none"}, "x-nope": {}},
        "headers": {"x-all": {"regex": ".*"}, "X-Any": {}},
        "queryParams": {"z": {"prefix": "a"}, "a": {"exact": "1"}, "m": {}},
        "sourceLabels": {"app": random.choice(listed).name},
        "sourceNamespace": random.choice(listed).namespace,
        "gateways": random.sample(gateways, 1),
        "port": random.choice([80, 8080, 9080]),
        "statPrefix": "counted",
    }
    return {name: parts[name] for name in random.sample(sorted(parts), random.randint(1, 4))}


def _routes(random: Random, listed: list[pm.Service]) -> list[dict[str, Any]]:
    count = random.choice([1, 1, 2, 3])
    weights = [random.randint(1, 100) for _ in range(count)] if count > 1 else [None]
    made = []
    for weight in weights:
        one: dict[str, Any] = {"destination": _destination(random, listed)}
        if weight is not None:
            one["weight"] = weight
        if random.random() < 0.3:
            one["headers"] = _headers(random)
        made.append(one)
    return made


def _destination(random: Random, listed: list[pm.Service]) -> dict[str, Any]:
    service = random.choice(listed)
    host = f"{service.name}.{service.namespace}.svc.cluster.local"
    made: dict[str, Any] = {"host": random.choice([host, host, "nowhere.example.com"])}
    if random.random() < 0.6:
        made["port"] = {"number": random.choice(service.ports).number}
    if random.random() < 0.3:
        made["subset"] = random.choice(["v1", "raw"])
    return made


def _headers(random: Random) -> dict[str, Any]:
    return random.choice(
        [
            {"request": {"set": {"x-b": "1", "x-a": "2"}, "add": {"x-c": "3"}, "remove": ["x-d"]}},
            {"response": {"set": {"x-b": "1"}, "remove": ["server", "x-d"]}},
            {"request": {"set": {"host": "given.example.com"}}},
            {"request": {"set": {":authority": "given.example.com", "x-e": "5"}}},
        ]
    )
