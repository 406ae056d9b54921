"""VirtualService: routes of streams, delegation, and what HTTP routes of clusters are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.cluster.compare.generate.manifests.scene import Document, Scene, Service, document
from tests.cluster.compare.generate.manifests.service_entries import HOSTS

_RETRIES: tuple[Document, ...] = (
    {"attempts": 2, "perTryTimeout": "1s", "retryOn": "5xx,reset"},
    {"attempts": 0},
    {"attempts": 3, "retryOn": "503,gateway-error", "retryRemoteLocalities": True, "backoff": "2s"},
    {"attempts": 1, "retryIgnorePreviousHosts": False},
)
_REWRITES: tuple[Document, ...] = (
    {"uri": "/inside"},
    {"uri": "/"},
    {"authority": "other.example.com"},
    {"uriRegexRewrite": {"match": "/a/(.*)", "rewrite": "/b/\\1"}, "authority": "other.example.com"},
)
_FAULTS: tuple[Document, ...] = (
    {"delay": {"fixedDelay": "2s", "percentage": {"value": 5}}},
    {"abort": {"httpStatus": 503, "percentage": {"value": 0.5}}},
    {"abort": {"grpcStatus": "UNAVAILABLE"}, "delay": {"fixedDelay": "1s"}},
)
_CORS: tuple[Document, ...] = (
    {"allowOrigins": [{"exact": "https://a"}], "allowMethods": ["GET"]},
    {
        "allowOrigins": [{"regex": "https://.*"}, {"prefix": "http://"}],
        "allowHeaders": ["x-a"],
        "exposeHeaders": ["x-b"],
        "maxAge": "1h",
        "allowCredentials": True,
        "unmatchedPreflights": "IGNORE",
    },
    {"allowMethods": ["PUT"]},
)


def stream_routes(seen: Scene) -> Iterator[Document]:
    """Routes of connections, by port, by SNI, by where they come from."""
    for position, service in enumerate(seen.some(seen.services, 1, 2)):
        spec: Document = {"hosts": [seen.one([service.host, service.name, *HOSTS[:2]])]}
        host = spec["hosts"][0]
        if seen.chance(0.6):
            spec["tcp"] = [_tcp(seen, service, last=each == 1) for each in range(seen.one([1, 2]))][-1:]
        if not spec.get("tcp") or seen.chance(0.5):
            name = host if "." in host else service.host
            sni = seen.one([[name], [name, f"a.{name}"] if seen.chance(0.1) else [name]])
            match = {"sniHosts": sni, "port": seen.one([443, 8443, seen.one(service.ports)["port"]])}
            spec["tls"] = [{"match": [match], "route": weighted(seen, stream=True)}]
        yield document("VirtualService", service.namespace, f"streams-{position}", {**spec, **exported(seen)})


def _tcp(seen: Scene, service: Service, *, last: bool) -> Document:
    parts = {
        "port": seen.one(service.ports)["port"],
        "sourceLabels": seen.labels(),
        "sourceNamespace": seen.one(seen.spaces),
        "destinationSubnets": ["10.97.0.0/16"],
    }
    match = {} if seen.chance(0.4) else {"match": [seen.parts(parts, 1, 2) for _ in range(seen.one([1, 2]))]}
    return {**match, "route": weighted(seen, stream=True)}


def http_routes(seen: Scene) -> Iterator[Document]:
    """Routes of requests to Services and hosts outside."""
    for position, service in enumerate(seen.some(seen.services, 1, 2)):
        hosts = [service.host] if seen.chance(0.6) else seen.some([service.name, *HOSTS], 1, 2)
        spec: Document = {"hosts": hosts, "http": [http_route(seen) for _ in range(seen.random.randint(1, 3))]}
        yield document("VirtualService", service.namespace, f"routes-{position}", {**spec, **exported(seen)})


def delegation(seen: Scene) -> Iterator[Document]:
    """A VirtualService that leaves paths to others, one of which may be hidden from it, or not there."""
    service = seen.one(seen.services)
    space = seen.one(seen.spaces)
    rules: list[Document] = [
        {
            "match": [{"uri": {"prefix": "/team"}, **({"headers": {"x-team": {"exact": "a"}}} if position else {})}],
            "delegate": {"name": seen.one(["team", "nobody"] if position else ["team"]), "namespace": space},
        }
        for position in range(seen.one([1, 2]))
    ]
    if seen.chance(0.6):
        rules.append({"route": weighted(seen)})
    yield document("VirtualService", service.namespace, "root", {"hosts": [service.host], "http": rules})
    own = [{"match": [{"uri": {"prefix": f"/team/{each}"}}], **_forward(seen)} for each in "ab"]
    if seen.chance(0.5):
        own.append(_forward(seen))
    yield document("VirtualService", space, "team", {"http": own, **exported(seen)})


def exported(seen: Scene) -> Document:
    """To whom it is said, where that is not everyone."""
    if seen.chance(0.7):
        return {}
    return {"exportTo": seen.one([["."], ["*"], [seen.one(seen.spaces)], [".", "istio-system"]])}


def http_route(seen: Scene) -> Document:
    """A rule with matches that a mesh of the model does not have."""
    parts: Document = {
        "uri": seen.one([{"exact": "/A"}, {"prefix": "/b"}, {"regex": "/c.*"}]),
        "headers": {"x-user": seen.one([{"exact": "a"}, {"regex": "a.*"}, {"prefix": "a"}])},
        "sourceNamespace": seen.one(seen.spaces),
        "sourceLabels": seen.labels(),
        "port": seen.one([80, 8080, 7000]),
        "method": {"exact": "GET"},
        "authority": {"prefix": "a"},
        "ignoreUriCase": True,
        "scheme": {"exact": "https"},
        "queryParams": {"q": seen.one([{"exact": "1"}, {"regex": "[0-9]+"}, {}])},
        "withoutHeaders": {"x-not": seen.one([{"exact": "a"}, {}])},
        "statPrefix": "counted",
    }
    match = {"match": [seen.parts(parts, 1, 3) for _ in range(seen.one([1, 2]))]} if seen.chance(0.8) else {}
    if seen.chance(0.15):
        return {**match, **_answer(seen)}
    return {**match, **_forward(seen)}


def _answer(seen: Scene) -> Document:
    """What the proxy says itself."""
    redirects: list[Document] = [
        {"uri": "/new", "authority": "new.example.com", "redirectCode": 308},
        {"scheme": "https", "port": 8443},
        {"derivePort": "FROM_REQUEST_PORT", "authority": "new.example.com"},
    ]
    if seen.chance(0.6):
        return {"redirect": seen.one(redirects)}
    return {"directResponse": {"status": 418, **({"body": {"string": "no"}} if seen.chance(0.5) else {})}}


def _forward(seen: Scene) -> Document:
    parts: dict[str, Any] = {
        "timeout": "7s",
        "retries": seen.one(_RETRIES),
        "rewrite": seen.one(_REWRITES),
        "headers": seen.one(
            [
                {"request": {"set": {"x-a": "1"}}, "response": {"remove": ["x-b"]}},
                {"request": {"set": {"Host": "given.example.com"}, "add": {"x-b": "%REQ(x-a)%"}}},
            ]
        ),
        "fault": seen.one(_FAULTS),
        "corsPolicy": seen.one(_CORS),
    }
    parts |= seen.one(
        [
            {"mirror": destination(seen)},
            {"mirror": destination(seen), "mirrorPercentage": {"value": 12.5}},
            {"mirrors": [{"destination": destination(seen), "percentage": {"value": each}} for each in (50, 0)]},
        ]
    )
    return {"route": weighted(seen), **seen.parts(parts, 0, 2)}


def weighted(seen: Scene, *, stream: bool = False) -> list[Document]:
    """One to three destinations."""
    count = seen.one([1, 1, 2, 3])
    if count == 1:
        return [{"destination": destination(seen)}]
    made: list[Document] = [
        {"destination": destination(seen), "weight": seen.random.randint(1, 50)} for _ in range(count)
    ]
    if not stream and seen.chance(0.3):
        made[0]["headers"] = {"request": {"add": {"x-share": "a"}}}
    return made


def destination(seen: Scene) -> Document:
    """A Service, or a host outside that may be there."""
    service = seen.one(seen.services)
    made: Document = {"host": seen.one([service.host, service.host, service.name, HOSTS[0], "nowhere.example.com"])}
    if seen.chance(0.7) or len(service.ports) > 1:
        made["port"] = {"number": seen.one(service.ports)["port"]}
    if seen.chance(0.3):
        made["subset"] = seen.one(["v1", "v2", "none"])
    return made
