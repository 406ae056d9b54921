"""Protocols of ports, in Istio's words and in any case (pkg/config/protocol)."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_mesh.validation.verdict import Problem

HTTP = frozenset({"http", "http2", "http_proxy", "grpc", "grpc-web"})
TLS = frozenset({"https", "tls"})
TCP = TLS | {"tcp", "mongo", "redis", "mysql"}
KNOWN = HTTP | TCP | {"udp"}


def is_http(protocol: str) -> bool:
    """What an HTTP route can act on."""
    return protocol.lower() in HTTP


def is_tls(protocol: str) -> bool:
    """What begins with a TLS handshake."""
    return protocol.lower() in TLS


def is_tcp(protocol: str) -> bool:
    """What is proxied as bytes, TLS among it."""
    return protocol.lower() in TCP


def known(protocol: str, path: str) -> Iterator[Problem]:
    """A protocol that Istio knows, or none: then it is detected."""
    if protocol and protocol.lower() not in KNOWN:
        yield Problem(path, f"{protocol!r} is not a protocol that Istio knows")
