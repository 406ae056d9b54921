"""Services and workloads that a folder of Istio objects speaks of without having them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from pulumi_mesh import istio
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import virtual_service
from pulumi_mesh.manifests.snapshot import KnownService, ServicePort, Workload
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve.hosts import fqdn

_HOST = re.compile(r"(?P<name>[^.*]+)\.(?P<namespace>[^.]+)\.svc\.cluster\.local")
_DOMAIN = "cluster.local"
_PORT = 80


def implied_services(objects: Iterable[Object], there: Collection[str]) -> list[KnownService]:
    """A Service that speaks HTTP for each host of destinations that is not ``there``: on the ports that routes name,
    or on port 80. Its workloads carry ``app: NAME``."""
    ports: dict[str, set[int]] = {}
    for host, port in _destinations(objects):
        if host not in there and _HOST.fullmatch(host):
            ports.setdefault(host, set()).update([port] if port else [])
    return [_service(host, sorted(numbers) or [_PORT]) for host, numbers in sorted(ports.items())]


def implied_workloads(objects: Iterable[Object], services: Iterable[KnownService]) -> list[Workload]:
    """Two workloads with sidecars for each subset of an implied service; for one without subsets, one."""
    subsets: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for item in objects:
        if isinstance(item, istio.DestinationRule):
            host = fqdn(item.spec.host, item.namespace, _DOMAIN)
            found = [(each.name, dict(each.labels or {})) for each in item.spec.subsets or ()]
            subsets.setdefault(host, []).extend(found)
    made: list[Workload] = []
    for service in services:
        for name, labels in subsets.get(service.hostname) or [("", {})]:
            for number in (1, 2) if name else (1,):
                made.append(
                    Workload(
                        "-".join(part for part in (service.name, name, str(number)) if part),
                        service.namespace,
                        f"10.43.{1 + len(made) // 250}.{1 + len(made) % 250}",
                        FrozenMap({**service.selector, **labels}),
                        service.name,
                    )
                )
    return made


def _service(host: str, ports: list[int]) -> KnownService:
    found = _HOST.fullmatch(host)
    assert found is not None
    return KnownService(
        host,
        found["name"],
        found["namespace"],
        tuple(ServicePort(f"http-{each}", each, each, "HTTP") for each in ports),
        address="allocated",
        selector=FrozenMap({"app": found["name"]}),
    )


def _destinations(objects: Iterable[Object]) -> Iterator[tuple[str, int | None]]:
    """Hosts, and ports where they are named."""
    for item in objects:
        if isinstance(item, istio.DestinationRule):
            yield fqdn(item.spec.host, item.namespace, _DOMAIN), None
        if isinstance(item, istio.VirtualService):
            for host in item.spec.hosts or ():
                yield fqdn(host, item.namespace, _DOMAIN), None
            for http in item.spec.http or ():
                for each in _of(http):
                    yield fqdn(each.host, item.namespace, _DOMAIN), each.port.number if each.port else None


def _of(http: virtual_service.Http) -> Iterator[virtual_service.Destination]:
    yield from (each.destination for each in http.route or ())
    yield from (each.destination for each in http.mirrors or ())
    if http.mirror is not None:
        yield http.mirror
