"""What Istio's webhook adds for AuthorizationPolicies (ValidateAuthorizationPolicy)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_mesh.validation.rules.attributes import (
    attribute,
    ip_blocks,
    not_empty,
    path_templates,
    ports,
    service_accounts,
    trust_domains,
)
from pulumi_mesh.validation.rules.selectors import policy_targets
from pulumi_mesh.validation.verdict import Problem, warning

Object = Mapping[str, Any]

_SOURCE = {
    "principals": not_empty,
    "requestPrincipals": not_empty,
    "namespaces": not_empty,
    "ipBlocks": ip_blocks,
    "remoteIpBlocks": ip_blocks,
    "serviceAccounts": service_accounts,
    "trustDomains": trust_domains,
}
_OPERATION = {"ports": ports, "methods": not_empty, "paths": path_templates, "hosts": not_empty}
_NOT_CUSTOM = ("namespaces", "serviceAccounts", "trustDomains", "principals", "requestPrincipals")
_NOT_CUSTOM_KEYS = frozenset({"source.namespace", "source.serviceAccount", "source.trustDomain", "source.principal"})
_OF_TCP = ("principals", "namespaces", "ipBlocks", "remoteIpBlocks", "serviceAccounts")


def _both(field: str) -> tuple[str, str]:
    return field, f"not{field[0].upper()}{field[1:]}"


_SOURCE_FIELDS = tuple((each, judge) for field, judge in _SOURCE.items() for each in _both(field))
_OPERATION_FIELDS = tuple((each, judge) for field, judge in _OPERATION.items() for each in _both(field))


def authorization_policy(spec: Object, metadata: Object) -> Iterator[Problem]:
    """The action and its provider, and rules of sources, operations and conditions."""
    del metadata
    yield from policy_targets(spec)
    action, rules, provider = spec.get("action") or "ALLOW", spec.get("rules") or (), spec.get("provider")
    if action in {"CUSTOM", "DENY"} and not rules:
        yield Problem("spec.rules", f"{action} without rules is never triggered; the empty rule {{}} is every request")
    if action == "CUSTOM" and rules and not (provider or {}).get("name"):
        yield Problem("spec.provider.name", "CUSTOM names a provider")
    if action != "CUSTOM" and provider is not None:
        yield Problem("spec.provider", f"a provider goes with the action CUSTOM, not with {action}")
    for index, rule in enumerate(rules):
        at = f"spec.rules[{index}]"
        if action == "CUSTOM":
            yield from _custom(rule, at)
        yield from _rule(rule, at, denies=action == "DENY")


def _custom(rule: Object, path: str) -> Iterator[Problem]:
    for index, each in enumerate(rule.get("from") or ()):
        source = each.get("source") or {}
        for field in _NOT_CUSTOM:
            for name in _both(field):
                if source.get(name):
                    yield Problem(f"{path}.from[{index}].source.{name}", "CUSTOM has no rules on it")
    for index, condition in enumerate(rule.get("when") or ()):
        key = condition.get("key") or ""
        if key in _NOT_CUSTOM_KEYS or key.startswith("request.auth."):
            yield Problem(f"{path}.when[{index}].key", f"CUSTOM has no conditions on {key}")


def _rule(rule: Object, path: str, *, denies: bool) -> Iterator[Problem]:
    origins, targets = rule.get("from") or (), rule.get("to") or ()
    sources = [(f"{path}.from[{index}].source", each.get("source")) for index, each in enumerate(origins)]
    operations = [(f"{path}.to[{index}].operation", each.get("operation")) for index, each in enumerate(targets)]
    for at, source in sources:
        yield from _values(source, at, _SOURCE_FIELDS)
        if source is not None and _any(source, ("serviceAccounts",)) and _any(source, ("principals", "namespaces")):
            yield Problem(at, "serviceAccounts does not go with principals and namespaces")
    for at, operation in operations:
        yield from _values(operation, at, _OPERATION_FIELDS)
    for index, condition in enumerate(rule.get("when") or ()):
        yield from _condition(condition, f"{path}.when[{index}]")
    if not denies:
        return
    from_given = any(source is not None for _, source in sources)
    to_given = any(operation is not None for _, operation in operations)
    from_tcp = any(_any(source or {}, _OF_TCP) for _, source in sources)
    to_tcp = any(_any(operation or {}, ("ports",)) for _, operation in operations)
    if (from_given and not to_given and not from_tcp) or (to_given and not to_tcp):
        yield warning(path, "it denies all traffic of TCP ports: only HTTP has what it asks for; name the ports")


def _any(values: Object, fields: Sequence[str]) -> bool:
    return any(values.get(name) for field in fields for name in _both(field))


def _values(values: Object | None, path: str, fields: Sequence[tuple[str, Any]]) -> Iterator[Problem]:
    given = False
    for field, judge in fields if values else ():
        if entries := (values or {}).get(field):
            given = True
            yield from judge(entries, f"{path}.{field}")
    if not given:
        yield Problem(path, "it is empty")


def _condition(condition: Object, path: str) -> Iterator[Problem]:
    key = condition.get("key") or ""
    given = [(field, condition[field]) for field in ("values", "notValues") if condition.get(field)]
    if not key:
        yield Problem(f"{path}.key", "a condition has a key")
    elif not given:
        yield Problem(path, f"the condition on {key} has no values and no notValues")
    for field, values in given if key else ():
        yield from attribute(key, values, f"{path}.{field}")
