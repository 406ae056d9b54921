"""``pulumi-mesh test``: whether requests end where they should, without a cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from pulumi_mesh.cli import options

if TYPE_CHECKING:
    from pulumi_mesh.testing.run import Result


@click.command(name="test")
@click.argument("files", metavar="TESTS...", nargs=-1, required=True)
@click.option(
    "--mesh",
    "mesh",
    multiple=True,
    metavar="PATH",
    help="A program or manifests to test, in place of what the files name. May be repeated.",
)
@options.output
def command(files: tuple[str, ...], mesh: tuple[str, ...], output: str) -> int:
    """Run route tests: simulate each request and say where it does not end as expected.

    TESTS are YAML files, or folders, in which every *_mesh_test.yaml counts. Exit code 1 when a test fails.
    """
    from pulumi_mesh.testing.run import run_files

    results: list[Result] = []
    for result in run_files(files, mesh):
        results.append(result)
        if output == "text":
            _tell(result)
    failed = sum(bool(each.mismatches) for each in results)
    if output == "json":
        click.echo(json.dumps({"tests": [_data(each) for each in results], "failed": failed}, indent=2))
    else:
        passed = len(results) - failed
        click.echo(f"{len(results)} test{'s' * (len(results) != 1)}: {passed} passed, {failed} failed")
    return 1 if failed else 0


def _tell(result: Result) -> None:
    mark = click.style("✗", fg="red") if result.mismatches else click.style("✓", fg="green")
    click.echo(f"{mark} {result.test.name}  ({result.where})")
    for each in result.mismatches:
        click.echo(f"    {each}")
    if result.mismatches:
        for line in result.path:
            click.echo(click.style(f"      {line}", dim=True))


def _data(result: Result) -> dict[str, Any]:
    return {
        "name": result.test.name,
        "where": result.where,
        "passed": not result.mismatches,
        "mismatches": list(result.mismatches),
        "path": list(result.path),
    }
