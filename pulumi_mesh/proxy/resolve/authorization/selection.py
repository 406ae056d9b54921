"""Which AuthorizationPolicies hold for a proxy."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_mesh.istio import AuthorizationPolicy, authorization_policy
from pulumi_mesh.manifests.snapshot import Proxy, Snapshot, selects

GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
"""The label by which a proxy tells which gateway_api.Gateway it was made for."""


def policies_for(snapshot: Snapshot, proxy: Proxy) -> tuple[AuthorizationPolicy, ...]:
    """The policies of the root namespace, then of the proxy's own, that hold for it.

    Mirrors ListAuthorizationPolicies (pilot/pkg/model/authorization.go) and ShouldAttachPolicy
    (pilot/pkg/model/policyattachment.go).
    """
    spaces = dict.fromkeys((snapshot.mesh.root_namespace, proxy.namespace))
    return tuple(each for space in spaces for each in _of(snapshot, space) if _holds(each, proxy))


def _of(snapshot: Snapshot, namespace: str) -> Iterator[AuthorizationPolicy]:
    return (each for each in snapshot.of(AuthorizationPolicy) if each.namespace == namespace)


def _holds(policy: AuthorizationPolicy, proxy: Proxy) -> bool:
    spec = policy.spec
    targets = spec.target_refs or ((spec.target_ref,) if spec.target_ref else ())
    if targets:
        return policy.namespace == proxy.namespace and any(_names_gateway(each, proxy) for each in targets)
    labels = spec.selector.match_labels if spec.selector else None
    return selects(labels or {}, proxy.labels)


def _names_gateway(target: authorization_policy.TargetRef, proxy: Proxy) -> bool:
    """Of what a policy can be attached to by name, only a Gateway API gateway has a proxy of its own here."""
    return (
        target.group == "gateway.networking.k8s.io"
        and target.kind == "Gateway"
        and target.name == proxy.labels.get(GATEWAY_NAME)
        and (target.namespace or proxy.namespace) == proxy.namespace
    )
