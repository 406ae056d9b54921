"""A subset that no DestinationRule defines."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_mesh.checks._about import About
from pulumi_mesh.checks._destinations import destinations
from pulumi_mesh.checks._hosts import seen_from, service_host
from pulumi_mesh.checks._wording import listed, may_become, meant
from pulumi_mesh.findings import Finding
from pulumi_mesh.istio import DestinationRule
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of
from pulumi_mesh.proxy.resolve.hosts import subset_of
from pulumi_mesh.typed import is_known

ABOUT = About(
    "unknown-subset",
    ("error",),
    "A destination names a subset that no DestinationRule of its host has",
    also="IST0101, KIA1107",
)


def find(snapshot: Snapshot) -> Iterator[Finding]:
    """Short hosts are looked up in the namespace of the object that has them; rules for wildcard hosts count."""
    domain = snapshot.mesh.domain
    rules = [(service_host(each.spec.host, each.namespace, domain), each) for each in snapshot.of(DestinationRule)]
    for use in destinations(snapshot):
        subset = use.destination.subset
        if not subset or not is_known(subset) or not is_known(use.destination.host):
            continue
        host = service_host(use.destination.host, use.namespace, domain)
        own = [
            rule
            for pattern, rule in rules
            if (subset_of(host, pattern) or may_become(pattern, host))
            and seen_from(use.namespace, rule.spec.export_to, rule.namespace)
        ]
        names = [each.name for rule in own for each in rule.spec.subsets or ()]
        if subset in names or any(may_become(each, subset) for each in names):
            continue
        if own:
            message = f"no DestinationRule of {host} has the subset {subset}: requests to it get 503"
            fix = f"add it, or use one of its subsets: {listed(names)}{meant(subset, names)}"
        else:
            message = f"{host} has no DestinationRule, so no subset {subset}: requests to it get 503"
            fix = f"add a DestinationRule of {host} with the subset {subset}, or leave the subset out"
        yield ABOUT.finding(message, use.ref("subset"), *(ref_of(each, "spec.subsets") for each in own), fix=fix)
