"""A connection as the proxy knows it when it chooses a filter chain: what the listener filters found out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.simulate.request import Request
from pulumi_mesh.proxy.view.listeners import Listener

_TLS_INSPECTOR = "envoy.filters.listener.tls_inspector"
_HTTP_INSPECTOR = "envoy.filters.listener.http_inspector"

_FOUND_HTTP = {"http": ("http/1.1",), "http2": ("h2c",), "tcp": ()}
_MESH_ALPN = {"http": ("istio-http/1.1",), "http2": ("istio-h2",), "tcp": ("istio",)}
_USUAL_ALPN: dict[str, tuple[str, ...]] = {"http": ("http/1.1",), "http2": ("h2",), "tcp": ()}


@dataclass(frozen=True, slots=True)
class Connection:
    """What filter chains are chosen by.

    address, port: the original destination; address is empty when unknown. source: the client's address.
    transport, protocols, server_name: what the inspectors saw; server_name in small letters.
    """

    address: str
    port: int
    source: str
    transport: Literal["tls", "raw_buffer"]
    protocols: tuple[str, ...]
    server_name: str


def connection_of(listener: Listener, request: Request) -> Connection:
    """What the inspectors of a listener find out; where one is missing or off for the port, nothing is known."""
    encrypted = request.tls != "plaintext"
    inspected = _inspects(listener, _TLS_INSPECTOR, request.port)
    seen = encrypted and inspected
    protocols: tuple[str, ...] = ()
    if seen:
        protocols = offered_protocols(request)
    elif not encrypted and _inspects(listener, _HTTP_INSPECTOR, request.port):
        protocols = _FOUND_HTTP[request.protocol]
    return Connection(
        request.address,
        request.port,
        request.source,
        "tls" if seen else "raw_buffer",
        protocols,
        server_name(request) if inspected else "",
    )


def offered_protocols(request: Request) -> tuple[str, ...]:
    """The application protocols that the client offers in TLS; by default those of a sidecar or a usual client."""
    if request.alpn or request.tls == "plaintext":
        return request.alpn
    return (_MESH_ALPN if request.tls == "mtls" else _USUAL_ALPN)[request.protocol]


def server_name(request: Request) -> str:
    """The server name that the client asks for in TLS."""
    if request.sni:
        return request.sni.lower()
    return without_port(request.host).lower() if request.tls == "tls" else ""


def without_port(host: str) -> str:
    """A host without its port."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() and (not name.count(":") or name.endswith("]")) else host


def _inspects(listener: Listener, name: str, port: int) -> bool:
    for each in listener.listener_filters:
        if each == name:
            return True
        if not isinstance(each, str) and each.name == name:
            return not _holds(raw.part(each.config, "filter_disabled"), port)
    return False


def _holds(predicate: Mapping[str, Any], port: int) -> bool:
    """envoy.config.listener.v3.ListenerFilterChainMatchPredicate; an empty one never holds."""
    if "or_match" in predicate:
        return any(_holds(rule, port) for rule in raw.each(raw.part(predicate, "or_match"), "rules"))
    if "and_match" in predicate:
        return all(_holds(rule, port) for rule in raw.each(raw.part(predicate, "and_match"), "rules"))
    if "not_match" in predicate:
        return not _holds(raw.part(predicate, "not_match"), port)
    if "destination_port_range" in predicate:
        ports = raw.part(predicate, "destination_port_range")
        return int(ports.get("start", 0)) <= port < int(ports.get("end", 0))
    return bool(predicate.get("any_match"))
