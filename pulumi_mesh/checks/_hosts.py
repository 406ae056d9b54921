"""Which hosts are known, what a short host means, and who sees an object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_mesh.istio import ServiceEntry, VirtualService
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.hosts import fqdn
from pulumi_mesh.typed import has_token


@dataclass(frozen=True, slots=True)
class KnownHost:
    """A host that requests can be sent to. ports: numbers. export_to, namespace: who sees it."""

    hostname: str
    ports: frozenset[int]
    namespace: str
    export_to: tuple[str, ...] | None = None


def known_hosts(snapshot: Snapshot) -> Iterator[KnownHost]:
    """The hosts of services and of ServiceEntries; those of the latter may be wildcards."""
    for service in snapshot.services:
        yield KnownHost(service.hostname, frozenset(each.number for each in service.ports), service.namespace)
    for entry in snapshot.of(ServiceEntry):
        ports = frozenset(each.number for each in entry.spec.ports or ())
        for host in entry.spec.hosts:
            yield KnownHost(host, ports, entry.namespace, entry.spec.export_to)


def service_host(host: str, namespace: str, domain: str) -> str:
    """As fqdn, but ``name.namespace`` and ``name.namespace.svc`` are taken for the service that is meant."""
    parts = host.split(".")
    if len(parts) == 2 or (len(parts) == 3 and parts[2] == "svc"):
        return f"{parts[0]}.{parts[1]}.svc.{domain}"
    return fqdn(host, namespace, domain)


def seen_from(namespace: str, export_to: tuple[str, ...] | None, owner: str) -> bool:
    """Whether an object of namespace ``owner`` with that ``exportTo`` is seen in ``namespace``; unknown text may be."""
    if not export_to:
        return True
    return any(
        each in ("*", namespace) or (each == "." and owner == namespace) or has_token(each) for each in export_to
    )


def seen_together(one: VirtualService, other: VirtualService) -> bool:
    """Whether a proxy of some namespace sees both."""
    ours, theirs = _scopes(one), _scopes(other)
    return "*" in ours or "*" in theirs or bool(ours & theirs)


def _scopes(route: VirtualService) -> set[str]:
    given = route.spec.export_to or ("*",)
    return {route.namespace if each == "." else each for each in given}
