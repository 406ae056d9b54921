"""What a proxy sends to an endpoint: the connection, and the TLS that it begins."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pulumi_mesh.proxy.simulate.destinations import transport_to
from pulumi_mesh.proxy.simulate.request import Request
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.clusters import Cluster, Endpoint
from pulumi_mesh.proxy.view.tls import UpstreamTls

WORKLOAD = "default"
"""The name of the secret that holds a workload's own certificate."""


def onward(
    cluster: Cluster,
    endpoint: Endpoint | None,
    address: SocketAddress,
    request: Request,
    *,
    identity: str,
    own: Literal["plaintext", "tls", "mtls"] = "plaintext",
) -> Request:
    """A request or connection as it comes to an endpoint, or to an address that is none.

    request: what is sent, with what routes changed of it. identity: the SPIFFE URI in the proxy's own certificate.
    own: the TLS that the bytes have already, of which the proxy only passes on what the client says.
    """
    transport = transport_to(cluster, endpoint)
    sent = replace(request, port=address.port, address=address.host, direction="inbound")
    if not isinstance(transport, UpstreamTls):
        return sent if own != "plaintext" else replace(sent, tls=own, principal="", alpn=(), certificate=WORKLOAD)
    certificate = transport.certificates[0].name if transport.certificates else ""
    return replace(
        sent,
        tls="mtls" if certificate else "tls",
        sni=transport.sni,
        alpn=transport.alpn,
        principal=identity if certificate == WORKLOAD else "",
        certificate=certificate or WORKLOAD,
    )
