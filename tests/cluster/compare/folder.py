"""A folder of manifests as a world: what it declares, and what a cluster that it is meant for would have beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pulumi_mesh import istio, kubernetes
from pulumi_mesh.errors import InvalidError
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.loading.files import read_paths
from pulumi_mesh.manifests.snapshot import KnownService, Proxy, ServicePort, Workload, selects, snapshot
from pulumi_mesh.manifests.wire import AnyObject, RawObject, from_wire
from pulumi_mesh.objects import Object
from tests.cluster.compare.implied import implied_services, implied_workloads
from tests.cluster.compare.world import ISTIO_GROUPS, World, of_snapshot

_RESOLVED = ("AuthorizationPolicy", "DestinationRule", "Gateway", "PeerAuthentication", "VirtualService")
_RUNS_PODS = ("DaemonSet", "Deployment", "StatefulSet")
_PROTOCOLS = {"http": "HTTP", "http2": "HTTP2", "grpc": "GRPC", "tcp": "TCP", "tls": "TLS", "https": "HTTPS"}


def of_folder(folder: Path) -> World:
    """The world of a folder: every YAML and JSON file below it.

    Services come from it; workloads from what runs pods (one for each object) and from pods. Where a destination has
    no Service in it, as in what ``pulumi-mesh render`` writes, one is implied, with a workload for each subset.
    Proxies: a gateway for each selector of a Gateway, a sidecar for each workload that gets one, and a client in every
    namespace that then has none.
    Raises MeshError for what cannot be read, and for a port whose protocol is not said.
    """
    objects = tuple(from_wire(each.data, f"{each.file}:{each.line}") for each in read_paths([folder]))
    typed = [each for each in objects if isinstance(each, Object)]
    injected = {each.name for each in typed if isinstance(each, kubernetes.Namespace) and _injects(each.labels)}
    services = [_service(each) for each in typed if isinstance(each, kubernetes.Service)]
    workloads = _workloads(objects, injected)
    supposed = implied_services(typed, {each.hostname for each in services})
    supposed_workloads = implied_workloads(typed, supposed)
    known = [*workloads, *supposed_workloads]
    declared = [each for each in typed if each.api_version.startswith(ISTIO_GROUPS) or each.kind == "Namespace"]
    taken = snapshot(
        declared,
        services=[*services, *supposed],
        workloads=known,
        proxies=_proxies(declared, known),
    )
    notes = [f"implied, as the folder has no Service for it: {each.hostname}" for each in supposed]
    notes += [
        f"views are not resolved from it: {each.kind} {each.namespace}/{each.name}"
        for each in declared
        if each.kind not in (*_RESOLVED, "Namespace")
    ]
    notes += [
        f"not applied, as its kind is not there: {each.kind} {each.namespace}/{each.name}"
        for each in objects
        if _is_routing(each.api_version) and each not in declared
    ]
    return of_snapshot(str(folder), taken, tuple(notes))


def _is_routing(api_version: str) -> bool:
    """Whether istiod would read it in a cluster that has the kind."""
    group = api_version.rpartition("/")[0]
    return group.endswith(("istio.io", "networking.k8s.io", "networking.x-k8s.io"))


def _injects(labels: Mapping[str, object]) -> bool:
    return labels.get("istio-injection") == "enabled" or "istio.io/rev" in labels


def _service(item: kubernetes.Service) -> KnownService:
    return KnownService(
        hostname=f"{item.name}.{item.namespace}.svc.cluster.local",
        name=item.name,
        namespace=item.namespace,
        ports=tuple(_port(item, each) for each in item.spec.ports or ()),
        address="" if item.spec.cluster_ip == "None" else "allocated",
        selector=FrozenMap(item.spec.selector or {}),
    )


def _port(item: kubernetes.Service, port: Any) -> ServicePort:
    """The protocol is what ``appProtocol`` says, or the part of the name before the first dash."""
    said = (port.app_protocol or (port.name or "").partition("-")[0]).lower()
    where = f'Service("{item.name}").spec.ports[{port.port}]'
    if said not in _PROTOCOLS or port.protocol not in (None, "TCP"):
        words = ", ".join(_PROTOCOLS)
        raise InvalidError([(where, f"says no protocol that views know; give appProtocol one of {words}")])
    if isinstance(port.target_port, str):
        raise InvalidError([(f"{where}.targetPort", "is a name; give the number of the workload's port")])
    protocol: Any = _PROTOCOLS[said]
    return ServicePort(port.name or f"{said}-{port.port}", port.port, port.target_port or port.port, protocol)


def _workloads(objects: Iterable[AnyObject], injected: set[str]) -> list[Workload]:
    found: list[Workload] = []
    for item in objects:
        if not isinstance(item, RawObject) or item.kind not in (*_RUNS_PODS, "Pod"):
            continue
        body: Any = item.body
        template = (
            body["spec"]["template"] if item.kind in _RUNS_PODS else {"metadata": {"labels": item.labels}, **body}
        )
        labels = FrozenMap({key: str(value) for key, value in template["metadata"].get("labels", {}).items()})
        asked = labels.get("sidecar.istio.io/inject")
        found.append(
            Workload(
                name=item.name,
                namespace=item.namespace,
                address=f"10.43.0.{len(found) + 1}",
                labels=labels,
                service_account=template["spec"].get("serviceAccountName", "default"),
                mesh=item.namespace in injected if asked is None else asked == "true",
            )
        )
    return found


def _proxies(declared: Iterable[Object], workloads: Iterable[Workload]) -> list[Proxy]:
    routers: dict[tuple[str, FrozenMap[str, str]], Proxy] = {}
    sidecars = {(each.namespace, each.name): each for each in workloads if each.mesh}
    for item in (each for each in declared if isinstance(each, istio.Gateway)):
        selector = FrozenMap(item.spec.selector or {})
        own = [each for each in sidecars.values() if selects(selector, each.labels)]
        for each in own:
            del sidecars[each.namespace, each.name]
            routers[each.namespace, each.labels] = _proxy("router", each)
        if not any(selects(selector, labels) for _, labels in routers):
            address = f"10.42.0.{len(routers) + 1}"
            routers[item.namespace, selector] = Proxy("router", item.name, item.namespace, address, selector)
    spaces = {each.namespace for each in declared if each.namespace} - {each for each, _ in sidecars}
    clients = [
        Proxy("sidecar", "client", space, f"10.42.1.{position}", FrozenMap({"app": "client"}))
        for position, space in enumerate(sorted(spaces), start=1)
    ]
    return [*routers.values(), *(_proxy("sidecar", each) for each in sidecars.values()), *clients]


def _proxy(kind: Any, workload: Workload) -> Proxy:
    return Proxy(kind, workload.name, workload.namespace, workload.address, workload.labels, workload.service_account)
