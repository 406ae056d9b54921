"""Options and arguments that commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from pulumi_mesh.model.mesh import Mesh

F = TypeVar("F", bound=Callable[..., Any])


def program(command: F) -> F:
    """The argument PROGRAM."""
    return click.argument("program", metavar="PROGRAM")(command)


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


def load(target: str) -> Mesh:
    """The mesh of a program."""
    from pulumi_mesh.loading import load_program

    return load_program(target)


def _stage(text: str) -> tuple[str, int]:
    name, found, number = text.partition("=")
    if not found or not number.isdecimal():
        raise click.BadParameter(f"{text!r} is not NAME=N, such as reviews=2")
    return name, int(number)
