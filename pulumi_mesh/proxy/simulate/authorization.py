"""Role-based access control: who may."""

from __future__ import annotations

from dataclasses import replace

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.simulate.conditions import holds
from pulumi_mesh.proxy.simulate.exchange import Exchange
from pulumi_mesh.proxy.simulate.outcome import Step
from pulumi_mesh.proxy.view.rbac import HttpRbac, NetworkRbac, Policy, Rules

_ASKS = "istio_ext_authz_"
"""What Istio puts before notes of shadow rules that a filter behind asks an authorizer by."""
_NAMES = {HttpRbac: "envoy.filters.http.rbac", NetworkRbac: "envoy.filters.network.rbac"}


def decide(rules: Rules | None, exchange: Exchange) -> tuple[bool, Policy | None]:
    """Whether rules let a request pass, and the policy that says so: the first by name, as Envoy has them.

    Rules that allow refuse what no policy matches; without rules everything passes.
    """
    if rules is None:
        return True, None
    ordered = sorted(rules.policies, key=lambda each: each.name.encode())
    found = next((each for each in ordered if _applies(each, exchange)), None)
    if rules.action == "LOG":
        return True, found
    return (found is None) == (rules.action == "DENY"), found


def authorize(
    filter: HttpRbac | NetworkRbac, exchange: Exchange
) -> tuple[bool, Policy | None, tuple[Step, ...], Exchange]:
    """What a filter decides: whether it passes, the policy, why, and the exchange with what its shadow rules note.

    What shadow rules would have decided is told before what is decided.
    """
    allowed, policy = decide(filter.rules, exchange)
    if filter.shadow is None:
        return allowed, policy, (_why(filter.rules, allowed, policy),), exchange
    would_allow, noted = decide(filter.shadow, exchange)
    steps = [_would(filter, filter.shadow, would_allow, noted)]
    if filter.rules is not None:
        steps.append(_why(filter.rules, allowed, policy))
    return allowed, policy, tuple(steps), _noted(filter, exchange, would_allow, noted)


def _applies(policy: Policy, exchange: Exchange) -> bool:
    return any(holds(each, exchange) for each in policy.permissions) and any(
        holds(each, exchange) for each in policy.principals
    )


def _noted(filter: HttpRbac | NetworkRbac, exchange: Exchange, allowed: bool, policy: Policy | None) -> Exchange:
    name, prefix = _NAMES[type(filter)], filter.shadow_prefix
    before = exchange.metadata.get(name)
    notes: dict[str, object] = dict(before) if isinstance(before, FrozenMap) else {}
    notes[f"{prefix}shadow_engine_result"] = "allowed" if allowed else "denied"
    if policy is not None:
        notes[f"{prefix}shadow_effective_policy_id"] = policy.name
    return replace(exchange, metadata=FrozenMap({**exchange.metadata, name: FrozenMap(notes)}))


def _why(rules: Rules | None, allowed: bool, policy: Policy | None) -> Step:
    if rules is None:
        return Step("authorization: no rule is enforced")
    if policy is not None:
        verb = "allows" if allowed else "denies"
        return Step(f"policy {policy.name} {'logs' if rules.action == 'LOG' else verb} the request", policy.ref)
    if allowed:
        return Step(f"no {rules.action} policy matches: the request passes")
    ref = rules.policies[0].ref if rules.policies else None
    return Step("no ALLOW policy matches: the request is denied", ref)


def _would(filter: HttpRbac | NetworkRbac, rules: Rules, allowed: bool, policy: Policy | None) -> Step:
    if filter.shadow_prefix == _ASKS:
        if policy is None:
            return Step("no CUSTOM policy matches: no authorizer is asked")
        return Step(f"policy {policy.name} has an authorizer asked", policy.ref)
    if policy is not None:
        return Step(f"dry run: policy {policy.name} would {'allow' if allowed else 'deny'} the request", policy.ref)
    if allowed:
        return Step(f"dry run: no {rules.action} policy matches: the request would pass")
    ref = rules.policies[0].ref if rules.policies else None
    return Step("dry run: no ALLOW policy matches: the request would be denied", ref)
