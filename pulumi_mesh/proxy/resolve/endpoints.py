"""The endpoints of clusters: by locality, each with whether it takes mutual TLS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import destination_rule
from pulumi_mesh.manifests.facts import KnownService, Proxy, ServicePort, Workload
from pulumi_mesh.manifests.snapshot import is_address, selects, target_port
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.resolve.locality import Group, distribution_labels, endpoint_labels
from pulumi_mesh.proxy.resolve.mtls import WorkloadModes, modes_of
from pulumi_mesh.proxy.resolve.networks import across_networks
from pulumi_mesh.proxy.view.addresses import Address, Pipe, SocketAddress
from pulumi_mesh.proxy.view.clusters import Endpoint
from pulumi_mesh.words.identities import spiffe_id

Modes = dict[tuple[str, FrozenMap[str, str]], WorkloadModes]
"""Mutual TLS modes by namespace and labels, kept for the length of one resolve."""

UNIX = "unix://"


@dataclass(frozen=True, slots=True)
class Member:
    """A workload behind a port of a service. number: its own port. labels: with those of its place. named: whether its
    address is a name, which a proxy would resolve."""

    workload: Workload
    number: int
    labels: FrozenMap[str, str]
    named: bool


def members_of(
    workloads: Iterable[Workload], service: KnownService, port: ServicePort, cluster: str
) -> tuple[Member, ...]:
    """What is behind a port of a service. workloads: those that answer for it. cluster: the name of the cluster."""
    return tuple(
        Member(each, number, endpoint_labels(each, cluster), _is_name(each.address))
        for each, number in _numbered(workloads, service, port)
    )


def _is_name(address: str) -> bool:
    return not address.startswith(UNIX) and not is_address(address)


def _numbered(
    workloads: Iterable[Workload], service: KnownService, port: ServicePort
) -> Iterator[tuple[Workload, int]]:
    """The workloads behind a port, and the port of each.

    For istiod a host of a ServiceEntry is a service for each of its addresses: it has what it selects as often.
    """
    times = len(service.addresses) if service.registry == "External" else 1
    for each in workloads:
        number = target_port(service, port, each)
        if number is not None:
            yield from [(each, number)] * (1 if each.hostname else times or 1)
            if service.resolution == "DNS_ROUND_ROBIN":
                return  # one name is all that Envoy resolves so


def endpoint_groups(
    index: Index,
    modes: Modes,
    proxy: Proxy,
    members: Iterable[Member],
    *,
    service: KnownService,
    labels: Mapping[str, str] | None,
    tls_mode: str | None,
    outlier: destination_rule.OutlierDetection | None,
    names: bool,
) -> tuple[Group, ...]:
    """The endpoints that a proxy is told of, by locality.

    members: what is behind the port. labels: of the subset; None for all. tls_mode: of the destination rule, if it says
    one. outlier: of the policy. names: whether an endpoint may be a name that the proxy resolves.

    Mirrors EndpointBuilder.BuildClusterLoadAssignment, FromServiceEndpoints, generate, filterIstioEndpoint and
    buildEnvoyLbEndpoint (pilot/pkg/xds/endpoints).
    """
    found: dict[str, list[tuple[Mapping[str, str], Endpoint]]] = {}
    for member in members:
        workload = member.workload
        if labels is not None and not selects(labels, member.labels):
            continue
        if service.node_local and workload.node != proxy.host:
            continue
        if not workload.healthy and not _takes_unhealthy(service, outlier):
            continue
        if member.named and not names:
            continue
        mutual = _takes_mutual_tls(index, modes, workload, member.number, tls_mode)
        found.setdefault(workload.locality, []).append((member.labels, _endpoint(workload, member.number, mutual)))
    groups = [
        Group(locality, tuple(those), sum(each.weight for _, each in those))
        for locality, those in sorted(found.items())
    ]
    return across_networks(groups, proxy, index.gateways, names=names)


def _takes_unhealthy(service: KnownService, outlier: destination_rule.OutlierDetection | None) -> bool:
    """Envoy is told of endpoints that are not ready, and avoids them; but not where it would use them all when few are
    left. Mirrors supportsUnhealthyEndpoints (endpoint_builder.go)."""
    return bool(distribution_labels(service)) or not (outlier and (outlier.min_health_percent or 0) > 0)


def _takes_mutual_tls(index: Index, modes: Modes, workload: Workload, number: int, tls_mode: str | None) -> bool:
    """Whether clients use Istio's mutual TLS to a workload: it has a sidecar, and neither the destination rule nor
    its own mode says otherwise.

    Mirrors mtlsChecker.checkMtlsEnabled (pilot/pkg/xds/endpoints/mtls_checker.go).
    """
    if not workload.mesh:
        return False
    if tls_mode is not None:
        return tls_mode == "ISTIO_MUTUAL"
    key = (workload.namespace, workload.labels)
    if key not in modes:
        modes[key] = modes_of(index.snapshot, *key)
    return modes[key].of(number) != "DISABLE"


def identities(
    workloads: Iterable[Workload], service: KnownService, trust_domain: str, aliases: Iterable[str]
) -> tuple[str, ...]:
    """The SPIFFE identities of a service's workloads and the names that it declares, sorted. aliases: other trust
    domains that mean the same.

    Mirrors PushContext.ServiceAccounts and addServiceAccounts (push_context.go) and ExpandWithTrustDomains
    (pkg/spiffe).
    """
    found = {
        spiffe_id(trust_domain, each.namespace, each.service_account) for each in workloads if each.service_account
    }
    found |= set(service.subject_alt_names)
    for each in tuple(found):
        scheme, _, rest = each.partition("://")
        _, slash, path = rest.partition("/")
        if scheme == "spiffe" and slash:
            found |= {f"spiffe://{alias}/{path}" for alias in aliases}
    return tuple(sorted(found))


def _endpoint(workload: Workload, number: int, mutual: bool) -> Endpoint:
    path = workload.address.removeprefix(UNIX)
    address: Address = Pipe(path) if path != workload.address else SocketAddress(workload.address, number)
    ready = "HEALTHY" if workload.kind == "Pod" else ""  # of others nobody says that they are
    return Endpoint(
        address,
        tls_mode="istio" if mutual else "",
        weight=workload.weight or 1,
        health=ready if workload.healthy else "UNHEALTHY",
        ref=workload.ref,
    )
