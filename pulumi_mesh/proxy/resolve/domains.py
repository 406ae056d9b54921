"""The Host headers that mean a service, as seen from one namespace."""

from __future__ import annotations

from pulumi_mesh.manifests.snapshot import KnownService
from pulumi_mesh.proxy.resolve.hosts import is_wildcard


def domains_of(service: KnownService, namespace: str, domain: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """All names of a service that a proxy of ``namespace`` may use, and those among them that were added to its
    host name. Ports are not among them: route tables ignore the port of a Host.

    Mirrors generateVirtualHostDomains (core/httproute.go).
    """
    others = alternatives(service.hostname, namespace, domain)
    names = [service.hostname, *others]
    if not service.address:  # headless: each workload has a name below the service's
        names += [f"*.{name}" for name in names]
    elif service.address != "0.0.0.0":  # noqa: S104 - compared, not bound
        names.append(f"[{service.address}]" if ":" in service.address else service.address)
    return tuple(names), frozenset(others)


def alternatives(host: str, namespace: str, domain: str) -> tuple[str, ...]:
    """Names beside the host name: with the final dot, and what DNS search completes in a cluster.

    Mirrors GenerateAltVirtualHosts and generateAltVirtualHostsForKubernetesService (core/httproute.go).
    """
    absolute = () if _is_address(host) else (f"{host}.",)
    suffix = f".svc.{domain}"
    if is_wildcard(host) or not host.endswith(suffix):
        return absolute
    place = host.removesuffix(suffix)
    name, dot, owner = place.partition(".")
    if not dot:
        return absolute
    if owner == namespace:
        return (*absolute, name, f"{place}.svc", place)
    return (*absolute, place, f"{place}.svc")


def _is_address(host: str) -> bool:
    return host.replace(".", "").isdecimal() or ":" in host
