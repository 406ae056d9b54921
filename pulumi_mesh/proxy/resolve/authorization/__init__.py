"""AuthorizationPolicy as Envoy's RBAC and external authorization filters."""

from __future__ import annotations

from typing import NamedTuple

from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.authorization.custom import custom_http_filters, custom_network_filters
from pulumi_mesh.proxy.resolve.authorization.policies import is_tried, rules_of, trust_domains
from pulumi_mesh.proxy.resolve.authorization.rules import RbacAction
from pulumi_mesh.proxy.resolve.authorization.selection import policies_for
from pulumi_mesh.proxy.view.rbac import HttpRbac, NetworkRbac, Rules

__all__ = ["custom_http_filters", "custom_network_filters", "http_filters", "network_filters"]

_ACTIONS: tuple[tuple[str, RbacAction], ...] = (("AUDIT", "LOG"), ("DENY", "DENY"), ("ALLOW", "ALLOW"))
"""Istio's actions and Envoy's, in the order of the filters: what is refused must be audited first."""

_SHADOW_PREFIXES: dict[str, str] = {"ALLOW": "istio_dry_run_allow_", "DENY": "istio_dry_run_deny_"}


class _Built(NamedTuple):
    """One filter's content. prefix: of what is noted of the rules that are only tried out."""

    rules: Rules | None
    shadow: Rules | None
    prefix: str


def http_filters(snapshot: Snapshot, proxy: Proxy) -> tuple[HttpRbac, ...]:
    """The filters on requests, one an action, but for CUSTOM.

    Mirrors Builder.BuildHTTP (pilot/pkg/security/authz/builder/builder.go).
    """
    built = _filters(snapshot, proxy, connections=False)
    return tuple(HttpRbac(each.rules, each.shadow, shadow_prefix=each.prefix) for each in built)


def network_filters(snapshot: Snapshot, proxy: Proxy) -> tuple[NetworkRbac, ...]:
    """The filters on connections, one an action, for chains that do not speak HTTP.

    Mirrors Builder.BuildTCP (pilot/pkg/security/authz/builder/builder.go).
    """
    built = _filters(snapshot, proxy, connections=True)
    return tuple(NetworkRbac(each.rules, "tcp.", each.shadow, shadow_prefix=each.prefix) for each in built)


def _filters(snapshot: Snapshot, proxy: Proxy, *, connections: bool) -> list[_Built]:
    held = policies_for(snapshot, proxy)
    domains = trust_domains(snapshot.mesh)
    found = []
    for action, rbac in _ACTIONS:
        policies = [each for each in held if (each.spec.action or "ALLOW") == action]
        tried = [each for each in policies if is_tried(each)]
        meant = [each for each in policies if not is_tried(each)]
        if not policies:
            continue
        found.append(
            _Built(
                rules_of(meant, rbac, domains, connections=connections) if meant else None,
                rules_of(tried, rbac, domains, connections=connections) if tried else None,
                # istiod asks the rules that are tried out for their action; without any it gets the default, ALLOW.
                _SHADOW_PREFIXES.get(action if tried else "ALLOW", ""),
            )
        )
    return found
