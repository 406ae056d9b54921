"""A snapshot as objects of a cluster: what a mesh declares, and what a cluster has beside it.

Services, pods and their endpoints are written as the controllers of a cluster would write them: none run here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pulumi_mesh as pm
from pulumi_mesh import istio
from pulumi_mesh.errors import MeshError
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, ServicePort, Workload
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of, target_port
from pulumi_mesh.manifests.wire import AnyObject, to_wire
from pulumi_mesh.objects import Object
from pulumi_mesh.render import snapshot

_GROUPS = ("networking.istio.io/", "security.istio.io/", "telemetry.istio.io/", "extensions.istio.io/")
_GATEWAY_API = "gateway.networking.k8s.io/"
_INGRESS = ("Ingress", "IngressClass")
_TOPOLOGY = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone")
_FIRST_ADDRESS = ipaddress.ip_address("10.97.0.1")

_KUBERNETES = KnownService(
    "kubernetes.default.svc.cluster.local",
    "kubernetes",
    "default",
    (ServicePort("https", 443, 443, "HTTPS"),),
    address="10.96.0.1",
    created="1970-01-01T00:00:00Z",
)
"""The API server makes a Service for itself, and makes it again when it is deleted. Nothing answers for it here."""

_LATER = "1970-01-02T00:00:00Z"
"""When the other services were made: where age counts, that of the API server is the oldest."""


@dataclass(frozen=True, slots=True)
class World:
    """What is applied, and the snapshot of the same.

    name: of the mesh or folder. notes: what a reader of the comparison should know of it.
    """

    name: str
    snapshot: Snapshot
    manifests: tuple[dict[str, Any], ...]
    notes: tuple[str, ...] = ()


def of_mesh(name: str, mesh: pm.Mesh) -> World:
    """The world of a mesh."""
    return of_snapshot(name, snapshot(mesh))


def of_snapshot(name: str, known: Snapshot, notes: tuple[str, ...] = ()) -> World:
    """The snapshot with what a cluster adds to it, and all objects of a cluster that has it.

    Raises MeshError for a domain of the cluster that is not the usual one.
    """
    if known.mesh.domain != MeshConfig().domain:
        raise MeshError(f"istiod runs here for the domain {MeshConfig().domain}, not {known.mesh.domain}", where=name)
    known = _with_addresses(known)
    made = (*_namespaces(known), *_nodes(known), *_declared(known), *_services(known), *_pods(known))
    services = (*(replace(each, created=each.created or _LATER) for each in known.services), _KUBERNETES)
    return World(name, replace(known, services=services), made, notes)


def _with_addresses(known: Snapshot) -> Snapshot:
    """Addresses of services come from the cluster's own range; the model allocates from another."""
    services = tuple(
        replace(each, address=str(_FIRST_ADDRESS + position), addresses=())
        if each.address and not is_declared(known, each)
        else each
        for position, each in enumerate(known.services)
    )
    return replace(known, services=services)


def is_declared(known: Snapshot, service: KnownService) -> bool:
    """Whether a ServiceEntry among the objects has it."""
    entries = {ref_of(each) for each in known.of(istio.ServiceEntry)}
    return service.registry == "External" and service.ref in entries


def _namespaces(known: Snapshot) -> Iterator[dict[str, Any]]:
    names = {each.namespace for kinds in known.objects.values() for each in kinds}
    names |= {each.namespace for each in known.services} | {each.namespace for each in known.workloads}
    names |= {each.namespace for each in known.proxies}
    for name in sorted(names | set(known.namespaces)):
        if name:
            labels = dict(known.namespaces.get(name, {}))
            yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def _declared(known: Snapshot) -> Iterator[dict[str, Any]]:
    for kind in known.objects.values():
        yield from (to_wire(each) for each in kind if is_read(each))


def is_read(item: AnyObject) -> bool:
    """Whether istiod reads an object as it stands; of Services and what runs, a world has what registries know."""
    if not isinstance(item, Object):
        return item.kind in _INGRESS
    return item.api_version.startswith((*_GROUPS, _GATEWAY_API)) or item.kind == "Secret"


def _nodes(known: Snapshot) -> Iterator[dict[str, Any]]:
    """Where pods run that do not say their locality themselves."""
    for name, locality in sorted({(_node(each), each.locality) for each in known.workloads if _node(each)}):
        labels = {key: part for key, part in zip(_TOPOLOGY, locality.split("/"), strict=False) if part}
        yield {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}


def _node(workload: Workload) -> str:
    """A node for each locality, where no other is said."""
    if workload.kind != "Pod" or not workload.locality or "istio-locality" in workload.labels:
        return workload.node
    return workload.node or "node-" + "-".join(part or "none" for part in workload.locality.lower().split("/"))


def _services(known: Snapshot) -> Iterator[dict[str, Any]]:
    for each in known.services:
        if is_declared(known, each):
            continue
        if each.registry == "External":
            yield _service_entry(each)
            continue
        yield {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(each), "spec": _service_spec(each)}
        yield from _endpoints(each, known.workloads_of(each))


def _metadata(service: KnownService) -> dict[str, Any]:
    annotations = dict(service.annotations)
    if service.export_to:
        annotations["networking.istio.io/exportTo"] = ",".join(service.export_to)
    named = {"name": service.name, "namespace": service.namespace}
    return {**named, "labels": dict(service.labels), "annotations": annotations}


def _service_spec(service: KnownService) -> dict[str, Any]:
    ports = [_service_port(each) for each in service.ports]
    if service.alias_of:
        return {"type": "ExternalName", "externalName": service.alias_of, **({"ports": ports} if ports else {})}
    spec = {"clusterIP": service.address or "None", "ports": ports, "selector": dict(service.selector)}
    if service.node_local:
        spec["internalTrafficPolicy"] = "Local"
    if service.external_addresses:
        spec["externalIPs"] = list(service.external_addresses)
    if service.traffic_distribution:
        spec["trafficDistribution"] = service.traffic_distribution
    return spec


def _service_port(port: ServicePort) -> dict[str, Any]:
    transport = "UDP" if port.protocol == "UDP" else "TCP"
    made = {"port": port.number, "targetPort": port.target_name or port.target_port, "protocol": transport}
    if port.name:
        made["name"] = port.name
    if port.protocol not in ("UDP", "UNSUPPORTED"):
        made["appProtocol"] = port.protocol.lower().replace("_", "-")
    return made


def _service_entry(service: KnownService) -> dict[str, Any]:
    """How Istio learns of a service by a name of its own, whose workloads are in the cluster."""
    ports = [
        {"number": each.number, "name": each.name, "protocol": each.protocol, "targetPort": each.target_port}
        for each in service.ports
    ]
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": service.name, "namespace": service.namespace},
        "spec": {
            "hosts": [service.hostname],
            "addresses": [service.address],
            "location": "MESH_INTERNAL",
            "resolution": "STATIC",
            "ports": ports,
            "workloadSelector": {"labels": dict(service.selector)},
        },
    }


def _endpoints(service: KnownService, workloads: tuple[Workload, ...]) -> Iterator[dict[str, Any]]:
    """As the endpoint slice controller writes them: one for all workloads whose ports are the same."""
    by_ports: dict[tuple[tuple[str, int], ...], list[Workload]] = {}
    for each in workloads:
        if each.kind == "Pod":  # what istiod selects itself needs no list
            numbers = ((port.name, target_port(service, port, each)) for port in service.ports)
            by_ports.setdefault(tuple((name, number) for name, number in numbers if number), []).append(each)
    for position, (ports, those) in enumerate(by_ports.items()):
        yield {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"{service.name}-{position}" if position else service.name,
                "namespace": service.namespace,
                "labels": {"kubernetes.io/service-name": service.name},
            },
            "addressType": "IPv4",
            "ports": [{"name": name, "port": number, "protocol": "TCP"} for name, number in ports],
            "endpoints": [
                {
                    "addresses": [each.address],
                    "conditions": {"ready": each.healthy, "serving": each.healthy, "terminating": False},
                    "targetRef": {"kind": "Pod", "name": each.name, "namespace": each.namespace},
                }
                for each in those
            ],
        }


def pod_labels(workload: Workload) -> dict[str, str]:
    """With what injection puts there."""
    return {**workload.labels, **({"security.istio.io/tlsMode": "istio"} if workload.mesh else {})}


def _pods(known: Snapshot) -> Iterator[dict[str, Any]]:
    pods = {(each.namespace, each.name): each for each in known.workloads if each.kind == "Pod"}
    for each in pods.values():
        ports = [{"name": name, "containerPort": number} for name, number in each.ports.items() if not each.hostname]
        spec: dict[str, Any] = {
            "serviceAccountName": each.service_account or "default",
            "containers": [{"name": "app", "image": "app", "ports": ports}],
        }
        if _node(each):
            spec["nodeName"] = _node(each)
        yield {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": each.name, "namespace": each.namespace, "labels": pod_labels(each)},
            "spec": spec,
            "status": {
                "phase": "Running",
                "podIP": each.address,
                "podIPs": [{"ip": each.address}],
                "conditions": [{"type": "Ready", "status": "True" if each.healthy else "False"}],
            },
        }
