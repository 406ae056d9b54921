"""What ``patched`` does where there are patches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from pulumi_mesh.proxy.patching import clusters, listeners, routes
from pulumi_mesh.proxy.patching.extensions import with_extensions
from pulumi_mesh.proxy.patching.forms import CLUSTER, LISTENER, ROUTES, Changed, Form
from pulumi_mesh.proxy.patching.patch import Patch, Patches
from pulumi_mesh.proxy.patching.routes import Ports
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.clusters import Cluster
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager, Listener, NetworkFilter
from pulumi_mesh.proxy.view.routes import RouteConfig

_CATCH_ALL = "virtualOutbound"
"""The listener before which others are added."""
T = TypeVar("T")


def applied(view: ProxyView, given: tuple[Patch, ...], gateway_ports: Ports | None) -> ProxyView:
    """A view as the patches change it; parameters as of ``patched``."""
    if gateway_ports is not None:
        edge = Patches(given, "GATEWAY")
        changed = replace(
            view,
            listeners=_listeners(view.listeners, edge),
            routes=tuple(_table(each, edge, gateway_ports) for each in view.routes),
            clusters=_clusters(view.clusters, edge),
        )
        return _complete(changed, given)
    outbound, inbound = Patches(given, "SIDECAR_OUTBOUND"), Patches(given, "SIDECAR_INBOUND")
    entering = [_with_own_tables(each, inbound) for each in view.listeners if _enters(each)]
    changed = replace(
        view,
        listeners=(
            *_listeners([each for each in view.listeners if not _enters(each)], outbound),
            *_listeners(entering, inbound),
        ),
        routes=tuple(_table(each, outbound, None) for each in view.routes),
        clusters=(
            *_clusters([each for each in view.clusters if not _is_own(each)], outbound),
            *_clusters([each for each in view.clusters if _is_own(each)], inbound),
        ),
    )
    return _complete(changed, given)


def _complete(view: ProxyView, patches: tuple[Patch, ...]) -> ProxyView:
    """Each cluster once, endpoints of clusters that are left, and extensions where filters ask for them."""
    first: dict[str, Cluster] = {}
    for each in view.clusters:
        first.setdefault(each.name, each)
    return replace(
        view,
        listeners=with_extensions(view.listeners, patches),
        clusters=tuple(first.values()),
        endpoints=tuple(each for each in view.endpoints if each.cluster in first),
    )


def _enters(listener: Listener) -> bool:
    return listener.traffic_direction == "INBOUND"


def _is_own(cluster: Cluster) -> bool:
    """Whether a sidecar's cluster is its workload."""
    return cluster.name.startswith("inbound|") or cluster.name == "InboundPassthroughCluster"


def _listeners(those: Iterable[Listener], patches: Patches) -> tuple[Listener, ...]:
    kept: list[Listener] = []
    given_up = False
    for each in those:
        found = Changed(each)
        # Istiod patches the listener for all else on its own.
        if (not given_up or each.name == _CATCH_ALL) and listeners.concerned(each, patches):
            found = LISTENER.changed(each, lambda message, noted: listeners.patch_listener(message, patches, noted))
        given_up = given_up or found.given_up
        if found.part is not None:
            kept.append(found.part)
    if given_up:
        return tuple(kept)
    at = next((index for index, each in enumerate(kept) if each.name == _CATCH_ALL), len(kept))
    return (*kept[:at], *_added(LISTENER, patches.added("LISTENER")), *kept[at:])


def _with_own_tables(listener: Listener, patches: Patches) -> Listener:
    """A listener, the route tables that it holds itself patched."""
    if not patches.any(*routes.KINDS):
        return listener

    def manager(value: NetworkFilter) -> NetworkFilter:
        if isinstance(value, HttpConnectionManager) and isinstance(value.routes, RouteConfig):
            return replace(value, routes=_table(value.routes, patches, None))
        return value

    def chain(value: FilterChain) -> FilterChain:
        return replace(value, filters=tuple(map(manager, value.filters)))

    default = listener.default_filter_chain
    return replace(
        listener,
        filter_chains=tuple(map(chain, listener.filter_chains)),
        default_filter_chain=chain(default) if default else None,
    )


def _table(table: RouteConfig, patches: Patches, ports: Ports | None) -> RouteConfig:
    if not routes.concerned(table.name, patches, ports):
        return table
    found = ROUTES.changed(table, lambda message, noted: routes.patch_routes(message, patches, ports, noted))
    return found.part or table


def _clusters(those: Iterable[Cluster], patches: Patches) -> tuple[Cluster, ...]:
    kept = _kept(_cluster(each, patches) for each in those)
    return (*kept, *_added(CLUSTER, patches.added("CLUSTER")))


def _cluster(cluster: Cluster, patches: Patches) -> Cluster | None:
    hosts = clusters.hosts_of(cluster)
    if not clusters.concerned(cluster.name, patches, hosts):
        return cluster
    found = CLUSTER.changed(cluster, lambda message, noted: clusters.patch_cluster(message, patches, hosts, noted))
    return found.part


def _added(form: Form[T], patches: Iterable[Patch]) -> list[T]:
    return _kept(form.made(each) for each in patches)


def _kept(found: Iterable[T | None]) -> list[T]:
    return [each for each in found if each is not None]
