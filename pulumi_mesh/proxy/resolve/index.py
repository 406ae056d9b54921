"""What every step looks up, indexed once for a resolve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pulumi_mesh.manifests.answering import Answering, answering
from pulumi_mesh.manifests.facts import KnownService, Proxy, Workload
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.destination_rules import DestinationRules, Rule, destination_rules
from pulumi_mesh.proxy.resolve.networks import Gateways, network_gateways
from pulumi_mesh.proxy.resolve.terms import in_istio_terms
from pulumi_mesh.proxy.resolve.virtual_services import Bound, bound_virtual_services
from pulumi_mesh.proxy.resolve.visibility import (
    Visible,
    aliases_of,
    exported_to,
    from_one_namespace,
    one_a_host,
    visible,
)

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Index:
    """A snapshot and what is looked up in it.

    services: all that are not aliases of others, in Istio's order. by_host: lower-case host name to service.
    aliases: lower-case host name to the services that stand for it. gateways: of other networks.
    """

    snapshot: Snapshot
    services: tuple[KnownService, ...]
    by_host: Mapping[str, KnownService]
    aliases: Mapping[str, tuple[KnownService, ...]]
    virtual_services: tuple[Bound, ...]
    rules: DestinationRules
    gateways: Gateways
    _answering: Answering
    _visible: dict[tuple[str, str], Visible] = field(default_factory=dict, compare=False)

    def service(self, host: str) -> KnownService | None:
        """The service of a host name."""
        return self.by_host.get(host.lower())

    def visible(self, proxy: Proxy) -> Visible:
        """The services that a proxy knows, without what a Sidecar says.

        Mirrors DefaultSidecarScopeForGateway and, for a sidecar, an egress of ``*/*`` (pilot/pkg/model/sidecar.go).
        """
        key = (proxy.kind, proxy.namespace)
        if key not in self._visible:
            found = exported_to(self.services, proxy.namespace, self.snapshot.mesh)
            sidecar = proxy.kind == "sidecar"
            self._visible[key] = visible(from_one_namespace(found, proxy.namespace) if sidecar else found)
        return self._visible[key]

    def narrowed(self, proxy: Proxy, seen: Visible) -> Index:
        """The same for one sidecar alone, which a Sidecar tells what it knows."""
        return replace(self, _visible={(proxy.kind, proxy.namespace): seen})

    def rule(self, proxy: Proxy, host: str) -> Rule | None:
        """The destination rule that a proxy follows toward a host; None where the host is no service."""
        service = self.visible(proxy).service(host)
        return self.rules.for_client(proxy, service) if service else None

    def workloads(self, service: KnownService) -> tuple[Workload, ...]:
        """The workloads that answer for a service: of a Service that nobody may see, istiod keeps none.

        Mirrors serviceNeedsPush (serviceregistry/kube/controller/endpointslice.go).
        """
        if service.registry == "Kubernetes" and "~" in service.export_to:
            return ()
        return self._answering.for_service(service)


def index(snapshot: Snapshot) -> Index:
    """Index a snapshot, in Istio's terms."""
    snapshot = in_istio_terms(snapshot)
    services = tuple(sorted((each for each in snapshot.services if not each.alias_of), key=_by_age))
    return Index(
        snapshot,
        services,
        {each.hostname.lower(): each for each in one_a_host(services)},
        aliases_of(snapshot.services),
        bound_virtual_services(snapshot),
        destination_rules(snapshot),
        network_gateways(snapshot),
        answering(snapshot.workloads),
    )


def _by_age(service: KnownService) -> tuple[str, str, str]:
    """Mirrors SortServicesByCreationTime (push_context.go)."""
    return service.created, service.name, service.namespace
