"""Where everything of a mesh goes on this machine: ports, sockets, secret files. Pure but for the ports it is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pulumi_mesh.errors import MeshError
from pulumi_mesh.local.folder import short_name, socket_path
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.place import VIRTUAL_INBOUND, Placement
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import Address, Pipe, SocketAddress
from pulumi_mesh.proxy.view.listeners import FilterChain, Listener
from pulumi_mesh.proxy.view.tls import DownstreamTls, SecretRef, Transport, UpstreamTls
from pulumi_mesh.words.cluster_names import inbound_cluster

LOOPBACK = "127.0.0.1"
DISCOVERY = "xds"
"""The folder of discovery files, below the folder that a proxy runs in."""


@dataclass(frozen=True, slots=True)
class Node:
    """One proxy on this machine.

    key: its name here, ``NAME.NAMESPACE``. folder: private, for its config. socket: where its workload listens.
    listeners: loopback port of each listener that is reachable, by the listener's name. inbound: loopback port of
    each port that its workload serves. secrets: the secrets that its view asks for.
    """

    proxy: Proxy
    key: str
    folder: Path
    socket: Path
    listeners: Mapping[str, int]
    inbound: Mapping[int, int]
    secrets: tuple[SecretRef, ...]

    @property
    def discovery(self) -> Path:
        """The folder of its discovery files."""
        return self.folder / DISCOVERY

    def port_of(self, declared: int) -> int | None:
        """The loopback port of the listener that a cluster would have on ``declared``."""
        suffix = f"_{declared}"
        return next((port for name, port in self.listeners.items() if name.endswith(suffix)), None)


def key_of(proxy: Proxy) -> str:
    """A proxy's name on this machine."""
    return f"{proxy.name}.{proxy.namespace}"


def lay_out(
    views: Mapping[Proxy, ProxyView],
    folder: Path,
    *,
    reserve: Callable[[int], int],
    outbound: Mapping[str, frozenset[int]],
    preferred: Mapping[int, int],
) -> tuple[Node, ...]:
    """A place for every proxy.

    reserve: gives a free loopback port; asked for 0, any. outbound: for each sidecar's key, the ports that its workload
    calls. preferred: for a gateway's declared port the loopback port that is wanted. Raises MeshError for one that no
    gateway declares, or that several proxies do.
    """
    _refuse_unclear(preferred, views)
    nodes = []
    for proxy, view in views.items():
        key = key_of(proxy)
        home = folder / short_name(key)
        listeners: dict[str, int] = {}
        inbound: dict[int, int] = {}
        for listener in view.listeners:
            declared = _port(listener)
            if listener.name == VIRTUAL_INBOUND:
                inbound = {port: reserve(0) for port in _served(listener)}
            elif proxy.kind == "router":
                listeners[listener.name] = reserve(preferred.get(declared, 0))
            elif declared in outbound.get(key, frozenset()):
                listeners[listener.name] = reserve(0)
        nodes.append(
            Node(
                proxy=proxy,
                key=key,
                folder=home,
                socket=socket_path(home, "app"),
                listeners=listeners,
                inbound=inbound,
                secrets=_secrets(view),
            )
        )
    return tuple(nodes)


def placement(node: Node, nodes: tuple[Node, ...]) -> Placement:
    """What moves ``node``'s view onto this machine."""
    addresses: dict[SocketAddress, Address] = {
        SocketAddress(other.proxy.address, declared): SocketAddress(LOOPBACK, port)
        for other in nodes
        for declared, port in other.inbound.items()
    }
    listeners: dict[str, tuple[Address, ...]] = {
        name: (SocketAddress(LOOPBACK, port),) for name, port in node.listeners.items()
    }
    if node.inbound:
        listeners[VIRTUAL_INBOUND] = tuple(SocketAddress(LOOPBACK, port) for port in node.inbound.values())
    return Placement(
        addresses=addresses,
        listeners=listeners,
        inbound_ports=dict(node.inbound),
        apps={inbound_cluster(declared): Pipe(str(node.socket)) for declared in node.inbound},
        secrets={each.name: f"{DISCOVERY}/{secret_path(each.name)}" for each in node.secrets},
    )


def secret_path(name: str) -> str:
    """The discovery file of a secret, below its proxy's discovery folder."""
    return f"sds/{short_name(name)}.json"


def callers(snapshot: Snapshot, calls: Mapping[str, tuple[str, ...]]) -> dict[str, frozenset[int]]:
    """For each sidecar's key the ports that its workload calls. calls: host names called, by sidecar's key."""
    ports: dict[str, frozenset[int]] = {}
    for key, hostnames in calls.items():
        services = [snapshot.service(hostname) for hostname in hostnames]
        ports[key] = frozenset(port.number for each in services if each is not None for port in each.ports)
    return ports


def _refuse_unclear(preferred: Mapping[int, int], views: Mapping[Proxy, ProxyView]) -> None:
    """A wanted port is of one listener: not of none, and not of two proxies."""
    routers = (view for proxy, view in views.items() if proxy.kind == "router")
    declared = Counter(_port(listener) for view in routers for listener in view.listeners)
    for port in sorted(preferred):
        if port not in declared:
            known = ", ".join(map(str, sorted(declared))) or "none"
            raise MeshError(f"no gateway declares port {port}; declared ports: {known}")
        if declared[port] > 1:
            raise MeshError(f"{declared[port]} gateway proxies declare port {port}; leave its local port to chance")


def _port(listener: Listener) -> int:
    return listener.address.port if isinstance(listener.address, SocketAddress) else 0


def _served(listener: Listener) -> tuple[int, ...]:
    """The ports of a sidecar's workload: those that filter chains name. 15006 is the sidecar's own."""
    chains = (chain.match.destination_port for chain in listener.filter_chains)
    own = _port(listener)
    return tuple(sorted({port for port in chains if port is not None and port != own}))


def _secrets(view: ProxyView) -> tuple[SecretRef, ...]:
    found: dict[str, SecretRef] = {}
    for listener in view.listeners:
        for chain in _chains(listener):
            found.update({each.name: each for each in _of_tls(chain.tls)})
    for cluster in view.clusters:
        transports: list[Transport] = [cluster.transport, *(each.transport for each in cluster.transport_matches)]
        for transport in transports:
            if isinstance(transport, UpstreamTls):
                found.update({each.name: each for each in _of_tls(transport)})
    return tuple(found[name] for name in sorted(found))


def _chains(listener: Listener) -> tuple[FilterChain, ...]:
    return (*listener.filter_chains, *([listener.default_filter_chain] if listener.default_filter_chain else []))


def _of_tls(tls: DownstreamTls | UpstreamTls | None) -> tuple[SecretRef, ...]:
    if tls is None:
        return ()
    return (*tls.certificates, *([tls.validation.root] if tls.validation else []))
