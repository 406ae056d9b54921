"""What Istio's webhook adds for DestinationRules (ValidateDestinationRule)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_mesh.validation.rules.destinations import subset_name
from pulumi_mesh.validation.rules.names import labels, wildcard_domain
from pulumi_mesh.validation.rules.selectors import export_to, selector
from pulumi_mesh.validation.rules.traffic_policy import traffic_policy
from pulumi_mesh.validation.verdict import Problem


def destination_rule(spec: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[Problem]:
    """The host, the policies of host, subsets and ports, and who it is for."""
    namespace = metadata["namespace"]
    if problem := wildcard_domain(spec.get("host") or ""):
        yield Problem("spec.host", problem)
    if (policy := spec.get("trafficPolicy")) is not None:
        yield from traffic_policy(policy, "spec.trafficPolicy", namespace)
    seen = set()
    for index, subset in enumerate(spec.get("subsets") or ()):
        at = f"spec.subsets[{index}]"
        name = subset.get("name") or ""
        if name in seen:
            yield Problem(f"{at}.name", f"there is a subset {name} before it")
        seen.add(name)
        yield from subset_name(name, f"{at}.name")
        yield from labels(subset.get("labels"), f"{at}.labels")
        if (policy := subset.get("trafficPolicy")) is not None:
            yield from _only_errors(traffic_policy(policy, f"{at}.trafficPolicy", namespace))
    chosen = spec.get("workloadSelector")
    yield from export_to(spec.get("exportTo"), namespace, selects=chosen is not None)
    if chosen is not None:
        yield from selector(chosen.get("matchLabels"), "spec.workloadSelector")


def _only_errors(problems: Iterator[Problem]) -> Iterator[Problem]:
    """Istio tells no warnings of a subset's policy."""
    return (each for each in problems if each.severity == "error")
