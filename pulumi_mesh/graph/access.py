"""Whether a server's policies let a client in, as far as that can be told without a request."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_mesh.graph.model import Access
from pulumi_mesh.proxy.simulate.conditions import holds
from pulumi_mesh.proxy.simulate.exchange import Exchange
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager
from pulumi_mesh.proxy.view.rbac import (
    AllOf,
    Always,
    AnyOf,
    Authenticated,
    Condition,
    DestinationAddress,
    DestinationPort,
    HttpRbac,
    NetworkRbac,
    Not,
    Policy,
    RequestedServerName,
    Rules,
    SourceAddress,
)


def access(chain: FilterChain, met: Exchange, *, anyone: bool) -> tuple[Access, tuple[str, ...]]:
    """What the filter chain lets a client do, and the policies that decide it.

    met: what is known of the connection. anyone: the client stands for any, of whatever identity and address.
    """
    answer: Access = "allowed"
    named: dict[str, None] = {}
    for rules in _rules(chain):
        said, policies = _decide(rules, met, anyone=anyone)
        if said == "denied":
            return said, policies
        if said == "partly":
            answer = said
            named.update(dict.fromkeys(policies))
    return answer, tuple(named)


def _rules(chain: FilterChain) -> Iterable[Rules]:
    for each in chain.filters:
        if isinstance(each, NetworkRbac) and each.rules:
            yield each.rules
        if isinstance(each, HttpConnectionManager):
            yield from (one.rules for one in each.http_filters if isinstance(one, HttpRbac) and one.rules)


def _decide(rules: Rules, met: Exchange, *, anyone: bool) -> tuple[Access, tuple[str, ...]]:
    if rules.action == "LOG":
        return "allowed", ()
    held = [(each.name, _policy(each, met, anyone=anyone)) for each in rules.policies]
    sure = tuple(name for name, holds in held if holds)
    maybe = tuple(name for name, holds in held if holds is None)
    if rules.action == "DENY":
        return ("denied", sure) if sure else (("partly", maybe) if maybe else ("allowed", ()))
    if sure:
        return "allowed", ()
    return ("partly", maybe) if maybe else ("denied", tuple(name for name, _ in held))


def _policy(policy: Policy, met: Exchange, *, anyone: bool) -> bool | None:
    parts = (policy.permissions, policy.principals)
    return _all(_any(_known(each, met, anyone=anyone) for each in those) for those in parts)


def _known(condition: Condition, met: Exchange, *, anyone: bool) -> bool | None:
    """Whether a condition holds for every request of the client; None where it depends on the request."""
    match condition:
        case AllOf(conditions):
            return _all(_known(each, met, anyone=anyone) for each in conditions)
        case AnyOf(conditions):
            return _any(_known(each, met, anyone=anyone) for each in conditions)
        case Not(inner):
            found = _known(inner, met, anyone=anyone)
            return None if found is None else not found
        case Authenticated():
            return None if anyone else holds(condition, met)
        case SourceAddress("direct_remote_ip"):
            return None if anyone or not met.peer.connection.source else holds(condition, met)
        case Always() | DestinationPort() | DestinationAddress() | RequestedServerName():
            return holds(condition, met)
        case _:
            return None


def _all(found: Iterable[bool | None]) -> bool | None:
    answers = set(found)
    return False if False in answers else (None if None in answers else True)


def _any(found: Iterable[bool | None]) -> bool | None:
    answers = set(found)
    return True if True in answers else (None if None in answers else False)
