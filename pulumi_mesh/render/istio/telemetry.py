"""Telemetry of the model becomes Istio's Telemetry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pulumi_mesh import istio
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.model.telemetry import AccessLog, MetricOverride, Metrics, TraceTag, Tracing
from pulumi_mesh.refs import Identity
from pulumi_mesh.render.istio.names import selector_of
from pulumi_mesh.render.result import Entry


def telemetry(mesh: Mesh) -> Iterator[Entry]:
    """One Telemetry for each of the model; the mesh's own lives in the root namespace."""
    for each in mesh.telemetry:
        namespace = each.namespace or mesh.istio.root_namespace
        spec = {
            **selector_of(each.target),
            **_given(
                accessLogging=[_access_log(log) for log in each.access_logs],
                tracing=[_tracing(each.tracing)] if each.tracing else None,
                metrics=[_metrics(metrics) for metrics in each.metrics],
            ),
        }
        made = istio.Telemetry(each.name, namespace=mesh.physical_namespace(namespace), spec=spec)
        yield Entry(Identity("Telemetry", namespace, each.name), made, f'telemetry["{each.name}"]')


def _access_log(log: AccessLog) -> dict[str, Any]:
    return _given(
        providers=_providers(log.providers),
        disabled=log.disabled,
        filter={"expression": log.filter} if log.filter else None,
        match={"mode": log.side} if log.side else None,
    )


def _tracing(tracing: Tracing) -> dict[str, Any]:
    made = _given(
        providers=_providers([tracing.provider] if tracing.provider else ()),
        disableSpanReporting=tracing.disabled,
        customTags={name: _tag(tag) for name, tag in tracing.tags.items()},
    )
    return made if tracing.sampling is None else {**made, "randomSamplingPercentage": tracing.sampling}


def _tag(tag: TraceTag) -> dict[str, Any]:
    if tag.literal:
        return {"literal": {"value": tag.literal}}
    kind, name = ("header", tag.header) if tag.header else ("environment", tag.environment)
    return {kind: {"name": name, **_given(defaultValue=tag.default)}}


def _metrics(metrics: Metrics) -> dict[str, Any]:
    return _given(
        providers=_providers(metrics.providers), overrides=[_override(override) for override in metrics.overrides]
    )


def _override(override: MetricOverride) -> dict[str, Any]:
    return _given(
        match={"metric": override.metric, **({"mode": override.side} if override.side else {})},
        disabled=override.disabled,
        tagOverrides={
            name: {"operation": "REMOVE"} if expression is None else {"operation": "UPSERT", "value": expression}
            for name, expression in override.tags.items()
        },
    )


def _providers(names: Iterable[str]) -> list[dict[str, str]]:
    return [{"name": each} for each in names]


def _given(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value}
