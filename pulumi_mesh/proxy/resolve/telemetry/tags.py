"""Tags of spans (envoy.type.tracing.v3.CustomTag)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.istio import telemetry
from pulumi_mesh.manifests.facts import Proxy

Tag = FrozenMap[str, object]


def own_tags(proxy: Proxy) -> tuple[Tag, ...]:
    """Istio's own: who the proxy is, and what policies that are only tried out would have done.

    Mirrors buildServiceTags and optionalPolicyTags (core/tracing.go).
    """
    literals = {
        "istio.canonical_revision": proxy.labels.get("service.istio.io/canonical-revision") or "latest",
        "istio.canonical_service": proxy.labels.get("service.istio.io/canonical-name") or "unknown",
        "istio.mesh_id": "unknown",
        "istio.namespace": proxy.namespace or "default",
        "istio.cluster_id": proxy.cluster or "unknown",
    }
    noted = {
        f"istio.authorization.dry_run.{action}_policy.{name}": f"istio_dry_run_{action}_{key}"
        for action in ("allow", "deny")
        for name, key in (("name", "shadow_effective_policy_id"), ("result", "shadow_engine_result"))
    }
    return (*(_literal(*each) for each in literals.items()), *(_noted(*each) for each in noted.items()))


def custom_tags(tags: Iterable[tuple[str, telemetry.CustomTag]]) -> tuple[Tag, ...]:
    """Telemetry's. Mirrors buildCustomTagsFromProvider (core/tracing.go)."""
    return tuple(tag for name, each in tags for tag in _custom(name, each))


def _custom(name: str, tag: telemetry.CustomTag) -> Iterable[Tag]:
    if tag.literal is not None:
        yield _literal(name, tag.literal.value)
    elif tag.environment is not None:
        yield _named(name, "environment", tag.environment.name, tag.environment.default_value)
    elif tag.header is not None:
        yield _named(name, "request_header", tag.header.name, tag.header.default_value)
    elif tag.formatter is not None:
        yield FrozenMap({"tag": name, "value": tag.formatter.value})


def mesh_tags(tags: Mapping[str, Any]) -> tuple[Tag, ...]:
    """MeshConfig's. Mirrors buildCustomTagsFromProxyConfig (core/tracing.go)."""
    return tuple(made for name in sorted(tags) for made in _of_mesh(name, tags[name]))


def _of_mesh(name: str, tag: Mapping[str, Mapping[str, str]]) -> Iterable[Tag]:
    if "literal" in tag:
        yield _literal(name, tag["literal"].get("value", ""))
    for key, kind in (("environment", "environment"), ("header", "request_header")):
        if key in tag:
            yield _named(name, kind, tag[key].get("name", ""), tag[key].get("defaultValue"))


def _literal(name: str, value: str) -> Tag:
    return FrozenMap({"tag": name, "literal": FrozenMap({"value": value})})


def _named(name: str, kind: str, of: str, default: str | None) -> Tag:
    fields = {"name": of, "default_value": default} if default else {"name": of}
    return FrozenMap({"tag": name, kind: FrozenMap(fields)})


def _noted(name: str, key: str) -> Tag:
    where = {"key": "envoy.filters.http.rbac", "path": [{"key": key}]}
    found: Tag = freeze({"tag": name, "metadata": {"kind": {"request": {}}, "metadata_key": where}})
    return found
