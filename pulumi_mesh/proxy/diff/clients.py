"""Proxies that are told the same: of each kind one is resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pulumi_mesh.istio import DestinationRule, EnvoyFilter, Sidecar, Telemetry, VirtualService
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot, selects


def client_keys(snapshot: Snapshot) -> Callable[[Proxy], object]:
    """What a proxy's outbound side depends on beside the mesh: namespace, place, and which selectors take it."""
    selectors = list({frozenset(each.items()): each for each in _selectors(snapshot)}.values())

    def key(proxy: Proxy) -> object:
        taken = tuple(selects(each, proxy.labels) for each in selectors)
        place = (proxy.namespace, proxy.locality, proxy.network, proxy.cluster)
        return (*place, proxy.dns_capture, proxy.interception, taken)

    return key


def _selectors(snapshot: Snapshot) -> Iterator[Mapping[str, str]]:
    """Labels by which objects choose the clients for which they count."""
    for rule in snapshot.of(DestinationRule):
        if rule.spec.workload_selector:
            yield rule.spec.workload_selector.match_labels or {}
    for scope in snapshot.of(Sidecar):
        if scope.spec.workload_selector:
            yield scope.spec.workload_selector.labels or {}
    for patch in snapshot.of(EnvoyFilter):
        if patch.spec.workload_selector:
            yield patch.spec.workload_selector.labels or {}
    for told in snapshot.of(Telemetry):
        if told.spec.selector:
            yield told.spec.selector.match_labels or {}
    for service in snapshot.of(VirtualService):
        for routes in (service.spec.http, service.spec.tls, service.spec.tcp):
            for route in routes or ():
                for match in route.match or ():
                    yield match.source_labels or {}
