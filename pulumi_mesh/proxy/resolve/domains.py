"""The Host headers that mean a service, as seen from one namespace."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_mesh.manifests.facts import KnownService, Proxy
from pulumi_mesh.proxy.resolve.hosts import is_wildcard


def domains_of(
    service: KnownService, namespace: str, domain: str, *, aliases: Iterable[KnownService] = ()
) -> tuple[tuple[str, ...], frozenset[str]]:
    """All names of a service that a proxy of ``namespace`` may use, and those among them that were added to its
    host name. Ports are not among them: route tables ignore the port of a Host. aliases: services that stand for it.

    Mirrors generateVirtualHostDomains (core/httproute.go).
    """
    names: list[str] = []
    added: list[str] = []
    for host in (service.hostname, *(each.hostname for each in aliases)):
        others = alternatives(host, namespace, domain)
        names += [host, *others]
        added += others
    if service.headless:  # each workload has a name below the service's
        names += [f"*.{name}" for name in names]
    # A ServiceEntry is a service for each of its addresses; of those the last is kept.
    for address in service.addresses if service.registry == "Kubernetes" else service.addresses[-1:]:
        if address != "0.0.0.0":  # noqa: S104 - compared, not bound
            names.append(f"[{address}]" if ":" in address else address)
    return tuple(names), frozenset(added)


def service_addresses(service: KnownService, proxy: Proxy) -> tuple[str, ...]:
    """The addresses by which a proxy's workload reaches a service; none where it has no address.

    Those of a Kubernetes Service are of the IP families that the proxy has. Mirrors GetAllAddressesForProxy
    (pilot/pkg/model/service.go).
    """
    found = service.addresses
    if not found and proxy.dns_capture and service.automatic_address:
        found = (service.automatic_address,)
    if service.registry != "Kubernetes":
        return found
    families = {":" in each for each in proxy.addresses}
    return tuple(each for each in found if (":" in each) in families)


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
