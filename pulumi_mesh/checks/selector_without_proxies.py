"""A selector that no proxy of the mesh carries the labels of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pulumi_mesh.checks._about import About
from pulumi_mesh.checks._selectors import all_known, gateway_pods, gateway_selector, pods, routers, selector_of
from pulumi_mesh.checks._wording import labels_text, listed
from pulumi_mesh.findings import Finding
from pulumi_mesh.istio import AuthorizationPolicy, Gateway, PeerAuthentication
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of, selects

ABOUT = About(
    "selector-without-proxies",
    ("warning",),
    "The selector of a policy or Gateway selects no known workload or gateway proxy",
    also="IST0127, IST0101, KIA0004, KIA0302",
)


def find(snapshot: Snapshot) -> Iterator[Finding]:
    """Only where workloads are known at all: of the policy's namespace, or gateway proxies of the mesh.

    A policy selects in its namespace; an AuthorizationPolicy of the root namespace, and any Gateway, in all of them. A
    PeerAuthentication of the root namespace with a selector selects nothing.
    """
    for authorization in snapshot.of(AuthorizationPolicy):
        yield from _policy(snapshot, authorization)
    root = snapshot.mesh.root_namespace
    for peer in snapshot.of(PeerAuthentication):
        if peer.namespace != root:
            yield from _policy(snapshot, peer)
        elif selector_of(peer):
            yield ABOUT.finding(
                f"a PeerAuthentication of the root namespace {root} that has a selector applies to nothing",
                ref_of(peer, "spec.selector.matchLabels"),
                fix="move it to the workloads' namespace, or leave the selector out to set the mode of the mesh",
            )
    for gateway in snapshot.of(Gateway):
        yield from _gateway(snapshot, gateway)


def _policy(snapshot: Snapshot, policy: AuthorizationPolicy | PeerAuthentication) -> Iterator[Finding]:
    selector = selector_of(policy)
    if not selector or not all_known(selector):
        return
    known = [each.labels for find_in in (pods, gateway_pods) for each in find_in(snapshot, policy.namespace, {})]
    if known and not any(selects(selector, labels) for labels in known):
        everywhere = policy.namespace == snapshot.mesh.root_namespace
        where = "the mesh" if everywhere else f"namespace {policy.namespace}"
        yield ABOUT.finding(
            f"no workload of {where} has the labels {labels_text(selector)}, so the {policy.kind} applies to nothing",
            ref_of(policy, "spec.selector.matchLabels"),
            fix=_fix(selector, known),
            also="IST0127, KIA0004",
        )


def _gateway(snapshot: Snapshot, gateway: Gateway) -> Iterator[Finding]:
    selector = gateway_selector(gateway)
    if not selector or not all_known(selector):
        return
    proxies = [each.labels for each in routers(snapshot)]
    known = [*proxies, *(each.labels for each in snapshot.workloads)]
    nearby = any(each.namespace == gateway.namespace for each in snapshot.workloads)
    if (proxies or nearby) and not any(selects(selector, labels) for labels in known):
        yield ABOUT.finding(
            f"no gateway proxy has the labels {labels_text(selector)}, so nothing listens for the Gateway",
            ref_of(gateway, "spec.selector"),
            fix=_fix(selector, proxies or known),
            also="IST0101, KIA0302",
        )


def _fix(selector: Mapping[str, str], known: Sequence[Mapping[str, str]]) -> str:
    """What the known ones carry under the same keys, else all that they carry."""
    alike = {labels_text({key: labels[key] for key in selector if key in labels}) for labels in known} - {""}
    return f"select labels that are there: {listed(alike or map(labels_text, known))}"
