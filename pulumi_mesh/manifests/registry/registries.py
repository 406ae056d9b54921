"""All registries together: objects in, services, workloads and proxies out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from pulumi_mesh import istio, kubernetes
from pulumi_mesh.manifests.answering import Answering, answering
from pulumi_mesh.manifests.facts import NO_LABELS, KnownService, MeshConfig, Proxy, Workload
from pulumi_mesh.manifests.registry.endpoint_slices import listed_endpoints
from pulumi_mesh.manifests.registry.implied import implied_services, implied_workloads
from pulumi_mesh.manifests.registry.kubernetes_services import kubernetes_services
from pulumi_mesh.manifests.registry.labels import texts
from pulumi_mesh.manifests.registry.mesh_config import from_objects
from pulumi_mesh.manifests.registry.pods import Pod, Surroundings, pods
from pulumi_mesh.manifests.registry.proxies import proxies_of
from pulumi_mesh.manifests.registry.service_entries import endpoints_of, services_of, workload_of
from pulumi_mesh.manifests.snapshot import Snapshot, snapshot
from pulumi_mesh.manifests.wire import AnyObject, RawObject
from pulumi_mesh.objects import Object

_DEFAULTS = MeshConfig()
_NETWORK = "topology.istio.io/network"
_INGRESS_GROUP = "networking.k8s.io/"


class Registry(NamedTuple):
    """What istiod knows beside the objects."""

    services: tuple[KnownService, ...]
    workloads: tuple[Workload, ...]
    proxies: tuple[Proxy, ...]


def registry(
    objects: Iterable[AnyObject], mesh: MeshConfig = _DEFAULTS, *, addresses: bool = True, implied: bool = False
) -> Registry:
    """Services from Service and ServiceEntry objects; workloads from Pods, from what runs pods (one for each object),
    from listed endpoints, from WorkloadEntries; proxies of those in the mesh and of Gateways.

    A Service for which nothing at all answers is taken to have one workload, with the labels that it selects.
    addresses: whether a Service without a ``clusterIP`` gets an address, as from a cluster. implied: whether hosts of
    destinations without a Service have one too, with workloads for its subsets: for objects that were rendered.
    """
    items = tuple(objects)
    raw = [each for each in items if isinstance(each, RawObject)]
    typed = [each for each in items if isinstance(each, Object)]
    spaces = {each.name: each for each in typed if isinstance(each, kubernetes.Namespace)}
    annotations: Mapping[str, Mapping[str, str]] = {name: texts(each.annotations) for name, each in spaces.items()}
    labels = {name: texts(each.labels) for name, each in spaces.items()}
    around = Surroundings(
        namespaces=labels,
        nodes={each.name: texts(each.labels) for each in raw if each.kind == "Node"},
        network=labels.get(mesh.root_namespace, NO_LABELS).get(_NETWORK, ""),
    )
    running = pods(raw, around)
    listed = listed_endpoints(raw, (each.workload for each in running), mesh)
    machines = [one for each in typed if isinstance(each, istio.WorkloadEntry) and (one := workload_of(each))]
    entries = [each for each in typed if isinstance(each, istio.ServiceEntry)]
    workloads = [each.workload for each in running]
    workloads += [*listed.workloads, *machines, *(one for each in entries for one in endpoints_of(each))]
    services = list(
        kubernetes_services(
            (each for each in typed if isinstance(each, kubernetes.Service)),
            mesh,
            annotations=annotations,
            listed=listed.services,
            addresses=addresses,
        )
    )
    services += [one for each in entries for one in services_of(each, annotations.get(each.namespace, {}))]
    supposed = implied_services(typed, services, mesh) if implied else []
    known = answering(workloads)
    alone = [each for each in services if _unanswered(each, known)]
    made = implied_workloads(typed, [*supposed, *alone], workloads, mesh)
    workloads += made
    running += [Pod(each, {}, gateway=False) for each in made]
    known = answering(workloads)
    gateways = [each for each in typed if isinstance(each, istio.Gateway)]
    proxies = proxies_of(gateways, running, machines, mesh)
    return Registry(
        tuple(_with_targets(each, known) for each in (*services, *supposed)), tuple(workloads), tuple(proxies)
    )


def snapshot_of(
    objects: Iterable[AnyObject], mesh: MeshConfig = _DEFAULTS, *, addresses: bool = True, implied: bool = False
) -> Snapshot:
    """The snapshot of objects that a cluster has or will have. mesh: what counts where no ConfigMap ``istio`` says
    otherwise. addresses, implied: as in ``registry``. Raises MeshError for a ConfigMap that cannot be read."""
    items = tuple(objects)
    mesh = from_objects((each for each in items if isinstance(each, RawObject)), mesh)
    found = registry(items, mesh, addresses=addresses, implied=implied)
    return snapshot(
        (each for each in items if isinstance(each, Object) or each.api_version.startswith(_INGRESS_GROUP)),
        services=found.services,
        workloads=found.workloads,
        proxies=found.proxies,
        mesh=mesh,
    )


def _unanswered(service: KnownService, workloads: Answering) -> bool:
    return (
        service.registry == "Kubernetes"
        and bool(service.selector)
        and not service.listed
        and not workloads.for_service(service)
    )


def _with_targets(service: KnownService, workloads: Answering) -> KnownService:
    """Where a target is a name, the number that the first workload has for it."""
    if not any(each.target_name for each in service.ports):
        return service
    known: dict[str, int] = {}
    for each in workloads.for_service(service):
        known = {**each.ports, **known}
    ports = tuple(replace(each, target_port=known.get(each.target_name, each.target_port)) for each in service.ports)
    return replace(service, ports=ports)
