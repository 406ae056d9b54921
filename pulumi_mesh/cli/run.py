"""``pulumi-mesh run``: a mesh on this machine, with real Envoys and stub workloads."""

from __future__ import annotations

import asyncio
import json
import signal
from typing import TYPE_CHECKING, Any

import click

from pulumi_mesh.cli import options

if TYPE_CHECKING:
    from rich.console import Console

    from pulumi_mesh.local.mesh import LocalMesh
    from pulumi_mesh.local.walk import StageResult, Walk
    from pulumi_mesh.model.mesh import Mesh


@click.command(name="run")
@options.program
@options.stages
@click.option("--canary", metavar="NAME", help="Walk this canary through its stages under live traffic, then stop.")
@click.option(
    "--requests", type=click.IntRange(1), default=1000, show_default=True, help="Requests measured at each stage."
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
    requests: int,
    connections: int,
    ports: dict[int, int],
    output: str,
) -> int:
    """Run the mesh of PROGRAM on loopback: one Envoy for each gateway and workload, with stub workloads behind them.

    Without --canary it runs until Ctrl-C. With it, the exit code is 1 when a share was off by more than chance
    allows, or a request was lost.
    """
    mesh = options.load_plain(program)
    if canary is not None:
        mesh.canary(canary)
    mesh.at(stages)
    return asyncio.run(_run(mesh, stages, canary, requests, connections, ports, as_json=output == "json"))


async def _run(
    mesh: Mesh,
    stages: dict[str, int],
    canary: str | None,
    requests: int,
    connections: int,
    ports: dict[int, int],
    *,
    as_json: bool,
) -> int:
    from rich.console import Console

    from pulumi_mesh.local.mesh import LocalMesh

    console = Console(stderr=as_json, highlight=False)
    work: asyncio.Task[int] | None = None

    def stop() -> None:
        if work is not None:
            work.cancel()

    async def whole() -> int:
        with console.status(f"starting {mesh.name}: Envoys, stub workloads, certificates"):
            running = await stack.enter_async_context(LocalMesh(mesh, stages=stages, ports=ports))
        _show_entries(console, running, as_json=as_json, until_stopped=canary is None)
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(running.watch())
            if canary is None:
                await asyncio.Event().wait()
                return 0
            code = await _walk(console, running, canary, requests, connections, as_json=as_json)
            watching.cancel()
            return code

    import contextlib

    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop)
    async with contextlib.AsyncExitStack() as stack:
        work = asyncio.create_task(whole())
        try:
            return await work
        except asyncio.CancelledError:
            console.print("stopping")
            return 0 if canary is None else 130
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None


async def _walk(
    console: Console, running: LocalMesh, name: str, requests: int, connections: int, *, as_json: bool
) -> int:
    from rich.live import Live
    from rich.tree import Tree

    from pulumi_mesh.local.walk import walk

    canary = running.mesh.canary(name)
    title = f"canary [bold]{name}[/]: {canary.stable.version} → {canary.candidate.version}, {requests} requests a stage"
    tree = Tree(title)

    def on_stage(stage: int, result: StageResult | None) -> None:
        asked = canary.stages[stage - 1].weight
        if result is None:
            tree.add(f"  stage {stage}: weight asked {asked} %, measuring …")
        else:
            node = tree.children[-1]
            node.label, *details = _stage_lines(result)
            for line in details:
                node.add(line)

    with Live(tree, console=console, refresh_per_second=4):
        done = await walk(running, name, requests=requests, connections=connections, on_stage=on_stage)
    console.print()
    if as_json:
        click.echo(json.dumps(_walk_data(done), indent=2))
    _show_end(console, done)
    return 0 if done.passed else 1


def _stage_lines(result: StageResult) -> list[str]:
    mark = "[green]✓[/]" if result.passed else "[red]✗[/]"
    return [
        f"{mark} stage {result.stage}: weight asked {result.asked} %, seen {result.seen:.2f} %",
        f"{result.candidate} of {result.answers} answers; chance allows {result.least} to {result.most}",
        f"success {result.success_rate:.2f} %, latency p50 {result.p50 * 1000:.1f} ms, p99 {result.p99 * 1000:.1f} ms",
    ]


def _show_end(console: Console, done: Walk) -> None:
    if done.passed:
        console.print(f"[green]✓[/] {done.requests} requests in all, none lost; every share as asked")
        return
    off = [each.stage for each in done.stages if not each.least <= each.candidate <= each.most]
    if off:
        console.print(f"[red]✗[/] the share was off by more than chance allows at stage {', '.join(map(str, off))}")
    if any(not each.answers for each in done.stages):
        console.print(f"[red]✗[/] no answer came from {done.canary}")
    if done.failed:
        console.print(f"[red]✗[/] {done.failed} of {done.requests} requests were lost:")
        for reason in done.reasons[:10]:
            console.print(f"    {reason}", markup=False)


def _show_entries(console: Console, running: LocalMesh, *, as_json: bool, until_stopped: bool) -> None:
    from pulumi_mesh.local.entry import entries

    shown = []
    for entry, _ in entries(running.mesh):
        url = running.gateway_url(entry.gateway.name, entry.listener.port)
        secure = entry.listener.protocol == "HTTPS"
        shown.append(_command(url, entry.host, entry.path, entry.method, entry.headers, running, secure=secure))
    unique = list(dict.fromkeys(shown))
    if as_json and until_stopped:
        workloads = {each.key: dict(each.inbound) for each in running.nodes if each.inbound}
        click.echo(json.dumps({"requests": unique, "inbound": workloads}, indent=2))
    console.print(f"[bold]{running.mesh.name}[/] runs: {len(running.envoys)} Envoys, {len(running.stubs)} workloads")
    for line in unique:
        console.print(f"  {line}", markup=False, soft_wrap=True)
    if until_stopped:
        console.print("Ctrl-C stops it")


def _command(
    url: str, host: str, path: str, method: str, headers: dict[str, str], running: LocalMesh, *, secure: bool
) -> str:
    parts = ["curl"] + (["-X", method] if method != "GET" else [])
    parts += [f"-H '{name}: {value}'" for name, value in headers.items()]
    if secure:
        port = url.rpartition(":")[2]
        parts += ["--cacert", str(running.authority.roots), "--resolve", f"{host}:{port}:127.0.0.1"]
        return " ".join([*parts, f"'https://{host}:{port}{path}'"])
    return " ".join([*parts, f"-H 'host: {host}'", f"'{url}{path}'"])


def _walk_data(done: Walk) -> dict[str, Any]:
    return {
        "canary": done.canary,
        "passed": done.passed,
        "requests": done.requests,
        "failed": done.failed,
        "reasons": list(done.reasons),
        "stages": [
            {
                "stage": each.stage,
                "weight_asked": each.asked,
                "weight_seen": round(each.seen, 3),
                "answers": each.answers,
                "candidate": each.candidate,
                "chance_allows": [each.least, each.most],
                "success_rate": round(each.success_rate, 3),
                "latency_ms": {"p50": round(each.p50 * 1000, 3), "p99": round(each.p99 * 1000, 3)},
                "passed": each.passed,
            }
            for each in done.stages
        ],
    }


def _ports(text: str) -> tuple[int, int]:
    declared, found, local = text.partition("=")
    if not found or not (declared.isdecimal() and local.isdecimal()):
        raise click.BadParameter(f"{text!r} is not DECLARED=LOCAL, such as 80=8080")
    return int(declared), int(local)
