"""Services and workloads that a set of objects speaks of without having them, as what a mesh renders to does."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from pulumi_mesh import istio
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import virtual_service
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, ServicePort, Workload
from pulumi_mesh.manifests.host_names import fqdn
from pulumi_mesh.manifests.registry.allocation import SERVICES, WORKLOADS, allocate
from pulumi_mesh.objects import Object

_HOST = re.compile(r"(?P<name>[^.*]+)\.(?P<namespace>[^.]+)\.svc\.(?P<domain>.+)")
_PORT = 80


def implied_services(
    objects: Iterable[Object], there: Collection[KnownService], mesh: MeshConfig
) -> list[KnownService]:
    """A Service that speaks HTTP for each host of destinations that is not ``there``: on the ports that routes name,
    or on port 80. Its workloads carry ``app: NAME``."""
    hosts = {each.hostname for each in there}
    ports: dict[tuple[str, str], set[int]] = {}
    for host, port in _destinations(objects, mesh.domain):
        found = _HOST.fullmatch(host)
        if host not in hosts and found and found["domain"] == mesh.domain:
            ports.setdefault((found["name"], found["namespace"]), set()).update([port] if port else [])
    taken = {address for each in there for address in each.addresses}
    allocated = (each for each in allocate(SERVICES) if each not in taken)
    return [
        KnownService(
            f"{name}.{namespace}.svc.{mesh.domain}",
            name,
            namespace,
            tuple(ServicePort(f"http-{each}", each, each, "HTTP") for each in sorted(numbers) or (_PORT,)),
            address=next(allocated),
            selector=FrozenMap({"app": name}),
        )
        for (name, namespace), numbers in sorted(ports.items())
    ]


def implied_workloads(
    objects: Iterable[Object], services: Iterable[KnownService], there: Iterable[Workload], mesh: MeshConfig
) -> list[Workload]:
    """Two workloads with sidecars for each subset of a service that none of those ``there`` answers for; for one
    without subsets, one."""
    subsets: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for item in objects:
        if isinstance(item, istio.DestinationRule):
            host = fqdn(item.spec.host, item.namespace, mesh.domain)
            found = [(each.name, dict(each.labels or {})) for each in item.spec.subsets or ()]
            subsets.setdefault(host, []).extend(found)
    taken = {each.address for each in there}
    allocated = (each for each in allocate(WORKLOADS) if each not in taken)
    made: list[Workload] = []
    for service in services:
        ports = FrozenMap({each.target_name: each.number for each in service.ports if each.target_name})
        for name, labels in subsets.get(service.hostname) or [("", {})]:
            for number in (1, 2) if name else (1,):
                made.append(
                    Workload(
                        "-".join(part for part in (service.name, name, str(number)) if part),
                        service.namespace,
                        next(allocated),
                        FrozenMap({**service.selector, **labels}),
                        service.name,
                        ports=ports,
                    )
                )
    return made


def _destinations(objects: Iterable[Object], domain: str) -> Iterator[tuple[str, int | None]]:
    """Hosts, and ports where they are named."""
    for item in objects:
        if isinstance(item, istio.DestinationRule):
            yield fqdn(item.spec.host, item.namespace, domain), None
        if isinstance(item, istio.VirtualService):
            for host in item.spec.hosts or ():
                yield fqdn(host, item.namespace, domain), None
            for http in item.spec.http or ():
                for each in _of(http):
                    yield fqdn(each.host, item.namespace, domain), each.port.number if each.port else None


def _of(http: virtual_service.Http) -> Iterator[virtual_service.Destination]:
    yield from (each.destination for each in http.route or ())
    yield from (each.destination for each in http.mirrors or ())
    if http.mirror is not None:
        yield http.mirror
