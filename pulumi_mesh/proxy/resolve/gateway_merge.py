"""The servers of one proxy, merged by the port where it listens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pulumi_mesh.proxy.resolve.gateway_servers import HTTP_PROTOCOLS, Server


@dataclass(frozen=True, slots=True)
class ServerPort:
    """What shares a listener: port, protocol as it is written, and address."""

    number: int
    protocol: str
    bind: str


@dataclass(slots=True)
class Merged:
    """Servers by port, and by route table, each in the order in which they count."""

    by_port: dict[ServerPort, list[Server]] = field(default_factory=dict)
    by_route_name: dict[str, list[Server]] = field(default_factory=dict)
    _plain: dict[int, ServerPort] = field(default_factory=dict)
    _ports: set[int] = field(default_factory=set)

    @property
    def all(self) -> tuple[Server, ...]:
        """All servers that count."""
        return tuple(each for servers in self.by_port.values() for each in servers)

    def put(self, server: Server) -> None:
        """Take in a server, unless it is in conflict with an earlier one of its port."""
        port = ServerPort(server.port, server.spec.port.protocol, server.bind)
        current = self._plain.get(server.port)
        if current is not None:
            self._put_beside_plain(server, port, current)
        elif server.port not in self._ports or not server.is_tls:
            self._ports.add(server.port)
            self._put_first(server, port)
        elif not server.terminates_https or server.route_name not in self.by_route_name:
            if server.terminates_https:
                self.by_route_name[server.route_name] = [server]
            self.by_port.setdefault(port, []).append(server)

    def _put_first(self, server: Server, port: ServerPort) -> None:
        """Mirrors addPlainTextServer (pilot/pkg/model/gateway.go)."""
        if not server.is_tls:
            self._plain[server.port] = port
        if server.route_name:
            self.by_route_name[server.route_name] = [server]
        self.by_port[port] = [server]

    def _put_beside_plain(self, server: Server, port: ServerPort, current: ServerPort) -> None:
        if current.bind != port.bind:
            if port not in self.by_port:
                self._put_first(server, port)
                return
        elif _join(server, current):
            port = current
        else:
            return
        self.by_port[port].append(server)
        if server.route_name:
            self.by_route_name.setdefault(server.route_name, []).append(server)


def merged(servers: Iterable[Server]) -> Merged:
    """All servers of a proxy. On one port and address the first decides: plain HTTP servers join, and so do TLS
    servers with other hosts; what does not fit is left out, as istiod does.

    Mirrors mergeGateways (pilot/pkg/model/gateway.go), without QUIC.
    """
    found = Merged()
    hosts: dict[int, dict[str, str]] = {}
    for server in servers:
        if server.spec.tls is None or claim(hosts.setdefault(server.port, {}), server.hosts, server.bind):
            found.put(server)
    return found


def claim(known: dict[str, str], hosts: Iterable[str], bind: str) -> bool:
    """Take hosts for TLS at an address, unless another has one of them: Envoy refuses two chains for one name.

    Mirrors CheckDuplicates (pilot/pkg/model/gateway.go).
    """
    wanted = tuple(hosts)
    if any(known.get(each) == bind for each in wanted):
        return False
    known.update(dict.fromkeys(wanted, bind))
    return True


def _join(server: Server, current: ServerPort) -> bool:
    """Whether a server joins those of plain text at its port and address. Mirrors canMergeProtocols (same file)."""
    return current.protocol.upper() in HTTP_PROTOCOLS and server.is_http and bool(server.route_name)
