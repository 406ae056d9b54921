"""TLS on either side of a proxy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.view.matching import EMPTY, StringMatch

NEVER_GIVEN = "invalid://"
"""How the names of secrets begin that Istio asks for where a reference is wrong, so that nothing goes through
(``InvalidSecretTypeURI``)."""


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A certificate or a trust root, by the name under which the proxy asks for it.

    name: in a mesh ``default`` (the workload's certificate), ``ROOTCA`` (the trust root) or
    ``kubernetes://NAME`` (a gateway's credential).
    path: the file that holds it as a discovery resource; empty when the agent beside the proxy serves it
    (the cluster ``sds-grpc``).
    """

    name: str
    path: str = ""

    @property
    def missing(self) -> bool:
        """Whether it never comes."""
        return self.name.startswith(NEVER_GIVEN)


@dataclass(frozen=True, slots=True)
class Validation:
    """What a peer must prove: a certificate under ``root`` that carries one of the names."""

    root: SecretRef
    subject_alt_names: tuple[StringMatch, ...] = ()
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class DownstreamTls:
    """TLS toward clients (envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext)."""

    certificates: tuple[SecretRef, ...]
    validation: Validation | None = None
    require_client_certificate: bool = False
    alpn: tuple[str, ...] = ()
    minimum_version: str = ""
    maximum_version: str = ""
    cipher_suites: tuple[str, ...] = ()
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class UpstreamTls:
    """TLS toward an upstream (envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext)."""

    certificates: tuple[SecretRef, ...] = ()
    validation: Validation | None = None
    sni: str = ""
    alpn: tuple[str, ...] = ()
    minimum_version: str = ""
    maximum_version: str = ""
    cipher_suites: tuple[str, ...] = ()
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class PlainText:
    """No TLS (envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer)."""


@dataclass(frozen=True, slots=True)
class OpaqueTransport:
    """A transport socket that is not modelled, kept as it was read.

    config: its typed config, with ``@type``; or, when there is none, its fields but the name.
    """

    name: str
    config: FrozenMap[str, object]


Spoken = PlainText | UpstreamTls | OpaqueTransport
"""How bytes go to an endpoint."""


@dataclass(frozen=True, slots=True)
class ProxyProtocol:
    """Another transport, on which the proxy first says who its client is
    (envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport).

    version: of the header that says so: ``V1`` is text, ``V2`` is binary.
    """

    transport: Spoken
    version: Literal["V1", "V2"] = "V1"
    extra: FrozenMap[str, object] = EMPTY


Transport = Spoken | ProxyProtocol


def spoken(transport: Transport) -> Spoken:
    """How bytes go to the endpoint once it knows the client."""
    return transport.transport if isinstance(transport, ProxyProtocol) else transport
