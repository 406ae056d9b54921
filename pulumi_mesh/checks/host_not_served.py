"""A host that none of a VirtualService's gateways takes."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_mesh.checks._about import About
from pulumi_mesh.checks._gateways import named_gateways, server_host
from pulumi_mesh.checks._wording import listed, meant
from pulumi_mesh.findings import Finding
from pulumi_mesh.istio import Gateway, VirtualService
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of
from pulumi_mesh.proxy.resolve.full_names import MESH, gateway_name
from pulumi_mesh.proxy.resolve.hosts import fqdn, matches
from pulumi_mesh.typed import is_known

ABOUT = About(
    "host-not-served",
    ("warning",),
    "A gateway takes none of a VirtualService's hosts, or a host is taken by none of its gateways",
    also="IST0132",
)


def find(snapshot: Snapshot) -> Iterator[Finding]:
    """One finding a gateway that takes no host at all, else one a host that no gateway takes.

    A host for sidecars as well (gateway ``mesh``) may be theirs alone. Gateways that are not there are unknown-gateway.
    """
    gateways = {f"{each.namespace}/{each.name}": each for each in snapshot.of(Gateway)}
    for route in snapshot.of(VirtualService):
        hosts = [fqdn(each, route.namespace, snapshot.mesh.domain) for each in route.spec.hosts or ()]
        if not hosts or not all(map(is_known, hosts)):
            continue
        named = [
            (path, gateways[place])
            for path, name in named_gateways(route)
            if (place := gateway_name(name, route.namespace)) in gateways
        ]
        offers = [_offers(gateway, route) for _, gateway in named]
        if any(offered is None for offered in offers):
            continue
        taken: set[str] = set()
        idle = False
        for (path, gateway), offered in zip(named, offers, strict=True):
            here = {host for host in hosts if any(matches(each, host) for each in offered or ())}
            taken |= here
            if not here:
                idle = True
                yield ABOUT.finding(
                    f"Gateway {gateway.namespace}/{gateway.name} takes none of the hosts {listed(hosts)}, "
                    "so it serves none of these routes",
                    ref_of(route, path),
                    ref_of(gateway, "spec.servers"),
                    fix=f"add a server for the host, or use one it takes: {listed(offered or ())}",
                )
        if idle or not named or MESH in (route.spec.gateways or ()):
            continue
        if len(named) < len(tuple(named_gateways(route))):
            continue
        everything = sorted({host for offered in offers for host in offered or ()})
        for position, host in enumerate(hosts):
            if host not in taken:
                yield ABOUT.finding(
                    f"none of the gateways takes the host {host}",
                    ref_of(route, f"spec.hosts[{position}]"),
                    fix=f"add a server for it, or use a host they take: {listed(everything)}{meant(host, everything)}",
                )


def _offers(gateway: Gateway, route: VirtualService) -> tuple[str, ...] | None:
    """The hosts that a gateway takes for a VirtualService of that namespace; None when some are not known yet."""
    offered = []
    for server in gateway.spec.servers or ():
        for each in server.hosts:
            if not is_known(each):
                return None
            namespace, host = server_host(each, gateway.namespace)
            if namespace in ("*", route.namespace):
                offered.append(host)
    return tuple(offered)
