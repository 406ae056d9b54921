"""What holds between a client and a server, from the two views: how the client speaks, what the server takes."""

from __future__ import annotations

from typing import Literal

from pulumi_mesh.proxy.simulate.chains import chains_for
from pulumi_mesh.proxy.simulate.connection import connection_of
from pulumi_mesh.proxy.simulate.handshake import handshake
from pulumi_mesh.proxy.simulate.listeners import listener_for
from pulumi_mesh.proxy.simulate.request import Request
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.clusters import Cluster, Endpoint
from pulumi_mesh.proxy.view.listeners import FilterChain
from pulumi_mesh.proxy.view.tls import PlainText, UpstreamTls, spoken

Speech = Literal["mtls", "tls", "plaintext"]
"""How a client speaks: Istio's mutual TLS, TLS of another kind, or none."""

_ISTIO = ("istio", "istio-peer-exchange", "istio-h2", "istio-http/1.1", "istio-http/1.0")
_CERTIFICATE = "default"
"""The name of the secret that holds a workload's own certificate."""


def speech(cluster: Cluster, endpoint: Endpoint) -> Speech:
    """How a client speaks to an endpoint of a cluster."""
    transport = cluster.transport
    for each in cluster.transport_matches:
        if all(key == "tlsMode" and value == endpoint.tls_mode for key, value in each.match.items()):
            transport = each.transport
            break
    transport = spoken(transport)
    if isinstance(transport, PlainText):
        return "plaintext"
    if isinstance(transport, UpstreamTls):
        own = any(each.name == _CERTIFICATE for each in transport.certificates)
        return "mtls" if own or any(each in _ISTIO for each in transport.alpn) else "tls"
    return "tls"


def taken_by(view: ProxyView, address: str, port: int, spoken: Speech, host: str) -> FilterChain | None:
    """The filter chain in which a sidecar takes a connection to its workload; None where it takes none."""
    request = Request(host=host, address=address, port=port, direction="inbound", tls=spoken)
    listener, _ = listener_for(view, request)
    if listener is None:
        return None
    chains = chains_for(listener, connection_of(listener, request))
    if len(chains) != 1:
        return None
    if chains[0].tls is None and spoken == "mtls":
        return None  # the application would get the TLS that is meant for its sidecar
    error, _ = handshake(chains[0], request)
    return None if error else chains[0]
