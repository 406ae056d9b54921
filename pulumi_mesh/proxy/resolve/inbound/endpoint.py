"""Where the workload answers, as a Sidecar's ``defaultEndpoint`` says it."""

from __future__ import annotations

from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.proxy.resolve.inbound.families import LOOPBACKS, WILDCARDS, Family, address_of, families_of
from pulumi_mesh.proxy.view.addresses import Address, Pipe, SocketAddress

UNIX = "unix://"


def default_endpoint(text: str, proxy: Proxy) -> Address | None:
    """``unix:///PATH``, or ``ADDRESS:PORT`` where the address is a wildcard (the proxy's own address) or the loopback
    (of the family that the proxy has). None: wherever the connection was made to.

    Mirrors buildInboundClustersFromSidecar (pilot/pkg/networking/core/cluster.go).
    """
    if text.startswith(UNIX):
        return Pipe(text.removeprefix(UNIX))
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    families: tuple[Family, ...] = (4, 6)
    for family in families:
        if host == WILDCARDS[family]:
            return SocketAddress(address_of(proxy, family) or LOOPBACKS[family], int(port))
        if host == LOOPBACKS[family]:
            there = families_of(proxy)
            return SocketAddress(LOOPBACKS[family if family in there else there[0]], int(port))
    return None
