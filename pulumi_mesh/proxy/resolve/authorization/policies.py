"""The rules of AuthorizationPolicies, as those of one filter."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_mesh.istio import AuthorizationPolicy
from pulumi_mesh.manifests.facts import MeshConfig
from pulumi_mesh.manifests.snapshot import ref_of
from pulumi_mesh.proxy.resolve.authorization.rules import RbacAction, policy_of
from pulumi_mesh.proxy.view.rbac import Always, Not, Policy, Rules

DRY_RUN = "istio.io/dry-run"
NEVER = Not(Always())
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})


def is_tried(policy: AuthorizationPolicy) -> bool:
    """Whether a policy is only tried out. Mirrors isDryRun (pilot/pkg/security/authz/builder/builder.go)."""
    return policy.annotations.get(DRY_RUN) in _TRUE


def trust_domains(mesh: MeshConfig) -> tuple[str, ...]:
    """The mesh's trust domain and those that stand for it."""
    return tuple(dict.fromkeys((mesh.trust_domain, *mesh.trust_domain_aliases)))


def rules_of(
    policies: Iterable[AuthorizationPolicy],
    action: RbacAction,
    domains: tuple[str, ...],
    *,
    connections: bool,
    prefix: str = "",
) -> Rules:
    """The rules of one action; by name, the order in which Envoy goes through them. prefix: of the names.

    Mirrors Builder.build and policyName (pilot/pkg/security/authz/builder/builder.go).
    """
    found: list[Policy] = []
    for each in policies:
        stem = f"{prefix}ns[{each.namespace}]-policy[{each.name}]-rule"
        if not each.spec.rules:
            found.append(Policy(f"{stem}[0]", (NEVER,), (NEVER,), ref_of(each, "spec")))
        for index, rule in enumerate(each.spec.rules or ()):
            policy = policy_of(
                rule,
                name=f"{stem}[{index}]",
                ref=ref_of(each, f"spec.rules[{index}]"),
                action=action,
                connections=connections,
                trust_domains=domains,
            )
            if policy is not None:
                found.append(policy)
    return Rules(action, tuple(sorted(found, key=lambda policy: policy.name)))
