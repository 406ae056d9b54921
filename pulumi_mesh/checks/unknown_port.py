"""A destination port that the service does not have."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_mesh.checks._about import About
from pulumi_mesh.checks._destinations import destinations
from pulumi_mesh.checks._hosts import known_hosts, seen_from
from pulumi_mesh.checks._wording import may_become
from pulumi_mesh.findings import Finding
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.hosts import fqdn, subset_of
from pulumi_mesh.typed import is_known

ABOUT = About(
    "unknown-port",
    ("error",),
    "A destination's port is none of its service's",
    also="IST0101",
)


def find(snapshot: Snapshot) -> Iterator[Finding]:
    """Of several objects with the host all ports count; wildcard hosts count only where none names the host itself."""
    known = tuple(known_hosts(snapshot))
    for use in destinations(snapshot):
        wanted = use.destination.port.number if use.destination.port else None
        if wanted is None or not is_known(use.destination.host):
            continue
        host = fqdn(use.destination.host, use.namespace, snapshot.mesh.domain)
        seen = [each for each in known if seen_from(use.namespace, each.export_to, each.namespace)]
        if any(may_become(each.hostname, host) for each in seen):
            continue
        exact = [each for each in seen if each.hostname == host]
        owners = exact or [each for each in seen if subset_of(host, each.hostname)]
        ports = sorted({number for each in owners for number in each.ports})
        if owners and wanted not in ports:
            there = ", ".join(map(str, ports)) or "none"
            yield ABOUT.finding(
                f"requests go to port {wanted} of {host}, which does not have it: they get 503",
                use.ref("port.number"),
                fix=f"use one of its ports: {there}" if ports else f"give {host} a port",
            )
