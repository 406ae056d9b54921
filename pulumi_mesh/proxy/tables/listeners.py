"""The listeners of a view as a table (``istioctl proxy-config listeners``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi_mesh.proxy.tables import describe
from pulumi_mesh.proxy.tables.table import Table
from pulumi_mesh.proxy.view.addresses import Address, SocketAddress
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager, Listener, TcpProxy
from pulumi_mesh.proxy.view.routes import RouteConfig

BLACK_HOLE = "BlackHoleCluster"


@dataclass(frozen=True, slots=True)
class ListenerFilter:
    """Which listeners are asked for; empty fields take any. type: HTTP, TCP, HTTP+TCP or UNKNOWN, in any case."""

    address: str = ""
    port: int = 0
    type: str = ""

    def takes(self, listener: Listener) -> bool:
        """Whether the listener is asked for."""
        addresses = {host(each).lower() for each in (listener.address, *listener.additional_addresses)}
        return (
            (not self.address or self.address.lower() in addresses)
            and self.port in (0, port(listener.address))
            and (not self.type or self.type.upper() == type_of(listener))
        )


def listener_table(listeners: Sequence[Listener]) -> Table:
    """Each filter chain: by port, address and type of its listener, then by destination, the last first."""
    ordered = sorted(listeners, key=lambda each: (port(each.address), host(each.address), type_of(each)))
    rows: list[tuple[str, ...]] = []
    for each in ordered:
        addresses = ",".join(host(address) for address in (each.address, *each.additional_addresses))
        chains = [(describe.chain_match(chain.match), _destination(chain)) for chain in _chains(each)]
        chains.sort(key=lambda pair: pair[1], reverse=True)
        rows += [(addresses, str(port(each.address)), *pair) for pair in chains]
    return Table(("ADDRESSES", "PORT", "MATCH", "DESTINATION"), tuple(rows))


def type_of(listener: Listener) -> str:
    """What its filter chains speak; one that only drops connections counts for nothing."""
    filters = [each for chain in _chains(listener) for each in chain.filters]
    http = any(isinstance(each, HttpConnectionManager) for each in filters)
    tcp = any(isinstance(each, TcpProxy) and each.cluster != BLACK_HOLE for each in filters)
    return "+".join(name for name, has in (("HTTP", http), ("TCP", tcp)) if has) or "UNKNOWN"


def host(address: Address) -> str:
    """The IP address, or the path of a socket."""
    return address.host if isinstance(address, SocketAddress) else address.path


def port(address: Address) -> int:
    """The port; 0 for a socket with a path."""
    return address.port if isinstance(address, SocketAddress) else 0


def _chains(listener: Listener) -> tuple[FilterChain, ...]:
    default = listener.default_filter_chain
    return (*listener.filter_chains, *((default,) if default else ()))


def _destination(chain: FilterChain) -> str:
    for each in chain.filters:
        if isinstance(each, HttpConnectionManager):
            if isinstance(each.routes, RouteConfig):
                return describe.route_config(each.routes)
            return f"Route: {each.routes}" if each.routes else "HTTP"
        if isinstance(each, TcpProxy) and each.cluster != BLACK_HOLE:
            if each.cluster:
                return describe.cluster(each.cluster)
            return "Cluster: " + ", ".join(f"{name} ({weight})" for name, weight in each.weighted)
    return "Non-HTTP/Non-TCP"
