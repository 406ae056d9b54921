"""``pulumi-mesh validate``: what the API server and Istio's webhook would say of manifests, without a cluster."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import click

from pulumi_mesh.cli.validate_report import FORMATS, Counts
from pulumi_mesh.cli.validate_work import Done, judge_files
from pulumi_mesh.errors import MeshError
from pulumi_mesh.files import find_files
from pulumi_mesh.validation.schemas import Channel


@click.command(name="validate")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--output",
    type=click.Choice(["text", "json", "jsonl", "sarif"]),
    default="text",
    show_default=True,
    help="For a person, or for a machine: jsonl has one object per document.",
)
@click.option(
    "--channel",
    type=click.Choice(["standard", "experimental"]),
    default="standard",
    show_default=True,
    help="Which CRDs of the Gateway API the cluster has.",
)
def command(paths: tuple[str, ...], output: str, channel: Channel) -> int:
    """Judge Kubernetes manifests as a cluster with Istio and the Gateway API would on `kubectl apply`.

    PATH is a YAML or JSON file, a folder (every such file below it), or - for standard input. Kinds of Istio and the
    Gateway API are judged whole, Services and Namespaces by their fields and most of their rules, other kinds by type
    and metadata only.

    Exit code 1 when anything is rejected, 2 when a file cannot be read.
    """
    report = FORMATS[output]
    total = Counts()
    kept: list[str] = []
    write = kept.append if report.whole else sys.stdout.write
    try:
        files = find_files(paths)
        write(report.head)
        between = ""
        for done in _told(judge_files(files, output, channel), len(files)):
            if done.parts:
                write(between + report.between.join(done.parts))
                between = report.between
            total = Counts(*map(sum, zip(total, done.counts, strict=True)))
    except MeshError as error:
        raise click.UsageError(str(error)) from None
    sys.stdout.writelines((*kept, "\n" if between else "", report.tail(total)))
    return 1 if total.rejected else 0


def _told(batches: Iterator[Done], files: int) -> Iterator[Done]:
    """The batches as they come; on a terminal, progress where it takes more than a second."""
    if not sys.stderr.isatty():
        yield from batches
        return
    started, done, told = time.monotonic(), 0, False
    for batch in batches:
        if told:
            click.echo("\r\x1b[K", nl=False, err=True)
        yield batch
        done += batch.files
        if time.monotonic() - started > 1:
            told = True
            click.echo(f"{done} of {files} files", nl=False, err=True)
    if told:
        click.echo("\r\x1b[K", nl=False, err=True)
