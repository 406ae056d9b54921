"""What every step looks up, indexed once for a resolve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pulumi_mesh.manifests.snapshot import KnownService, Proxy, Snapshot, Workload, selects
from pulumi_mesh.proxy.resolve import ingress
from pulumi_mesh.proxy.resolve.destination_rules import DestinationRules, Rule, destination_rules
from pulumi_mesh.proxy.resolve.gateway_api import to_istio
from pulumi_mesh.proxy.resolve.virtual_services import Bound, bound_virtual_services


@dataclass(frozen=True, slots=True)
class Index:
    """A snapshot and what is looked up in it.

    services: in Istio's order. by_host: lower-case host name to service.
    """

    snapshot: Snapshot
    services: tuple[KnownService, ...]
    by_host: Mapping[str, KnownService]
    virtual_services: tuple[Bound, ...]
    rules: DestinationRules
    _workloads: Mapping[tuple[str, str, str], tuple[Workload, ...]]

    def service(self, host: str) -> KnownService | None:
        """The service of a host name."""
        return self.by_host.get(host.lower())

    def rule(self, proxy: Proxy, host: str) -> Rule | None:
        """The destination rule that a proxy follows toward a host; None where the host is no service."""
        service = self.service(host)
        return self.rules.for_client(proxy, service) if service else None

    def workloads(self, service: KnownService) -> tuple[Workload, ...]:
        """The workloads that answer for a service."""
        if not service.selector:
            return ()
        key, value = min(service.selector.items())
        candidates = self._workloads.get((service.namespace, key, value), ())
        return tuple(each for each in candidates if selects(service.selector, each.labels))


def index(snapshot: Snapshot) -> Index:
    """Index a snapshot, in Istio's terms."""
    snapshot = to_istio(ingress.to_istio(snapshot))
    services = tuple(sorted(snapshot.services, key=lambda each: (each.name, each.namespace)))
    by_host: dict[str, KnownService] = {}
    for each in services:
        by_host.setdefault(each.hostname.lower(), each)
    return Index(
        snapshot,
        services,
        by_host,
        bound_virtual_services(snapshot),
        destination_rules(snapshot),
        _by_label(snapshot.workloads),
    )


def _by_label(workloads: Iterable[Workload]) -> dict[tuple[str, str, str], tuple[Workload, ...]]:
    found: dict[tuple[str, str, str], list[Workload]] = {}
    for each in workloads:
        for key, value in each.labels.items():
            found.setdefault((each.namespace, key, value), []).append(each)
    return {place: tuple(those) for place, those in found.items()}
