"""What an object applies to, and who sees it: selectors, targetRefs and exportTo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_mesh.validation.rules.names import is_dns_label
from pulumi_mesh.validation.verdict import Problem, warning

_TARGETS = frozenset(
    {
        ("", "Service"),
        ("core", "Service"),
        ("networking.istio.io", "ServiceEntry"),
        ("gateway.networking.k8s.io", "Gateway"),
        ("gateway.networking.k8s.io", "GatewayClass"),
    }
)


def selector(labels: Mapping[str, str] | None, path: str) -> Iterator[Problem]:
    """The labels of a selector that is given: not empty, or it selects all; no wildcards."""
    for key, value in (labels or {}).items():
        if not key:
            yield Problem(path, "a label has no key")
        if "*" in key or "*" in value:
            yield Problem(path, f"{key}={value}: a selector has no wildcards")
    if not labels:
        yield warning(path, "a selector without labels selects every workload of the namespace")


def policy_targets(spec: Mapping[str, Any]) -> Iterator[Problem]:
    """``selector``, ``targetRef`` and ``targetRefs`` of a policy: one of them at most."""
    selected, one, many = spec.get("selector"), spec.get("targetRef"), spec.get("targetRefs")
    if (selected is not None) + (one is not None) + bool(many) > 1:
        yield Problem("spec", "only one of selector and targetRefs can be set")
    if selected is not None:
        yield from selector(selected.get("matchLabels"), "spec.selector")
    if one is not None:
        yield from _target(one, "spec.targetRef")
    for index, each in enumerate(many or ()):
        yield from _target(each, f"spec.targetRefs[{index}]")


def _target(target: Mapping[str, Any], path: str) -> Iterator[Problem]:
    if not target.get("name"):
        yield Problem(f"{path}.name", "a targetRef names an object")
    if target.get("namespace"):
        yield Problem(f"{path}.namespace", "a targetRef is to an object of the same namespace, which is not given")
    group, kind = target.get("group") or "", target.get("kind") or ""
    if (group, kind) not in _TARGETS:
        yield Problem(
            path, f"a targetRef is to a Service, ServiceEntry, Gateway or GatewayClass, not to {group or 'core'}/{kind}"
        )


def export_to(
    entries: Sequence[str] | None, namespace: str, *, to_none: bool = False, selects: bool = False
) -> Iterator[Problem]:
    """``exportTo``: ``.``, ``*`` or namespaces.

    to_none: ``~`` is allowed too. selects: the object has a workload selector, and acts in its namespace only.
    """
    if not entries:
        return
    path = "spec.exportTo"
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        name = namespace if entry == "." else entry
        at = f"{path}[{index}]"
        if name in seen:
            yield Problem(at, f"{entry!r} is the same as an entry before it")
        elif name == "*" or (name == "~" and to_none) or is_dns_label(name):
            seen.add(name)
        elif name == "~":
            yield Problem(at, "~ is for ServiceEntries")
        else:
            yield Problem(at, f"{entry!r} is neither . nor * nor the name of a namespace")
    if selects and seen:
        if namespace not in seen:
            yield Problem(path, "with a workload selector the object can be exported to its own namespace only")
        elif len(seen) > 1:
            yield Problem(path, "with a workload selector there is one entry at most")
    if len(entries) > 1 and "*" in seen:
        yield Problem(path, "* is every namespace: no other entry goes with it")
    if len(entries) > 1 and "~" in seen:
        yield Problem(path, "~ is no namespace: no other entry goes with it")
