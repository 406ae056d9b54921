"""``pulumi-mesh diff``: which requests go elsewhere when one mesh takes the place of another."""

from __future__ import annotations

import json

import click

from pulumi_mesh.cli import options


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
    from pulumi_mesh.loading.places import first_of
    from pulumi_mesh.loading.snapshot import load_snapshot
    from pulumi_mesh.proxy.diff.compare import diff
    from pulumi_mesh.proxy.diff.report import data_of, markdown_of, text_of

    before = load_snapshot([old, *both], mesh_config=mesh_config)
    after = load_snapshot([new, *both], stages, mesh_config)
    old_facts = after if before.implied else before
    new_facts = before if after.implied else after
    found = diff(before.snapshot.beside(old_facts.snapshot), after.snapshot.beside(new_facts.snapshot))

    # What one side does not hold itself, such as Services, is written on the other.
    places = first_of([after.place, before.place]), first_of([before.place, after.place])
    if output == "json":
        click.echo(json.dumps(data_of(found, *places), indent=2))
    else:
        shown = text_of if output == "text" else markdown_of
        lines = shown(found, *places)
        click.echo("\n".join(lines).rstrip())
    return 1 if found.breaks else 0
