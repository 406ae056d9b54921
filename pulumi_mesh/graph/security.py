"""What holds between a client and a server, from the two views: how the client speaks, what the server takes."""

from __future__ import annotations

from typing import Literal

from pulumi_mesh.proxy.simulate.chains import chains_for
from pulumi_mesh.proxy.simulate.connection import connection_of
from pulumi_mesh.proxy.simulate.exchange import Exchange
from pulumi_mesh.proxy.simulate.handshake import handshake, proved_identity
from pulumi_mesh.proxy.simulate.headers import Headers
from pulumi_mesh.proxy.simulate.incoming import peer_of
from pulumi_mesh.proxy.simulate.listeners import listener_for
from pulumi_mesh.proxy.simulate.onward import WORKLOAD
from pulumi_mesh.proxy.simulate.request import Request
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.listeners import FilterChain

Speech = Literal["mtls", "tls", "plaintext"]
"""How a client speaks: the mesh's mutual TLS, TLS of another kind, or none."""


def speech(sent: Request) -> Speech:
    """How a client speaks that sends this."""
    if sent.tls == "plaintext":
        return "plaintext"
    return "mtls" if sent.tls == "mtls" and sent.certificate == WORKLOAD else "tls"


def taken_by(view: ProxyView, sent: Request) -> tuple[FilterChain, Exchange] | None:
    """The filter chain in which a sidecar takes a connection to its workload, and what it knows of it; None where it
    takes none."""
    listener, _ = listener_for(view, sent)
    if listener is None:
        return None
    connection = connection_of(listener, sent)
    chains = chains_for(listener, connection)
    if len(chains) != 1:
        return None
    chain = chains[0]
    if chain.tls is None and speech(sent) == "mtls":
        return None  # the application would get the TLS that is meant for its sidecar
    error, _ = handshake(chain, sent)
    if error:
        return None
    return chain, Exchange(Headers(), peer_of(connection, chain, sent, proved=proved_identity(chain, sent)))
