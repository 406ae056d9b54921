"""The ways into a proxy: each filter chain with a connection that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pulumi_mesh.proxy.resolve.http import WILDCARD
from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.proxy.simulate.http import routes_of
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager, Listener
from pulumi_mesh.proxy.view.routes import RouteConfig, VirtualHost

_ANYWHERE = (WILDCARD, "::")
UNKNOWN_PORT = 64999
"""A port that no service is likely to have: what is done with destinations that nobody knows."""


@dataclass(frozen=True, slots=True)
class Door:
    """template: a connection that the chain takes, without a request. routes: None where bytes are passed on."""

    template: Request
    chain: FilterChain
    routes: RouteConfig | None

    def hosts(self) -> dict[str, VirtualHost]:
        """The virtual host of each domain."""
        return {domain: each for each in (self.routes.virtual_hosts if self.routes else ()) for domain in each.domains}


def doors(view: ProxyView, direction: Literal["gateway", "outbound"]) -> dict[Request, Door]:
    """All ways out of a client's sidecar, or into a gateway, by their template."""
    found: dict[Request, Door] = {}
    for listener in view.listeners:
        if direction == "outbound" and listener.traffic_direction == "INBOUND":
            continue
        default = (listener.default_filter_chain,) if listener.default_filter_chain else ()
        for chain in (*listener.filter_chains, *default):
            for door in _doors(view, listener, chain, direction):
                found.setdefault(door.template, door)
    return found


def _doors(
    view: ProxyView, listener: Listener, chain: FilterChain, direction: Literal["gateway", "outbound"]
) -> Iterator[Door]:
    if not isinstance(listener.address, SocketAddress):
        return
    port = chain.match.destination_port or (UNKNOWN_PORT if listener.use_original_dst else listener.address.port)
    bound = "" if listener.address.host in _ANYWHERE else listener.address.host
    address = chain.match.prefix_ranges[0][0] if chain.match.prefix_ranges else bound
    template = Request(port=port, address=address, direction=direction)
    names = chain.match.server_names
    manager = manager_of(chain)
    encrypted = chain.tls is not None or chain.match.transport_protocol == "tls" or bool(names)
    if encrypted:
        certified = chain.tls is not None and chain.tls.require_client_certificate
        template = replace(template, tls="mtls" if certified else "tls", sni=sample_host(names[0]) if names else "")
    if manager is None:
        yield Door(replace(template, protocol="tcp"), chain, None)
        return
    yield Door(template, chain, routes_of(view, manager))


def manager_of(chain: FilterChain) -> HttpConnectionManager | None:
    """What speaks HTTP in a chain."""
    return next((each for each in chain.filters if isinstance(each, HttpConnectionManager)), None)


def sample_host(domain: str) -> str:
    """A host name that a domain covers."""
    if domain == "*":
        return "other.example.com"
    return domain.replace("*", "any", 1)
