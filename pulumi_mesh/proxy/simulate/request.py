"""One request or connection, as the proxy that is asked meets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pulumi_mesh.frozen import FrozenMap


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sends, and how it reaches the proxy.

    host: the authority (``Host``), with or without a port. path: with its query. headers: further ones, in order.
    address: the destination address; empty is one that no service has. port: the destination port.
    direction: how it arrives: ``gateway`` (at the port itself), ``outbound`` (the client's sidecar captured it) or
    ``inbound`` (the server's sidecar captured it).
    protocol: ``http`` is HTTP/1.1, ``http2`` also with prior knowledge, ``tcp`` is bytes that are not HTTP.
    tls: ``tls`` without and ``mtls`` with a client certificate. sni: empty takes the host's name (``tls`` only).
    alpn: what the client offers, in order; empty takes what is usual for protocol and TLS.
    principal: the client certificate's SPIFFE URI. certificate: the secret under whose trust it was issued.
    source: the client's address. claims: those of a valid JSON Web Token it carries, ``iss`` among them; None is no
    token.
    """

    host: str = ""
    path: str = "/"
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    port: int = 80
    address: str = ""
    direction: Literal["gateway", "outbound", "inbound"] = "gateway"
    protocol: Literal["http", "http2", "tcp"] = "http"
    tls: Literal["plaintext", "tls", "mtls"] = "plaintext"
    sni: str = ""
    alpn: tuple[str, ...] = ()
    principal: str = ""
    certificate: str = "default"
    source: str = ""
    claims: FrozenMap[str, object] | None = None
