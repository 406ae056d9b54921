"""What a proxy knows of the mesh: services and virtual services, by what they export and what a Sidecar imports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

from pulumi_mesh.istio import sidecar
from pulumi_mesh.manifests.facts import KnownService, Proxy
from pulumi_mesh.manifests.snapshot import ref_of
from pulumi_mesh.proxy.resolve.full_names import MESH
from pulumi_mesh.proxy.resolve.hosts import is_wildcard, matches, subset_of
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.resolve.sidecars import sidecar_of
from pulumi_mesh.proxy.resolve.virtual_services import Bound, bound_to
from pulumi_mesh.proxy.resolve.visibility import Visible, exported_to, from_one_namespace, is_visible, visible
from pulumi_mesh.refs import Identity, Ref

Aliases = Mapping[str, tuple[KnownService, ...]]


@dataclass(frozen=True, slots=True)
class Egress:
    """An entry of ``egress`` of a Sidecar, and what it imports.

    port: 0 for the one that takes what no other does. services: in Istio's order, with those that stand for others.
    aliases: lower-case host name to the services that stand for it. ref: the Sidecar that says so.
    """

    spec: sidecar.Egress
    services: tuple[KnownService, ...]
    bound: tuple[Bound, ...]
    aliases: Aliases
    ref: Ref | None = field(default=None, compare=False)

    @property
    def port(self) -> int:
        """0 also for a Unix socket."""
        return (self.spec.port.number or 0) if self.spec.port else 0

    @property
    def protocol(self) -> str:
        """Of the port that it says, in upper case; empty without one."""
        return (self.spec.port.protocol or "").upper().replace("-", "_") if self.spec.port else ""


@dataclass(frozen=True, slots=True)
class SidecarScope:
    """What a sidecar knows.

    visible: services for clusters and endpoints. outbound: what becomes of requests to hosts that it does not know;
    egress_proxy: where they are sent instead, where they are let out.
    """

    egress: tuple[Egress, ...]
    visible: Visible
    aliases: Mapping[str, KnownService]
    outbound: Literal["ALLOW_ANY", "REGISTRY_ONLY", "ALLOW_ANY_DYNAMIC_DNS"]
    egress_proxy: sidecar.EgressProxy | None = None

    def service(self, host: str) -> KnownService | None:
        """The service of a host name, or one that stands for another. Mirrors ServiceForHostname (push_context.go)."""
        return self.visible.service(host) or self.aliases.get(host.lower())

    def egress_for(self, port: int, bind: str) -> int | None:
        """The place of the entry whose routes a table has.

        Mirrors GetEgressListenerForRDS (pilot/pkg/model/sidecar.go).
        """
        for place, each in enumerate(self.egress):
            if each.spec.port is None or (each.port == port and (port or each.spec.bind == bind)):
                return place
        return None


def sidecar_scope(index: Index, proxy: Proxy) -> SidecarScope:
    """The scope of a sidecar. Mirrors convertToSidecarScope (pilot/pkg/model/sidecar.go)."""
    found = sidecar_of(index.snapshot, proxy)
    egress = tuple(
        _imported(index, proxy.namespace, each, ref_of(found, f"spec.egress[{place}]") if found else None)
        for place, each in enumerate((found.spec.egress if found else None) or (_everything(),))
    )
    services = [each for one in egress for each in _with_destinations(index, one, proxy.namespace)]
    policy = found.spec.outbound_traffic_policy if found else None
    return SidecarScope(
        egress,
        visible(each for each in services if not each.alias_of),
        {each.hostname.lower(): each for each in services if each.alias_of},
        (policy.mode or "REGISTRY_ONLY") if policy else index.snapshot.mesh.outbound,
        policy.egress_proxy if policy else None,
    )


def scope_key(index: Index, proxy: Proxy) -> tuple[str, Identity | None]:
    """Sidecars with the same key have the same scope."""
    found = sidecar_of(index.snapshot, proxy)
    return proxy.namespace, found.identity if found else None


@dataclass(slots=True)
class _Hosts:
    """The hosts that an entry names for one namespace."""

    exact: set[str] = field(default_factory=set)
    all: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)

    def takes(self, host: str, *, both_ways: bool = False) -> bool:
        """Whether a host is imported. both_ways: a wildcard host counts that covers an imported one.

        Mirrors hostClassification.Matches and VSMatches (pilot/pkg/model/sidecar.go).
        """
        if host in self.exact:
            return True
        wide = (each for each in self.all if is_wildcard(host) or is_wildcard(each))
        return any(matches(host, each) if both_ways else subset_of(host, each) for each in wide)

    def leaves_out(self, host: str) -> bool:
        """Mirrors hostClassification.Excluded."""
        return any(subset_of(host, each) for each in self.excluded)


_NONE = _Hosts()


def _hosts(egress: sidecar.Egress, namespace: str) -> dict[str, _Hosts]:
    """By namespace, ``*`` for all. Mirrors convertIstioListenerToWrapper (pilot/pkg/model/sidecar.go)."""
    found: dict[str, _Hosts] = {}
    for each in egress.hosts:
        if each.count("/") != 1:
            continue
        owner, _, host = each.partition("/")
        excluded = owner.startswith("~")
        owner = (owner[1:] or "*") if excluded else owner
        those = found.setdefault(namespace if owner == "." else owner, _Hosts())
        if excluded:
            those.excluded.append(host)
            continue
        those.all.append(host)
        if not is_wildcard(host):
            those.exact.add(host)
    return found


@cache
def _everything() -> sidecar.Egress:
    """What a sidecar imports without a Sidecar that says otherwise."""
    return sidecar.Egress(hosts=("*/*",))


def _imported(index: Index, namespace: str, egress: sidecar.Egress, ref: Ref | None) -> Egress:
    hosts = _hosts(egress, namespace)
    everyone = [*index.services, *(each for those in index.aliases.values() for each in those)]
    chosen: list[KnownService] = []
    aliases: dict[str, tuple[KnownService, ...]] = {}
    for service in exported_to(sorted(everyone, key=_by_age), namespace, index.snapshot.mesh):
        own, wide = hosts.get(service.namespace), hosts.get("*")
        if (own or _NONE).leaves_out(service.hostname) or (wide or _NONE).leaves_out(service.hostname):
            continue
        by = next((each for each in (own, wide) if each and each.takes(service.hostname)), None)
        found = _on_port(service, egress) if by else None
        if by is None or found is None:
            continue
        chosen.append(found)
        if those := index.aliases.get(service.hostname.lower()):
            aliases[service.hostname.lower()] = tuple(each for each in those if by.takes(each.hostname))
    bound = tuple(each for each in bound_to(index.virtual_services, MESH, namespace) if _takes_routes(each, hosts))
    return Egress(egress, from_one_namespace(chosen, namespace), bound, aliases, ref)


def _by_age(service: KnownService) -> tuple[str, str, str]:
    return service.created, service.name, service.namespace


def _takes_routes(bound: Bound, hosts: Mapping[str, _Hosts]) -> bool:
    """Whether an entry imports a virtual service: by any of its hosts.

    Mirrors SelectVirtualServices (pilot/pkg/model/virtualservice.go).
    """
    own, wide = hosts.get(bound.source.namespace), hosts.get("*")
    both_ways = bound.semantics != "gateway"
    return any(
        those is not None and those.takes(host, both_ways=both_ways)
        for host in bound.hosts
        if not ((own or _NONE).leaves_out(host) or (wide or _NONE).leaves_out(host))
        for those in (own, wide)
    )


def _needs_port(egress: sidecar.Egress) -> bool:
    """Whether only that port of services is imported. Mirrors needsPortMatch."""
    port = egress.port
    return port is not None and bool(port.number) and (port.protocol or "").upper() != "HTTP_PROXY"


def _on_port(service: KnownService, egress: sidecar.Egress) -> KnownService | None:
    """The service with what is imported of its ports. Mirrors matchingService and serviceMatchingListenerPort."""
    if egress.port is None or not _needs_port(egress):
        return service
    found = service.port(egress.port.number or 0)
    return None if found is None else replace(service, ports=(found,))


def _with_destinations(index: Index, egress: Egress, namespace: str) -> Iterator[KnownService]:
    """The services of an entry, then those to which its virtual services send: of its own namespace, else a Kubernetes
    Service, else the oldest that it may see.

    Mirrors SidecarScope.collectImportedServices and pickBestVisibleNamespace (pilot/pkg/model/sidecar.go).
    """
    yield from egress.services
    wanted: dict[str, set[int]] = {}
    for bound in egress.bound:
        for host, port in _destinations(bound, namespace):
            wanted.setdefault(host, set()).add(port)
    if not wanted:
        return
    candidates: dict[str, dict[str, KnownService]] = {}
    aliases = (each for those in index.aliases.values() for each in those)
    for each in (*index.services, *aliases):
        if each.hostname in wanted:
            there = candidates.setdefault(each.hostname, {}).get(each.namespace)
            if there is None or (there.registry != "Kubernetes" and each.registry == "Kubernetes"):
                candidates[each.hostname][each.namespace] = each
    for host, ports in wanted.items():
        service = _best(candidates.get(host, {}), namespace, index)
        if service is not None:
            found = _on_port(service, egress.spec) if _needs_port(egress.spec) else _on_ports(service, ports)
            if found is not None:
                yield found


def _best(candidates: Mapping[str, KnownService], namespace: str, index: Index) -> KnownService | None:
    if namespace in candidates:
        return candidates[namespace]
    seen = [each for each in candidates.values() if is_visible(each, namespace, index.snapshot.mesh)]
    return min(seen, key=lambda each: (each.registry != "Kubernetes", _by_age(each)), default=None)


def _on_ports(service: KnownService, ports: Iterable[int]) -> KnownService | None:
    """Mirrors serviceMatchingVirtualServicePorts: 0 is a destination that names no port."""
    if 0 in ports:
        return service
    kept = tuple(each for each in service.ports if each.number in ports)
    return replace(service, ports=kept) if kept else None


def _destinations(bound: Bound, namespace: str) -> Iterator[tuple[str, int]]:
    """Hosts and ports to which proxies of a namespace may be sent.

    Mirrors virtualServiceDestinationsFilteredBySourceNamespace (push_context.go).
    """
    for http in (each.spec for each in bound.http):
        spaces = {each.source_namespace for each in http.match or () if each.source_namespace}
        if not spaces or namespace in spaces:
            mirrors = [each.destination for each in http.mirrors or ()] + ([http.mirror] if http.mirror else [])
            for to in (*(each.destination for each in http.route or ()), *mirrors):
                yield to.host, (to.port.number or 0) if to.port else 0
    for routes in (*(each.route for each in bound.tcp), *(each.route for each in bound.tls)):
        for to in (each.destination for each in routes or ()):
            yield to.host, (to.port.number or 0) if to.port else 0
