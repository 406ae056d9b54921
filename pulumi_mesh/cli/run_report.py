"""What ``pulumi-mesh run`` shows: where to send requests, and a canary as it goes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import click
from rich.console import Console
from rich.live import Live
from rich.tree import Tree

from pulumi_mesh.local.entry import entries
from pulumi_mesh.local.mesh import LocalMesh
from pulumi_mesh.local.walk import StageResult, Walk, walk


async def until_stopped(console: Console, running: LocalMesh, *, as_json: bool) -> int:
    """Say where to send requests, and wait until stopped."""
    shown = _show_entries(console, running)
    if as_json:
        workloads = {each.key: dict(each.inbound) for each in running.nodes if each.inbound}
        click.echo(json.dumps({"requests": shown, "inbound": workloads}, indent=2))
    console.print("Ctrl-C stops it")
    await asyncio.Event().wait()
    return 0


async def walked(
    console: Console, running: LocalMesh, *, name: str, requests: int, connections: int, as_json: bool
) -> int:
    """Walk a canary and show a tree of its stages as it goes; 1 when it did not pass."""
    _show_entries(console, running)
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


def _show_entries(console: Console, running: LocalMesh) -> list[str]:
    """Print, and return, a command that sends a request for each rule at a gateway."""
    shown = []
    for entry, _ in entries(running.mesh):
        url = running.gateway_url(entry.gateway.name, entry.listener.port)
        secure = entry.listener.protocol == "HTTPS"
        shown.append(_command(url, entry.host, entry.path, entry.method, entry.headers, running, secure=secure))
    unique = list(dict.fromkeys(shown))
    console.print(f"[bold]{running.mesh.name}[/] runs: {len(running.envoys)} Envoys, {len(running.stubs)} workloads")
    for line in unique:
        console.print(f"  {line}", markup=False, soft_wrap=True)
    return unique


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
