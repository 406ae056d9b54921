"""``pulumi-mesh graph``: a mesh as a picture."""

from __future__ import annotations

import json

import click

from pulumi_mesh.cli import options


@click.command(name="graph")
@options.paths
@options.stages
@click.option("--from", "source", metavar="PROXY", help="Only what this proxy may send, and what follows.")
@click.option(
    "--output",
    "-o",
    type=click.Choice(["mermaid", "svg", "json"]),
    default="mermaid",
    show_default=True,
    help="A flowchart for Markdown, a picture, or nodes and edges for a machine.",
)
def command(
    paths: tuple[str, ...], stages: dict[str, int], mesh_config: str | None, source: str | None, output: str
) -> None:
    """Draw the mesh of all PATHs: gateways, services, versions, and what is sent between them.

    A lock stands where mutual TLS holds: as the client's proxy would speak, and the server's would take it. A broken
    line is what authorization policies refuse. Sidecars may send anything anywhere; drawn are the calls that services
    declare, those of clients that policies name, and what gateways route.
    """
    from pulumi_mesh import graph
    from pulumi_mesh.loading.proxies import find_proxy
    from pulumi_mesh.loading.snapshot import load_snapshot

    loaded = load_snapshot(paths, stages, mesh_config)
    start = find_proxy(loaded.snapshot, source) if source is not None else None
    drawn = graph.graph(loaded.snapshot, loaded.calls, start)
    if output == "json":
        click.echo(json.dumps(graph.graph_data(drawn), indent=2))
    else:
        click.echo(graph.svg(drawn) if output == "svg" else graph.mermaid(drawn), nl=False)
