"""Endpoints that a cluster lists for a Service, in EndpointSlice or Endpoints objects, as workloads of it alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import MeshConfig, Workload
from pulumi_mesh.manifests.wire import RawObject
from pulumi_mesh.refs import Ref

_SERVICE = "kubernetes.io/service-name"


@dataclass(frozen=True, slots=True)
class Listed:
    """services: namespace and name of those whose endpoints are listed. workloads: the endpoints."""

    services: frozenset[tuple[str, str]]
    workloads: tuple[Workload, ...]


def listed_endpoints(items: Iterable[RawObject], pods: Iterable[Workload], mesh: MeshConfig) -> Listed:
    """The listed endpoints of all Services. EndpointSlices count before Endpoints. pods: those that are known: an
    endpoint has what its pod has."""
    items = tuple(items)
    by_name = {(each.namespace, each.name): each for each in pods}
    slices = [each for each in items if each.kind == "EndpointSlice" and _SERVICE in each.labels]
    services = {(each.namespace, str(each.labels[_SERVICE])) for each in slices}
    sets = [each for each in items if each.kind == "Endpoints" and (each.namespace, each.name) not in services]
    found: list[Workload] = []
    for item in slices:
        found += _of_slice(item, f"{item.labels[_SERVICE]}.{item.namespace}.svc.{mesh.domain}", by_name)
    for item in sets:
        found += _of_set(item, f"{item.name}.{item.namespace}.svc.{mesh.domain}", by_name)
    return Listed(frozenset(services | {(each.namespace, each.name) for each in sets}), tuple(_merged(found)))


Pods = Mapping[tuple[str, str], Workload]


def _of_slice(item: RawObject, hostname: str, pods: Pods) -> Iterator[Workload]:
    """Mirrors updateEndpointCacheForSlice (pilot/pkg/serviceregistry/kube/controller/endpointslice.go)."""
    body: Any = item.body
    if body.get("addressType") == "FQDN":
        return
    ports = _ports(body.get("ports"), "port")
    for each in body.get("endpoints") or ():
        ready = (each.get("conditions") or {}).get("ready")
        for address in each.get("addresses") or ():
            yield _endpoint(item, hostname, str(address), ports, each.get("targetRef"), pods, ready is not False)


def _of_set(item: RawObject, hostname: str, pods: Pods) -> Iterator[Workload]:
    body: Any = item.body
    for subset in body.get("subsets") or ():
        ports = _ports(subset.get("ports"), "port")
        for field, ready in (("addresses", True), ("notReadyAddresses", False)):
            for each in subset.get(field) or ():
                yield _endpoint(item, hostname, str(each.get("ip", "")), ports, each.get("targetRef"), pods, ready)


def _ports(given: Any, number: str) -> dict[str, int]:
    return {str(each.get("name") or ""): each[number] for each in given or () if each.get(number)}


def _endpoint(
    item: RawObject, hostname: str, address: str, ports: dict[str, int], target: Any, pods: Pods, ready: bool
) -> Workload:
    """An endpoint that no known pod stands behind is outside of the mesh."""
    named = str((target or {}).get("name", "")) if (target or {}).get("kind") == "Pod" else ""
    pod = pods.get((item.namespace, named)) or Workload(
        named or item.name, item.namespace, address, service_account="", mesh=False
    )
    return replace(
        pod,
        address=address,
        ports=FrozenMap(ports),
        hostname=hostname,
        healthy=ready,
        ref=Ref(item.kind, item.namespace, item.name),
    )


def _merged(found: Iterable[Workload]) -> Iterator[Workload]:
    """One workload for an address of a service, though several slices hold its ports."""
    by_place: dict[tuple[str, str], Workload] = {}
    for each in found:
        key = (each.hostname, each.address)
        known = by_place.get(key)
        by_place[key] = replace(known, ports=FrozenMap({**known.ports, **each.ports})) if known else each
    yield from by_place.values()
