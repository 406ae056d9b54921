"""Whether a server's policies let a client in, as far as that can be told without a request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pulumi_mesh.graph.model import Access
from pulumi_mesh.proxy.simulate.networks import contains
from pulumi_mesh.proxy.simulate.texts import text_matches
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager
from pulumi_mesh.proxy.view.rbac import (
    AllOf,
    Always,
    AnyOf,
    Authenticated,
    Condition,
    DestinationPort,
    HttpRbac,
    NetworkRbac,
    Not,
    Policy,
    Rules,
    SourceAddress,
)


@dataclass(frozen=True, slots=True)
class Caller:
    """principal: its SPIFFE URI, empty where it proves none, None where any client is meant. address: its own, empty
    likewise. port: the one that it calls.
    """

    principal: str | None
    address: str
    port: int


def access(chain: FilterChain, caller: Caller) -> tuple[Access, tuple[str, ...]]:
    """What the filter chain lets the caller do, and the policies that decide it."""
    answer: Access = "allowed"
    named: dict[str, None] = {}
    for rules in _rules(chain):
        said, policies = _decide(rules, caller)
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


def _decide(rules: Rules, caller: Caller) -> tuple[Access, tuple[str, ...]]:
    if rules.action == "LOG":
        return "allowed", ()
    held = [(each.name, _policy(each, caller)) for each in rules.policies]
    sure = tuple(name for name, holds in held if holds)
    maybe = tuple(name for name, holds in held if holds is None)
    if rules.action == "DENY":
        return ("denied", sure) if sure else (("partly", maybe) if maybe else ("allowed", ()))
    if sure:
        return "allowed", ()
    return ("partly", maybe) if maybe else ("denied", tuple(name for name, _ in held))


def _policy(policy: Policy, caller: Caller) -> bool | None:
    return _all(_any(_known(each, caller) for each in those) for those in (policy.permissions, policy.principals))


def _known(condition: Condition, caller: Caller) -> bool | None:
    """Whether a condition holds for every request of the caller; None where it depends on the request."""
    match condition:
        case Always():
            return True
        case AllOf(conditions):
            return _all(_known(each, caller) for each in conditions)
        case AnyOf(conditions):
            return _any(_known(each, caller) for each in conditions)
        case Not(inner):
            found = _known(inner, caller)
            return None if found is None else not found
        case Authenticated(match):
            if caller.principal is None:
                return None
            return bool(caller.principal) and (match is None or text_matches(match, caller.principal))
        case DestinationPort(port):
            return port == caller.port
        case SourceAddress("direct_remote_ip", prefix, length) if caller.address:
            return contains(prefix, length, caller.address)
        case _:
            return None


def _all(found: Iterable[bool | None]) -> bool | None:
    answers = set(found)
    return False if False in answers else (None if None in answers else True)


def _any(found: Iterable[bool | None]) -> bool | None:
    answers = set(found)
    return True if True in answers else (None if None in answers else False)
