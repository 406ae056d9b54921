"""``istio-simulation``: objects, a proxy and a call; what of the proxy's config does the call meet?

Our side is the whole of it: objects to a snapshot, that to the proxy's view, and the call through the view. What
istiod gave the proxy (``envoy.json``) is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.expectations import Expectation, mismatches, seen_of
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import MeshConfig, Proxy
from pulumi_mesh.manifests.reading import read_text
from pulumi_mesh.manifests.registry import mesh_config, snapshot_of
from pulumi_mesh.manifests.wire import AnyObject, class_of, from_wire
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.simulate import simulate
from pulumi_mesh.proxy.simulate.request import Request
from tests.conformance.cases import Case

_BEYOND = ("unknown cluster", "no healthy upstream", "denied")
"""What the simulation of the cases does not look at: clusters, endpoints, and filters."""
_MESH = MeshConfig(sidecar_ingress_tls=True)
"""The mesh of the cases without one. Those with TLS at a Sidecar's ingress have ENABLE_TLS_ON_SIDECAR_INGRESS set."""
_NAMES = {
    "error": "error",
    "listener": "listener",
    "filterChain": "filter_chain",
    "routeConfig": "route_config",
    "vhost": "virtual_host",
    "route": "route",
    "cluster": "cluster",
}
"""What the cases call it, and what an Expectation does."""
_NO_FIELD = "is not a field here"
_LOADED = "2999-01-01T00:00:00Z"


def disagreement(case: Case) -> str | None:
    """What we say otherwise than the case; None when nothing. Fields that it leaves out count only where it is strict.

    Mirrors Result.Matches (pilot/pkg/simulation/traffic.go).
    """
    snapshot = snapshot_of(_objects(case), mesh_config(case.data.get("mesh_config") or {}, _MESH))
    proxy = _proxy(case.data.get("proxy") or {})
    outcome = simulate(resolve(snapshot, proxy), _request(case.data["call"], proxy))
    met = replace(outcome, error="") if outcome.error in _BEYOND else outcome
    return "; ".join(mismatches(_expectation(case), seen_of(met))) or None


def _expectation(case: Case) -> Expectation:
    """Which error there is always counts. Of a split the cases name no cluster."""
    given: Mapping[str, Any] = case.data["expectation"]
    strict = bool(given.get("strict") or case.data.get("strict"))
    asked = {
        ours: given.get(theirs, "")
        for theirs, ours in _NAMES.items()
        if strict or given.get(theirs) or theirs == "error"
    }
    return Expectation(**asked)


def _objects(case: Case) -> Iterator[AnyObject]:
    """The objects of all files. Like the cases' own reader: in namespace ``default`` where they name none, and Istio's
    as old as each other, but newer than what has a time of creation."""
    for name in case.data["file"]:
        text = case.folder.joinpath(name).read_text("utf-8")
        for document in read_text(text, name):
            manifest = dict(document.data)
            cls = class_of(manifest["apiVersion"], manifest["kind"])
            metadata = {"namespace": "default"} if cls is None or cls.namespaced else {}
            metadata |= manifest["metadata"]
            if "istio.io/" in manifest["apiVersion"]:
                metadata.setdefault("creationTimestamp", _LOADED)
                manifest["spec"] = _completed(manifest.get("spec") or {}, metadata["namespace"], manifest["kind"])
            yield _read({**manifest, "metadata": metadata})


def _read(manifest: dict[str, Any]) -> AnyObject:
    """The object without what it has no field for, as a cluster stores it."""
    try:
        return from_wire(manifest)
    except InvalidError as error:
        paths = [where.partition('").')[2] for where, message in error.problems if message.startswith(_NO_FIELD)]
        if len(paths) < len(error.problems):
            raise
        return from_wire(_without(manifest, "", frozenset(paths)))


def _without(value: Any, path: str, paths: frozenset[str]) -> Any:
    if isinstance(value, dict):
        places = {key: f"{path}.{key}".lstrip(".") for key in value}
        return {key: _without(each, places[key], paths) for key, each in value.items() if places[key] not in paths}
    if isinstance(value, list):
        return [_without(each, f"{path}[{place}]", paths) for place, each in enumerate(value)]
    return value


def _completed(value: Any, namespace: str, kind: str) -> Any:
    """Short names of hosts with the namespace alone behind them: the cases' own reader knows of no cluster domain.

    Mirrors ResolveShortnameToFQDN (pilot/pkg/model/config.go), called with what crd.ParseInputs gives.
    """

    def host(name: str) -> str:
        return name if not name or name == "*" or "." in name else f"{name}.{namespace}"

    if kind not in ("VirtualService", "DestinationRule"):
        return value
    if isinstance(value, list):
        return [_completed(each, namespace, kind) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: _completed(each, namespace, kind) for key, each in value.items()}
    if isinstance(found.get("host"), str):
        found["host"] = host(found["host"])
    if "hosts" in found:
        found["hosts"] = [host(each) for each in found["hosts"]]
    return found


def _proxy(given: Mapping[str, Any]) -> Proxy:
    """The proxy of a case; a sidecar in ``default`` where it says nothing. Its metadata is printed Go, of which the
    namespace is the pod's."""
    metadata = given.get("meta") or ""
    namespace = re.search(r"\bNamespace:(\S+)", metadata)
    addresses = given.get("ips") or ["1.1.1.1"]
    return Proxy(
        kind=given.get("type") or "sidecar",
        name=given.get("id") or "app.test",
        namespace=namespace[1] if namespace else given.get("ns") or "default",
        address=addresses[0],
        more_addresses=tuple(addresses[1:]),
        labels=FrozenMap(given.get("labels") or {}),
        dns_capture="DNSCapture:true" in metadata,
    )


def _request(call: Mapping[str, Any], proxy: Proxy) -> Request:
    """Mirrors Call.FillDefaults and matchListener (pilot/pkg/simulation/traffic.go)."""
    headers = call.get("Headers") or {}
    directions: dict[str, Any] = {"inbound": "inbound", "outbound": "outbound", "gateway": "gateway"}
    host = call.get("HostHeader") or next(iter(headers.get("Host") or ()), "")
    return Request(
        host=host,
        path=call.get("Path") or "/",
        headers=tuple((name, value) for name, values in headers.items() if name != "Host" for value in values),
        port=call["Port"],
        address=call.get("Address") or "1.3.3.7",
        direction=directions.get(call.get("CallMode") or "", "gateway" if proxy.kind == "router" else "outbound"),
        protocol=call.get("Protocol") or "tcp",
        tls=call.get("TLS") or "plaintext",
        sni=call.get("Sni") or (host if call.get("TLS") == "tls" else ""),
        alpn=(call["Alpn"],) if call.get("Alpn") else (),
        certificate=call.get("MtlsSecretConfigName") or "default",
    )
