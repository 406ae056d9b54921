"""Two VirtualServices of all sidecars for one host."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_mesh.checks._about import About
from pulumi_mesh.checks._gateways import on_mesh
from pulumi_mesh.checks._hosts import seen_together
from pulumi_mesh.findings import Finding
from pulumi_mesh.istio import VirtualService
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of
from pulumi_mesh.proxy.resolve.hosts import fqdn
from pulumi_mesh.typed import is_known

ABOUT = About(
    "conflicting-hosts",
    ("error",),
    "Two VirtualServices route the same host for sidecars",
    also="IST0109, KIA1106",
)


def find(snapshot: Snapshot) -> Iterator[Finding]:
    """One finding a host: istiod takes one of the VirtualServices and drops the others whole for that host."""
    owners: dict[str, list[tuple[VirtualService, int]]] = {}
    for route in snapshot.of(VirtualService):
        if on_mesh(route):
            for position, given in enumerate(route.spec.hosts or ()):
                if is_known(given):
                    host = fqdn(given, route.namespace, snapshot.mesh.domain)
                    owners.setdefault(host, []).append((route, position))
    for host, places in owners.items():
        clashing = [
            (route, position)
            for route, position in places
            if any(route is not other and seen_together(route, other) for other, _ in places)
        ]
        if clashing:
            names = ", ".join(f"{route.namespace}/{route.name}" for route, _ in clashing)
            yield ABOUT.finding(
                f"{len(clashing)} VirtualServices route {host} for sidecars: {names}; one is used, the others are not",
                *(ref_of(route, f"spec.hosts[{position}]") for route, position in clashing),
                fix="put the rules into one VirtualService, in the order they are to be tried, or keep the objects "
                "apart with exportTo",
            )
