"""Endpoints (envoy.config.endpoint.v3)."""

from __future__ import annotations

from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.read.addresses import address
from pulumi_mesh.proxy.envoy.read.message import Message, UnmodelledError
from pulumi_mesh.proxy.view.clusters import Endpoint, EndpointSet, LocalityEndpoints


def endpoint_set(message: Message) -> EndpointSet:
    """envoy.config.endpoint.v3.ClusterLoadAssignment."""
    return EndpointSet(message.text("cluster_name"), message.each("endpoints", locality_endpoints), message.rest())


def locality_endpoints(message: Message) -> LocalityEndpoints:
    """envoy.config.endpoint.v3.LocalityLbEndpoints."""
    return LocalityEndpoints(
        endpoints=message.each("lb_endpoints", _endpoint),
        locality=message.one("locality", _locality) or "",
        weight=message.number("load_balancing_weight") or 0,
        priority=message.number("priority") or 0,
        extra=message.rest(),
    )


def _locality(message: Message) -> str:
    parts = [message.text(name) for name in ("region", "zone", "sub_zone")]
    message.end()
    if any("/" in part for part in parts[:2]):
        raise UnmodelledError
    return "/".join(parts).rstrip("/")


def _endpoint(message: Message) -> Endpoint:
    metadata = message.part("metadata").part("filter_metadata", raw=True)
    return Endpoint(
        address=address(message.part("endpoint")),
        tls_mode=metadata.part(names.TRANSPORT_SOCKET_MATCH, raw=True).text("tlsMode"),
        weight=message.number("load_balancing_weight") or 0,
        health=message.text("health_status"),
        extra=message.rest(),
    )
