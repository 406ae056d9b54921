"""The snapshot of a mesh: its objects, those of the meshes it uses, and the facts that the model declares."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, Proxy, ServicePort, Workload
from pulumi_mesh.manifests.registry.mesh_config import mesh_config as read_mesh_config
from pulumi_mesh.manifests.registry.service_entries import endpoints_of, services_of
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.manifests.snapshot import snapshot as index
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.model.service import Workload as ServiceWorkload
from pulumi_mesh.objects import Object
from pulumi_mesh.refs import Identity, Ref
from pulumi_mesh.render.istio.destinations import needs_rule, rule_object
from pulumi_mesh.render.istio.gateways import gateway_object
from pulumi_mesh.render.istio.names import host_of
from pulumi_mesh.render.istio.namespaces import namespace_object
from pulumi_mesh.render.istio.service_entries import entry_object
from pulumi_mesh.render.mesh import render

# Addresses that only the cluster knows come from 240.0.0.0/4, which no host has; Istio allocates from it as well.
_WORKLOADS = "240.1"
_GATEWAYS = "240.2"
_SERVICES = "240.240"


def snapshot(mesh: Mesh) -> Snapshot:
    """What istiod would know of a mesh: rendered objects, here and in used meshes; services; workloads; proxies.

    Addresses that the model does not give are allocated in the order of names.
    """
    mesh = mesh.at() if mesh.canaries else mesh
    workloads = tuple(each for each, _ in _workloads(mesh))
    outside = tuple(entry_object(mesh, each) for each in mesh.known_services if each.resolution is not None)
    return index(
        _objects(mesh).values(),
        services=[*_services(mesh), *(known for each in outside for known in services_of(each, {}))],
        workloads=[*workloads, *(endpoint for each in outside for endpoint in endpoints_of(each))],
        proxies=[*_gateway_proxies(mesh), *(_sidecar(mesh, each) for each in workloads)],
        mesh=MeshConfig(
            trust_domain=mesh.istio.trust_domain,
            root_namespace=mesh.istio.root_namespace,
            domain=mesh.istio.domain,
            extension_providers=read_mesh_config(
                {"extensionProviders": mesh.istio.extension_providers or ()}
            ).extension_providers,
        ),
    )


def _objects(mesh: Mesh) -> dict[Identity, Object]:
    """Rendered objects, here and in used meshes, and what others are known to have."""
    known: dict[Identity, Object] = {}
    for each in mesh.all_meshes:
        for entry in render(each).entries:
            known.setdefault(entry.identity, entry.object)
    for namespace in mesh.known_namespaces:
        known.setdefault(Identity("Namespace", "", namespace.name), namespace_object(mesh, namespace))
    for gateway in mesh.known_gateways:
        known.setdefault(Identity("Gateway", gateway.namespace, gateway.name), gateway_object(mesh, gateway))
    for service in mesh.known_services:
        if service.resolution is not None:
            made = entry_object(mesh, service)
            known.setdefault(Identity("ServiceEntry", service.namespace, service.name), made)
        if needs_rule(service):
            known.setdefault(Identity("DestinationRule", service.namespace, service.name), rule_object(mesh, service))
    return known


def _services(mesh: Mesh) -> Iterator[KnownService]:
    """Those that Istio is told of by a ServiceEntry of ours are known from that."""
    addresses = _allocate(_SERVICES)
    for each in mesh.known_services:
        if each.resolution is not None:
            continue
        yield KnownService(
            hostname=host_of(mesh, each),
            # By a host name of its own istiod knows a service from a service entry, and calls it as its host.
            name=each.hostname or each.name,
            namespace=mesh.physical_namespace(each.namespace),
            ports=tuple(
                ServicePort(port.name, port.number, port.target_port or port.number, port.protocol)
                for port in each.ports
            ),
            address=next(addresses),
            selector=each.labels,
            ref=Ref("Service", each.namespace, each.name),
            registry="External" if each.hostname else "Kubernetes",
        )


def sidecars(mesh: Mesh) -> dict[Proxy, ServiceWorkload]:
    """The sidecar of every workload instance that the model declares or implies, and what it is an instance of."""
    return {_sidecar(mesh, each): of for each, of in _workloads(mesh)}


def _workloads(mesh: Mesh) -> Iterator[tuple[Workload, ServiceWorkload]]:
    allocated = _allocate(_WORKLOADS)
    taken: set[tuple[str, str]] = set()
    for service in mesh.known_services:
        for each in service.workloads if service.resolution is None else ():
            addresses = each.addresses or (next(allocated),)
            for position, address in enumerate(addresses, start=1):
                suffix = "" if len(addresses) == 1 else f"-{position}"
                name = f"{each.name}{suffix}"
                if (service.namespace, name) in taken:  # such as version v1 of "a", where a service is called "a-v1"
                    name = f"{service.name}.{each.version.name if each.version else 'all'}{suffix}"
                taken.add((service.namespace, name))
                instance = Workload(
                    name=name,
                    namespace=mesh.physical_namespace(service.namespace),
                    address=address,
                    labels=each.labels,
                    service_account=each.service_account,
                    ref=Ref("Service", service.namespace, service.name),
                )
                yield instance, each


def _gateway_proxies(mesh: Mesh) -> Iterator[Proxy]:
    """One proxy for each set of gateway labels in a namespace: several Gateways may be served by the same proxies."""
    allocated = _allocate(_GATEWAYS)
    taken = {(each.namespace, each.name) for each, _ in _workloads(mesh)}
    seen: set[tuple[str, FrozenMap[str, str]]] = set()
    for each in mesh.known_gateways:
        key = (each.namespace, each.selector)
        if key in seen:
            continue
        seen.add(key)
        namespace = mesh.physical_namespace(each.namespace)
        yield Proxy(
            kind="router",
            name=f"{each.name}.gateway" if (namespace, each.name) in taken else each.name,
            namespace=namespace,
            address=each.addresses[0] if each.addresses else next(allocated),
            labels=each.selector,
            service_account=each.service_account,
            domain=mesh.istio.domain,
        )


def _sidecar(mesh: Mesh, workload: Workload) -> Proxy:
    return Proxy(
        kind="sidecar",
        name=workload.name,
        namespace=workload.namespace,
        address=workload.address,
        labels=workload.labels,
        service_account=workload.service_account,
        domain=mesh.istio.domain,
    )


def _allocate(network: str) -> Iterator[str]:
    return (f"{network}.{high}.{low}" for high in range(256) for low in range(1, 255))
