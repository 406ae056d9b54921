"""The endpoints of clusters: by locality, each with whether it takes mutual TLS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import destination_rule
from pulumi_mesh.manifests.snapshot import (
    KnownService,
    Proxy,
    ServicePort,
    Workload,
    is_address,
    selects,
    target_port,
)
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


def endpoints_of(index: Index, service: KnownService, port: ServicePort) -> Iterator[tuple[Workload, int]]:
    """The workloads behind a port of a service, and the port of each.

    For istiod a host of a ServiceEntry is a service for each of its addresses: it has what it selects as often.
    """
    times = len(service.addresses) if service.registry == "External" else 1
    for each in index.workloads(service):
        number = target_port(service, port, each)
        if number is not None:
            yield from [(each, number)] * (1 if each.hostname else times or 1)
            if service.resolution == "DNS_ROUND_ROBIN":
                return  # one name is all that Envoy resolves so


def endpoint_groups(
    index: Index,
    modes: Modes,
    proxy: Proxy,
    *,
    service: KnownService,
    port: ServicePort,
    labels: Mapping[str, str] | None,
    tls_mode: str | None,
    outlier: destination_rule.OutlierDetection | None,
    names: bool,
) -> tuple[Group, ...]:
    """The endpoints that a proxy is told of, by locality.

    labels: of the subset; None for all. tls_mode: of the destination rule, if it says one. outlier: of the policy.
    names: whether an endpoint may be a name that the proxy resolves.

    Mirrors EndpointBuilder.BuildClusterLoadAssignment, FromServiceEndpoints, generate, filterIstioEndpoint and
    buildEnvoyLbEndpoint (pilot/pkg/xds/endpoints).
    """
    found: dict[str, list[tuple[Mapping[str, str], Endpoint]]] = {}
    for workload, number in endpoints_of(index, service, port):
        own = endpoint_labels(workload, proxy.cluster)
        if labels is not None and not selects(labels, own):
            continue
        if service.node_local and workload.node != proxy.host:
            continue
        if not workload.healthy and not _takes_unhealthy(service, outlier):
            continue
        if not names and not workload.address.startswith(UNIX) and not is_address(workload.address):
            continue
        mutual = _takes_mutual_tls(index, modes, workload, number, tls_mode)
        found.setdefault(workload.locality, []).append((own, _endpoint(workload, number, mutual)))
    groups = [
        Group(locality, tuple(members), sum(each.weight for _, each in members))
        for locality, members in sorted(found.items())
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
