"""A request at a proxy, as far as all of one connection are alike: its filter chain, and what decides in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.proxy.simulate.chains import chains_for
from pulumi_mesh.proxy.simulate.connection import connection_of
from pulumi_mesh.proxy.simulate.exchange import Exchange
from pulumi_mesh.proxy.simulate.handshake import handshake, proved_identity
from pulumi_mesh.proxy.simulate.headers import Headers
from pulumi_mesh.proxy.simulate.hosts import virtual_host
from pulumi_mesh.proxy.simulate.http import routes_of
from pulumi_mesh.proxy.simulate.incoming import exchange_of, peer_of
from pulumi_mesh.proxy.simulate.listeners import listener_for
from pulumi_mesh.proxy.simulate.tokens import authenticate
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.jwt import JwtAuthentication
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager, Listener
from pulumi_mesh.proxy.view.rbac import HttpRbac, NetworkRbac
from pulumi_mesh.proxy.view.routes import RouteConfig, VirtualHost

Stage = HttpRbac | NetworkRbac | JwtAuthentication


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where HTTP is read. stages: the filters that may refuse, in their order."""

    listener: Listener
    chain: FilterChain
    manager: HttpConnectionManager
    config: RouteConfig
    stages: tuple[Stage, ...]

    def host_of(self, request: Request) -> VirtualHost | None:
        """The virtual host of a request."""
        exchange = self.exchange(request)
        return virtual_host(self.config, exchange.headers.text(":authority"))[0] if exchange else None

    def exchange(self, request: Request) -> Exchange | None:
        """The request as filters see it, with what its token says; None where it is answered before."""
        connection = connection_of(self.listener, request)
        peer = peer_of(connection, self.chain, request, proved=proved_identity(self.chain, request))
        exchange, refused = exchange_of(self.manager, request, Exchange(Headers(), peer, claims=request.claims))
        if refused:
            return None
        for each in self.stages:
            if isinstance(each, JwtAuthentication):
                after, _ = authenticate(each, exchange)
                exchange = replace(exchange, metadata=after.metadata) if isinstance(after, Exchange) else exchange
        return exchange


def crossing(view: ProxyView, request: Request) -> Crossing | None:
    """Where a request comes to be read; None where its connection is not taken, or not read."""
    listener, _ = listener_for(view, request)
    chains = chains_for(listener, connection_of(listener, request)) if listener else ()
    if listener is None or len(chains) != 1 or handshake(chains[0], request)[0]:
        return None
    chain = chains[0]
    stages: list[Stage] = []
    for each in chain.filters:
        if isinstance(each, NetworkRbac):
            stages.append(each)
        elif isinstance(each, HttpConnectionManager):
            stages += [inner for inner in each.http_filters if isinstance(inner, HttpRbac | JwtAuthentication)]
            return Crossing(listener, chain, each, routes_of(view, each), tuple(stages))
    return None
