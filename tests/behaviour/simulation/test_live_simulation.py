"""The simulator and a real Envoy, asked the same."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

from pulumi_mesh.local.envoy import start
from pulumi_mesh.local.ports import Ports
from pulumi_mesh.proxy.envoy.read import read_static
from pulumi_mesh.proxy.envoy.write import write_static
from pulumi_mesh.proxy.simulate import Outcome, Request, simulate
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import Pipe, SocketAddress
from pulumi_mesh.proxy.view.clusters import Cluster, Endpoint, LocalityEndpoints
from pulumi_mesh.proxy.view.listeners import FilterChain, Listener
from tests.behaviour.simulation.wire import ANSWER, Reply, ask, serve
from tests.behaviour.simulation.worlds import CLUSTERS, EMPTY, World, worlds

_WORLDS = 100
_OF_ENVOY = (
    "x-forwarded-",
    "x-envoy-",
    "x-request-id",
    "content-length",
    "transfer-encoding",
    "date",
    "server",
    "connection",
)
"""Headers that Envoy writes on its own account: they are not compared."""


def test_the_simulator_says_what_envoy_does() -> None:
    """Random routes of every kind, thousands of random requests: each answer is as it was told."""
    drawn: list[World] = []

    @settings(
        max_examples=_WORLDS,
        derandomize=True,  # a landing is no lottery
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(worlds())
    def draw(world: World) -> None:
        drawn.append(world)

    draw()
    differing = asyncio.run(_differing(drawn))
    assert not differing, f"{len(differing)} differ, of which the shortest:\n" + min(differing, key=len)


async def _differing(drawn: Sequence[World]) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="t-") as name, Ports() as ports:
        folder = Path(name)
        written = write_static(_view(folder, drawn, [ports.reserve() for _ in drawn]))
        view = read_static(written)
        servers = [await serve(cluster, folder / cluster) for cluster in CLUSTERS]
        ports.hand_over()
        envoy = await start("simulated", written, folder)
        try:
            replies = await asyncio.gather(
                *(ask(_port(each), world.requests) for each, world in zip(view.listeners, drawn, strict=True))
            )
        finally:
            await envoy.stop()
            for server in servers:
                server.close()
        # Otherwise the draw was too poor to tell anything.
        all_replies = [reply for got in replies for reply in got]
        assert len([reply for reply in all_replies if reply.got]) > 100
        assert len({reply.status for reply in all_replies}) > 3
        return [
            said
            for listener, world, got in zip(view.listeners, drawn, replies, strict=True)
            for request, reply in zip(world.requests, got, strict=True)
            if (said := _difference(view, listener, request, reply))
        ]


def _view(folder: Path, drawn: Sequence[World], ports: Sequence[int]) -> ProxyView:
    listeners = tuple(
        Listener(f"world-{index}", SocketAddress("127.0.0.1", port), (FilterChain((world.manager,)),))
        for index, (world, port) in enumerate(zip(drawn, ports, strict=True))
    )
    clusters = [
        Cluster(name, "STATIC", (LocalityEndpoints((Endpoint(Pipe(str(folder / name))),)),)) for name in CLUSTERS
    ]
    return ProxyView("simulated", "simulated", listeners, (), (*clusters, Cluster(EMPTY, "STATIC")))


def _port(listener: Listener) -> int:
    assert isinstance(listener.address, SocketAddress)
    return listener.address.port


def _difference(view: ProxyView, listener: Listener, request: Request, reply: Reply) -> str:
    sent = replace(request, port=_port(listener))
    outcome = simulate(view, sent, answer=ANSWER)
    told, seen = _told(outcome), _seen(reply)
    if outcome.status and not outcome.virtual_host and outcome.error == "":
        # Refused for its path before there is a route: some such answers have headers of routes all the same.
        del told["answer"]
    wrong = [f"  {name}: told {told[name]!r}, seen {seen[name]!r}" for name in told if told[name] != seen[name]]
    if not wrong:
        return ""
    why = "\n".join(f"  {step.text}" for step in outcome.why)
    return "\n".join((f"{request}", *wrong, why, f"  {listener.filter_chains[0].filters[0]}"))


def _told(outcome: Outcome) -> dict[str, object]:
    share = outcome.clusters[0] if outcome.passes else None
    own = {"content-type"} if share is None else set()
    return {
        "cluster": share.cluster if share else "",
        "status": outcome.status or 200,
        "location": outcome.location,
        "body": "" if share else outcome.body,
        "path": outcome.path if share else "",
        "host": share.host if share else "",
        "request": _compared(share.request_headers if share else (), own),
        "answer": _compared(outcome.response_headers, own),
    }


def _seen(reply: Reply) -> dict[str, object]:
    got = reply.got
    own = {"content-type"} if got is None else set()
    headers = tuple((name, value) for name, value in got["headers"]) if got else ()
    return {
        "cluster": got["cluster"] if got else "",
        "status": reply.status,
        "location": "".join(reply.values("location")),
        "body": "" if got else reply.body,
        "path": got["path"] if got else "",
        "host": dict(headers).get("host", ""),
        "request": _compared(tuple(pair for pair in headers if pair[0] != "host"), own),
        "answer": _compared(tuple(pair for pair in reply.headers if pair[0] != "location"), own),
    }


def _compared(headers: tuple[tuple[str, str], ...], own: set[str]) -> dict[str, list[str]]:
    """Values by name, in their order."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        if not name.startswith(_OF_ENVOY) and name not in own:
            found.setdefault(name, []).append(value)
    return found
