"""``pulumi-mesh run``: a mesh on this machine, with real Envoys and stub workloads."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from pulumi_mesh.cli import options

if TYPE_CHECKING:
    from rich.console import Console

    from pulumi_mesh.local.mesh import LocalMesh
    from pulumi_mesh.model.canary import Canary
    from pulumi_mesh.model.mesh import Mesh

REQUESTS = 1000
"""Measured at each stage of a canary, unless told otherwise."""

STOPPED = 130
"""Exit code of a canary that was stopped before its end, as a shell gives it for Ctrl-C."""


@click.command(name="run")
@options.program
@options.stages
@click.option("--canary", metavar="NAME", help="Walk this canary through its stages under live traffic, then stop.")
@click.option(
    "--requests",
    type=click.IntRange(1),
    help=f"Requests measured at each stage. Default: {REQUESTS}, or more where a stage's weight is too small for them.",
)
@click.option(
    "--connections", type=click.IntRange(1, 256), default=8, show_default=True, help="Requests under way at once."
)
@click.option(
    "--port",
    "ports",
    multiple=True,
    metavar="DECLARED=LOCAL",
    callback=lambda _, __, given: dict(_ports(each) for each in given),
    help="The local port for a gateway's declared port, such as 80=8080. Default: free ports. May be repeated.",
)
@options.output
def command(
    program: str,
    stages: dict[str, int],
    canary: str | None,
    requests: int | None,
    connections: int,
    ports: dict[int, int],
    output: str,
) -> int:
    """Run the mesh of PROGRAM on loopback: one Envoy for each gateway and workload, with stub workloads behind them.

    Nothing starts when `check` finds an error. Without --canary it runs until Ctrl-C. With it, the exit code is 1 when
    a share was off by more than chance allows, or a request was lost.
    """
    from rich.console import Console

    from pulumi_mesh.cli.findings import look
    from pulumi_mesh.cli.run_report import until_stopped, walked
    from pulumi_mesh.loading.plain import load_plain

    mesh = load_plain(program)
    as_json = output == "json"
    console = Console(stderr=as_json, highlight=False)
    scenario, stopped = partial(until_stopped, console, as_json=as_json), 0
    stops = [stages]
    if canary is not None:
        walks = mesh.canary(canary)
        for name in stages:
            if mesh.canary(name) == walks:
                raise click.UsageError(f"--canary {canary} sets the stage of {name} itself; leave out --stage {name}=")
        enough = _enough(requests, walks)
        scenario = partial(walked, console, name=canary, requests=enough, connections=connections, as_json=as_json)
        stopped = STOPPED
        stops += [{**stages, walks.name: stage} for stage in range(1, len(walks.stages) + 1)]
    look(*map(mesh.at, stops))
    return asyncio.run(_run(mesh, console, scenario, stages=stages, ports=ports, stopped=stopped))


def _enough(requests: int | None, canary: Canary) -> int:
    """How many requests to measure; so few that a stage could pass although its candidate gets none are refused."""
    from pulumi_mesh.canary.binomial import least_draws
    from pulumi_mesh.local.walk import ALPHA

    split = [each.weight for each in canary.stages if 0 < each.weight < 100]
    least = least_draws(min(split) / 100, ALPHA) if split else 0
    if requests is None:
        return max(REQUESTS, least)
    if requests < least:
        raise click.UsageError(
            f"{requests} requests cannot tell {min(split)} % from nothing; "
            f"{canary.name} needs --requests {least} or more"
        )
    return requests


async def _run(
    mesh: Mesh,
    console: Console,
    scenario: Callable[[LocalMesh], Coroutine[Any, Any, int]],
    *,
    stages: dict[str, int],
    ports: dict[int, int],
    stopped: int,
) -> int:
    """Run ``scenario`` on the running mesh; Ctrl-C ends it in good order with the exit code ``stopped``."""
    from pulumi_mesh.local.mesh import LocalMesh

    _on_first_signal(asyncio.current_task())
    try:
        async with contextlib.AsyncExitStack() as stack:
            with console.status(f"starting {mesh.name}: Envoys, stub workloads, certificates"):
                running = await stack.enter_async_context(LocalMesh(mesh, stages=stages, ports=ports))
            return await _while_alive(running, scenario(running))
    except asyncio.CancelledError:
        console.print("stopped")
        return stopped


def _on_first_signal(task: asyncio.Task[Any] | None) -> None:
    """Cancel ``task`` on Ctrl-C; a second one does not disturb it while it cleans up."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for each in signals:
            loop.add_signal_handler(each, lambda: None)
        if task is not None:
            task.cancel()

    signals = (signal.SIGINT, signal.SIGTERM)
    for each in signals:
        loop.add_signal_handler(each, stop)


async def _while_alive(running: LocalMesh, work: Coroutine[Any, Any, int]) -> int:
    """What ``work`` returns. Raises MeshError as soon as an Envoy dies."""
    working, watching = asyncio.ensure_future(work), asyncio.ensure_future(running.watch())
    try:
        await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            await watching
        return await working
    finally:
        working.cancel()
        watching.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


def _ports(text: str) -> tuple[int, int]:
    declared, found, local = text.partition("=")
    if not found or not (declared.isdecimal() and local.isdecimal()):
        raise click.BadParameter(f"{text!r} is not DECLARED=LOCAL, such as 80=8080")
    return int(declared), int(local)
