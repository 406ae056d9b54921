"""What Istio's webhook adds for VirtualServices (ValidateVirtualService); one HTTP route is ``http_route``'s."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from pulumi_mesh.validation.addresses import is_ip, port, subnet
from pulumi_mesh.validation.rules.destinations import gateway_names, route_destinations
from pulumi_mesh.validation.rules.headers import is_claim
from pulumi_mesh.validation.rules.http_route import http_route
from pulumi_mesh.validation.rules.names import covered, labels, overlapping, sni_domain, wildcard_domain
from pulumi_mesh.validation.rules.reachability import reachability
from pulumi_mesh.validation.rules.selectors import export_to
from pulumi_mesh.validation.verdict import Problem, warning

FROM_ROUTE = "internal.istio.io/route-semantics"
"""Istio's own annotation on what it makes of a Gateway API route: names may be wider, destinations are not judged."""


def virtual_service(spec: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[Problem]:
    """Hosts, gateways, routes of all three kinds, and what no request reaches."""
    hosts: Sequence[str] = spec.get("hosts") or ()
    gateways: Sequence[str] = spec.get("gateways") or ()
    converted = (metadata.get("annotations") or {}).get(FROM_ROUTE) == "gateway"
    for_gateway = bool(gateways) and "mesh" not in gateways
    if not hosts:
        yield from _delegate(spec)
    yield from gateway_names(gateways, "spec.gateways", converted=converted)
    if not for_gateway:
        yield from _claims(spec.get("http") or ())
    yield from _hosts(spec, hosts, for_gateway=for_gateway)
    if not (spec.get("http") or spec.get("tcp") or spec.get("tls")):
        yield Problem("spec", "a VirtualService has http, tcp or tls routes")
    for index, route in enumerate(spec.get("http") or ()):
        yield from http_route(route, f"spec.http[{index}]", delegate=not hosts, converted=converted)
    known = frozenset(hosts)
    for index, route in enumerate(spec.get("tls") or ()):
        yield from _tls_route(route, f"spec.tls[{index}]", known, "mesh" not in gateways, converted)
    for index, route in enumerate(spec.get("tcp") or ()):
        yield from _tcp_route(route, f"spec.tcp[{index}]", converted)
    yield from export_to(spec.get("exportTo"), metadata["namespace"])
    yield from reachability(spec)


def _delegate(spec: Mapping[str, Any]) -> Iterator[Problem]:
    for field in ("gateways", "tls", "tcp"):
        if spec.get(field):
            yield Problem(f"spec.{field}", f"a delegate, a VirtualService without hosts, has no {field}")


def _claims(routes: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    for index, route in enumerate(routes):
        for number, match in enumerate(route.get("match") or ()):
            for field in ("headers", "withoutHeaders"):
                for name in match.get(field) or ():
                    if is_claim(name):
                        at = f"spec.http[{index}].match[{number}].{field}[{name}]"
                        yield Problem(at, "routes by JWT claims are for gateways, and this one is for the mesh")


def _hosts(spec: Mapping[str, Any], hosts: Sequence[str], *, for_gateway: bool) -> Iterator[Problem]:
    by_sni = for_gateway and any(
        match.get("sniHosts") for route in spec.get("tls") or () for match in route.get("match") or ()
    )
    domain = sni_domain if by_sni else wildcard_domain
    valid = True
    for index, host in enumerate(hosts):
        problem = domain(host)
        if problem and is_ip(host):
            continue
        if not problem and host == "*" and not for_gateway:
            problem = "the host * is for gateways: in the mesh it would be every service"
        if problem:
            valid = False
            yield Problem(f"spec.hosts[{index}]", problem)
    if valid:
        for index, other in overlapping(hosts):
            yield Problem(f"spec.hosts[{index}]", f"the hosts {hosts[other]} and {hosts[index]} overlap")


def _tls_route(
    route: Mapping[str, Any], path: str, hosts: Container[str], for_gateway: bool, converted: bool
) -> Iterator[Problem]:
    if not route.get("match"):
        yield Problem(f"{path}.match", "a TLS route matches on something")
    for index, match in enumerate(route.get("match") or ()):
        at = f"{path}.match[{index}]"
        if not match.get("sniHosts"):
            yield Problem(f"{at}.sniHosts", "a match of a TLS route has SNI hosts")
        for number, host in enumerate(match.get("sniHosts") or ()):
            yield from _sni_host(host, f"{at}.sniHosts[{number}]", hosts, for_gateway)
        yield from _l4_match(match, at)
    if not route.get("route"):
        yield Problem(f"{path}.route", "a TLS route has destinations")
    yield from route_destinations(route.get("route") or (), f"{path}.route", converted=converted)


def _sni_host(host: str, path: str, hosts: Container[str], for_gateway: bool) -> Iterator[Problem]:
    problem = sni_domain(host) if for_gateway else wildcard_domain(host)
    if problem and is_ip(host):
        yield warning(path, f"{host} is an IP address: most clients send no server name for one")
    elif problem:
        yield Problem(path, problem)
    elif not covered(host, hosts):
        yield Problem(path, f"{host} is not among the hosts of the VirtualService")


def _tcp_route(route: Mapping[str, Any], path: str, converted: bool) -> Iterator[Problem]:
    for index, match in enumerate(route.get("match") or ()):
        yield from _l4_match(match, f"{path}.match[{index}]")
    if not route.get("route"):
        yield Problem(f"{path}.route", "a TCP route has destinations")
    yield from route_destinations(route.get("route") or (), f"{path}.route", converted=converted)


def _l4_match(match: Mapping[str, Any], path: str) -> Iterator[Problem]:
    for index, text in enumerate(match.get("destinationSubnets") or ()):
        yield from subnet(text, f"{path}.destinationSubnets[{index}]")
    if match.get("port"):
        yield from port(match["port"], f"{path}.port")
    yield from labels(match.get("sourceLabels"), f"{path}.sourceLabels")
    yield from gateway_names(match.get("gateways") or (), f"{path}.gateways")
