"""The clusters that a request may go to, and whether and how their endpoints can be reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.simulate.outcome import Error
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.clusters import Cluster, Endpoint
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.proxy.view.tls import OpaqueTransport, PlainText, Spoken, UpstreamTls, spoken

Speech = Literal["plaintext", "tls", "mtls"]

_AWAY = frozenset({"UNHEALTHY", "DRAINING", "TIMEOUT"})


def cluster_of(view: ProxyView, name: str) -> Cluster | None:
    """The cluster of a name."""
    return next((each for each in view.clusters if each.name == name), None)


def cluster_error(view: ProxyView, name: str) -> Error:
    """Why nothing can be sent to a cluster; empty when something can."""
    cluster = cluster_of(view, name)
    if cluster is None:
        return "unknown cluster"
    if cluster.type == "ORIGINAL_DST" or "cluster_type" in cluster.extra:
        return ""
    there = list(endpoints_of(view, cluster))
    if there and all(_lacks_secrets(transport_to(cluster, each)) for each in there):
        return "invalid TLS"
    if any(each.health not in _AWAY for each in there):
        return ""
    # With all of them away Envoy panics and takes any, unless that is switched off.
    panics = cluster.load_balancing.healthy_panic_threshold != 0
    return "" if panics and any(each.health != "DRAINING" for each in there) else "no healthy upstream"


def endpoints_of(view: ProxyView, cluster: Cluster) -> Iterator[Endpoint]:
    """The endpoints that a cluster has, or is told by discovery under its service name."""
    localities = cluster.endpoints
    if cluster.type == "EDS" and not localities:
        name = str(raw.part(cluster.extra, "eds_cluster_config").get("service_name", "")) or cluster.name
        localities = next((each.localities for each in view.endpoints if each.cluster == name), ())
    for locality in localities:
        yield from locality.endpoints


def speech(view: ProxyView, name: str) -> Literal["", "plaintext", "tls", "mtls", "mixed"]:
    """How a proxy speaks to the endpoints of a cluster; ``mixed`` when not to all alike, empty when there is none."""
    cluster = cluster_of(view, name)
    if cluster is None:
        return ""
    ways = {_speech(transport_to(cluster, each)) for each in endpoints_of(view, cluster)}
    if not ways:
        ways = {_speech(transport_to(cluster, None))}
    return ways.pop() if len(ways) == 1 else "mixed"


def transport_to(cluster: Cluster, endpoint: Endpoint | None) -> Spoken:
    """The transport for an endpoint: the first whose match its metadata holds, else the cluster's own.
    The proxy protocol before it is left out."""
    labels = raw.part(
        endpoint.extra if endpoint else EMPTY, "metadata", "filter_metadata", "envoy.transport_socket_match"
    )
    own = {**labels, "tlsMode": endpoint.tls_mode} if endpoint and endpoint.tls_mode else dict(labels)
    for each in cluster.transport_matches:
        if all(own.get(key) == value for key, value in each.match.items()):
            return spoken(each.transport)
    return spoken(cluster.transport)


def _lacks_secrets(transport: Spoken) -> bool:
    if not isinstance(transport, UpstreamTls):
        return False
    roots = (transport.validation.root,) if transport.validation else ()
    return any(each.missing for each in (*transport.certificates, *roots))


def _speech(transport: Spoken) -> Speech:
    match transport:
        case PlainText():
            return "plaintext"
        case OpaqueTransport(name):
            return "plaintext" if "raw_buffer" in name else "tls"
        case _:
            return "mtls" if transport.certificates else "tls"
