"""Findings before a command acts: errors stop it, the others are told on standard error."""

from __future__ import annotations

import click

from pulumi_mesh import checks
from pulumi_mesh.cli.errors import finding_text
from pulumi_mesh.errors import FindingsError
from pulumi_mesh.findings import Finding
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.render import Rendered, render, snapshot
from pulumi_mesh.validation.objects import refusals


def found(mesh: Mesh, rendered: Rendered) -> tuple[Finding, ...]:
    """All findings of a mesh: those of rendering it first, then what a cluster would say of each object."""
    refused = refusals(entry.object for entry in rendered.entries)
    return (*rendered.findings, *refused, *checks.check(snapshot(mesh)))


def look(*meshes: Mesh) -> tuple[Rendered, ...]:
    """The rendered meshes, once their findings are told; what several of them have in common is told once.

    Raises FindingsError with all findings if one is an error.
    """
    rendered = tuple(render(each) for each in meshes)
    findings = tuple(dict.fromkeys(finding for pair in zip(meshes, rendered, strict=True) for finding in found(*pair)))
    errors = sum(each.severity == "error" for each in findings)
    if errors:
        many = "one error" if errors == 1 else f"{errors} errors"
        raise FindingsError(f"{many} found in the mesh, so nothing was done", findings)
    for each in findings:
        click.echo(finding_text(each), err=True)
    return rendered
