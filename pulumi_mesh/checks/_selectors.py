"""What selectors select: labels of policies and Gateways against what is known of workloads and gateway proxies."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import AuthorizationPolicy, Gateway, PeerAuthentication
from pulumi_mesh.manifests.facts import Proxy, Workload
from pulumi_mesh.manifests.snapshot import Snapshot, selects
from pulumi_mesh.typed import is_known


def selector_of(policy: PeerAuthentication | AuthorizationPolicy) -> FrozenMap[str, str]:
    """The labels that a policy selects by; none for all workloads."""
    selector = policy.spec.selector
    return FrozenMap((selector.match_labels or {}) if selector else {})


def gateway_selector(gateway: Gateway) -> FrozenMap[str, str]:
    """The labels of the proxies that serve a Gateway; none for all gateway proxies."""
    return FrozenMap(gateway.spec.selector or {})


def all_known(labels: Mapping[str, str]) -> bool:
    """Whether every value is plain text, with no Output in it."""
    return all(is_known(each) for each in labels.values())


def routers(snapshot: Snapshot) -> tuple[Proxy, ...]:
    """The gateway proxies."""
    return tuple(each for each in snapshot.proxies if each.kind == "router")


def pods(snapshot: Snapshot, namespace: str, selector: Mapping[str, str]) -> tuple[Workload, ...]:
    """The workloads that a policy of the namespace selects; one of the root namespace selects in all of them."""
    return tuple(each for each in snapshot.workloads if _reached(snapshot, each, namespace, selector))


def gateway_pods(snapshot: Snapshot, namespace: str, selector: Mapping[str, str]) -> tuple[Proxy, ...]:
    """The gateway proxies that a policy of the namespace selects."""
    return tuple(each for each in routers(snapshot) if _reached(snapshot, each, namespace, selector))


def _reached(snapshot: Snapshot, pod: Workload | Proxy, namespace: str, selector: Mapping[str, str]) -> bool:
    return namespace in (pod.namespace, snapshot.mesh.root_namespace) and selects(selector, pod.labels)
