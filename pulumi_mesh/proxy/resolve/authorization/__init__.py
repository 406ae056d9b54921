"""AuthorizationPolicy as Envoy's RBAC filters.

Policies with action CUSTOM need an external authorizer and are not resolved.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import AuthorizationPolicy
from pulumi_mesh.manifests.snapshot import Proxy, Snapshot, ref_of
from pulumi_mesh.proxy.resolve.authorization.rules import RbacAction, policy_of
from pulumi_mesh.proxy.resolve.authorization.selection import policies_for
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.proxy.view.rbac import Always, HttpRbac, NetworkRbac, Not, Policy, Rules

DRY_RUN = "istio.io/dry-run"
NEVER = Not(Always())

_ACTIONS: tuple[tuple[str, RbacAction], ...] = (("AUDIT", "LOG"), ("DENY", "DENY"), ("ALLOW", "ALLOW"))
"""Istio's actions and Envoy's, in the order of the filters: what is refused must be audited first."""

_SHADOW_PREFIXES: dict[str, str] = {"ALLOW": "istio_dry_run_allow_", "DENY": "istio_dry_run_deny_"}
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})


class _Built(NamedTuple):
    """One filter's content. extra: the beginning of the statistics of what is only tried out."""

    rules: Rules | None
    shadow: Rules | None
    extra: FrozenMap[str, object]


def http_filters(snapshot: Snapshot, proxy: Proxy) -> tuple[HttpRbac, ...]:
    """The filters on requests, one an action.

    Mirrors Builder.BuildHTTP (pilot/pkg/security/authz/builder/builder.go).
    """
    return tuple(HttpRbac(*each) for each in _filters(snapshot, proxy, connections=False))


def network_filters(snapshot: Snapshot, proxy: Proxy) -> tuple[NetworkRbac, ...]:
    """The filters on connections, one an action, for chains that do not speak HTTP.

    Mirrors Builder.BuildTCP (pilot/pkg/security/authz/builder/builder.go).
    """
    built = _filters(snapshot, proxy, connections=True)
    return tuple(NetworkRbac(each.rules, "tcp.", each.shadow, each.extra) for each in built)


def _filters(snapshot: Snapshot, proxy: Proxy, *, connections: bool) -> list[_Built]:
    held = policies_for(snapshot, proxy)
    found = []
    for action, rbac in _ACTIONS:
        policies = [each for each in held if (each.spec.action or "ALLOW") == action]
        tried = [each for each in policies if each.annotations.get(DRY_RUN) in _TRUE]
        meant = [each for each in policies if each.annotations.get(DRY_RUN) not in _TRUE]
        if not policies:
            continue
        domains = (snapshot.mesh.trust_domain,)
        # istiod asks the rules that are tried out for their action; without any it gets the default, ALLOW.
        prefix = _SHADOW_PREFIXES.get(action if tried else "ALLOW")
        found.append(
            _Built(
                _rules(meant, rbac, domains, connections) if meant else None,
                _rules(tried, rbac, domains, connections) if tried else None,
                FrozenMap({"shadow_rules_stat_prefix": prefix}) if prefix else EMPTY,
            )
        )
    return found


def _rules(
    policies: Iterable[AuthorizationPolicy], action: RbacAction, domains: tuple[str, ...], connections: bool
) -> Rules:
    """The rules of one action; by name, the order in which Envoy goes through them."""
    found: list[Policy] = []
    for each in policies:
        stem = f"ns[{each.namespace}]-policy[{each.name}]-rule"
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
