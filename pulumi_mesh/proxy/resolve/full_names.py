"""The entries of a virtual service with full names: of hosts, and of gateways."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pulumi_mesh.istio import virtual_service
from pulumi_mesh.proxy.resolve.hosts import fqdn
from pulumi_mesh.typed import changed

T = TypeVar("T")
Match = TypeVar("Match", virtual_service.HttpMatch, virtual_service.TcpMatch, virtual_service.TlsMatch)
Routed = TypeVar("Routed", virtual_service.HttpRoute, virtual_service.TcpRoute, virtual_service.Mirror)
Stream = TypeVar("Stream", virtual_service.Tcp, virtual_service.Tls)

MESH = "mesh"
"""The name that binds a virtual service to all sidecars."""


def gateway_name(name: str, namespace: str) -> str:
    """``NAMESPACE/NAME`` of a gateway that an object of ``namespace`` names.

    Mirrors resolveGatewayName (pilot/pkg/model).
    """
    if name == MESH:
        return name
    before, slash, after = name.partition("/")
    if slash:
        return f"{namespace}/{after}" if before == "." else name
    short, dot, rest = name.partition(".")
    return f"{rest.split('.')[0]}/{short}" if dot else f"{namespace}/{name}"


def http_entry(entry: virtual_service.Http, namespace: str, domain: str) -> virtual_service.Http:
    """An entry of ``http`` of an object of ``namespace``.

    Mirrors ResolveVirtualServiceShortnames (pilot/pkg/model/virtualservice.go).
    """

    return _changed(
        entry,
        match=_each(entry.match, lambda each: _match(each, namespace)),
        route=_each(entry.route, lambda each: _destination(each, namespace, domain)),
        mirrors=_each(entry.mirrors, lambda each: _destination(each, namespace, domain)),
        mirror=_host(entry.mirror, namespace, domain) if entry.mirror else None,
    )


def stream_entry(entry: Stream, namespace: str, domain: str) -> Stream:
    """An entry of ``tcp`` or ``tls``. Mirrors ResolveVirtualServiceShortnames."""
    matches: Any = entry.match
    return _changed(
        entry,
        match=_each(matches, lambda each: _match(each, namespace)),
        route=_each(entry.route, lambda each: _destination(each, namespace, domain)),
    )


def _destination(of: Routed, namespace: str, domain: str) -> Routed:
    return _changed(of, destination=_host(of.destination, namespace, domain))


def _host(destination: virtual_service.Destination, namespace: str, domain: str) -> virtual_service.Destination:
    return _changed(destination, host=fqdn(destination.host, namespace, domain))


def _match(match: Match, namespace: str) -> Match:
    if not match.gateways:
        return match
    return _changed(match, gateways=tuple(gateway_name(each, namespace) for each in match.gateways))


def _each(items: Iterable[T] | None, change: Callable[[T], T]) -> tuple[T, ...] | None:
    return None if items is None else tuple(change(each) for each in items)


def _changed(of: T, **fields: object) -> T:
    """The same object where nothing is new: most names are full, and making objects anew costs."""
    new = {name: value for name, value in fields.items() if getattr(of, name) != value}
    return changed(of, new) if new else of
