"""A gateway's listeners and route tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.proxy.resolve.gateway_listeners import Policies, gateway_listeners
from pulumi_mesh.proxy.resolve.gateway_merge import merged
from pulumi_mesh.proxy.resolve.gateway_routes import gateway_routes
from pulumi_mesh.proxy.resolve.gateway_servers import servers_of
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.view.listeners import HttpConnectionManager, Listener
from pulumi_mesh.proxy.view.routes import RouteConfig


class Gateway(NamedTuple):
    """A gateway's listeners and route tables.

    across: whether other networks come in by it, and ask for clusters. ports: the ports of servers that have route
    tables, by the port where the proxy listens.
    """

    listeners: tuple[Listener, ...]
    routes: tuple[RouteConfig, ...]
    across: bool
    ports: Mapping[int, frozenset[int]]


def gateway(index: Index, proxy: Proxy, policies: Policies) -> Gateway:
    """What the Gateways that a proxy serves make of it."""
    servers = merged(servers_of(index.snapshot, proxy))
    listeners = gateway_listeners(index, proxy, servers, policies)
    asked = (
        each.routes
        for listener in listeners
        for chain in listener.filter_chains
        for each in chain.filters
        if isinstance(each, HttpConnectionManager) and isinstance(each.routes, str)
    )
    across = any(each.spec.tls and each.spec.tls.mode == "AUTO_PASSTHROUGH" for each in servers.all)
    ports: dict[int, frozenset[int]] = {}
    for own in servers.by_route_name.values():
        for each in own:
            ports[each.port] = ports.get(each.port, frozenset()) | {each.spec.port.number}
    return Gateway(listeners, gateway_routes(index, proxy, servers, asked), across, ports)
