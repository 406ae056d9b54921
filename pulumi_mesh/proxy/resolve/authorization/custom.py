"""AuthorizationPolicy with action CUSTOM: filters that have an external authorizer decide.

A filter that only tries the rules out notes which of them held; the one behind it asks the authorizer about such
requests alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pulumi_mesh.istio import AuthorizationPolicy
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.authorization.authorizer import Authorizer, authorizers
from pulumi_mesh.proxy.resolve.authorization.policies import is_tried, rules_of, trust_domains
from pulumi_mesh.proxy.resolve.authorization.selection import policies_for
from pulumi_mesh.proxy.view.ext_authz import HttpExtAuthz, NetworkExtAuthz
from pulumi_mesh.proxy.view.matching import MetadataMatch, StringMatch
from pulumi_mesh.proxy.view.rbac import HttpRbac, NetworkRbac, Policy, Rules

_HTTP_RBAC = "envoy.filters.http.rbac"
_NETWORK_RBAC = "envoy.filters.network.rbac"
_MARK = "istio-ext-authz"
_SHADOW = "istio_ext_authz_"
_NOTED = f"{_SHADOW}shadow_effective_policy_id"
_BAD = "-deny-due-to-bad-CUSTOM-action"


class _Asked(NamedTuple):
    """What one provider is asked about. meant, tried: the rules, and those of a dry run. authorizer: None where the
    provider is unknown or wrong."""

    provider: str
    meant: Rules
    tried: Rules
    authorizer: Authorizer | None


def custom_http_filters(snapshot: Snapshot, proxy: Proxy) -> tuple[HttpRbac | HttpExtAuthz, ...]:
    """The filters on requests, two a provider.

    Without a provider that can be asked all that the rules name is refused. So it is with several providers, which
    istiod takes only with PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS. Rules of a dry run are enforced as a refusal:
    istiod puts them there.

    Mirrors Builder.BuildHTTP for the custom builder (pilot/pkg/security/authz/builder/builder.go).
    """
    found: list[HttpRbac | HttpExtAuthz] = []
    for each in _asked(snapshot, proxy, connections=False):
        if each.authorizer is None:
            found.append(HttpRbac(_refused(each.meant)))
            continue
        found.append(HttpRbac(each.tried if each.tried.policies else None, each.meant, shadow_prefix=_SHADOW))
        found.append(each.authorizer.http(_only_if(_HTTP_RBAC, each.provider)))
    return tuple(found)


def custom_network_filters(snapshot: Snapshot, proxy: Proxy) -> tuple[NetworkRbac | NetworkExtAuthz, ...]:
    """The filters on connections; none for a provider that is asked over HTTP.

    Mirrors Builder.BuildTCP for the custom builder (pilot/pkg/security/authz/builder/builder.go).
    """
    found: list[NetworkRbac | NetworkExtAuthz] = []
    for each in _asked(snapshot, proxy, connections=True):
        if each.authorizer is None:
            found.append(NetworkRbac(_refused(each.meant), "tcp."))
            continue
        filter = each.authorizer.network(_only_if(_NETWORK_RBAC, each.provider))
        if filter is not None:
            tried = each.tried if each.tried.policies else None
            found.append(NetworkRbac(tried, "tcp.", each.meant, shadow_prefix=_SHADOW))
            found.append(filter)
    return tuple(found)


def _asked(snapshot: Snapshot, proxy: Proxy, *, connections: bool) -> Iterator[_Asked]:
    by_provider: dict[str, list[AuthorizationPolicy]] = {}
    for each in policies_for(snapshot, proxy):
        if each.spec.action == "CUSTOM":
            provider = each.spec.provider
            by_provider.setdefault((provider.name if provider else None) or "", []).append(each)
    if not by_provider:
        return
    known = authorizers(snapshot) if len(by_provider) == 1 else {}
    domains = trust_domains(snapshot.mesh)
    for name in sorted(by_provider):
        prefix = f"{_MARK}-{name}-" if name else f"{_MARK}-"

        def rules(policies: Sequence[AuthorizationPolicy], prefix: str = prefix) -> Rules:
            return rules_of(policies, "DENY", domains, connections=connections, prefix=prefix)

        own = by_provider[name]
        yield _Asked(
            name,
            rules([each for each in own if not is_tried(each)]),
            rules([each for each in own if is_tried(each)]),
            known.get(name),
        )


def _only_if(filter: str, provider: str) -> MetadataMatch:
    return MetadataMatch(filter, (_NOTED,), StringMatch("prefix", f"{_MARK}-{provider}"))


def _refused(rules: Rules) -> Rules:
    """Mirrors getBadCustomDenyRules (builder.go)."""
    named = (Policy(f"{each.name}{_BAD}", each.permissions, each.principals, each.ref) for each in rules.policies)
    return Rules("DENY", tuple(named))
