"""The verdicts of ``pulumi-mesh validate`` as text, JSON, JSON lines or SARIF, document by document."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

from click import format_filename

from pulumi_mesh.findings import Severity


class Placed(NamedTuple):
    """One finding. stage: ``reading``, ``structure``, ``cel`` or ``webhook``. line: in the file, from 1."""

    stage: str
    severity: Severity
    message: str
    path: str
    line: int


class Judged(NamedTuple):
    """The verdict on one document. document: the number of the YAML document in its file, from 0."""

    file: str
    document: int
    kind: str
    namespace: str
    name: str
    accepted: bool
    findings: tuple[Placed, ...]


class Counts(NamedTuple):
    """How many there were."""

    documents: int = 0
    rejected: int = 0
    warnings: int = 0


@dataclass(frozen=True, slots=True)
class Format:
    """How a report is put together: head, then what ``one`` has for each document (nothing, for most), then tail.

    whole: it is one value, which means nothing when it is cut off.
    """

    head: str
    one: Callable[[Judged], list[str]]
    between: str
    tail: Callable[[Counts], str]
    whole: bool = False


def as_data(judged: Judged) -> dict[str, Any]:
    """One document's verdict for a machine."""
    return {
        "file": judged.file,
        "document": judged.document,
        "kind": judged.kind,
        "namespace": judged.namespace,
        "name": judged.name,
        "verdict": "accept" if judged.accepted else "reject",
        "findings": [each._asdict() for each in judged.findings],
    }


def _as_json(judged: Judged) -> list[str]:
    return [json.dumps(as_data(judged))]


def _as_text(judged: Judged) -> list[str]:
    return [
        ": ".join(
            filter(
                None,
                (
                    f"{format_filename(judged.file)}:{each.line}",
                    each.severity,
                    _subject(judged, each),
                    each.message,
                ),
            )
        )
        + f" ({each.stage})"
        for each in judged.findings
    ]


def _subject(judged: Judged, finding: Placed) -> str:
    """``KIND NAMESPACE/NAME PATH``, as far as they are known."""
    place = f"{judged.namespace}/{judged.name}" if judged.namespace else judged.name
    return " ".join(filter(None, (judged.kind, place, finding.path)))


def _summary(counts: Counts) -> str:
    many = "s" * (counts.documents != 1)
    said = f"{counts.documents} object{many}: {counts.documents - counts.rejected} accepted, {counts.rejected} rejected"
    warned = f", {counts.warnings} warning{'s' * (counts.warnings != 1)}" if counts.warnings else ""
    return f"{said}{warned}\n"


STAGES = {
    "reading": "What is not plain YAML or JSON: duplicate keys, tags, aliases that grow, text that is not UTF-8",
    "structure": "What the API server refuses by the schema: types, bounds, patterns, unknown fields",
    "cel": "What the API server refuses by the schema's validation rules",
    "webhook": "What Istio's validating webhook refuses, or warns of",
}


def _sarif(judged: Judged) -> list[str]:
    return [json.dumps(_result(judged, each)) for each in judged.findings]


def _result(judged: Judged, finding: Placed) -> dict[str, Any]:
    place: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(judged.file)},
            "region": {"startLine": finding.line},
        }
    }
    if judged.kind:
        name = "/".join(filter(None, (judged.kind, judged.namespace, judged.name, finding.path)))
        place["logicalLocations"] = [{"fullyQualifiedName": name}]
    text = ": ".join(filter(None, (_subject(judged, finding), finding.message)))
    return {"ruleId": finding.stage, "level": finding.severity, "message": {"text": text}, "locations": [place]}


def _uri(file: str) -> str:
    """A file's name as a URI: relative as it is, absolute with its scheme; standard input is ``stdin``."""
    if file == "-":
        return "stdin"
    path = quote(os.fsencode(file.replace("\\", "/")))
    return f"file://{path}" if path.startswith("/") else path.removeprefix("./")


_RULES = json.dumps([{"id": stage, "shortDescription": {"text": text}} for stage, text in STAGES.items()])
_SARIF_HEAD = (
    '{"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [{"tool": {"driver": '
    f'{{"name": "pulumi-mesh", "rules": {_RULES}}}}}, "results": [\n'
)

FORMATS = {
    "text": Format("", _as_text, "\n", _summary),
    "jsonl": Format("", _as_json, "\n", lambda _: ""),
    "json": Format('{"documents": [\n', _as_json, ",\n", lambda counts: f'],\n"rejected": {counts.rejected}}}\n', True),
    "sarif": Format(_SARIF_HEAD, _sarif, ",\n", lambda _: "]}]}\n", True),
}
