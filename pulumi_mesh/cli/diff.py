"""``pulumi-mesh diff``: which requests go elsewhere when one mesh takes the place of another."""

from __future__ import annotations

import json

import click

from pulumi_mesh.cli import options
from pulumi_mesh.refs import Ref


@click.command(name="diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--with",
    "both",
    multiple=True,
    metavar="PATH",
    help="Manifests that both sides have, such as Services. May be repeated.",
)
@options.stages
@options.mesh_config
@click.option(
    "--output",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="For a person, for a pull request, or for a machine.",
)
def command(
    old: str, new: str, both: tuple[str, ...], stages: dict[str, int], mesh_config: str | None, output: str
) -> int:
    """Say which requests go elsewhere when NEW takes the place of OLD.

    OLD and NEW are each a program or manifests; --stage says where the canaries of NEW stand (those of OLD stand before
    their first stage). Where one side holds no Service at all, as what `render` writes, the other side's count.
    Requests are gathered into classes, each with a sample. Exit code 1 when requests fail that did not, or are no
    longer encrypted.
    """
    from pulumi_mesh.loading.snapshot import load_snapshot
    from pulumi_mesh.proxy.diff.compare import diff
    from pulumi_mesh.proxy.diff.report import data_of, markdown_of, text_of

    before = load_snapshot([old, *both], mesh_config=mesh_config)
    after = load_snapshot([new, *both], stages, mesh_config)
    old_facts = after if before.implied else before
    new_facts = before if after.implied else after
    found = diff(before.snapshot.beside(old_facts.snapshot), after.snapshot.beside(new_facts.snapshot))

    def place(ref: Ref) -> str:
        return after.place(ref) or before.place(ref)

    if output == "json":
        click.echo(json.dumps(data_of(found, place), indent=2))
    else:
        lines = text_of(found, place) if output == "text" else markdown_of(found, place)
        click.echo("\n".join(lines).rstrip())
    return 1 if found.breaks else 0
