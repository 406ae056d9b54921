"""Filter chains of a sidecar's outbound listeners: requests of one route table, or bytes to where ``tcp`` and ``tls``
routes of virtual services say, else to the service."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import virtual_service
from pulumi_mesh.manifests.facts import KnownService, Proxy
from pulumi_mesh.manifests.snapshot import ref_of, selects
from pulumi_mesh.proxy.resolve import security
from pulumi_mesh.proxy.resolve.actions import Scope
from pulumi_mesh.proxy.resolve.domains import alternatives, service_addresses
from pulumi_mesh.proxy.resolve.forward_proxies import is_resolved, name_filter
from pulumi_mesh.proxy.resolve.full_names import MESH
from pulumi_mesh.proxy.resolve.hosts import is_wildcard, matches
from pulumi_mesh.proxy.resolve.inbound.families import wildcard_of
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.resolve.metadata import config_metadata
from pulumi_mesh.proxy.resolve.sidecar_scope import Egress, SidecarScope
from pulumi_mesh.proxy.resolve.stat_names import stat_name
from pulumi_mesh.proxy.resolve.stream_routes import single_destination, stream_filters
from pulumi_mesh.proxy.resolve.virtual_services import Bound
from pulumi_mesh.proxy.view.listeners import ChainMatch, HttpFilter, NetworkFilter
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.refs import Ref
from pulumi_mesh.words.cluster_names import cluster_name

UNSPECIFIED = "0.0.0.0"  # noqa: S104 - what istiod calls a service without an address
TLS_PROTOCOLS = frozenset({"HTTPS", "TLS"})
PLAIN_HTTP = ("http/1.1", "h2c")
"""What the HTTP inspector finds out."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A filter chain to be.

    names: of TLS clients, ``*`` for any. ranges: destination addresses, CIDR or not. inspected: takes only what is
    found to be plain HTTP. filters: empty where requests follow the table ``routes``; http_filters: what they pass
    before they are routed.
    """

    names: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    inspected: bool = False
    filters: tuple[NetworkFilter, ...] = ()
    routes: str = ""
    http_filters: tuple[HttpFilter, ...] = ()
    extra: FrozenMap[str, object] = EMPTY
    ref: Ref | None = None

    @property
    def takes_all(self) -> bool:
        """Mirrors filterChainOpts.isMatchAll (core/listener.go)."""
        return (not self.names or "*" in self.names) and not self.inspected and not self.ranges

    @property
    def match(self) -> ChainMatch:
        """Mirrors filterChainOpts.toFilterChainMatch (core/listener.go)."""
        return ChainMatch(
            transport_protocol="raw_buffer" if self.inspected else "",
            application_protocols=PLAIN_HTTP if self.inspected else (),
            server_names=() if "*" in self.names else tuple(sorted(self.names)),
            prefix_ranges=tuple(_prefixes(sorted(self.ranges))),
        )

    def conflicts(self, other: Chain) -> bool:
        """Whether both take the same connections. Mirrors filterChainOpts.conflictsWith (core/listener.go)."""
        return (
            self.inspected == other.inspected
            and {*self.names} - {"*"} == {*other.names} - {"*"}
            and {*_networks(self.ranges)} == {*_networks(other.ranges)}
        )


@dataclass(frozen=True, slots=True)
class Port:
    """A port that a listener is for. number: 0 for a Unix socket. name: as its Service or Sidecar calls it."""

    number: int
    protocol: str
    name: str = ""


class Streams:
    """The virtual services of an entry with ``tcp`` or ``tls`` routes, found by host: there may be thousands."""

    def __init__(self, bound: Iterable[Bound]) -> None:
        self._all = tuple(each for each in bound if each.tcp or each.tls)
        self._exact: dict[str, list[int]] = {}
        self._wild: list[tuple[str, int]] = []
        for position, each in enumerate(self._all):
            for host in each.hosts:
                self._exact.setdefault(host, []).append(position)
                if is_wildcard(host):
                    self._wild.append((host, position))

    def of(self, host: str) -> list[Bound]:
        """Those that route a host, in their order. Mirrors getConfigsForHost (core/tls.go)."""
        if is_wildcard(host):
            return [each for each in self._all if any(matches(one, host) for one in each.hosts)]
        found = {*self._exact.get(host, ()), *(place for wild, place in self._wild if matches(wild, host))}
        return [self._all[place] for place in sorted(found)]


@dataclass(frozen=True, slots=True)
class Outbound:
    """What chains of a sidecar are built from. streams: of the entry."""

    index: Index
    proxy: Proxy
    scope: SidecarScope
    egress: Egress
    streams: Streams

    def routed(self, port: Port) -> Scope:
        """For routes on a port."""
        return Scope(self.index, self.proxy, port.number, MESH, False, self.scope.service)


def stream_chains(
    of: Outbound, service: KnownService, port: Port, bind: str, ranges: tuple[str, ...]
) -> tuple[Chain, ...]:
    """The chains of a port whose bytes are not looked into. ranges: the service's, where its address is one.

    Mirrors buildSidecarOutboundTCPListenerOpts (core/listener.go).
    """
    bound = of.streams.of(service.hostname)
    if port.protocol in TLS_PROTOCOLS:
        return tuple(_tls_chains(of, service, port, bind, ranges, bound))
    return tuple(_tcp_chains(of, service, port, ranges, bound))


def _tls_chains(
    of: Outbound, service: KnownService, port: Port, bind: str, ranges: tuple[str, ...], bound: Iterable[Bound]
) -> Iterator[Chain]:
    """A chain for each match that differs in what a proxy can test. Subnets that a match names stay for those after it.

    Mirrors buildSidecarOutboundTLSFilterChainOpts (core/tls.go).
    """
    done: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()
    for each in bound:
        for tls in each.tls:
            for match in tls.match if tls.route else ():
                if not _counts(match, of.proxy, port):
                    continue
                if match.destination_subnets and port.number:
                    ranges = match.destination_subnets
                test = (match.sni_hosts, match.destination_subnets or ())
                if test not in done:
                    done.add(test)
                    filters = stream_filters(tls.route or (), each.source, of.routed(port), port.protocol, port.name)
                    yield Chain(
                        match.sni_hosts,
                        ranges,
                        filters=filters,
                        extra=_config(each),
                        ref=ref_of(each.source, "spec.tls"),
                    )
    if not done:
        named = ranges or _is_shared(of, service, bind) or is_resolved(service)
        names = _names(of, service, bind) if named else ()
        yield Chain(names, ranges, filters=_to_service(of, service, port), ref=service.ref)


def _is_shared(of: Outbound, service: KnownService, bind: str) -> bool:
    """Whether only the name that a client asks for tells the service from others at the address."""
    address = listen_address(service, of.proxy)
    return "/" in address or address == bind == wildcard_of(of.proxy)


def _names(of: Outbound, service: KnownService, bind: str) -> tuple[str, ...]:
    found = [service.hostname]
    for alias in of.egress.aliases.get(service.hostname.lower(), ()):
        found += [
            alias.hostname,
            *alternatives(alias.hostname, of.proxy.namespace, of.index.snapshot.mesh.domain),
        ]
    return tuple(found)


def _tcp_chains(
    of: Outbound, service: KnownService, port: Port, ranges: tuple[str, ...], bound: Iterable[Bound]
) -> Iterator[Chain]:
    """Chains for the subnets that matches name, up to the first match that takes any address.

    Mirrors buildSidecarOutboundTCPFilterChainOpts (core/tls.go).
    """
    served = False
    for each in bound:
        for tcp in each.tcp:
            if not tcp.route:
                continue
            counted = [match for match in tcp.match or () if _counts(match, of.proxy, port)]
            if tcp.match and not counted:
                continue
            filters = stream_filters(tcp.route, each.source, of.routed(port), port.protocol, port.name)
            if not tcp.match or any(not match.destination_subnets or not port.number for match in counted):
                yield Chain(ranges=ranges, filters=filters, extra=_config(each), ref=ref_of(each.source, "spec.tcp"))
                return
            subnets = tuple(subnet for match in counted for subnet in match.destination_subnets or ())
            yield Chain(ranges=subnets, filters=filters, ref=ref_of(each.source, "spec.tcp"))
            served = served or sorted(subnets) == sorted(ranges)
    if not served:
        yield Chain(ranges=ranges, filters=_to_service(of, service, port), ref=service.ref)


def _to_service(of: Outbound, service: KnownService, port: Port) -> tuple[NetworkFilter, ...]:
    """A service with a single port gets there whatever a Sidecar calls its own port."""
    number = service.ports[0].number if len(service.ports) == 1 else port.number
    cluster = cluster_name(service.hostname, number)
    pattern = of.index.snapshot.mesh.outbound_stat_name
    prefix = stat_name(pattern, service.hostname, service, number, "") if pattern else ""
    filters = single_destination(cluster, of.index.rule(of.proxy, service.hostname), port.protocol, prefix)
    if not is_resolved(service):
        return filters
    # istiod builds these as for a service of a waypoint: policies of the workload itself guard them.
    guards = security.connection_filters(of.index.snapshot, of.proxy)
    return (*guards, name_filter(service, of.proxy, port.number), *filters)


def listen_address(service: KnownService, proxy: Proxy) -> str:
    """Where a service is listened for; the wildcard for one without an address. Mirrors GetAddressForProxy."""
    found = next(iter(service_addresses(service, proxy) or service.addresses), UNSPECIFIED)
    return wildcard_of(proxy) if found == UNSPECIFIED and service.registry == "External" else found


def _counts(match: virtual_service.TcpMatch | virtual_service.TlsMatch, proxy: Proxy, port: Port) -> bool:
    """Mirrors matchTCP and matchTLS (core/tls.go)."""
    return (
        (not match.gateways or MESH in match.gateways)
        and selects(match.source_labels or {}, proxy.labels)
        and match.port in (None, 0, port.number)
        and match.source_namespace in (None, "", proxy.namespace)
    )


def _config(bound: Bound) -> FrozenMap[str, object]:
    return FrozenMap({"metadata": config_metadata(bound.source)})


def _prefixes(ranges: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Mirrors ConvertAddressToCidr (networking/util): the host part stays, and what is no address is left out."""
    for each in ranges:
        try:
            found = ipaddress.ip_interface(each)
        except ValueError:
            continue
        if str(found.ip) != UNSPECIFIED:
            yield str(found.ip), found.network.prefixlen


def _networks(ranges: Iterable[str]) -> Iterator[str]:
    for address, length in _prefixes(ranges):
        yield str(ipaddress.ip_interface(f"{address}/{length}").network)
