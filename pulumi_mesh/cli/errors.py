"""Errors and findings as a person, or a machine, reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click

from pulumi_mesh.errors import FindingsError, InvalidError, MeshError
from pulumi_mesh.findings import Finding

_MARKS = {"error": "✗", "warning": "!", "info": "·"}
_COLOURS = {"error": "red", "warning": "yellow", "info": "blue"}


def report(error: MeshError, *, as_json: bool) -> int:
    """Print an error as one block; returns the exit code, 1."""
    if as_json:
        click.echo(json.dumps({"errors": _as_data(error)}, indent=2))
    elif isinstance(error, FindingsError):
        click.echo(click.style(f"error: {error.message}", fg="red"), err=True)
        for each in error.findings:
            click.echo(finding_text(each), err=True)
    else:
        head, *rest = str(error).splitlines() or [""]
        if isinstance(error, InvalidError) and len(error.problems) > 1:
            head, rest = f"{len(error.problems)} fields are wrong", [head, *rest]
        click.echo(click.style("error: ", fg="red") + head, err=True)
        for line in rest:
            click.echo(f"  {line}", err=True)
    return 1


def finding_text(finding: Finding) -> str:
    """One finding as text: severity, code, message; where; what would be right."""
    mark = click.style(f"{_MARKS[finding.severity]} {finding.severity}", fg=_COLOURS[finding.severity])
    also = f" ({finding.also})" if finding.also else ""
    lines = [f"{mark} {finding.code}{also}: {finding.message}"]
    lines += [f"    at {ref}" for ref in finding.refs]
    if finding.fix:
        lines.append(f"    fix: {finding.fix}")
    return "\n".join(lines)


def finding_data(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings for a machine."""
    return [
        {
            "code": each.code,
            "severity": each.severity,
            "message": each.message,
            "fix": each.fix,
            "also": each.also,
            "refs": [
                {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name, "path": ref.path} for ref in each.refs
            ],
        }
        for each in findings
    ]


def _as_data(error: MeshError) -> list[dict[str, Any]]:
    if isinstance(error, InvalidError):
        return [{"where": where, "message": message} for where, message in error.problems]
    if isinstance(error, FindingsError):
        return finding_data(error.findings)
    return [{"where": error.where, "message": error.message}]
