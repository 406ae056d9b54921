"""Listeners that cannot be on one Gateway together: the first one stays."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_mesh.gateway_api import gateway
from pulumi_mesh.proxy.resolve.gateway_api.references import Kind

Owner = tuple[Kind, str, str]
"""Kind, namespace and name of what a listener stands in."""

_STREAM = ("TCP", "UDP")
_HTTP_LIKE = ("HTTP", "HTTPS", "TLS")


def conflicted(listeners: Iterable[tuple[Owner, gateway.Listener]]) -> frozenset[tuple[Owner, str]]:
    """The owner and the name of each listener that loses to an earlier one.

    listeners: the Gateway's own first, then those of its listener sets, the oldest set first.
    Mirrors ComputeGatewayListenerConflicts (config/kube/gatewaycommon).
    """
    accepted: list[gateway.Listener] = []
    lost: set[tuple[Owner, str]] = set()
    for owner, listener in listeners:
        if all(_distinct(listener, each) for each in accepted):
            accepted.append(listener)
        else:
            lost.add((owner, listener.name))
    return frozenset(lost)


def _distinct(one: gateway.Listener, other: gateway.Listener) -> bool:
    """Mirrors listenersDistinct (same file)."""
    if one.port != other.port:
        return True
    if one.protocol in _HTTP_LIKE and other.protocol in _HTTP_LIKE:
        return (one.hostname or "*") != (other.hostname or "*")
    if {one.protocol, other.protocol} <= {*_STREAM, *_HTTP_LIKE}:
        return False
    return one.protocol != other.protocol
