"""The servers of all Gateways that one proxy serves, merged by port."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pulumi_mesh.istio import Gateway, gateway
from pulumi_mesh.manifests.snapshot import Proxy, Snapshot, ref_of, selects
from pulumi_mesh.proxy.resolve.virtual_services import by_age
from pulumi_mesh.refs import Ref

HTTP_PROTOCOLS = frozenset({"HTTP", "HTTP2", "GRPC", "GRPC-WEB", "HTTP_PROXY"})
"""Protocols of servers that speak plain HTTP."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server of a Gateway.

    owner: ``NAMESPACE/NAME`` of the Gateway. hosts: without ``./`` and ``*/``. port: where the proxy listens.
    route_name: of its route table; empty where it has none.
    """

    spec: gateway.Server
    owner: str
    hosts: tuple[str, ...]
    port: int
    route_name: str
    ref: Ref

    @property
    def protocol(self) -> str:
        """In upper case."""
        return self.spec.port.protocol.upper()

    @property
    def is_http(self) -> bool:
        """Plain HTTP."""
        return self.protocol in HTTP_PROTOCOLS

    @property
    def terminates_https(self) -> bool:
        """HTTPS that ends here."""
        return self.protocol == "HTTPS" and self.spec.tls is not None and not self.passes_through

    @property
    def passes_through(self) -> bool:
        """TLS that is not ended here."""
        return self.spec.tls is not None and self.spec.tls.mode in ("PASSTHROUGH", "AUTO_PASSTHROUGH")

    @property
    def redirects(self) -> bool:
        """Whether plain HTTP is sent on to HTTPS."""
        return bool(self.spec.tls and self.spec.tls.https_redirect)


@dataclass(frozen=True, slots=True)
class ServerPort:
    """What shares a listener: port, protocol and address."""

    number: int
    protocol: str
    bind: str


@dataclass(slots=True)
class Merged:
    """Servers by port, and by route table, each in the order in which they count."""

    by_port: dict[ServerPort, list[Server]] = field(default_factory=dict)
    by_route_name: dict[str, list[Server]] = field(default_factory=dict)

    def put(self, server: Server, port: ServerPort) -> None:
        """Take in a server."""
        self.by_port.setdefault(port, []).append(server)
        if server.route_name:
            self.by_route_name.setdefault(server.route_name, []).append(server)


def merged_servers(snapshot: Snapshot, proxy: Proxy) -> Merged:
    """All servers of a proxy. On one port the first decides: plain HTTP servers join, and so do TLS servers with
    other hosts; what does not fit is left out, as istiod does.

    Mirrors PushContext.mergeGateways and mergeGateways (pilot/pkg/model).
    """
    merged = Merged()
    plain: dict[int, ServerPort] = {}
    seen: set[int] = set()
    tls_hosts: dict[int, dict[str, str]] = {}
    for server in _servers(snapshot, proxy):
        bind = server.spec.bind or ""
        if server.spec.tls is not None and not _claim(tls_hosts.setdefault(server.port, {}), server.hosts, bind):
            continue
        port = ServerPort(server.port, server.protocol, bind)
        plaintext = server.spec.tls is None or server.is_http
        if server.port not in seen:
            seen.add(server.port)
            if plaintext:
                plain[server.port] = port
            merged.put(server, port)
        elif (current := plain.get(server.port)) is not None:
            if current.bind != bind:
                merged.put(server, port)
            elif server.is_http and current.protocol in HTTP_PROTOCOLS and server.route_name:
                merged.put(server, current)
        elif plaintext:
            plain[server.port] = port
            merged.put(server, port)
        elif not server.terminates_https or server.route_name not in merged.by_route_name:
            merged.put(server, port)
    return merged


def _servers(snapshot: Snapshot, proxy: Proxy) -> Iterator[Server]:
    services = snapshot.services_of(proxy.labels, proxy.namespace)
    targets = {port.number: port.target_port for each in reversed(services) for port in reversed(each.ports)}
    for item in sorted(snapshot.of(Gateway), key=by_age):
        if not selects(item.spec.selector or {}, proxy.labels):
            continue
        for position, spec in enumerate(item.spec.servers or ()):
            # A port of the proxy's own Service means the port behind it.
            port = targets.get(spec.port.number, spec.port.number)
            yield Server(
                spec,
                f"{item.namespace}/{item.name}",
                _hosts(spec.hosts, item.namespace),
                port,
                _route_name(spec, port, item),
                ref_of(item, f"spec.servers[{position}]"),
            )


def _route_name(spec: gateway.Server, port: int, owner: Gateway) -> str:
    """Mirrors gatewayRDSRouteName (pilot/pkg/model/gateway.go)."""
    bind = f".{spec.bind}" if spec.bind else ""
    protocol = spec.port.protocol.upper()
    if protocol in HTTP_PROTOCOLS:
        return f"http.{port}{bind}"
    if protocol == "HTTPS" and not (spec.tls and spec.tls.mode in ("PASSTHROUGH", "AUTO_PASSTHROUGH")):
        return f"https.{spec.port.number}.{spec.port.name}.{owner.name}.{owner.namespace}{bind}"
    return ""


def _hosts(hosts: Iterable[str], namespace: str) -> tuple[str, ...]:
    """Hosts with their namespace written out, or without where it is any.

    Mirrors sanitizeServerHostNamespace (pilot/pkg/model/gateway.go).
    """
    found = []
    for each in hosts:
        owner, slash, host = each.partition("/")
        if not slash:
            found.append(each)
        elif owner == "*":
            if host == "*":
                return ("*",)
            found.append(host)
        else:
            found.append(f"{namespace if owner == '.' else owner}/{host}")
    return tuple(found)


def _claim(known: dict[str, str], hosts: tuple[str, ...], bind: str) -> bool:
    """Take hosts for a TLS server, unless another has one of them. Mirrors CheckDuplicates (same file)."""
    if any(known.get(each) == bind for each in hosts):
        return False
    known.update(dict.fromkeys(hosts, bind))
    return True
