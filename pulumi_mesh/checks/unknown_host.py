"""A destination that is no service of the registry."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_mesh.checks._about import About
from pulumi_mesh.checks._destinations import destinations
from pulumi_mesh.checks._hosts import known_hosts, seen_from, service_host
from pulumi_mesh.checks._wording import may_become, meant
from pulumi_mesh.findings import Finding
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.hosts import fqdn, subset_of
from pulumi_mesh.typed import is_known

ABOUT = About(
    "unknown-host",
    ("warning",),
    "A destination's host is no known service and no host of a ServiceEntry",
    also="IST0101, KIA1101",
)


def find(snapshot: Snapshot) -> Iterator[Finding]:
    """A short name is looked up in its VirtualService's namespace only; wildcard ServiceEntry hosts count."""
    known = tuple(known_hosts(snapshot))
    for use in destinations(snapshot):
        given = use.destination.host
        if not is_known(given):
            continue
        host = fqdn(given, use.namespace, snapshot.mesh.domain)
        seen = [each.hostname for each in known if seen_from(use.namespace, each.export_to, each.namespace)]
        if any(subset_of(host, each) or may_become(each, host) for each in seen):
            continue
        written_out = service_host(given, use.namespace, snapshot.mesh.domain)
        if written_out != host and written_out in seen:
            fix = f"write the service's full name: {written_out}"
        else:
            named = sorted(each.hostname for each in known if each.hostname.startswith(f"{given}."))
            close = f"; did you mean {named[0]}?" if named else meant(host, seen)
            fix = f"name a service that is there, or declare an external service or a ServiceEntry for it{close}"
        shown = given if given == host else f"{given} ({host})"
        yield ABOUT.finding(f"requests go to {shown}, which is no known service", use.ref("host"), fix=fix)
