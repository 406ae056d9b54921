"""Which services a proxy knows: by ``exportTo``, and one for each host name where several objects name it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pulumi_mesh.manifests.facts import KnownService, MeshConfig


@dataclass(frozen=True, slots=True)
class Visible:
    """The services of a proxy.

    listed: in the order of listeners and routes; a host stands there once for each ServiceEntry of one namespace.
    services: one for each host, for clusters, in Istio's order. by_host: those, by lower-case host name.
    """

    listed: tuple[KnownService, ...]
    services: tuple[KnownService, ...]
    by_host: Mapping[str, KnownService] = field(repr=False)

    def service(self, host: str) -> KnownService | None:
        """The service of a host name."""
        return self.by_host.get(host.lower())


def visible(listed: Iterable[KnownService]) -> Visible:
    """The services of a proxy that is told of those ``listed``."""
    those = tuple(listed)
    services = one_a_host(those)
    return Visible(those, services, {each.hostname.lower(): each for each in services})


def is_visible(service: KnownService, namespace: str, mesh: MeshConfig) -> bool:
    """Whether proxies of a namespace may know a service. Mirrors IsServiceVisible (push_context.go)."""
    audience = _audience(service, mesh)
    return "*" in audience or ("~" not in audience and namespace in audience)


def exported_to(services: Iterable[KnownService], namespace: str, mesh: MeshConfig) -> tuple[KnownService, ...]:
    """The services that proxies of a namespace may know: those for it alone, then the public ones.

    Mirrors initServiceRegistry and servicesExportedToNamespace (push_context.go).
    """
    narrow: list[KnownService] = []
    public: list[KnownService] = []
    for each in services:
        audience = _audience(each, mesh)
        if "*" in audience:
            public.append(each)
        elif "~" not in audience and namespace in audience:
            narrow.append(each)
    return (*narrow, *public)


def _audience(service: KnownService, mesh: MeshConfig) -> frozenset[str]:
    return frozenset(service.namespace if each == "." else each for each in service.export_to or mesh.service_export_to)


def from_one_namespace(services: Iterable[KnownService], namespace: str) -> tuple[KnownService, ...]:
    """Of services that share a host name those of one namespace: the proxy's own, else that of a Kubernetes Service,
    else that of the first.

    Mirrors selectServices (pilot/pkg/model/sidecar.go), where hosts have been chosen.
    """
    those = tuple(services)
    chosen: dict[str, tuple[str, bool]] = {}
    for each in those:
        mine = (each.namespace, each.registry == "Kubernetes")
        known = chosen.get(each.hostname)
        if known is None or each.namespace == namespace or (mine[1] and not known[1] and known[0] != namespace):
            chosen[each.hostname] = mine
    return tuple(each for each in those if chosen[each.hostname][0] == each.namespace)


def one_a_host(services: Iterable[KnownService]) -> tuple[KnownService, ...]:
    """One service for each host: the first, or that of Kubernetes; ServiceEntries alike but for their ports are
    joined.

    Mirrors appendSidecarServices and canMergeServices (pilot/pkg/model/sidecar.go).
    """
    found: dict[str, KnownService] = {}
    for each in services:
        known = found.get(each.hostname)
        if known is None or (known.registry != "Kubernetes" and each.registry == "Kubernetes"):
            found[each.hostname] = each
        elif _alike(known, each):
            numbers = {port.number for port in known.ports}
            more = tuple(port for port in each.ports if port.number not in numbers)
            found[each.hostname] = replace(known, ports=(*known.ports, *more)) if more else known
    return tuple(found.values())


def _alike(one: KnownService, other: KnownService) -> bool:
    return _kind(one) == _kind(other)


def _kind(service: KnownService) -> tuple[object, ...]:
    return (
        service.namespace,
        service.resolution,
        service.registry,
        service.labels,
        service.selector,
        frozenset(service.export_to),
    )


def aliases_of(services: Iterable[KnownService]) -> dict[str, tuple[KnownService, ...]]:
    """Services that stand for another (ExternalName), by the lower-case host name of that, over several steps; those
    that stand for each other in a circle are left out.

    Mirrors resolveServiceAliases (push_context.go).
    """
    aliases = [each for each in services if each.alias_of]
    steps = {each.hostname: each.alias_of for each in aliases}
    found: dict[str, list[KnownService]] = {}
    for each in aliases:
        target, seen = each.alias_of, {each.hostname}
        while target in steps and target not in seen:
            seen.add(target)
            target = steps[target]
        if target not in seen:
            found.setdefault(target.lower(), []).append(each)
    return {
        host: tuple(sorted(those, key=lambda each: (each.namespace, each.hostname))) for host, those in found.items()
    }
