"""``gateway-conformance-routes``: manifests and a request; who answers, and what arrives where?

Our side is the whole of it: objects to a snapshot, that to the view of a gateway or of a client's sidecar, and the
request through the view. A backend is the service that the request's cluster is of.

Where a case leaves open which of several gateways (or clients of the mesh) is asked, a backend is right if one of them
sends it there; an error is held against the gateway that the case names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pulumi_mesh.expectations import Application, Expectation, ExpectedRedirect, mismatches, seen_on
from pulumi_mesh.istio import gateway
from pulumi_mesh.kubernetes import Namespace
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.loading import load_objects
from pulumi_mesh.manifests.reading import read_text
from pulumi_mesh.manifests.registry import snapshot_of
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.manifests.wire import AnyObject
from pulumi_mesh.proxy.journey import ViewOf, journey
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.resolve.gateway_api import to_istio
from pulumi_mesh.proxy.resolve.gateway_servers import servers_of
from pulumi_mesh.proxy.resolve.hosts import matches, specificity
from pulumi_mesh.proxy.simulate.request import Request
from tests.conformance.cases import Case

_CLASS = "{GATEWAY_CLASS_NAME}"
_GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
_CLIENT = {"app": "echo", "version": "v1"}
_COMPARED = (
    "backend",
    "namespace",
    "status",
    "redirect",
    "request_at_backend",
    "response_Headers",
    "response_AbsentHeaders",
    "response_ValidHeaderValues",
    "mirrored_to",
)
_OF_REDIRECT = ("Scheme", "Host", "Port", "Path")
_OF_REQUEST = ("Host", "Method", "Path", "Headers")
"""What of an expectation is looked at."""
_MESH_HOST = "echo"
"""Whom the suite's client calls in the mesh where a case names nobody."""


def disagreement(case: Case) -> str | None:
    """What we say otherwise than the case; None when nothing."""
    mesh = _mesh(case.folder, (case.data["base"], *case.data["file"]))
    said = [
        "; ".join((*_not_compared(case), *_differences(case, mesh, proxy, request)))
        for proxy, request in _asked(case, mesh.snapshot)
    ]
    if not said:
        return "there is no proxy to ask"
    return None if "" in said else " | ".join(said)


@dataclass(frozen=True, slots=True)
class _Mesh:
    """The objects as istiod holds them, and the views of their proxies."""

    snapshot: Snapshot
    view_of: ViewOf


def _differences(case: Case, mesh: _Mesh, proxy: Proxy, request: Request) -> tuple[str, ...]:
    way = journey(mesh.snapshot, request, proxy, view_of=mesh.view_of)
    seen = seen_on(way, mesh.view_of, _application(case, request))
    return mismatches(_expectation(case, way.hops[0].request), seen)


@cache
def _mesh(folder: Path, files: tuple[str, ...]) -> _Mesh:
    """As the suite applies them: the class filled in, sidecars in every namespace."""
    found: list[AnyObject] = []
    for file in files:
        text = folder.joinpath(file).read_text("utf-8").replace(_CLASS, "istio")
        found += (each for each, _ in load_objects(text, file))
    snapshot = to_istio(snapshot_of([_with_sidecars(each) for each in found]))
    return _Mesh(snapshot, cache(partial(resolve, snapshot)))


def _with_sidecars(item: AnyObject) -> AnyObject:
    if not isinstance(item, Namespace):
        return item
    return Namespace(item.name, labels={**item.labels, "istio-injection": "enabled"}, annotations=item.annotations)


def _asked(case: Case, snapshot: Snapshot) -> Iterator[tuple[Proxy, Request]]:
    """Whom the request may be sent to, and how."""
    given = case.data["request"]
    if case.data["base"].startswith("mesh/"):
        host = given.get("Host") or _MESH_HOST
        for proxy in snapshot.proxies:
            if proxy.kind == "sidecar" and _CLIENT.items() <= proxy.labels.items():
                yield proxy, _request(given, host, int(host.partition(":")[2] or 80))
        return
    for proxy in _gateways(case, snapshot):
        host = given.get("Host") or proxy.address
        server = _server(snapshot, proxy, given.get("SNI") or host)
        if server is not None:
            yield proxy, _to_server(given, host, server)


def _gateways(case: Case, snapshot: Snapshot) -> list[Proxy]:
    """The proxies of the gateways that a case may mean: those that a subtest names, else those that the case names;
    for a backend also those that its files declare, where it has several. Without a name: those of its routes."""
    routers = {each.labels.get(_GATEWAY_NAME, ""): each for each in snapshot.proxies if each.kind == "router"}
    words = frozenset(word for text in case.data.get("subtests") or () for word in re.findall(r"[\w.-]+", text))
    named = frozenset(each.get("Name", "") for each in case.data["names"].values() if isinstance(each, Mapping))
    declared, used = _of_files(case.folder, tuple(case.data["file"]))
    if words & routers.keys():
        wanted = words
    elif not named & routers.keys():
        wanted = used
    elif case.data["single_gateway"] or not case.data["expectation"].get("backend"):
        wanted = named
    else:
        wanted = named | declared
    return [routers[name] for name in sorted(wanted & routers.keys())]


@cache
def _of_files(folder: Path, files: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """The Gateways that a case's own files declare, and those that their routes name."""
    texts = (folder.joinpath(each).read_text("utf-8") for each in files)
    found = [document.data for text in texts for document in read_text(text)]
    parents = (ref for each in found if each["kind"] == "HTTPRoute" for ref in each["spec"].get("parentRefs") or ())
    return (
        frozenset(each["metadata"]["name"] for each in found if each["kind"] == "Gateway"),
        frozenset(each["name"] for each in parents),
    )


def _request(given: Mapping[str, Any], host: str, port: int) -> Request:
    return Request(
        host=host,
        path=given.get("Path") or "/",
        method=given.get("Method") or "GET",
        headers=tuple((given.get("Headers") or {}).items()),
        port=port,
        protocol="http2" if (given.get("Protocol") or "").upper() in ("H2C", "HTTP2", "H2") else "http",
    )


def _server(snapshot: Snapshot, proxy: Proxy, host: str) -> gateway.Server | None:
    """The listener that a client of the suite would go to: on the port that the host says, if there is one, else the
    one whose host name fits best."""
    name, port = host.partition(":")[0], _port(host)
    servers = [each.spec for each in servers_of(snapshot, proxy)]
    candidates = [each for each in servers if each.port.number == port] or servers
    fitting = [
        (specificity(one), place, each)
        for place, each in enumerate(candidates)
        for one in (listed.partition("/")[2] for listed in each.hosts)
        if matches(one, name)
    ]
    if fitting:
        return min(fitting, key=lambda each: each[:2])[2]
    return next(iter(candidates), None)


def _port(host: str) -> int:
    """The port that a host says; 0 for none."""
    return int(host.rpartition(":")[2]) if re.search(r":\d+$", host) else 0


def _to_server(given: Mapping[str, Any], host: str, server: gateway.Server) -> Request:
    """The client speaks TLS where the listener does, with a certificate where it asks for one."""
    request = _request(given, host, server.port.number)
    if server.tls is None:
        return request
    mutual = server.tls.mode in ("MUTUAL", "OPTIONAL_MUTUAL")
    return replace(
        request,
        tls="mtls" if mutual else "tls",
        sni=given.get("SNI") or host.partition(":")[0],
        certificate=server.tls.credential_name or "default",
    )


def _expectation(case: Case, request: Request) -> Expectation:
    """Mirrors CompareRoundTrip (conformance/utils/http): of what a backend answers also what came there."""
    given: Mapping[str, Any] = case.data["expectation"]
    statuses = given.get("status") or [200]
    at_backend: Mapping[str, Any] = given.get("request_at_backend") or {}
    arrives: Mapping[str, Any] = at_backend.get("Request") or {}
    redirect = given.get("redirect")
    asked: dict[str, Any] = {"status": statuses}
    if given.get("backend"):
        asked["destinations"] = [{"workload": ".".join(filter(None, (given["backend"], given.get("namespace"))))}]
    if redirect is not None:
        asked["redirect"] = _redirect(redirect, request)
    if statuses == [200]:
        asked["host"] = arrives.get("Host") or None
        # The suite's client in the mesh does not look at paths (conformance/utils/echo).
        asked["path"] = (arrives.get("Path") or request.path) if request.direction == "gateway" else None
        asked["request_headers"] = arrives.get("Headers") or {}
        asked["absent_request_headers"] = at_backend.get("AbsentHeaders") or ()
    asked["response_headers"] = {
        **(given.get("response_ValidHeaderValues") or {}),
        **(given.get("response_Headers") or {}),
    }
    asked["absent_response_headers"] = given.get("response_AbsentHeaders") or ()
    if given.get("mirrored_to") is not None:
        asked["mirrors"] = [
            {"host": f"{each['BackendRef']['Name']}.{each['BackendRef']['Namespace']}", "percent": each.get("Percent")}
            for each in given["mirrored_to"]
        ]
    return Expectation(**asked)


def _redirect(expected: Mapping[str, Any], request: Request) -> ExpectedRedirect:
    """What a case does not say is as in the request. Mirrors setRedirectRequestDefaults (conformance/utils/http)."""
    return ExpectedRedirect(
        scheme=expected.get("Scheme") or ("http" if request.tls == "plaintext" else "https"),
        host=expected.get("Host") or None,
        port=int(expected["Port"]) if str(expected.get("Port", "")).isdecimal() else None,
        path=expected.get("Path") or urlsplit(request.path).path,
    )


def _application(case: Case, request: Request) -> Application:
    """The suite's backend waits as long as the query says, and sets the headers that it is told to."""
    return Application(
        headers=case.data["raw"].get("BackendSetResponseHeaders") or {},
        after=parse_qs(urlsplit(request.path).query).get("delay", ["0s"])[0],
    )


def _not_compared(case: Case) -> Iterator[str]:
    """What a case says that is not held against anything here."""
    given: Mapping[str, Any] = case.data["expectation"]
    parts = [
        (given, _COMPARED, ""),
        (given.get("redirect") or {}, _OF_REDIRECT, "redirect."),
        (given.get("request_at_backend") or {}, ("Request", "AbsentHeaders"), "request_at_backend."),
        ((given.get("request_at_backend") or {}).get("Request") or {}, _OF_REQUEST, "request_at_backend.Request."),
        *((each, ("BackendRef", "Percent"), "mirrored_to.") for each in given.get("mirrored_to") or ()),
    ]
    for message, known, where in parts:
        yield from (f"{where}{name} is not compared" for name in sorted({*message} - {*known}))
    method = ((given.get("request_at_backend") or {}).get("Request") or {}).get("Method")
    # No proxy changes a method.
    if method and method != (case.data["request"].get("Method") or "GET"):
        yield f"method: {case.data['request'].get('Method') or 'GET'}, not {method}"
