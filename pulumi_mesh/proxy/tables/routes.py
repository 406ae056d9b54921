"""The routes of a view as a table (``istioctl proxy-config routes``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi_mesh.proxy.tables import describe
from pulumi_mesh.proxy.tables.managed import managed_by
from pulumi_mesh.proxy.tables.table import Table
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.listeners import HttpConnectionManager
from pulumi_mesh.proxy.view.routes import Forward, Route, RouteConfig

PASSTHROUGH = "PassthroughCluster"
_KINDS = ("VirtualService", "HTTPRoute", "GRPCRoute")


@dataclass(frozen=True, slots=True)
class RouteFilter:
    """Which route configs are asked for; an empty name takes any."""

    name: str = ""

    def takes(self, config: RouteConfig) -> bool:
        """Whether the route config is asked for."""
        return self.name in ("", config.name)


def route_configs(view: ProxyView) -> tuple[RouteConfig, ...]:
    """Those asked for by name, those with a number for a name in its order first; then those held inline."""
    named = sorted(view.routes, key=lambda each: (not each.name.isdecimal(), each.name.isdecimal() and int(each.name)))
    chains = (chain for each in view.listeners for chain in (*each.filter_chains, each.default_filter_chain) if chain)
    filters = (each for chain in chains for each in chain.filters if isinstance(each, HttpConnectionManager))
    return (*named, *(each.routes for each in filters if isinstance(each.routes, RouteConfig)))


def route_table(configs: Sequence[RouteConfig]) -> Table:
    """Each route, in the order in which it is tried; those that only pass on what is not known are left out.

    A virtual host without a route answers 404.
    """
    rows: list[tuple[str, ...]] = []
    for config in configs:
        for host in config.virtual_hosts:
            start = (config.name, host.name, describe.domains(host.domains))
            rows += [
                (*start, describe.route_match(each.match), _managed_by(each))
                for each in host.routes
                if not _passes_on(each)
            ]
            if not host.routes:
                rows.append((*start, "/*", "404"))
    return Table(("NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE"), tuple(rows))


def _managed_by(route: Route) -> str:
    metadata = route.extra.get("metadata")
    return managed_by(metadata.get("filter_metadata") if isinstance(metadata, Mapping) else None, route.ref, _KINDS)


def _passes_on(route: Route) -> bool:
    return isinstance(route.action, Forward) and route.action.cluster == PASSTHROUGH
