"""Rules of TCPRoutes and TLSRoutes as entries of a virtual service's ``tcp`` and ``tls``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pulumi_mesh.gateway_api import TCPRoute, TLSRoute
from pulumi_mesh.proxy.resolve.gateway_api.attachments import World
from pulumi_mesh.proxy.resolve.gateway_api.backends import (
    BackendRef,
    RefusedError,
    destination,
    weight_sum,
    weighted,
)
from pulumi_mesh.proxy.resolve.gateway_api.references import TCP_ROUTE, TLS_ROUTE, Kind
from pulumi_mesh.proxy.resolve.gateway_api.words import Json
from pulumi_mesh.proxy.resolve.hosts import intersection, matches

_NO_BACKEND: Json = {"host": "internal.cluster.local", "subset": "zero-weight", "port": {"number": 65535}}
"""Where istiod sends connections that no backend takes: a cluster that is nowhere."""


def tcp_rules(world: World, route: TCPRoute, *, granted: bool) -> list[Json]:
    """Mirrors convertTCPRoute (conversion.go)."""
    try:
        return [
            {"route": _shares(world, each.backend_refs, route.namespace, TCP_ROUTE, granted=granted)}
            for each in route.spec.rules or ()
        ]
    except RefusedError:
        return []


def tls_rules(world: World, route: TLSRoute, *, granted: bool) -> list[Json]:
    """Mirrors convertTLSRoute (conversion.go)."""
    found: list[Json] = []
    try:
        for each in route.spec.rules or ():
            names = list(route.spec.hostnames or ("*",))
            shares = _shares(world, each.backend_refs, route.namespace, TLS_ROUTE, granted=granted)
            # Without backends there is no match either, and so no filter chain: connections are closed.
            found.append({"match": [{"sniHosts": names}] if weight_sum(each.backend_refs) else [], "route": shares})
    except RefusedError:
        return []
    return found


def tcp_at_port(rules: Iterable[Json], port: int) -> list[Json]:
    """Mirrors augmentTCPPortMatch (conversion.go)."""
    return [{**each, "match": [{"port": port}]} for each in rules]


def tls_at_service(rules: Iterable[Json], port: int | None, hosts: Sequence[str]) -> list[Json]:
    """Rules for the clients of a service: without host names of its own a route takes the service's.

    Mirrors augmentTLSPortMatch (conversion.go).
    """
    return [
        {
            **each,
            "match": [
                {
                    "sniHosts": list(hosts) if match["sniHosts"] == ["*"] else match["sniHosts"],
                    **({} if port is None else {"port": port}),
                }
                for match in each["match"]
            ],
        }
        for each in rules
    ]


def tls_for_host(rules: Iterable[Json], host: str) -> list[Json]:
    """Rules with no more than the names that fit one host of a service. Mirrors compatibleRoutesForHost
    (conversion.go): a single name is left as it is."""
    return [
        {
            **each,
            "match": [
                {**match, "sniHosts": [name for name in match["sniHosts"] if matches(host, name)]}
                if len(match["sniHosts"]) > 1
                else match
                for match in each["match"]
            ],
        }
        for each in rules
    ]


def tls_at_listener(rules: Iterable[Json], hostname: str) -> list[Json]:
    """Rules with no more than the names that a listener serves. Mirrors constrainTLSRoutesToListenerHost."""
    found = []
    for each in rules:
        match = [{**match, "sniHosts": list(intersection(match["sniHosts"], [hostname]))} for match in each["match"]]
        if not match or any(one["sniHosts"] for one in match):
            found.append({**each, "match": match})
    return found


def _shares(
    world: World, references: Sequence[BackendRef] | None, namespace: str, kind: Kind, *, granted: bool
) -> list[Json]:
    """Mirrors buildTCPDestination (conversion.go)."""
    if weight_sum(references) == 0:
        return [{"destination": _NO_BACKEND}]
    return [
        {
            "destination": destination(world, reference, namespace, kind, granted=granted)[0],
            **({"weight": weight} if weight else {}),
        }
        for reference, weight in weighted(references)
    ]
