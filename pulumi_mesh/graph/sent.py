"""Where a proxy sends requests, from its view: one entry for each cluster that a route or a connection may go to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pulumi_mesh.proxy.tables.describe import route_match
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.listeners import Listener, TcpProxy
from pulumi_mesh.proxy.view.matching import HeaderMatch, QueryMatch
from pulumi_mesh.proxy.view.routes import Forward, Route, RouteMatch, VirtualHost
from pulumi_mesh.refs import Ref
from pulumi_mesh.words.cluster_names import parsed


@dataclass(frozen=True, slots=True)
class Sent:
    """cluster: its name. host, subset: of the service that it stands for. label: which requests; empty is all.

    weight: percent of these, None when it is all of them. protocol: ``tcp`` for bytes that are not read.
    server_name: of the TLS that such bytes are, empty where they are not known to be.
    ref: the object that asked for it.
    """

    cluster: str
    host: str
    subset: str
    label: str = ""
    weight: float | None = None
    protocol: Literal["http", "tcp"] = "http"
    server_name: str = ""
    ref: Ref | None = None


def sent_by(view: ProxyView, host: str = "") -> tuple[Sent, ...]:
    """Everything that a proxy may send, or only what it sends to a host."""
    hosts = [each for config in view.routes for each in config.virtual_hosts]
    several = len({each.domains for each in hosts if each.domains != ("*",)}) > 1
    found: dict[Sent, None] = {}
    for each in hosts:
        if host and host not in each.domains:
            continue
        start = each.domains[0] if several and not host and each.domains else ""
        found.update(dict.fromkeys(_of_virtual_host(each, start)))
    for listener in view.listeners:
        if listener.traffic_direction != "INBOUND":
            found.update(dict.fromkeys(each for each in _of_connections(listener) if host in ("", each.host)))
    return tuple(found)


def _of_virtual_host(host: VirtualHost, start: str) -> Iterator[Sent]:
    for route in host.routes:
        for cluster, weight, ref in _shares(route):
            key = parsed(cluster)
            if key is not None:
                label = " ".join(filter(None, (_path(route.match, start), *_conditions(route.match))))
                yield Sent(cluster, key.host, key.subset, label, weight, ref=ref)


def _shares(route: Route) -> Iterator[tuple[str, float | None, Ref | None]]:
    action = route.action
    if not isinstance(action, Forward):
        return
    if action.cluster:
        yield action.cluster, None, route.ref
    total = sum(each.weight for each in action.weighted)
    for each in action.weighted:
        if each.weight:
            share = None if each.weight == total else 100 * each.weight / total
            yield each.cluster, share, each.ref or route.ref


def _of_connections(listener: Listener) -> Iterator[Sent]:
    for chain in listener.filter_chains:
        names = ", ".join(chain.match.server_names)
        passed = next(iter(chain.match.server_names), "") if chain.tls is None else ""
        for each in chain.filters:
            if not isinstance(each, TcpProxy):
                continue
            total = sum(weight for _, weight in each.weighted)
            for cluster, weight in each.weighted or ((each.cluster, 0),):
                key = parsed(cluster)
                if key is not None:
                    share = 100 * weight / total if total and weight != total else None
                    yield Sent(
                        cluster, key.host, key.subset, f"SNI {names}" if names else "", share, "tcp", passed, chain.ref
                    )


def _path(match: RouteMatch, start: str) -> str:
    text = route_match(match)
    return start if text == "/*" else start + text


def _conditions(match: RouteMatch) -> Iterator[str]:
    yield from map(_condition, match.headers)
    yield from map(_condition, match.query)


def _condition(test: HeaderMatch | QueryMatch) -> str:
    inverted = isinstance(test, HeaderMatch) and test.invert
    if test.value is None:
        return f"{'no ' if inverted else ''}{test.name}"
    signs = {"exact": "=", "prefix": "^=", "suffix": "$=", "contains": "*=", "regex": "~"}
    return f"{test.name}{'!' if inverted else ''}{signs[test.value.kind]}{test.value.value}"
