"""``pulumi-mesh check``: what is wrong with a mesh, as far as can be known before it is applied."""

from __future__ import annotations

import json

import click

from pulumi_mesh.cli import options
from pulumi_mesh.cli.errors import finding_data, finding_text


@click.command(name="check")
@options.program
@options.stages
@options.output
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
def command(program: str, stages: dict[str, int], output: str, strict: bool) -> int:
    """Say what is wrong with the mesh of PROGRAM, without a cluster.

    Exit code 1 when there is an error (with --strict: or a warning).
    """
    from pulumi_mesh.cli.findings import found
    from pulumi_mesh.render import render

    mesh = options.load(program)[0].at(stages)
    rendered = render(mesh)
    findings = found(mesh, rendered)
    serious = [each for each in findings if each.severity == "error" or (strict and each.severity == "warning")]
    if output == "json":
        click.echo(json.dumps({"objects": len(rendered.entries), "findings": finding_data(findings)}, indent=2))
    else:
        for each in findings:
            click.echo(finding_text(each))
        count = len(rendered.entries)
        said = f"{len(findings)} finding{'s' * (len(findings) != 1)}" if findings else "nothing found"
        click.echo(f"{mesh.name}: {count} object{'s' * (count != 1)}, {said}")
    return 1 if serious else 0
