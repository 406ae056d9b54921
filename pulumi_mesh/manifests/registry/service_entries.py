"""ServiceEntry and WorkloadEntry objects as services and workloads."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pulumi_mesh import istio
from pulumi_mesh.frozen import FrozenMap, thaw
from pulumi_mesh.istio import service_entry, workload_entry
from pulumi_mesh.manifests.facts import KnownService, Resolution, ServicePort, Workload
from pulumi_mesh.manifests.registry.labels import texts
from pulumi_mesh.manifests.registry.pods import locality_of
from pulumi_mesh.manifests.registry.protocols import parse
from pulumi_mesh.manifests.snapshot import ref_of

_DISTRIBUTION = "networking.istio.io/traffic-distribution"
_TLS_MODE = "security.istio.io/tlsMode"
_NETWORK = "topology.istio.io/network"
_AUTOMATIC = "networking.istio.io/enable-autoallocate-ip"
_CHECKED = "proxy.istio.io/health-checks-enabled"
_DNS = ("DNS", "DNS_ROUND_ROBIN")


def services_of(item: istio.ServiceEntry, inherited: Mapping[str, str]) -> Iterator[KnownService]:
    """A service for each host. inherited: annotations of its namespace.

    Mirrors convertServices (pilot/pkg/serviceregistry/serviceentry/conversion.go).
    """
    spec = item.spec
    annotations = texts(item.annotations)
    ports = tuple(
        ServicePort(each.name, each.number, each.target_port or each.number, parse(each.protocol or ""))
        for each in spec.ports or ()
    )
    resolution: Resolution = spec.resolution or "NONE"
    for host in spec.hosts:
        yield KnownService(
            hostname=host,
            name=host,
            namespace=item.namespace,
            ports=ports,
            addresses=tuple(_addresses(spec.addresses or ())),
            selector=texts(spec.workload_selector.labels if spec.workload_selector else None),
            ref=ref_of(item),
            registry="External",
            resolution=resolution,
            external=spec.location in (None, "MESH_EXTERNAL"),
            export_to=tuple(spec.export_to or ()),
            subject_alt_names=tuple(spec.subject_alt_names or ()),
            created=str(item.metadata.get("creationTimestamp") or ""),
            labels=texts(item.labels),
            listed=spec.workload_selector is None,
            traffic_distribution=annotations.get(_DISTRIBUTION) or inherited.get(_DISTRIBUTION, ""),
            annotations=annotations,
            automatic_address=_allocated(item, host),
        )


def _allocated(item: istio.ServiceEntry, host: str) -> str:
    """The address that istiod wrote into the object's status for a host, where it may count.

    Mirrors GetHostAddressesFromConfig and ShouldV2AutoAllocateIPFromConfig (pilot/pkg/networking/serviceentry).
    """
    if item.spec.addresses or item.spec.resolution in (None, "NONE"):
        return ""
    if str(item.labels.get(_AUTOMATIC, "")).lower() == "false":
        return ""
    written: Any = thaw(item.status).get("addresses") or ()
    found = [str(each.get("value", "")) for each in written if each.get("host") == host]
    return next((each for each in found if ":" not in each), next(iter(found), ""))


def endpoints_of(item: istio.ServiceEntry) -> Iterator[Workload]:
    """The endpoints that a ServiceEntry names, once for each host; a host that clients resolve is its own endpoint.

    Mirrors convertServiceEntryToInstances (same file).
    """
    spec = item.spec
    if spec.workload_selector is not None:
        return
    # For istiod a host is a service for each of its addresses, and has its endpoints as often.
    times = len(tuple(_addresses(spec.addresses or ()))) or 1
    for host in spec.hosts * times:
        for position, each in enumerate(spec.endpoints or ()):
            made = _workload(f"{item.name}-{position}", item, each, texts(each.labels), host)
            own = made.ports
            numbers = {port.name: own.get(port.name) or port.target_port or port.number for port in spec.ports or ()}
            yield replace(made, ports=FrozenMap(numbers))
        if not spec.endpoints and spec.resolution in _DNS:
            ports = FrozenMap({port.name: port.target_port or port.number for port in spec.ports or ()})
            yield Workload(
                item.name,
                item.namespace,
                host,
                service_account="",
                mesh=False,
                ref=ref_of(item),
                kind="WorkloadEntry",
                ports=ports,
                hostname=host,
            )


def workload_of(item: istio.WorkloadEntry) -> Workload | None:
    """A machine; None for one that says it is not healthy, where it is asked. Its labels are those of its metadata
    before those of its spec (ConvertWorkloadEntry and isHealthy, same file)."""
    conditions: Any = thaw(item.status).get("conditions") or ()
    checked = str(item.annotations.get(_CHECKED, "")).lower() in ("true", "t", "1")
    if checked and any(each.get("type") == "Healthy" and each.get("status") == "False" for each in conditions):
        return None
    return _workload(item.name, item, item.spec, texts({**(item.spec.labels or {}), **item.labels}), "")


def _workload(
    name: str,
    item: istio.ServiceEntry | istio.WorkloadEntry,
    entry: service_entry.Endpoint | workload_entry.WorkloadEntrySpec,
    labels: FrozenMap[str, str],
    hostname: str,
) -> Workload:
    """Mirrors convertWorkloadEntryToWorkloadInstance and getTLSModeFromWorkloadEntry (same file)."""
    account = entry.service_account or ""
    return Workload(
        name=name,
        namespace=item.namespace,
        address=entry.address or "",
        labels=labels,
        service_account=account,
        mesh=labels[_TLS_MODE] == "istio" if _TLS_MODE in labels else bool(account),
        ref=ref_of(item),
        kind="WorkloadEntry",
        locality=entry.locality or locality_of(labels, {}),
        network=entry.network or labels.get(_NETWORK, ""),
        weight=entry.weight or 0,
        ports=FrozenMap(entry.ports or {}),
        hostname=hostname,
    )


def _addresses(given: tuple[str, ...]) -> Iterator[str]:
    """Addresses and ranges; a range of one address is that address, and what is neither is left out."""
    for each in given:
        try:
            network = ipaddress.ip_network(each, strict=False)
        except ValueError:
            continue
        if "/" in each and network.prefixlen < network.max_prefixlen:
            yield each
        else:
            yield each.partition("/")[0]
