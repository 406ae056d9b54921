"""``gateway-conformance-routes``: manifests and a request; who answers, and what arrives where?

Our side is the whole of it: objects to a snapshot, that to the view of a gateway or of a client's sidecar, and the
request through the view. A backend is the service that the request's cluster is of.

Where a case leaves open which of several gateways (or clients of the mesh) is asked, a backend is right if one of them
sends it there; an error is held against the gateway that the case names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pulumi_mesh.istio import gateway
from pulumi_mesh.kubernetes import Namespace
from pulumi_mesh.manifests.loading import load_objects
from pulumi_mesh.manifests.reading import read_text
from pulumi_mesh.manifests.registry import snapshot_of
from pulumi_mesh.manifests.snapshot import Proxy, Snapshot
from pulumi_mesh.manifests.wire import AnyObject
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.resolve.durations import duration
from pulumi_mesh.proxy.resolve.gateway_api import to_istio
from pulumi_mesh.proxy.resolve.gateway_servers import servers_of
from pulumi_mesh.proxy.resolve.hosts import matches, specificity
from pulumi_mesh.proxy.simulate import simulate
from pulumi_mesh.proxy.simulate.outcome import Outcome
from pulumi_mesh.proxy.simulate.request import Request
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.routes import HeaderChanges
from tests.conformance.cases import Case

_CLASS = "{GATEWAY_CLASS_NAME}"
_GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
_CLIENT = {"app": "echo", "version": "v1"}
_MESH_HOST = "echo"
"""Whom the suite's client calls in the mesh where a case names nobody."""


def disagreement(case: Case) -> str | None:
    """What we say otherwise than the case; None when nothing."""
    snapshot = _snapshot(case.folder, (case.data["base"], *case.data["file"]))
    said = ["; ".join(_differences(case, snapshot, view, request)) for view, request in _asked(case, snapshot)]
    if not said:
        return "there is no proxy to ask"
    return None if "" in said else " | ".join(said)


@cache
def _snapshot(folder: Path, files: tuple[str, ...]) -> Snapshot:
    """As the suite applies them: the class filled in, sidecars in every namespace."""
    found: list[AnyObject] = []
    for file in files:
        text = folder.joinpath(file).read_text("utf-8").replace(_CLASS, "istio")
        found += (each for each, _ in load_objects(text, file))
    return to_istio(snapshot_of([_with_sidecars(each) for each in found]))


def _with_sidecars(item: AnyObject) -> AnyObject:
    if not isinstance(item, Namespace):
        return item
    return Namespace(item.name, labels={**item.labels, "istio-injection": "enabled"}, annotations=item.annotations)


def _asked(case: Case, snapshot: Snapshot) -> Iterator[tuple[ProxyView, Request]]:
    """Whom the request may be sent to, and how."""
    given = case.data["request"]
    if case.data["base"].startswith("mesh/"):
        host = given.get("Host") or _MESH_HOST
        for proxy in snapshot.proxies:
            if proxy.kind == "sidecar" and _CLIENT.items() <= proxy.labels.items():
                yield resolve(snapshot, proxy), _to_service(snapshot, given, host, proxy)
        return
    for proxy in _gateways(case, snapshot):
        host = given.get("Host") or proxy.address
        server = _server(snapshot, proxy, host)
        if server is not None:
            yield resolve(snapshot, proxy), _to_server(given, host, server)


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


def _to_service(snapshot: Snapshot, given: Mapping[str, Any], host: str, client: Proxy) -> Request:
    """The client calls the address that the name has in its namespace."""
    name, _, port = host.partition(":")
    names = [name, f"{name}.{client.namespace}.svc.{client.domain}", f"{name}.svc.{client.domain}"]
    address = next((found.address for each in names if (found := snapshot.service(each))), "")
    return Request(
        host=host,
        path=given.get("Path") or "/",
        method=given.get("Method") or "GET",
        headers=tuple((given.get("Headers") or {}).items()),
        port=int(port or 80),
        address=address,
        direction="outbound",
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
    request = Request(
        host=host,
        path=given.get("Path") or "/",
        method=given.get("Method") or "GET",
        headers=tuple((given.get("Headers") or {}).items()),
        port=server.port.number,
    )
    if server.tls is None:
        return request
    mutual = server.tls.mode in ("MUTUAL", "OPTIONAL_MUTUAL")
    return replace(
        request,
        tls="mtls" if mutual else "tls",
        sni=given.get("SNI") or host.partition(":")[0],
        certificate=server.tls.credential_name or "default",
    )


def _differences(case: Case, snapshot: Snapshot, view: ProxyView, request: Request) -> Iterator[str]:
    """Mirrors CompareRoundTrip (conformance/utils/http)."""
    outcome = simulate(view, request)
    expected: Mapping[str, Any] = case.data["expectation"]
    status = _status(outcome, request)
    if status not in (wanted := expected.get("status") or [200]):
        yield f"status: {status} ({outcome.error}), not {wanted}"
        return
    if expected.get("redirect") is not None:
        yield from _redirect_differs(expected["redirect"], outcome, request)
    if outcome.passes:
        yield from _backend_differs(expected, snapshot, outcome, request)
    elif expected.get("backend"):
        yield f"backend: none, not {expected['backend']}"
    yield from _mirrors_differ(expected.get("mirrored_to"), outcome)
    yield from _response_differs(case, view, outcome)


def _status(outcome: Outcome, request: Request) -> int | None:
    """What the client sees; None is no answer. The suite's backend answers 200, after the delay that the query has."""
    if not outcome.passes:
        return outcome.status
    (delay,) = parse_qs(urlsplit(request.path).query).get("delay", ["0s"])
    taken = duration(delay) or timedelta(0)
    limits = [outcome.timeout, outcome.retry.per_try_timeout if outcome.retry else None]
    return 504 if any(each and taken > each for each in limits) else 200


def _redirect_differs(expected: Mapping[str, Any], outcome: Outcome, request: Request) -> Iterator[str]:
    """What a case does not say is as in the request. Mirrors setRedirectRequestDefaults (conformance/utils/http)."""
    location = urlsplit(outcome.location)
    scheme = "http" if request.tls == "plaintext" else "https"
    wanted = {
        "Scheme": expected.get("Scheme") or scheme,
        "Path": expected.get("Path") or urlsplit(request.path).path,
        "Host": expected.get("Host"),
        "Port": expected.get("Port"),
    }
    found = {
        "Scheme": location.scheme,
        "Path": location.path,
        "Host": location.hostname,
        "Port": str(location.port or {"http": 80, "https": 443}.get(location.scheme)),
    }
    for each, value in wanted.items():
        if value and found[each] != value:
            yield f"redirect {each}: {found[each]!r}, not {value!r}"


def _backend_differs(
    expected: Mapping[str, Any], snapshot: Snapshot, outcome: Outcome, request: Request
) -> Iterator[str]:
    for share in outcome.clusters:
        service = snapshot.service(_host(share.cluster))
        answering = [each.name for each in snapshot.workloads_of(service)] if service else []
        backend, namespace = expected.get("backend"), expected.get("namespace")
        if backend and not (answering and all(each.startswith(backend) for each in answering)):
            yield f"backend: {share.cluster}, not {backend}"
        elif service and namespace and service.namespace != namespace:
            yield f"namespace: {service.namespace}, not {namespace}"
        at_backend = expected.get("request_at_backend") or {}
        wanted: Mapping[str, Any] = at_backend.get("Request") or {}
        arrived = _joined(share.request_headers or outcome.request_headers)
        # The suite's client in the mesh does not look at paths (conformance/utils/echo).
        if request.direction == "gateway" and (path := wanted.get("Path") or request.path) != outcome.path:
            yield f"path: {outcome.path!r}, not {path!r}"
        if wanted.get("Host") and wanted["Host"] != (share.host or outcome.host):
            yield f"host: {share.host or outcome.host!r}, not {wanted['Host']!r}"
        yield from _headers_differ("header", arrived, wanted.get("Headers"), at_backend.get("AbsentHeaders"))


def _mirrors_differ(expected: Sequence[Mapping[str, Any]] | None, outcome: Outcome) -> Iterator[str]:
    wanted = {f"{each['BackendRef']['Name']}.{each['BackendRef']['Namespace']}" for each in expected or ()}
    found = {".".join(_host(each.cluster).split(".")[:2]) for each in outcome.mirrors}
    if expected is not None and wanted != found:
        yield f"mirrors: {sorted(found)}, not {sorted(wanted)}"


def _response_differs(case: Case, view: ProxyView, outcome: Outcome) -> Iterator[str]:
    expected: Mapping[str, Any] = case.data["expectation"]
    given = case.data["raw"].get("BackendSetResponseHeaders") or {}
    found = {name.lower(): value for name, value in given.items()} if outcome.passes else {}
    for name in outcome.response_headers_removed:
        found.pop(name.lower(), None)
    added = _added(view, outcome)
    for name, value in _joined(outcome.response_headers).items():
        found[name] = f"{found[name]},{value}" if name in found and name in added else value
    yield from _headers_differ(
        "response header", found, expected.get("response_Headers"), expected.get("response_AbsentHeaders")
    )
    for name, values in (expected.get("response_ValidHeaderValues") or {}).items():
        sent = found.get(name.lower())
        if sent is None or _loose(sent) not in map(_loose, values):
            yield f"response header {name}: {sent!r}, not one of {values!r}"


def _added(view: ProxyView, outcome: Outcome) -> frozenset[str]:
    """Headers of the response that the route adds to those that are there."""
    routes = (route for table in view.routes for host in table.virtual_hosts for route in host.routes)
    changes: Iterable[HeaderChanges] = (each.response_headers for each in routes if each.name == outcome.route)
    return frozenset(header.name.lower() for each in changes for header in each.add if header.append)


def _headers_differ(
    what: str, found: Mapping[str, str], wanted: Mapping[str, str] | None, absent: Sequence[str] | None
) -> Iterator[str]:
    for name, value in (wanted or {}).items():
        if _loose(found.get(name.lower(), "")) != _loose(value):
            yield f"{what} {name}: {found.get(name.lower())!r}, not {value!r}"
    for name in absent or ():
        if name.lower() in found:
            yield f"{what} {name}: {found[name.lower()]!r}, not absent"


def _joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        found[name.lower()] = f"{found[name.lower()]},{value}" if name.lower() in found else value
    return found


def _loose(value: str) -> str:
    """Without the blanks that lists may have."""
    return value.replace(" ", "")


def _host(cluster: str) -> str:
    """The host name in a cluster's name."""
    return cluster.rpartition("|")[2]
