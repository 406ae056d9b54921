"""The listeners of connections to a workload."""

from __future__ import annotations

from datetime import timedelta

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve import security
from pulumi_mesh.proxy.resolve.clusters import BLACK_HOLE
from pulumi_mesh.proxy.resolve.inbound.chains import CATCHALL, Policies, known_chains, unknown_chains
from pulumi_mesh.proxy.resolve.inbound.endpoint import UNIX
from pulumi_mesh.proxy.resolve.inbound.families import wildcard_of
from pulumi_mesh.proxy.resolve.inbound.inspectors import listener_filters
from pulumi_mesh.proxy.resolve.inbound.ports import CAPTURE_PORT, InboundPort, inbound_ports, targets
from pulumi_mesh.proxy.resolve.mtls import WorkloadModes, modes_of
from pulumi_mesh.proxy.resolve.sidecars import sidecar_of
from pulumi_mesh.proxy.view.addresses import Address, Pipe, SocketAddress
from pulumi_mesh.proxy.view.listeners import ChainMatch, FilterChain, Listener, TcpProxy


def listeners(snapshot: Snapshot, proxy: Proxy) -> tuple[Listener, ...]:
    """First the one at port 15006 that takes what is captured; then those that a Sidecar has bound.

    In the first come the chains for any port, then those of the ports that are known.

    Mirrors buildInboundListeners and inboundVirtualListener (pilot/pkg/networking/core/listener_inbound.go).
    """
    policies = Policies(security.request_filters(snapshot, proxy), security.connection_filters(snapshot, proxy))
    modes = modes_of(snapshot, proxy.namespace, proxy.labels)
    captured: list[FilterChain] = [_black_hole()]
    for number in (None, *_unknown(snapshot, proxy, modes)):
        captured += unknown_chains(number, modes.of(number), modes.ref_of(number), policies, snapshot)
    waits = snapshot.mesh.protocol_detection_timeout
    bound: list[Listener] = []
    for port in inbound_ports(snapshot, proxy):
        chains = known_chains(port, modes.of(port.number), policies, snapshot)
        if port.bound:
            bound.append(_bound(port, chains, proxy, waits))
        else:
            captured += chains
    if proxy.interception == "NONE":
        return tuple(bound)
    return (_captured(tuple(captured), proxy, waits), *bound)


def _unknown(snapshot: Snapshot, proxy: Proxy, modes: WorkloadModes) -> list[int]:
    """Ports that only PeerAuthentication names.

    Mirrors needPerPortPassthroughFilterChain (pilot/pkg/networking/plugin/authn/authentication.go).
    """
    sidecar = sidecar_of(snapshot, proxy)
    ingress = sidecar.spec.ingress if sidecar else None
    named = {each.port.number for each in ingress} if ingress else {*targets(snapshot, proxy)}
    return [port for port in modes.ports if port not in named]


def _captured(chains: tuple[FilterChain, ...], proxy: Proxy, waits: timedelta) -> Listener:
    extra: dict[str, object] = {"max_connections_to_accept_per_socket_event": 1}
    if proxy.interception == "TPROXY":
        extra["transparent"] = True
    return _listener(
        CATCHALL, SocketAddress(wildcard_of(proxy), CAPTURE_PORT), chains, proxy, extra, bound=False, waits=waits
    )


def _bound(port: InboundPort, chains: tuple[FilterChain, ...], proxy: Proxy, waits: timedelta) -> Listener:
    """Mirrors inboundCustomListener (listener_inbound.go)."""
    address = _address_at(port.bind, port.number)
    extra: dict[str, object] = {"max_connections_to_accept_per_socket_event": 1}
    return _listener(f"{port.bind}_{port.number}", address, chains, proxy, extra, bound=True, waits=waits)


def _listener(
    name: str,
    address: Address,
    chains: tuple[FilterChain, ...],
    proxy: Proxy,
    extra: dict[str, object],
    *,
    bound: bool,
    waits: timedelta,
) -> Listener:
    """Mirrors buildInboundListener (listener_inbound.go)."""
    return Listener(
        name=name,
        address=address,
        filter_chains=chains,
        listener_filters=listener_filters(proxy, chains, bound=bound),
        listener_filters_timeout=waits,
        continue_on_listener_filters_timeout=True,
        traffic_direction="INBOUND",
        extra=FrozenMap(extra),
        ref=chains[0].ref if bound and chains else None,
    )


def _address_at(host: str, port: int) -> Address:
    """A socket, or a Unix socket where ``host`` names one. Mirrors BuildAddress (pilot/pkg/networking/util)."""
    return Pipe(host.removeprefix(UNIX)) if host.startswith(UNIX) else SocketAddress(host, port)


def _black_hole() -> FilterChain:
    """A connection to the capture port itself would come back for ever.

    Mirrors buildInboundBlackhole (listener_inbound.go).
    """
    return FilterChain(
        name=f"{CATCHALL}-blackhole",
        match=ChainMatch(destination_port=CAPTURE_PORT),
        filters=(TcpProxy(stat_prefix=BLACK_HOLE, cluster=BLACK_HOLE),),
    )
