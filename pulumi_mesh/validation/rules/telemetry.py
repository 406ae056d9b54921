"""What Istio's webhook adds for Telemetry objects (ValidateTelemetry)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_mesh.validation.cel.environment import syntax_problem
from pulumi_mesh.validation.rules.selectors import policy_targets
from pulumi_mesh.validation.verdict import Problem, warning

Object = Mapping[str, Any]


def telemetry(spec: Object, metadata: Object) -> Iterator[Problem]:
    """Metrics, traces and access logs."""
    del metadata
    yield from policy_targets(spec)
    for index, each in enumerate(spec.get("metrics") or ()):
        yield from _metrics(each, f"spec.metrics[{index}]")
    tracing = spec.get("tracing") or ()
    if len(tracing) > 1:
        yield warning("spec.tracing", "only one of them has an effect")
    for index, each in enumerate(tracing):
        yield from _tracing(each, f"spec.tracing[{index}]")
    for index, each in enumerate(spec.get("accessLogging") or ()):
        at = f"spec.accessLogging[{index}]"
        if (chosen := each.get("filter")) is not None and (problem := syntax_problem(chosen.get("expression") or "")):
            yield Problem(f"{at}.filter.expression", problem)
        yield from _providers(each.get("providers") or (), f"{at}.providers")


def _providers(providers: Sequence[Object], path: str) -> Iterator[Problem]:
    for index, each in enumerate(providers):
        if not each.get("name"):
            yield Problem(f"{path}[{index}].name", "a provider has a name")


def _tracing(tracing: Object, path: str) -> Iterator[Problem]:
    providers = tracing.get("providers") or ()
    if len(providers) > 1:
        yield warning(f"{path}.providers", "only one of them has an effect")
    yield from _providers(providers, f"{path}.providers")
    if not 0 <= (tracing.get("randomSamplingPercentage") or 0) <= 100:
        yield Problem(f"{path}.randomSamplingPercentage", f"{tracing['randomSamplingPercentage']} is not in 0..100")
    for name, tag in (tracing.get("customTags") or {}).items():
        at = f"{path}.customTags[{name}]"
        if not name:
            yield Problem(at, "a tag has a name")
        for kind, field in (("literal", "value"), ("header", "name"), ("environment", "name")):
            if (source := tag.get(kind)) is not None and not source.get(field):
                yield Problem(f"{at}.{kind}.{field}", "it is required")


def _metrics(metrics: Object, path: str) -> Iterator[Problem]:
    yield from _providers(metrics.get("providers") or (), f"{path}.providers")
    for index, override in enumerate(metrics.get("overrides") or ()):
        at = f"{path}.overrides[{index}]"
        for name, tag in (override.get("tagOverrides") or {}).items():
            here = f"{at}.tagOverrides[{name}]"
            if not name:
                yield warning(here, "a tag has a name")
            removes = tag.get("operation") == "REMOVE"
            if removes == bool(tag.get("value")):
                verb = "REMOVE has no value" if removes else "UPSERT has a value"
                yield Problem(f"{here}.value", verb)
        if (override.get("match") or {}).get("customMetric") == "":
            yield Problem(f"{at}.match.customMetric", "a metric has a name")
