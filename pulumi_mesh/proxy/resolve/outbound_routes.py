"""Route tables of a sidecar: one for each port, with a virtual host for each service on it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

from pulumi_mesh.manifests.snapshot import KnownService, Proxy, ServicePort, ref_of
from pulumi_mesh.proxy.resolve.actions import Scope
from pulumi_mesh.proxy.resolve.clusters import PASSTHROUGH
from pulumi_mesh.proxy.resolve.domains import domains_of
from pulumi_mesh.proxy.resolve.full_names import MESH
from pulumi_mesh.proxy.resolve.hosts import is_wildcard, matches, most_specific
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.resolve.load_balancing import hash_of_service
from pulumi_mesh.proxy.resolve.matches import EVERYTHING
from pulumi_mesh.proxy.resolve.routes import BODY_LIMIT, default_route, routes_of
from pulumi_mesh.proxy.resolve.virtual_services import Bound, bound_to
from pulumi_mesh.proxy.view.routes import DirectResponse, Forward, Route, RouteConfig, VirtualHost
from pulumi_mesh.refs import Ref

HTTP = frozenset({"HTTP", "HTTP2", "GRPC"})
"""Protocols whose requests are routed."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A virtual host to be: routes, and the service or other host that they are for."""

    host: str
    service: KnownService | None
    routes: tuple[Route, ...]
    ref: Ref | None


def outbound_routes(index: Index, proxy: Proxy) -> tuple[RouteConfig, ...]:
    """The route tables of a sidecar, by port.

    Mirrors ConfigGeneratorImpl.buildSidecarOutboundHTTPRouteConfig (core/httproute.go).
    """
    ports: dict[int, dict[str, tuple[KnownService, ServicePort]]] = {}
    for service in index.services:
        for port in service.ports:
            if port.protocol in HTTP:
                ports.setdefault(port.number, {}).setdefault(service.hostname.lower(), (service, port))
    bound = bound_to(index.virtual_services, MESH, proxy.namespace)
    owners = _owners(bound, index)
    return tuple(
        RouteConfig(
            name=str(number),
            virtual_hosts=(*_virtual_hosts(index, proxy, number, ports[number], bound, owners), _catch_all(index)),
            validate_clusters=False,
            ignore_port_in_host_matching=True,
            max_direct_response_body_size=BODY_LIMIT,
        )
        for number in sorted(ports)
    )


def _virtual_hosts(
    index: Index,
    proxy: Proxy,
    number: int,
    services: dict[str, tuple[KnownService, ServicePort]],
    bound: tuple[Bound, ...],
    owners: dict[str, Bound],
) -> list[VirtualHost]:
    """Mirrors BuildSidecarOutboundVirtualHosts and dedupeDomains (core/httproute.go)."""
    entries = list(_entries(index, proxy, number, services, bound, owners))
    known = {each.service.hostname for each in entries if each.service}
    taken: set[str] = set()
    found: dict[str, VirtualHost] = {}
    for each in entries:
        name = f"{each.host}:{number}"
        if name in found:
            continue
        names: tuple[str, ...] = (each.host,)
        added: frozenset[str] = frozenset()
        if each.service is not None:
            names, added = domains_of(each.service, proxy.namespace, index.snapshot.mesh.domain)
        domains = []
        for domain in names:
            # The full name of one service comes before what the name of another is completed to.
            if domain.lower() not in taken and not (domain in added and domain in known):
                domains.append(domain)
                taken.add(domain.lower())
        if domains:
            found[name] = VirtualHost(
                name, tuple(domains), each.routes, include_request_attempt_count=True, ref=each.ref
            )
    return [found[name] for name in sorted(found)]


def _entries(
    index: Index,
    proxy: Proxy,
    number: int,
    services: dict[str, tuple[KnownService, ServicePort]],
    bound: tuple[Bound, ...],
    owners: dict[str, Bound],
) -> Iterator[_Entry]:
    """Virtual services in their order, then services that none of them names.

    Mirrors BuildSidecarVirtualHostWrapper (core/route/route.go).
    """
    scope = Scope(index, proxy, number, MESH, False, lambda _: None)  # a service here has this one port
    wildcards = [host for host in services if is_wildcard(host)]
    routed: set[str] = set()
    for each in bound:
        # Only on port 80 does a virtual service count that names no service of the port.
        if number != 80 and not _names_one(each, services, wildcards):
            continue
        routes = routes_of(each, scope)
        if not routes:
            continue
        ref = ref_of(each.source, "spec.hosts")
        others, named = _split(each, services, owners)
        if named or number == 80:
            yield from (_Entry(host.lower(), None, routes, ref) for host in others)
        for host in named:
            routed.add(host)
            yield _Entry(services[host][0].hostname, services[host][0], routes, ref)
    for host, (service, port) in services.items():
        if host not in routed:
            hashing = hash_of_service(index.rules.for_client(proxy, service), number)
            route = default_route(service, port, hashing, index.snapshot.mesh.default_http_retry_policy)
            yield _Entry(service.hostname, service, (route,), service.ref)


def _names_one(bound: Bound, services: Collection[str], wildcards: Collection[str]) -> bool:
    """Whether a host of a virtual service is, or covers, a service; ``wildcards`` are those that cover others.

    Mirrors selectVirtualServices (core/httproute.go).
    """
    for host in (each.lower() for each in bound.hosts):
        if host in services:
            return True
        if any(matches(host, each) for each in (services if is_wildcard(host) else wildcards)):
            return True
    return False


def _split(
    bound: Bound, services: dict[str, tuple[KnownService, ServicePort]], owners: dict[str, Bound]
) -> tuple[list[str], list[str]]:
    """The hosts of a virtual service that are no service of the port, and the services that it routes. A wildcard
    routes the services for which no other virtual service is more specific.

    Mirrors separateVSHostsAndServices (core/route/route.go).
    """
    others: list[str] = []
    named: dict[str, None] = {}
    for host in bound.hosts:
        if not is_wildcard(host):
            if host.lower() in services:
                named[host.lower()] = None
            else:
                others.append(host)
    for host in (each.lower() for each in bound.hosts if is_wildcard(each)):
        covered = [each for each in services if matches(each, host)]
        if not covered:
            others.append(host)
        named.update(dict.fromkeys(each for each in covered if owners.get(each) is bound))
    return others, list(named)


def _owners(bound: tuple[Bound, ...], index: Index) -> dict[str, Bound]:
    """For each service the virtual service with the most specific host.

    Mirrors computeWildcardHostVirtualServiceIndex (pilot/pkg/model/sidecar.go).
    """
    specific: dict[str, Bound] = {}
    wildcard: dict[str, Bound] = {}
    for each in bound:
        for host in each.hosts:
            (wildcard if is_wildcard(host) else specific).setdefault(host, each)
    if not wildcard:
        return {}  # only wildcards ask
    found = ((host, most_specific(service.hostname, specific, wildcard)) for host, service in index.by_host.items())
    return {host: owner for host, owner in found if owner is not None}


def _catch_all(index: Index) -> VirtualHost:
    """What is done with requests to hosts that are not known. Mirrors buildCatchAllVirtualHost (core/httproute.go)."""
    if index.snapshot.mesh.outbound == "ALLOW_ANY":
        name = "allow_any"
        action: Forward | DirectResponse = Forward(
            cluster=PASSTHROUGH, timeout=timedelta(0), max_grpc_timeout=timedelta(0)
        )
    else:
        name = "block_all"
        action = DirectResponse(502)
    routes = (Route(EVERYTHING, action, name=name),)
    return VirtualHost(name, ("*",), routes, include_request_attempt_count=True)
