"""Several PeerAuthentications for the same workloads."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_mesh.checks._about import About
from pulumi_mesh.checks._selectors import all_known, selector_of
from pulumi_mesh.checks._wording import labels_text
from pulumi_mesh.findings import Finding
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import PeerAuthentication
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of

ABOUT = About(
    "duplicate-policy",
    ("error",),
    "Two PeerAuthentications of a namespace have the same selector",
    also="KIA0002, KIA0003",
)


def find(snapshot: Snapshot) -> Iterator[Finding]:
    """One finding a selector, or a namespace for those without one: istiod takes the oldest and says nothing."""
    groups: dict[tuple[str, FrozenMap[str, str]], list[PeerAuthentication]] = {}
    for policy in snapshot.of(PeerAuthentication):
        selector = selector_of(policy)
        if all_known(selector):
            groups.setdefault((policy.namespace, selector), []).append(policy)
    for (namespace, selector), policies in groups.items():
        if len(policies) < 2:
            continue
        names = ", ".join(each.name for each in policies)
        whom = f"workloads {labels_text(selector)}" if selector else "all workloads"
        yield ABOUT.finding(
            f"PeerAuthentications {names} are all for {whom} of namespace {namespace}: only the oldest counts",
            *(ref_of(each, "spec.selector" if selector else "spec") for each in policies),
            fix="keep one, with the mode and the port modes that are wanted",
        )
