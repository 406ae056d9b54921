"""The endpoints of clusters, each with whether it takes mutual TLS."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.snapshot import KnownService, ServicePort, Workload, selects
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.resolve.mtls import WorkloadModes, modes_of
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.clusters import Endpoint, EndpointSet, LocalityEndpoints

Modes = dict[tuple[str, FrozenMap[str, str]], WorkloadModes]
"""Mutual TLS modes by namespace and labels, kept for the length of one resolve."""


def endpoint_set(
    index: Index,
    modes: Modes,
    *,
    cluster: str,
    service: KnownService,
    port: ServicePort,
    labels: FrozenMap[str, str] | None,
    tls_mode: str | None,
) -> EndpointSet:
    """The workloads behind a port of a service. labels: of the subset; None for all. tls_mode: of the destination
    rule, if it says one.

    Mirrors EndpointBuilder.BuildClusterLoadAssignment and buildEnvoyLbEndpoint (pilot/pkg/xds/endpoints), with
    neither locality nor network.
    """
    found = [
        _endpoint(workload, port, _takes_mutual_tls(index, modes, workload, port, tls_mode))
        for workload in index.workloads(service)
        if labels is None or selects(labels, workload.labels)
    ]
    if not found:
        return EndpointSet(cluster, ())
    return EndpointSet(cluster, (LocalityEndpoints(tuple(found), weight=len(found)),))


def _takes_mutual_tls(index: Index, modes: Modes, workload: Workload, port: ServicePort, tls_mode: str | None) -> bool:
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
    return modes[key].of(port.target_port) != "DISABLE"


def identities(workloads: Iterable[Workload], trust_domain: str) -> tuple[str, ...]:
    """The SPIFFE identities of workloads, sorted. Mirrors PushContext.ServiceAccounts (push_context.go)."""
    return tuple(
        sorted({f"spiffe://{trust_domain}/ns/{each.namespace}/sa/{each.service_account}" for each in workloads})
    )


def _endpoint(workload: Workload, port: ServicePort, mutual: bool) -> Endpoint:
    return Endpoint(
        SocketAddress(workload.address, port.target_port),
        tls_mode="istio" if mutual else "",
        weight=1,
        health="HEALTHY",
        ref=workload.ref,
    )
