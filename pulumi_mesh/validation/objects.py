"""The verdict on typed objects, and on what a renderer makes: before a deployment, offline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_mesh.findings import Finding
from pulumi_mesh.manifests.wire import AnyObject, to_wire
from pulumi_mesh.typed import has_token
from pulumi_mesh.validation.judge import judge
from pulumi_mesh.validation.schemas import Channel
from pulumi_mesh.validation.verdict import Verdict

_EXPERIMENTAL = "pulumi_mesh.gateway_api.experimental"
_step = re.compile(r"\[([^\]]*)\]|([^.\[\]]+)")


def judge_object(obj: AnyObject) -> Verdict:
    """The verdict on a typed object; of one of the experimental channel, as a cluster with its CRDs would judge it.

    A finding on a place where an Output stands, as a token, is left out: it waits for the value.
    """
    channel: Channel = "experimental" if type(obj).__module__.startswith(_EXPERIMENTAL) else "standard"
    manifest = to_wire(obj)
    verdict = judge(manifest, channel)
    if not verdict.findings:
        return verdict
    return Verdict(tuple(each for each in verdict.findings if not _waits(each, manifest)))


def refusals(objects: Iterable[AnyObject]) -> tuple[Finding, ...]:
    """What a cluster would say of each object, in their order."""
    return tuple(finding for obj in objects for finding in judge_object(obj).findings)


def _waits(finding: Finding, manifest: Mapping[str, Any]) -> bool:
    return has_token(finding.message) or any(_holds_token(_at(ref.path, manifest)) for ref in finding.refs)


def _at(path: str, value: Any) -> Any:
    """What is at a path of a manifest; None where nothing is."""
    for match in _step.finditer(path):
        key = match[1] if match[2] is None else match[2]
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _holds_token(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(has_token(key) or _holds_token(item) for key, item in value.items())
    if isinstance(value, list):
        return any(map(_holds_token, value))
    return has_token(value)
