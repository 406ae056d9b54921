"""Delegation: an entry of a virtual service whose routes another virtual service says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import virtual_service
from pulumi_mesh.refs import Ref

V = TypeVar("V")

_INHERITED = (
    "rewrite",
    "direct_response",
    "timeout",
    "retries",
    "fault",
    "mirror",
    "mirror_percent",
    "mirror_percentage",
    "cors_policy",
    "mirrors",
    "headers",
)
"""Fields of the delegating entry that count where the delegate says nothing."""

_INHERITED_BY_MATCHES = ("uri", "scheme", "method", "authority")
_TESTS_BY_NAME = ("headers", "without_headers", "query_params")

Test: TypeAlias = virtual_service.StringMatch | None


@dataclass(frozen=True, slots=True)
class HttpEntry:
    """An entry of ``http``, names in full. ref: where it stands. matches: where each of its matches stands."""

    spec: virtual_service.Http
    ref: Ref
    matches: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Delegate:
    """A virtual service without hosts. visible_to: the namespaces whose virtual services may use it; ``*`` is all."""

    http: tuple[HttpEntry, ...]
    visible_to: frozenset[str]


def delegated(entry: HttpEntry, namespace: str, delegates: Mapping[tuple[str, str], Delegate]) -> Iterator[HttpEntry]:
    """The entries that stand in the place of one: itself, unless it delegates. None where the delegate is not there,
    or not exported to ``namespace``, which is the delegating object's.

    Mirrors mergeVirtualServices (pilot/pkg/model/virtualservice_controller.go) and MergeHTTPRoutes (virtualservice.go).
    """
    to = entry.spec.delegate
    if to is None:
        yield entry
        return
    delegate = delegates.get((to.namespace or namespace, to.name or ""))
    if delegate is not None and delegate.visible_to & {"*", namespace}:
        for each in delegate.http:
            merged = _merged(entry, each)
            if merged is not None:
                yield merged


def _merged(root: HttpEntry, leaf: HttpEntry) -> HttpEntry | None:
    """None where their matches exclude each other. Mirrors mergeHTTPRoute (virtualservice.go)."""
    matches = _merged_matches(root, leaf)
    if matches is None:
        return None
    inherited = {name: getattr(root.spec, name) for name in _INHERITED if getattr(leaf.spec, name) is None}
    spec = replace(
        leaf.spec,
        name=_joined(root.spec.name, leaf.spec.name),
        match=tuple(match for match, _ in matches) or None,
        **{name: value for name, value in inherited.items() if value is not None},
    )
    return HttpEntry(spec, leaf.ref, tuple(ref for _, ref in matches))


def _merged_matches(root: HttpEntry, leaf: HttpEntry) -> list[tuple[virtual_service.HttpMatch, Ref]] | None:
    """Each match of the delegate with each of the root that it fits into. Mirrors mergeHTTPMatchRequests."""
    roots = list(zip(root.spec.match or (), root.matches, strict=True))
    leaves = list(zip(leaf.spec.match or (), leaf.matches, strict=True))
    if not roots:
        return leaves
    if not leaves:
        return roots
    found: list[tuple[virtual_service.HttpMatch, Ref]] = []
    for narrow, ref in leaves:
        fitting = [(_merged_match(wide, narrow), ref) for wide, _ in roots if not _conflict(wide, narrow)]
        if not fitting:
            return None
        found += fitting
    return found


def _merged_match(root: virtual_service.HttpMatch, leaf: virtual_service.HttpMatch) -> virtual_service.HttpMatch:
    """Mirrors mergeHTTPMatchRequest (virtualservice.go)."""
    fields: dict[str, Any] = {
        name: value
        for name in _INHERITED_BY_MATCHES
        if getattr(leaf, name) is None and (value := getattr(root, name)) is not None
    }
    for name in (*_TESTS_BY_NAME, "source_labels"):
        fields[name] = _together(getattr(root, name), getattr(leaf, name))
    return replace(
        leaf,
        name=_joined(root.name, leaf.name),
        port=leaf.port or root.port,
        source_namespace=leaf.source_namespace or root.source_namespace,
        gateways=leaf.gateways or root.gateways,
        stat_prefix=leaf.stat_prefix or root.stat_prefix,
        **fields,
    )


def _conflict(root: virtual_service.HttpMatch, leaf: virtual_service.HttpMatch) -> bool:
    """Whether the delegate's match takes what the root's does not. Mirrors hasConflict (virtualservice.go)."""
    pairs: list[tuple[Test, Test]] = [(getattr(root, name), getattr(leaf, name)) for name in _INHERITED_BY_MATCHES]
    for field in _TESTS_BY_NAME:
        wide: Mapping[str, Test] = getattr(root, field) or {}
        narrow: Mapping[str, Test] = getattr(leaf, field) or {}
        pairs += [(wide.get(name), test) for name, test in narrow.items()]
    if any(_text_conflict(*pair) for pair in pairs):
        return True
    labels: Mapping[str, str] = root.source_labels or {}
    return (
        bool(root.ignore_uri_case) != bool(leaf.ignore_uri_case)
        or bool(root.port and leaf.port and root.port != leaf.port)
        or bool(root.source_namespace and root.source_namespace != leaf.source_namespace)
        or any(labels.get(key, value) != value for key, value in (leaf.source_labels or {}).items())
        or bool(root.gateways and leaf.gateways and not _within(root.gateways, leaf.gateways))
    )


def _within(wide: tuple[str, ...], narrow: tuple[str, ...]) -> bool:
    return len(wide) >= len(narrow) and {*wide} >= {*narrow}


def _text_conflict(root: Test, leaf: Test) -> bool:
    """Mirrors stringMatchConflict (virtualservice.go): regular expressions are never looked into."""
    if root is None or leaf is None:
        return False
    if root.regex or leaf.regex:
        return True
    if root.exact:
        return leaf.exact != root.exact
    if root.prefix:
        return not (leaf.prefix or leaf.exact or "").startswith(root.prefix)
    return True


def _joined(root: str | None, leaf: str | None) -> str | None:
    return f"{root}-{leaf}" if root and leaf else leaf or root


def _together(root: FrozenMap[str, V] | None, leaf: FrozenMap[str, V] | None) -> FrozenMap[str, V] | None:
    if not root or not leaf:
        return leaf or root
    return FrozenMap({**root, **leaf})
