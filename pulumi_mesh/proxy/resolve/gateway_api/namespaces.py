"""Which namespaces a listener lets routes, and a Gateway listener sets, come from."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_mesh.gateway_api import gateway
from pulumi_mesh.manifests.snapshot import Snapshot

_NAME_LABEL = "kubernetes.io/metadata.name"


def allowed_namespaces(snapshot: Snapshot, own: str, allowed: gateway.AllowedRoutes | None) -> tuple[str, ...]:
    """The namespaces whose routes a listener takes; ``*`` is all. Mirrors namespacesFromSelector (conversion.go)."""
    namespaces = allowed.namespaces if allowed else None
    if namespaces is None or namespaces.from_ in (None, "Same"):
        return (own,)
    if namespaces.from_ == "All" or namespaces.selector is None:
        return ("*",)
    selector = namespaces.selector
    return tuple(
        sorted(name for name, labels in snapshot.namespaces.items() if _selects(selector, _with_name(name, labels)))
    )


def takes_listener_sets(snapshot: Snapshot, parent: gateway.Gateway, namespace: str) -> bool:
    """Whether a Gateway takes listener sets of a namespace; none without being told to.

    Mirrors NamespaceAcceptedByAllowListeners (config/kube/gatewaycommon).
    """
    allowed = parent.spec.allowed_listeners
    if allowed is None or allowed.namespaces is None or allowed.namespaces.from_ in (None, "None"):
        return False
    if allowed.namespaces.from_ == "All":
        return True
    if allowed.namespaces.from_ == "Same":
        return namespace == parent.namespace
    selector, labels = allowed.namespaces.selector, snapshot.namespaces.get(namespace)
    return selector is not None and labels is not None and _selects(selector, _with_name(namespace, labels))


def _with_name(name: str, labels: Mapping[str, str]) -> Mapping[str, str]:
    """The label that Kubernetes gives every namespace."""
    return {**labels, _NAME_LABEL: name}


def _selects(selector: gateway.Selector, labels: Mapping[str, str]) -> bool:
    """Mirrors LabelSelectorAsSelector (k8s.io/apimachinery): an operator that it does not know selects nothing."""
    if any(labels.get(key) != value for key, value in (selector.match_labels or {}).items()):
        return False
    return all(_holds(each, labels) for each in selector.match_expressions or ())


def _holds(expression: gateway.MatchExpression, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(expression.key), expression.values or ()
    match expression.operator:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return False
