"""A rule of an AuthorizationPolicy as a policy of Envoy's RBAC."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from pulumi_mesh.istio import authorization_policy
from pulumi_mesh.proxy.resolve.authorization import conditions, trust
from pulumi_mesh.proxy.resolve.authorization.conditions import InexpressibleError
from pulumi_mesh.proxy.view.rbac import AllOf, Always, AnyOf, Condition, Not, Policy
from pulumi_mesh.refs import Ref

RbacAction = Literal["ALLOW", "DENY", "LOG"]
Rewrite = Callable[[Sequence[str]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Attribute:
    """What values of a rule are compared with.

    side: of Envoy's policy. each: the condition of one value, given the key; several are alternatives.
    together: the condition of all values. http: whether only requests have it, not connections.
    """

    side: Literal["permission", "principal"]
    each: Callable[[str, str], Condition] | None = None
    together: Callable[[str, Sequence[str]], Condition] | None = None
    http: bool = False


HOST = Attribute("permission", conditions.host, http=True)
METHOD = Attribute("permission", conditions.method, http=True)
PATH = Attribute("permission", conditions.path, http=True)
PORT = Attribute("permission", conditions.port)

ATTRIBUTES = {
    "destination.ip": Attribute("permission", conditions.destination_address),
    "destination.port": PORT,
    "connection.sni": Attribute("permission", conditions.server_name),
    "source.ip": Attribute("principal", conditions.peer_address),
    "remote.ip": Attribute("principal", conditions.client_address),
    "source.namespace": Attribute("principal", conditions.namespace),
    "source.trustDomain": Attribute("principal", conditions.trust_domain),
    "source.serviceAccount": Attribute("principal", conditions.service_account),
    "source.principal": Attribute("principal", conditions.principal),
    "request.auth.principal": Attribute("principal", together=conditions.request_principal, http=True),
    "request.auth.audiences": Attribute("principal", together=conditions.audience, http=True),
    "request.auth.presenter": Attribute("principal", together=conditions.presenter, http=True),
}
"""The keys of ``when``."""

ATTRIBUTE_FAMILIES = {
    "experimental.envoy.filters.": Attribute("permission", together=conditions.filter_metadata),
    "request.headers": Attribute("principal", conditions.header, http=True),
    "request.auth.claims": Attribute("principal", together=conditions.claim, http=True),
}
"""Beginnings of keys of ``when`` that go on with a name."""


@dataclass(frozen=True, slots=True)
class Test:
    """An attribute with the values it must have one of, and those it must not have."""

    key: str
    attribute: Attribute
    values: Sequence[str]
    not_values: Sequence[str]


def policy_of(
    rule: authorization_policy.Rule,
    *,
    name: str,
    ref: Ref,
    action: RbacAction,
    connections: bool,
    trust_domains: Sequence[str],
) -> Policy | None:
    """The policy of one rule; None when there is none.

    connections: for the filter on connections, which knows nothing of requests. There, and for a value that makes no
    sense, a rule that allows is left out whole, and a rule that denies or audits loses the condition: either way less
    is let through.

    Mirrors New and Generate (pilot/pkg/security/authz/model/model.go).
    """
    rewrites: dict[str, Rewrite] = {
        "source.principal": partial(trust.principals, domains=trust_domains),
        "source.trustDomain": partial(trust.expanded, domains=trust_domains),
        "source.serviceAccount": partial(_qualified, namespace=ref.namespace),
    }
    try:
        where = [_when(each) for each in rule.when or ()]
        asked = [_operation(each.operation) for each in rule.to or ()] or [()]
        asking = [_source(each.source) for each in rule.from_ or ()] or [()]

        def side(which: str, own: Iterable[Test]) -> Condition:
            tests = [*own, *(each for each in where if each.attribute.side == which)]
            made = [
                condition
                for each in tests
                for condition in _conditions(each, rewrites.get(each.key), action == "ALLOW", connections)
            ]
            return AllOf(tuple(made) or (Always(),))

        return Policy(
            name,
            tuple(side("permission", each) for each in asked),
            tuple(side("principal", each) for each in asking),
            ref,
        )
    except InexpressibleError:
        return None


def _operation(operation: authorization_policy.Operation | None) -> tuple[Test, ...]:
    if operation is None:
        return ()
    return (
        Test("hosts", HOST, operation.hosts or (), operation.not_hosts or ()),
        Test("methods", METHOD, operation.methods or (), operation.not_methods or ()),
        Test("paths", PATH, operation.paths or (), operation.not_paths or ()),
        Test("ports", PORT, operation.ports or (), operation.not_ports or ()),
    )


def _source(source: authorization_policy.Source | None) -> tuple[Test, ...]:
    if source is None:
        return ()
    return (
        _known("source.principal", source.principals, source.not_principals),
        _known("request.auth.principal", source.request_principals, source.not_request_principals),
        _known("source.serviceAccount", source.service_accounts, source.not_service_accounts),
        _known("source.trustDomain", source.trust_domains, source.not_trust_domains),
        _known("source.namespace", source.namespaces, source.not_namespaces),
        _known("remote.ip", source.remote_ip_blocks, source.not_remote_ip_blocks),
        _known("source.ip", source.ip_blocks, source.not_ip_blocks),
    )


def _known(key: str, values: Sequence[str] | None, not_values: Sequence[str] | None) -> Test:
    return Test(key, ATTRIBUTES[key], values or (), not_values or ())


def _when(when: authorization_policy.When) -> Test:
    """The test of a ``when``; a key that Istio does not know makes the whole rule void, whatever its action."""
    family = (each for start, each in ATTRIBUTE_FAMILIES.items() if when.key.startswith(start))
    attribute = ATTRIBUTES.get(when.key) or next(family, None)
    if attribute is None:
        raise InexpressibleError
    return Test(when.key, attribute, when.values or (), when.not_values or ())


def _conditions(test: Test, rewrite: Rewrite | None, strict: bool, connections: bool) -> list[Condition]:
    values = rewrite(test.values) if rewrite else test.values
    not_values = rewrite(test.not_values) if rewrite else test.not_values
    wanted = _either(test, values, strict, connections)
    refused = _either(test, not_values, strict, connections)
    return [*([wanted] if wanted else []), *([Not(refused)] if refused else [])]


def _either(test: Test, values: Sequence[str], strict: bool, connections: bool) -> Condition | None:
    """The condition that one of the values is there; ``strict`` refuses what cannot be said, else it is left out."""
    together, each = test.attribute.together, test.attribute.each
    makers = [partial(each, test.key, value) for value in values] if each else []
    if together and values:
        makers = [partial(together, test.key, values)]
    made: list[Condition] = []
    for maker in makers:
        try:
            if connections and test.attribute.http:
                raise InexpressibleError
            made.append(maker())
        except InexpressibleError:
            if strict:
                raise
    if not made:
        return None
    return made[0] if together else AnyOf(tuple(made))


def _qualified(values: Sequence[str], namespace: str) -> tuple[str, ...]:
    """Service accounts as NAMESPACE/NAME; by default of the policy's namespace."""
    return tuple(value if "/" in value else f"{namespace}/{value}" for value in values)
