"""A request on its way into an HTTP connection manager: its headers, path, host and the client's address."""

from __future__ import annotations

from dataclasses import replace

from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.simulate.connection import Connection, without_port
from pulumi_mesh.proxy.simulate.exchange import Exchange, Peer
from pulumi_mesh.proxy.simulate.headers import Headers
from pulumi_mesh.proxy.simulate.networks import contains
from pulumi_mesh.proxy.simulate.normal_paths import normal_path
from pulumi_mesh.proxy.simulate.request import Request
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager


def peer_of(connection: Connection, chain: FilterChain, request: Request, *, proved: bool) -> Peer:
    """The other end of the connection."""
    return Peer(connection, request.source, chain.tls is not None, proved, request.principal if proved else "")


def exchange_of(manager: HttpConnectionManager, request: Request, before: Exchange) -> tuple[Exchange, int]:
    """The request as the filters get it, and the status with which it is refused or redirected at once (else 0)."""
    peer = before.peer
    path, status = normal_path(manager, request.path)
    scheme = "https" if peer.encrypted else "http"
    pseudo = [(":method", request.method), (":authority", _host(manager, request))]
    if request.method != "CONNECT" or request.protocol == "http2":
        pseudo.append((":path", path))
    given = Headers.of(request.headers)
    if (manager.use_remote_address and not _hops(manager)) or given.get("x-forwarded-proto") is None:
        given = given.replaced("x-forwarded-proto", scheme)
    protocol = given.text("x-forwarded-proto").lower()
    pseudo.append((":scheme", protocol if protocol in ("http", "https") else scheme))
    met = replace(peer, remote=_remote(manager, given, peer))
    internal = _is_internal(manager, given, met.remote)
    given = given.replaced("x-envoy-internal", "true") if internal else given.without("x-envoy-internal")
    headers = Headers((*pseudo, *given.items))
    return replace(before, headers=headers, peer=met), status


def sent_headers(headers: Headers) -> tuple[tuple[str, str], ...]:
    """What is sent on beside path, host and method, without what Envoy says of itself."""
    return tuple(item for item in headers.plain() if not item[0].startswith(("x-forwarded-", "x-envoy-")))


def _host(manager: HttpConnectionManager, request: Request) -> str:
    host = request.host
    port = host.removeprefix(without_port(host)).removeprefix(":")
    matching = manager.extra.get("strip_matching_host_port") and port == str(request.port)
    if matching or manager.extra.get("strip_any_host_port"):
        host = without_port(host)
    if manager.extra.get("strip_trailing_host_dot"):
        name = without_port(host)
        host = name.removesuffix(".") + host.removeprefix(name)
    return host


def _remote(manager: HttpConnectionManager, headers: Headers, peer: Peer) -> str:
    """The client's address; ``x-forwarded-for`` counts as far as proxies are trusted."""
    trusted = _hops(manager)
    known = [each.strip() for each in headers.text("x-forwarded-for").split(",") if each.strip()]
    back = trusted if manager.use_remote_address else trusted + 1
    return known[-back] if 0 < back <= len(known) else peer.connection.source


def _is_internal(manager: HttpConnectionManager, headers: Headers, remote: str) -> bool:
    """Whether the client is in the listed networks (none by default), with no more than itself behind it."""
    known = [each for each in headers.text("x-forwarded-for").split(",") if each.strip()]
    if len(known) != (0 if manager.use_remote_address else 1):
        return False
    ranges = map(raw.network, raw.each(raw.part(manager.extra, "internal_address_config"), "cidr_ranges"))
    return any(contains(*each, remote) for each in ranges)


def _hops(manager: HttpConnectionManager) -> int:
    """How many proxies before this one are trusted."""
    hops = manager.extra.get("xff_num_trusted_hops", 0)
    return hops if isinstance(hops, int) else 0
