"""The snapshot: objects, indexed, and what istiod knows beside them. The only input of check and resolve.

It comes from the model (``pulumi_mesh.render.snapshot``), from manifests, or from both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any, TypeVar

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, Proxy, ServicePort, Workload
from pulumi_mesh.manifests.wire import AnyObject
from pulumi_mesh.objects import Object
from pulumi_mesh.refs import Ref

O = TypeVar("O", bound=Object)  # noqa: E741 - an object
_USUAL = MeshConfig()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that decides what proxies do. Make it with ``snapshot``."""

    objects: FrozenMap[str, tuple[Any, ...]]
    services: tuple[KnownService, ...]
    workloads: tuple[Workload, ...]
    proxies: tuple[Proxy, ...]
    namespaces: FrozenMap[str, FrozenMap[str, str]]
    mesh: MeshConfig = _USUAL

    def of(self, kind: type[O]) -> tuple[O, ...]:
        """The objects of a kind, by namespace and name."""
        return self.objects.get(_type(kind), ())

    def beside(self, facts: Snapshot) -> Snapshot:
        """These objects in a cluster with the services, workloads and proxies, and the mesh config, of another."""
        return replace(
            self,
            services=facts.services,
            workloads=facts.workloads,
            proxies=facts.proxies,
            namespaces=self.namespaces or facts.namespaces,
            mesh=facts.mesh,
        )

    def service(self, hostname: str) -> KnownService | None:
        """The service that clients call by that name, if it is known."""
        return next((each for each in self.services if each.hostname == hostname), None)

    def workloads_of(self, service: KnownService) -> tuple[Workload, ...]:
        """The workloads that answer for a service."""
        return tuple(each for each in self.workloads if answers_for(each, service))

    def services_of(self, labels: Mapping[str, str], namespace: str) -> tuple[KnownService, ...]:
        """The services that a workload with these labels answers for."""
        return tuple(
            each
            for each in self.services
            if each.namespace == namespace and each.selector and selects(each.selector, labels)
        )

    def targets_of(self, proxy: Proxy) -> tuple[tuple[KnownService, ServicePort, int], ...]:
        """What a proxy's workload answers for: services, their ports, and its own port for each of them.

        Mirrors the registries' GetProxyServiceTargets (pilot/pkg/serviceregistry): a workload is found by its address
        or its labels, an endpoint that is listed by its address.
        """
        addresses = frozenset(proxy.addresses)
        own = [each for each in self.workloads if each.address in addresses]
        pod = Workload(proxy.name, proxy.namespace, proxy.address, proxy.labels, proxy.service_account)
        if not any(not each.hostname and each.namespace == proxy.namespace for each in own):
            own.append(pod)
        found: dict[tuple[KnownService, ServicePort, int], None] = {}
        for service in self.services:
            for each in own:
                # A listed Service still selects the pods that its list is made of.
                selected = service.listed and not each.hostname and answers_for(each, replace(service, listed=False))
                if not (selected or answers_for(each, service)):
                    continue
                for port in service.ports:
                    if (number := target_port(service, port, each)) is not None:
                        found[service, port, number] = None
        return tuple(found)

    def proxy(self, name: str, namespace: str = "") -> Proxy | None:
        """The proxy of that name."""
        return next((p for p in self.proxies if p.name == name and namespace in ("", p.namespace)), None)


def snapshot(
    objects: Iterable[AnyObject],
    *,
    services: Iterable[KnownService] = (),
    workloads: Iterable[Workload] = (),
    proxies: Iterable[Proxy] = (),
    mesh: MeshConfig = _USUAL,
) -> Snapshot:
    """Index objects and facts; the result does not depend on the order in which they are given."""
    kinds: dict[str, list[AnyObject]] = {}
    for each in objects:
        kinds.setdefault(_type(each), []).append(each)
    namespaces = {each.name: each.labels for each in sorted(kinds.get("/Namespace", []), key=_by_place)}
    return Snapshot(
        objects=FrozenMap({kind: tuple(sorted(kinds[kind], key=_by_place)) for kind in sorted(kinds)}),
        services=tuple(sorted(services, key=_by_name)),
        workloads=tuple(sorted(workloads, key=lambda each: (each.namespace, each.name, each.address))),
        proxies=tuple(sorted(proxies, key=lambda each: (each.kind, each.namespace, each.name))),
        namespaces=FrozenMap(namespaces),
        mesh=mesh,
    )


def answers_for(workload: Workload, service: KnownService) -> bool:
    """Whether a workload is an endpoint of a service."""
    if workload.namespace != service.namespace or service.alias_of:
        return False
    if workload.hostname:
        return workload.hostname == service.hostname
    if workload.kind == "WorkloadEntry" and not _can_be_selected(workload, service):
        return False
    return bool(service.selector) and not service.listed and selects(service.selector, workload.labels)


def _can_be_selected(machine: Workload, service: KnownService) -> bool:
    """Names and Unix sockets are for services whose endpoints clients resolve; a headless Service has pods alone.

    Mirrors services (.../serviceentry/conversion.go) and serviceInstancesFromWorkloadInstances (.../kube/controller).
    """
    if service.registry == "Kubernetes" and service.resolution != "STATIC":
        return False
    return service.resolution in ("DNS", "DNS_ROUND_ROBIN") or is_address(machine.address)


def is_address(text: str) -> bool:
    """Whether it is an IP address, without a port or range."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def target_port(service: KnownService, port: ServicePort, workload: Workload) -> int | None:
    """The port of a workload that answers for a service's port; None where it has none: it is no endpoint then. One
    that is listed has the ports that are listed with it.

    Mirrors convertWorkloadInstanceToServiceInstance (pilot/pkg/serviceregistry/serviceentry/conversion.go),
    serviceInstanceFromWorkloadInstance (.../kube/controller) and, for pods of a Service, what Kubernetes does.
    """
    if workload.hostname and workload.ports:
        return workload.ports.get(port.name)
    if port.target_name:
        return workload.ports.get(port.target_name)
    if service.registry == "Kubernetes" and workload.kind == "Pod":
        return port.target_port
    return workload.ports.get(port.name) or port.target_port


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether ``labels`` carry all that ``selector`` asks for."""
    for key, value in selector.items():  # noqa: SIM110 - asked so often that all() with its generator shows
        if labels.get(key) != value:
            return False
    return True


def ref_of(item: AnyObject, path: str = "") -> Ref:
    """A pointer into an object."""
    return Ref(item.kind, item.namespace, item.name, path)


def _type(item: AnyObject | type[Object]) -> str:
    """``GROUP/KIND``: Istio and the Gateway API both have a Gateway."""
    return f"{item.api_version.rpartition('/')[0]}/{item.kind}"


def _by_name(service: KnownService) -> tuple[str, ...]:
    """Two ServiceEntries of a namespace may name one host: then the objects' names decide."""
    return service.namespace, service.name, service.hostname, service.created, service.ref.name if service.ref else ""


def _by_place(item: AnyObject) -> tuple[str, str]:
    return item.namespace, item.name
