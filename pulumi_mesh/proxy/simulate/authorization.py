"""Role-based access control: who may."""

from __future__ import annotations

from dataclasses import replace

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.simulate.conditions import holds
from pulumi_mesh.proxy.simulate.exchange import Exchange
from pulumi_mesh.proxy.simulate.outcome import Step
from pulumi_mesh.proxy.view.rbac import HttpRbac, NetworkRbac, Policy, Rules

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


def authorize(filter: HttpRbac | NetworkRbac, exchange: Exchange) -> tuple[bool, Policy | None, Step, Exchange]:
    """What a filter decides: whether it passes, the policy, why, and the exchange with what its shadow rules note."""
    allowed, policy = decide(filter.rules, exchange)
    if filter.shadow is not None:
        exchange = _noted(filter, exchange)
    return allowed, policy, _why(filter.rules, allowed, policy), exchange


def _applies(policy: Policy, exchange: Exchange) -> bool:
    return any(holds(each, exchange) for each in policy.permissions) and any(
        holds(each, exchange) for each in policy.principals
    )


def _noted(filter: HttpRbac | NetworkRbac, exchange: Exchange) -> Exchange:
    allowed, policy = decide(filter.shadow, exchange)
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
