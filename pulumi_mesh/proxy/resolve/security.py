"""Authentication and authorization of what comes to a proxy, in the order of its filters."""

from __future__ import annotations

from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve import authentication, authorization
from pulumi_mesh.proxy.view.listeners import HttpFilter, NetworkFilter


def request_filters(snapshot: Snapshot, proxy: Proxy) -> tuple[HttpFilter, ...]:
    """The filters on requests, before all others: first an external authorizer, which so cannot know of claims.

    Mirrors ListenerBuilder.buildHTTPConnectionManager (core/listener_builder.go).
    """
    return (
        *authorization.custom_http_filters(snapshot, proxy),
        *authentication.http_filters(snapshot, proxy),
        *authorization.http_filters(snapshot, proxy),
    )


def connection_filters(snapshot: Snapshot, proxy: Proxy) -> tuple[NetworkFilter, ...]:
    """The filters on connections that are not treated as HTTP.

    Mirrors ListenerBuilder.buildCompleteNetworkFilters (core/networkfilter.go).
    """
    return (
        *authorization.custom_network_filters(snapshot, proxy),
        *authorization.network_filters(snapshot, proxy),
    )
