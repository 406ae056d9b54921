"""Which connections a port takes, by mutual TLS mode, and how each kind is treated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pulumi_mesh.manifests.facts import MeshConfig, Protocol
from pulumi_mesh.proxy.resolve.mtls import Mode
from pulumi_mesh.proxy.view.matching import StringMatch
from pulumi_mesh.proxy.view.tls import DownstreamTls, SecretRef, Validation

Traffic = Literal["http", "tcp", "any"]
"""What a port speaks; ``any`` finds out."""

TRAFFIC: dict[Protocol, Traffic] = {
    "HTTP": "http",
    "HTTP2": "http",
    "HTTP_PROXY": "http",
    "GRPC": "http",
    "GRPC_WEB": "http",
    "TCP": "tcp",
    "TLS": "tcp",
    "HTTPS": "tcp",
    "MONGO": "tcp",
    "MYSQL": "tcp",
    "REDIS": "tcp",
    "UDP": "tcp",
    "UNSUPPORTED": "any",
}
"""By protocol. Mirrors ModelProtocolToListenerProtocol (pilot/pkg/networking)."""

PLAIN_HTTP = ("http/1.1", "h2c")
"""What the HTTP inspector finds."""

MESH_HTTP = ("istio-http/1.0", "istio-http/1.1", "istio-h2")
MESH_TCP = ("istio-peer-exchange", "istio")
MESH = ("istio", "istio-peer-exchange", *MESH_HTTP)
"""What sidecars offer as application protocols: no client outside of the mesh does."""

CIPHER_SUITES = (
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of connection.

    http: whether it is treated as HTTP. transport, protocols: what it is told by. mutual: whether the sidecar ends
    mutual TLS; TLS of another sort goes through untouched.
    """

    http: bool
    transport: Literal["tls", "raw_buffer"]
    protocols: tuple[str, ...] = ()
    mutual: bool = False


_PLAIN_HTTP = Kind(http=True, transport="raw_buffer")
_PLAIN_TCP = Kind(http=False, transport="raw_buffer")
_FOREIGN_TLS = Kind(http=False, transport="tls")
_FOUND_HTTP = Kind(http=True, transport="raw_buffer", protocols=PLAIN_HTTP)
_MUTUAL_HTTP = Kind(http=True, transport="tls", mutual=True)
_MUTUAL_TCP = Kind(http=False, transport="tls", mutual=True)
_FOUND_MUTUAL_HTTP = Kind(http=True, transport="tls", protocols=MESH_HTTP, mutual=True)

_KINDS: dict[tuple[Traffic, Mode], tuple[Kind, ...]] = {
    ("http", "STRICT"): (_MUTUAL_HTTP,),
    ("http", "PERMISSIVE"): (Kind(http=True, transport="tls", protocols=MESH, mutual=True), _PLAIN_HTTP),
    ("http", "DISABLE"): (_PLAIN_HTTP,),
    ("tcp", "STRICT"): (_MUTUAL_TCP,),
    ("tcp", "PERMISSIVE"): (
        Kind(http=False, transport="tls", protocols=MESH, mutual=True),
        _FOREIGN_TLS,
        _PLAIN_TCP,
    ),
    ("tcp", "DISABLE"): (_PLAIN_TCP,),
    ("any", "STRICT"): (_FOUND_MUTUAL_HTTP, _MUTUAL_TCP),
    ("any", "PERMISSIVE"): (
        _FOUND_MUTUAL_HTTP,
        _FOUND_HTTP,
        Kind(http=False, transport="tls", protocols=MESH_TCP, mutual=True),
        _PLAIN_TCP,
        _FOREIGN_TLS,
    ),
    ("any", "DISABLE"): (_FOUND_HTTP, _PLAIN_TCP),
}


def kinds_of(traffic: Traffic, mode: Mode) -> tuple[Kind, ...]:
    """The kinds of connections that a port takes, one filter chain each.

    A port declared as HTTP has no chain for a client's own TLS, under PERMISSIVE neither: Envoy looks only at the
    chains of the port that was asked for, finds none, and closes the connection.

    Mirrors getFilterChainMatchOptions (pilot/pkg/networking/core/filterchain_options.go).
    """
    return _KINDS[traffic, mode]


def ended_kinds(traffic: Traffic) -> tuple[Kind, ...]:
    """The kinds where a Sidecar ends TLS of its own: that TLS alone, of a known protocol.

    Mirrors getTLSFilterChainMatchOptions (pilot/pkg/networking/core/filterchain_options.go).
    """
    return () if traffic == "any" else (Kind(http=traffic == "http", transport="tls", mutual=True),)


def mutual_tls(mesh: MeshConfig) -> DownstreamTls:
    """The sidecar's side of mutual TLS: any identity of the trust domain, or of one that stands for it, is let in;
    authorization decides further.

    As with istiod without metadata exchange (which a stock Envoy lacks), TCP takes no other protocols than HTTP does.

    Mirrors BuildInboundTLS (pilot/pkg/security/authn/utils/utils.go) and TrustDomainsForValidation
    (pilot/pkg/networking/plugin/authn/util.go).
    """
    domains = dict.fromkeys((mesh.trust_domain, *mesh.trust_domain_aliases, *mesh.certificate_trust_domains))
    names = tuple(StringMatch("prefix", f"spiffe://{domain}/") for domain in domains if domain)
    return DownstreamTls(
        certificates=(SecretRef("default"),),
        validation=Validation(SecretRef("ROOTCA"), names),
        require_client_certificate=True,
        alpn=("h2", "http/1.1"),
        minimum_version="TLSv1_3" if mesh.mtls_minimum_version == "TLSV1_3" else "TLSv1_2",
        maximum_version="TLSv1_3",
        cipher_suites=mesh.mtls_cipher_suites or CIPHER_SUITES,
    )
