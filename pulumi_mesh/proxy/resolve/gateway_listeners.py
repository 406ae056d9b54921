"""A gateway's listeners: one for each address and port."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.proxy.resolve.gateway_merge import Merged
from pulumi_mesh.proxy.resolve.gateway_servers import HTTP_PROTOCOLS, Server
from pulumi_mesh.proxy.resolve.gateway_streams import names_match, stream_chains
from pulumi_mesh.proxy.resolve.http import HANDSHAKE, TLS_INSPECTOR, WILDCARD, connection_manager
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.resolve.server_tls import server_tls
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.listeners import (
    FilterChain,
    ForwardClientCert,
    HttpConnectionManager,
    HttpFilter,
    Listener,
    NetworkFilter,
    OpaqueFilter,
)

_PROXY_PROTOCOL = OpaqueFilter(
    "envoy.filters.listener.proxy_protocol",
    FrozenMap({"@type": "type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol"}),
)


@dataclass(frozen=True, slots=True)
class Policies:
    """The filters of authentication and authorization: on requests, and on connections."""

    http: tuple[HttpFilter, ...] = ()
    network: tuple[NetworkFilter, ...] = ()


def gateway_listeners(index: Index, proxy: Proxy, merged: Merged, policies: Policies) -> tuple[Listener, ...]:
    """A chain for all plain HTTP servers of a port, and at least one for each other server. Ports to which nothing
    leads on have none.

    Mirrors ConfigGeneratorImpl.buildGatewayListeners and buildGatewayListener (core/gateway.go, core/listener.go).
    """
    found: dict[str, list[FilterChain]] = {}
    places: dict[str, SocketAddress] = {}
    claimed: dict[int, dict[str, str]] = {}
    by_name: set[str] = set()
    for port, servers in merged.by_port.items():
        address = port.bind or ("::" if ":" in proxy.address else WILDCARD)
        name = f"{address}_{port.number}"
        places.setdefault(name, SocketAddress(address, port.number))
        chains = found.setdefault(name, [])
        if port.protocol.upper() in HTTP_PROTOCOLS:
            chains.append(_http_chain(index, servers[0], name, policies))
            continue
        for server in servers:
            if server.terminates_https:
                chains.append(_http_chain(index, server, name, policies))
            else:
                names = claimed.setdefault(port.number, {})
                made = stream_chains(index, proxy, server, policies.network, names)
                chains += made
                if made and server.passes_through:
                    by_name.add(name)  # also where the route takes any name, of which a chain's match tells nothing
    return tuple(
        _listener(index, name, places[name], found[name], by_name=name in by_name)
        for name in sorted(found)
        if found[name]
    )


def _listener(
    index: Index, name: str, address: SocketAddress, chains: Sequence[FilterChain], *, by_name: bool
) -> Listener:
    """by_name: whether TLS is passed on by the name that clients ask for."""
    inspected = by_name or any(each.tls or each.match.server_names for each in chains)
    filters = [_PROXY_PROTOCOL] if "proxyProtocol" in _topology(index) else []
    return Listener(
        name,
        address,
        tuple(chains),
        listener_filters=tuple([*filters, TLS_INSPECTOR] if inspected else filters),
        traffic_direction="OUTBOUND",
        extra=FrozenMap({"max_connections_to_accept_per_socket_event": 1}),
        ref=chains[0].ref,
    )


def _http_chain(index: Index, server: Server, listener: str, policies: Policies) -> FilterChain:
    """Mirrors createGatewayHTTPFilterChainOpts (core/gateway.go)."""
    tls = server.spec.tls if server.terminates_https else None
    prefix = server.spec.name if tls and server.spec.name else f"outbound_{listener};"
    manager = connection_manager(side="gateway", stat_prefix=prefix, routes=server.route_name, policy=policies.http)
    return FilterChain(
        (_behind_others(manager, _topology(index)),),
        names_match(server.server_names if tls else ()),
        tls=server_tls(tls, index.snapshot.mesh) if tls else None,
        transport_socket_connect_timeout=HANDSHAKE,
        ref=server.ref,
    )


def _topology(index: Index) -> FrozenMap[str, Any]:
    """What stands before the gateways: ``defaultConfig.gatewayTopology``."""
    found = index.snapshot.mesh.default_config.get("gatewayTopology")
    return found if isinstance(found, FrozenMap) else FrozenMap()


def _behind_others(manager: HttpConnectionManager, topology: FrozenMap[str, Any]) -> HttpConnectionManager:
    """What of a client's own word is taken where other proxies stand before this one.

    Mirrors buildGatewayConnectionManager (core/gateway.go).
    """
    if hops := topology.get("numTrustedProxies"):
        manager = replace(manager, extra=FrozenMap({**manager.extra, "xff_num_trusted_hops": hops}))
    told = topology.get("forwardClientCertDetails", "UNDEFINED")
    if told != "UNDEFINED":
        details = manager.client_cert_details if told in ("APPEND_FORWARD", "SANITIZE_SET") else ()
        forward = cast("ForwardClientCert", "" if told == "SANITIZE" else told)  # SANITIZE is Envoy's own default
        manager = replace(manager, forward_client_cert=forward, client_cert_details=details)
    return manager
