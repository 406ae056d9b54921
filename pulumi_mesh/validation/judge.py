"""The verdict on an object: what the API server and istiod would say of it, stage by stage as in a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from pulumi_mesh.findings import Finding
from pulumi_mesh.refs import Ref
from pulumi_mesh.validation.cel.rules import rules_of
from pulumi_mesh.validation.compiled import Check, Found, path_of
from pulumi_mesh.validation.rules import webhook_problems
from pulumi_mesh.validation.schemas import Channel, Definition
from pulumi_mesh.validation.structure import structure
from pulumi_mesh.validation.verdict import Problem, Stage, Verdict


def judge(
    document: Mapping[str, Any],
    channel: Channel = "standard",
    *,
    metadata: bool = True,
    namespace: str = "default",
) -> Verdict:
    """Judge one parsed document of any kind, whose keys are text.

    A stage runs when those before it have found no error. Of Services and Namespaces the rules in ``core`` are judged,
    of other kinds that are neither Istio's nor the Gateway API's only type and metadata. channel: of the Gateway API's
    CRDs in the cluster. metadata: False leaves to others what the API server says of ``metadata``. namespace: where an
    object goes that names none.
    """
    judged = structure(document, channel, metadata=metadata)
    if judged.problems:
        return _verdict("structure", judged.problems, document)
    if judged.definition is None:
        return Verdict()
    check = _cel_rules(judged.definition, judged.version)
    if check is not None:
        found: Found = []
        check(judged.object, None, found)
        if found:
            return _verdict("cel", (Problem(path_of(place), message) for place, message in found), document)
    problems = tuple(webhook_problems(judged.definition.group, judged.object, namespace))
    return _verdict("webhook", problems, document) if problems else Verdict()


@cache
def _cel_rules(definition: Definition, version: str) -> Check | None:
    return rules_of(definition.schema(version))


def _verdict(stage: Stage, problems: Iterable[Problem], document: Mapping[str, Any]) -> Verdict:
    metadata = document.get("metadata")
    names = metadata if isinstance(metadata, Mapping) else {}
    kind, namespace, name = (_text(each) for each in (document.get("kind"), names.get("namespace"), names.get("name")))
    return Verdict(
        tuple(
            Finding(stage, problem.severity, problem.message, (Ref(kind, namespace, name, problem.path),))
            for problem in problems
        )
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
