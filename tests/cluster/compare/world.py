"""A snapshot as objects of a cluster: what a mesh declares, and what a cluster has beside it.

Services, pods and their endpoints are written as the controllers of a cluster would write them: none run here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pulumi_mesh as pm
from pulumi_mesh.errors import MeshError
from pulumi_mesh.manifests.snapshot import KnownService, MeshConfig, ServicePort, Snapshot, Workload
from pulumi_mesh.manifests.wire import to_wire
from pulumi_mesh.render import snapshot

ISTIO_GROUPS = ("networking.istio.io/", "security.istio.io/", "telemetry.istio.io/", "extensions.istio.io/")
_FIRST_ADDRESS = ipaddress.ip_address("10.97.0.1")

_KUBERNETES = KnownService(
    "kubernetes.default.svc.cluster.local",
    "kubernetes",
    "default",
    (ServicePort("https", 443, 443, "HTTPS"),),
    address="10.96.0.1",
)
"""The API server makes a Service for itself, and makes it again when it is deleted. Nothing answers for it here."""


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
    made = (*_namespaces(known), *_declared(known), *_services(known), *_pods(known))
    services = (*known.services, _KUBERNETES)
    return World(name, replace(known, services=services), made, notes)


def _with_addresses(known: Snapshot) -> Snapshot:
    """Addresses of services come from the cluster's own range; the model allocates from another."""
    services = tuple(
        replace(each, address=str(_FIRST_ADDRESS + position)) if each.address else each
        for position, each in enumerate(known.services)
    )
    return replace(known, services=services)


def _namespaces(known: Snapshot) -> Iterator[dict[str, Any]]:
    names = {each.namespace for kinds in known.objects.values() for each in kinds}
    names |= {each.namespace for each in known.services} | {each.namespace for each in known.workloads}
    names |= {each.namespace for each in known.proxies}
    for name in sorted(names | set(known.namespaces)):
        if name:
            labels = dict(known.namespaces.get(name, {}))
            yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def _declared(known: Snapshot) -> Iterator[dict[str, Any]]:
    """The objects that istiod reads."""
    for kind in known.objects.values():
        yield from (to_wire(each) for each in kind if each.api_version.startswith(ISTIO_GROUPS))


def _services(known: Snapshot) -> Iterator[dict[str, Any]]:
    for each in known.services:
        if each.hostname != f"{each.name}.{each.namespace}.svc.{known.mesh.domain}":
            yield _service_entry(each)
            continue
        metadata = {"name": each.name, "namespace": each.namespace}
        ports = [
            {
                "name": port.name,
                "port": port.number,
                "targetPort": port.target_port,
                "protocol": "TCP",
                "appProtocol": port.protocol.lower(),
            }
            for port in each.ports
        ]
        spec = {"clusterIP": each.address or "None", "ports": ports, "selector": dict(each.selector)}
        yield {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
        yield _endpoints(each, known.workloads_of(each))


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


def _endpoints(service: KnownService, workloads: tuple[Workload, ...]) -> dict[str, Any]:
    """As the endpoint slice controller writes it."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": service.name,
            "namespace": service.namespace,
            "labels": {"kubernetes.io/service-name": service.name},
        },
        "addressType": "IPv4",
        "ports": [{"name": each.name, "port": each.target_port, "protocol": "TCP"} for each in service.ports],
        "endpoints": [
            {
                "addresses": [each.address],
                "conditions": {"ready": True, "serving": True, "terminating": False},
                "targetRef": {"kind": "Pod", "name": each.name, "namespace": each.namespace},
            }
            for each in workloads
        ],
    }


def pod_labels(workload: Workload) -> dict[str, str]:
    """With what injection puts there."""
    return {**workload.labels, **({"security.istio.io/tlsMode": "istio"} if workload.mesh else {})}


def _pods(known: Snapshot) -> Iterator[dict[str, Any]]:
    for each in known.workloads:
        yield {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": each.name, "namespace": each.namespace, "labels": pod_labels(each)},
            "spec": {
                "serviceAccountName": each.service_account,
                "containers": [{"name": "app", "image": "app"}],
            },
            "status": {
                "phase": "Running",
                "podIP": each.address,
                "podIPs": [{"ip": each.address}],
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        }
