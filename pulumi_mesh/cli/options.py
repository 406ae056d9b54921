"""Options and arguments that commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pulumi_mesh.errors import OutputError

if TYPE_CHECKING:
    from pulumi_mesh.deploy.tokens import Places
    from pulumi_mesh.model.control_plane import Istio
    from pulumi_mesh.model.mesh import Mesh

F = TypeVar("F", bound=Callable[..., Any])


def program(command: F) -> F:
    """The argument PROGRAM."""
    return click.argument("program", metavar="PROGRAM")(command)


def paths(command: F) -> F:
    """The arguments PATH..., and the option --mesh-config FILE that goes with them."""
    argument = click.argument("paths", metavar="PATH...", nargs=-1, required=True)
    return argument(mesh_config(command))


def mesh_config(command: F) -> F:
    """The option --mesh-config FILE."""
    return click.option(
        "--mesh-config",
        metavar="FILE",
        help="Istio's MeshConfig, as YAML; default: that of the ConfigMap istio among the manifests.",
    )(command)


def output(command: F) -> F:
    """The option --output text|json."""
    return click.option(
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="For a person, or for a machine.",
    )(command)


def stages(command: F) -> F:
    """The option --stage NAME=N, which may be given several times."""
    return click.option(
        "--stage",
        "stages",
        multiple=True,
        metavar="NAME=N",
        callback=lambda _, __, given: dict(_stage(each) for each in given),
        help="Where a canary stands: 0 before its first stage (the default), N at the N-th. May be repeated.",
    )(command)


def load(target: str) -> tuple[Mesh, Places]:
    """The mesh of a program with a token for each Output, and the Outputs."""
    from pulumi_mesh.deploy.tokens import take
    from pulumi_mesh.loading import load_program

    mesh = load_program(target)
    return take(mesh, f'Mesh("{mesh.name}")')


def load_plain_installation(target: str) -> tuple[Istio, ...]:
    """The control planes that a program installs, with every text known. Raises OutputError for an Output."""
    from pulumi_mesh.deploy.tokens import take
    from pulumi_mesh.loading import load_installation

    control_planes, places = take(load_installation(target), "istio")
    for place in places.values():
        raise OutputError("its value is known only to `pulumi up`; here plain text is needed", where=place.path)
    return control_planes


def _stage(text: str) -> tuple[str, int]:
    name, found, number = text.partition("=")
    if not found or not number.isdecimal():
        raise click.BadParameter(f"{text!r} is not NAME=N, such as reviews=2")
    return name, int(number)
