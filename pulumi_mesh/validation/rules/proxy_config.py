"""What Istio's webhook adds for ProxyConfigs (ValidateProxyConfig)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_mesh.validation.rules.selectors import selector
from pulumi_mesh.validation.verdict import Problem


def proxy_config(spec: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[Problem]:
    """Selector and number of threads."""
    del metadata
    if (chosen := spec.get("selector")) is not None:
        yield from selector(chosen.get("matchLabels"), "spec.selector")
    if (spec.get("concurrency") or 0) < 0:
        yield Problem("spec.concurrency", f"{spec['concurrency']} is below 0")
