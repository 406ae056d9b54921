"""TLS between a client and a filter chain."""

from __future__ import annotations

from pulumi_mesh.proxy.simulate.outcome import Error
from pulumi_mesh.proxy.simulate.request import Request
from pulumi_mesh.proxy.simulate.texts import text_matches
from pulumi_mesh.proxy.view.listeners import FilterChain
from pulumi_mesh.proxy.view.tls import DownstreamTls


def handshake(chain: FilterChain, request: Request) -> tuple[Error, str]:
    """Why a connection does not come about, and in words; both empty when it does.

    As in Istio's simulation, ``mtls`` is a client that insists on mutual TLS, and both sides trust each other when the
    client's certificate was issued under the server's (``Request.certificate``): a sidecar comes to nothing with a
    gateway that has a credential of its own, or that does not ask for the client's.
    """
    if chain.tls is None:
        return "", ""
    if request.tls == "plaintext":
        return "invalid TLS", "the client speaks plain text where TLS is needed"
    if any(each.missing for each in chain.tls.certificates):
        return "invalid TLS", "the server has no certificate"
    if request.tls == "tls":
        if chain.tls.require_client_certificate:
            return "invalid mTLS", "a client certificate is needed, and the client has none"
        return "", ""
    return _mutual(chain.tls, request)


def proved_identity(chain: FilterChain, request: Request) -> bool:
    """Whether the client's certificate was asked for and verified."""
    return chain.tls is not None and request.tls == "mtls" and _asks(chain.tls)


def _mutual(tls: DownstreamTls, request: Request) -> tuple[Error, str]:
    if not tls.certificates or tls.certificates[0].name != request.certificate:
        return "invalid mTLS", f"the server's certificate is not one of {request.certificate}"
    if not _asks(tls):
        return "invalid mTLS", "the server does not ask for the client's certificate"
    names = tls.validation.subject_alt_names if tls.validation else ()
    if names and request.principal and not any(text_matches(each, request.principal) for each in names):
        return "invalid mTLS", f"{request.principal} is none of the names that are accepted"
    return "", ""


def _asks(tls: DownstreamTls) -> bool:
    return tls.require_client_certificate or tls.validation is not None
