"""The virtual host and the route that a request meets."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.simulate.exchange import Exchange
from pulumi_mesh.proxy.simulate.header_tests import header_matches
from pulumi_mesh.proxy.simulate.hosts import virtual_host
from pulumi_mesh.proxy.simulate.matches import mismatch
from pulumi_mesh.proxy.simulate.outcome import Step
from pulumi_mesh.proxy.view.routes import Route, RouteConfig, VirtualHost

_SHOWN = 8
"""How many routes that were passed over are told of."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What matched; None where nothing did. needs_tls: the virtual host sends the request to HTTPS."""

    host: VirtualHost | None = None
    route: Route | None = None
    needs_tls: bool = False
    why: tuple[Step, ...] = ()


def choose(config: RouteConfig, exchange: Exchange) -> Choice:
    """The first route that matches, of the virtual host with the most specific domain."""
    name = exchange.headers.text(":authority")
    host, domain = virtual_host(config, name)
    if host is None:
        return Choice(why=(Step(f"no virtual host of route config {config.name} is for {name}"),))
    why = [Step(f"virtual host {host.name}: {name} is {domain}", host.ref)]
    if _needs_tls(host, exchange):
        why.append(Step(f"virtual host {host.name} requires TLS", host.ref))
        return Choice(host, None, True, tuple(why))
    for passed, route in enumerate(host.routes):
        failed = mismatch(route.match, exchange)
        if not failed:
            if passed > _SHOWN:
                why.append(Step(f"{passed - _SHOWN} more routes do not match"))
            why.append(Step(f"route {route.name or 'without a name'} matches", route.ref))
            return Choice(host, route, False, tuple(why))
        if passed < _SHOWN:
            why.append(Step(f"route {route.name or 'without a name'} does not match: {failed}", route.ref))
    why.append(Step(f"no route of virtual host {host.name} matches", host.ref))
    return Choice(host, None, False, tuple(why))


def virtual_cluster(host: VirtualHost, exchange: Exchange) -> str:
    """The virtual cluster under which Envoy counts a request; empty where the virtual host has none."""
    found = raw.each(host.extra, "virtual_clusters")
    for each in found:
        if all(header_matches(raw.header_match(test), exchange.headers) for test in raw.each(each, "headers")):
            return str(each.get("name", ""))
    return "other" if found else ""


def _needs_tls(host: VirtualHost, exchange: Exchange) -> bool:
    if exchange.headers.get("x-forwarded-proto") == "https":
        return False
    if host.require_tls == "EXTERNAL_ONLY":
        return exchange.headers.get("x-envoy-internal") != "true"
    return host.require_tls == "ALL"
