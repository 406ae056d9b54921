"""Route tables of a sidecar: one for each port, with a virtual host for each service on it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pulumi_mesh.manifests.facts import KnownService, Proxy
from pulumi_mesh.proxy.resolve.actions import NO_TIMEOUT, Scope
from pulumi_mesh.proxy.resolve.domains import domains_of
from pulumi_mesh.proxy.resolve.full_names import MESH
from pulumi_mesh.proxy.resolve.hosts import is_wildcard, matches, most_specific
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.resolve.load_balancing import hash_of_service
from pulumi_mesh.proxy.resolve.matches import EVERYTHING
from pulumi_mesh.proxy.resolve.origins import written
from pulumi_mesh.proxy.resolve.outbound import DETECTED, HTTP, UNIX, unknown_cluster
from pulumi_mesh.proxy.resolve.routes import BODY_LIMIT, default_route, routes_of
from pulumi_mesh.proxy.resolve.sidecar_scope import Egress, SidecarScope
from pulumi_mesh.proxy.resolve.virtual_services import Bound
from pulumi_mesh.proxy.view.routes import DirectResponse, Forward, Route, RouteConfig, VirtualHost
from pulumi_mesh.refs import Ref

_BY_DEFAULT = 80
"""The port of requests to hosts that are no service."""


@dataclass(frozen=True, slots=True)
class _Table:
    """What a route table is built from. port: 0 where it is for all ports: of an HTTP proxy, of a Unix socket.

    services: those with the port, by lower-case host name, with their ports that count.
    """

    index: Index
    proxy: Proxy
    egress: Egress
    port: int
    services: dict[str, KnownService]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A virtual host to be: routes, and the service or other host that they are for."""

    host: str
    port: int
    service: KnownService | None
    routes: tuple[Route, ...]
    ref: Ref | None


class _Hosts:
    """The virtual hosts of a port, found by domain: there may be a table for each of thousands of services."""

    def __init__(self, hosts: Iterable[VirtualHost]) -> None:
        self.all = tuple(hosts)
        self._by_domain: dict[str, list[int]] = {}
        for place, each in enumerate(self.all):
            for domain in each.domains:
                self._by_domain.setdefault(domain, []).append(place)

    def only(self, host: str, name: str) -> tuple[VirtualHost, ...]:
        """That of one service, which has the listener for itself: whatever Host a request has, it is for that one.

        Mirrors getVirtualHostsForSniffedServicePort (core/httproute.go).
        """
        places = {*self._by_domain.get(host, ()), *self._by_domain.get(name, ())}
        found = tuple(self.all[place] for place in sorted(places))
        return (replace(found[0], domains=("*",)),) if len(found) == 1 else found


def outbound_routes(index: Index, proxy: Proxy, scope: SidecarScope, names: Iterable[str]) -> tuple[RouteConfig, ...]:
    """The route tables of a sidecar that its listeners ask for by ``names``.

    Mirrors ConfigGeneratorImpl.buildSidecarOutboundHTTPRouteConfig (core/httproute.go).
    """
    # One walk over the services for all ports; of what shares a host the last counts.
    by_port: dict[tuple[int, int], dict[str, KnownService]] = {}
    for position, egress in enumerate(scope.egress):
        for service in egress.services:
            for each in service.ports:
                found = replace(service, ports=(each,)) if len(service.ports) > 1 else service
                by_port.setdefault((position, each.number), {})[service.hostname.lower()] = found
    made: dict[tuple[int | None, int], _Hosts] = {}
    tables: list[RouteConfig] = []
    for name in names:
        host, colon, digits = ("", "", name) if name.startswith(UNIX) else name.rpartition(":")
        number = int(digits) if digits.isdecimal() else 0
        place = scope.egress_for(number, name)
        if (place, number) not in made:
            made[place, number] = _Hosts(())
            if place is not None:
                egress = scope.egress[place]
                port = 0 if egress.protocol == "HTTP_PROXY" else number
                services = by_port.get((place, port), {}) if port else _all_ports(egress)
                made[place, number] = _Hosts(_virtual_hosts(_Table(index, proxy, egress, port, services)))
        hosts = made[place, number]
        tables.append(_config(name, hosts.only(host, name) if colon else (*hosts.all, _catch_all(scope))))
    return tuple(tables)


def _all_ports(egress: Egress) -> dict[str, KnownService]:
    return {each.hostname.lower(): each for each in egress.services}


def _config(name: str, hosts: tuple[VirtualHost, ...]) -> RouteConfig:
    return RouteConfig(
        name=name,
        virtual_hosts=hosts,
        validate_clusters=False,
        ignore_port_in_host_matching=True,
        max_direct_response_body_size=BODY_LIMIT,
    )


def _virtual_hosts(table: _Table) -> list[VirtualHost]:
    """Mirrors BuildSidecarOutboundVirtualHosts, dedupeDomains and mergeAllVirtualHosts (core/httproute.go)."""
    entries = list(_entries(table))
    known = {name for each in entries if each.service for name in (each.host, f"{each.host}:{each.port}")}
    taken: set[str] = set()
    found: dict[str, VirtualHost] = {}
    for each in entries:
        name = f"{each.host}:{each.port}"
        if name in found:
            continue
        names, added = _domains(table, each)
        domains = []
        for domain in names:
            # The full name of one service comes before what the name of another is completed to.
            if domain.lower() not in taken and not (domain in added and domain in known):
                domains.append(domain)
                taken.add(domain.lower())
        if not table.port and each.port != _BY_DEFAULT:
            domains = [domain for domain in domains if ":" in domain]
        if domains:
            found[name] = VirtualHost(
                name, tuple(domains), each.routes, include_request_attempt_count=True, ref=each.ref
            )
    return [found[name] for name in sorted(found)]


def _domains(table: _Table, entry: _Entry) -> tuple[tuple[str, ...], frozenset[str]]:
    """The names of a virtual host, and those that were added to a host name; a table for all ports tells them apart by
    port."""
    if entry.service is None:
        return (f"[{entry.host}]" if entry.host.count(":") > 1 else entry.host,), frozenset()
    aliases = table.egress.aliases.get(entry.service.hostname.lower(), ())
    names, added = domains_of(entry.service, table.proxy.namespace, table.index.snapshot.mesh.domain, aliases=aliases)
    if table.port:
        return names, added
    both = tuple(each for name in names for each in (name, f"{name}:{entry.port}"))
    return both, added | {f"{name}:{entry.port}" for name in added}


def _entries(table: _Table) -> Iterator[_Entry]:
    """Virtual services in their order, then services that none of them names.

    Mirrors BuildSidecarVirtualHostWrapper and buildSidecarVirtualHostsForVirtualService (core/route/route.go).
    """
    index, services = table.index, table.services
    scope = Scope(index, table.proxy, table.port, MESH, False, lambda host: services.get(host.lower()))
    wildcards = [host for host in services if is_wildcard(host)]
    owners = _owners(table.egress)
    routed: set[str] = set()
    for bound in table.egress.bound:
        # Only on port 80 does a virtual service count that names no service of the port.
        if table.port != _BY_DEFAULT and not _names_one(bound, services, wildcards):
            continue
        routes = routes_of(bound, scope)
        if not routes:
            continue
        others, named = _split(bound, services, owners)
        homes = {services[host].namespace for host in named}
        visible = homes and bound.source.namespace in {*homes, table.proxy.namespace}
        if bound.semantics == "gateway" and not visible:
            continue  # a route of the Gateway API is for services, of its own namespace or for the clients there
        by_port: dict[int, list[str]] = {}
        for host in named:
            for port in services[host].ports:
                if port.protocol in HTTP or port.protocol == DETECTED:
                    by_port.setdefault(port.number, []).append(host)
        if not by_port and table.port == _BY_DEFAULT:
            by_port[_BY_DEFAULT] = []
        ref = written(bound.source, "spec.hosts")
        for number, those in sorted(by_port.items()):
            yield from (_Entry(host.lower(), number, None, routes, ref) for host in others)
            yield from (_Entry(services[host].hostname, number, services[host], routes, ref) for host in those)
            routed.update(those)
    retries = index.snapshot.mesh.default_http_retry_policy
    for host, service in services.items():
        if host in routed or service.alias_of:
            continue
        for port in service.ports:
            if port.protocol in HTTP or port.protocol == DETECTED:
                hashing = hash_of_service(index.rule(table.proxy, service.hostname), port.number)
                route = default_route(service, port, hashing, retries)
                yield _Entry(service.hostname, port.number, service, (route,), service.ref)


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
    bound: Bound, services: Mapping[str, KnownService], owners: Mapping[str, Bound]
) -> tuple[list[str], list[str]]:
    """The hosts of a virtual service that are no service of the port, and the services that it routes. A wildcard
    routes the services for which no other virtual service is more specific; that of the Gateway API routes none.

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
        covered = [] if bound.semantics == "gateway" else [each for each in services if matches(each, host)]
        if not covered:
            others.append(host)
        named.update(dict.fromkeys(each for each in covered if owners.get(each) is bound))
    return others, list(named)


def _owners(egress: Egress) -> dict[str, Bound]:
    """For each service the virtual service with the most specific host.

    Mirrors computeWildcardHostVirtualServiceIndex (pilot/pkg/model/sidecar.go).
    """
    specific: dict[str, Bound] = {}
    wildcard: dict[str, Bound] = {}
    for each in egress.bound:
        for host in each.hosts:
            (wildcard if is_wildcard(host) else specific).setdefault(host, each)
    if not wildcard:
        return {}  # only wildcards ask
    found = ((each.hostname, most_specific(each.hostname, specific, wildcard)) for each in egress.services)
    return {host.lower(): owner for host, owner in found if owner is not None}


def _catch_all(scope: SidecarScope) -> VirtualHost:
    """What is done with requests to hosts that are not known. Mirrors buildCatchAllVirtualHost (core/httproute.go)."""
    name = "allow_any" if scope.outbound == "ALLOW_ANY" else "block_all"
    action: Forward | DirectResponse = DirectResponse(502)
    if scope.outbound == "ALLOW_ANY":
        action = Forward(cluster=unknown_cluster(scope), timeout=NO_TIMEOUT, max_grpc_timeout=NO_TIMEOUT)
    routes = (Route(EVERYTHING, action, name=name),)
    return VirtualHost(name, ("*",), routes, include_request_attempt_count=True)
