"""The command line. It only calls the same functions that anyone can: load, render, check, resolve, write."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from itertools import pairwise
from typing import Any

import click

from pulumi_mesh.cli.errors import report
from pulumi_mesh.errors import MeshError

COLLECTOR = (100_000, 20, 20)
"""Thresholds of the collector of cyclic garbage: a command ends soon, and what it loads and reads has few cycles."""

# Name, also of the module (with an underscore for the hyphen), and summary; a module is imported when its command runs,
# so that the others cost nothing.
COMMANDS = {
    "check": "Say what is wrong with a mesh before it is applied.",
    "explain": "Say what happens to a request, step by step.",
    "diff": "Say which requests go elsewhere when one mesh replaces another.",
    "graph": "Draw a mesh: gateways, services, versions, weights, mutual TLS.",
    "proxy-config": "Show the listeners, routes, clusters or endpoints of a proxy.",
    "render": "Write the Istio objects, or the Envoy config, of a mesh.",
    "run": "Run a mesh on this machine with real Envoys.",
    "test": "Run route tests: whether requests end where they should.",
    "validate": "Say of manifests, without a cluster, what it would refuse.",
}

ALIASES = {"pc": "proxy-config"}
"""Short names, as istioctl has them."""

DEBUG = "PULUMI_MESH_DEBUG"
"""The environment variable that has the traceback of a mistake in pulumi-mesh itself shown."""


class _Commands(click.Group):
    """Commands that are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        cmd_name = ALIASES.get(cmd_name, cmd_name)
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"pulumi_mesh.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pulumi-mesh", prog_name="pulumi-mesh")
def cli() -> None:
    """A service mesh as typed Python.

    PROGRAM is a folder with Pulumi.yaml, a Python file (FILE.py or FILE.py:NAME), a module (MODULE:NAME), or YAML.
    PATH is a program, or Kubernetes manifests: a YAML or JSON file, a folder of them, or - for standard input.

    Exit codes: 0 all is well, 1 something was found, 2 the command was not understood.
    """


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    gc.set_threshold(*COLLECTOR)
    given = sys.argv[1:] if args is None else args
    try:
        code: Any = cli.main(args=given, prog_name="pulumi-mesh", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except MeshError as error:
        code = report(error, as_json=_wants_json(given))
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        what = f"a mistake in pulumi-mesh, not in the mesh ({type(error).__name__}: {error}); {DEBUG}=1 shows where"
        code = report(MeshError(what), as_json=_wants_json(given))
    sys.exit(code if isinstance(code, int) else 0)


def _wants_json(args: list[str]) -> bool:
    words = {"--output=json", "-ojson", "-o=json"}
    return not words.isdisjoint(args) or any(pair in (("--output", "json"), ("-o", "json")) for pair in pairwise(args))
