"""What goes wrong in a run is told, and nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import tempfile
from collections.abc import Iterator

import pytest

import pulumi_mesh as pm
from pulumi_mesh.errors import MeshError
from pulumi_mesh.local.mesh import LocalMesh
from tests.behaviour.support import NO_RETRIES, SERVER, ask, nothing_left, shop, ways

MESH = shop([pm.Rule(backends=[SERVER["v1"]], retries=NO_RETRIES)])


@pytest.fixture(autouse=True)
def _nothing_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with nothing_left() as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield


def test_an_envoy_that_dies_is_told_with_its_last_words() -> None:
    async def run() -> None:
        async with LocalMesh(MESH) as running:
            watch = asyncio.create_task(running.watch())
            await asyncio.sleep(0)
            os.kill(running.envoys[running.node("server-v1").key].pid, signal.SIGABRT)
            async with asyncio.timeout(30):
                await watch

    with pytest.raises(MeshError, match=r"'server-v1\.shop' ended by itself \(signal 6\)"):
        asyncio.run(run())


def test_an_envoy_that_died_is_told_at_the_end_at_the_latest() -> None:
    async def run() -> None:
        async with LocalMesh(MESH) as running:
            os.kill(running.envoys[running.node("public").key].pid, signal.SIGKILL)

    with pytest.raises(MeshError, match=r"'public\.istio-system' ended by itself \(signal 9\)"):
        asyncio.run(run())


def test_a_port_that_is_taken_is_told_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        async def run() -> None:
            async with LocalMesh(MESH, ports={80: port}):
                pytest.fail("it started")

        with pytest.raises(MeshError, match=f"port {port} on 127.0.0.1 is taken"):
            asyncio.run(run())


def test_a_wanted_port_of_no_listener_is_told_before_anything_starts() -> None:
    async def run() -> None:
        async with LocalMesh(MESH, ports={80: 0, 81: 0}):
            pytest.fail("it started")

    with pytest.raises(MeshError, match="no gateway declares port 81; declared ports: 80"):
        asyncio.run(run())


def test_a_wanted_port_of_two_proxies_is_told_before_anything_starts() -> None:
    other = pm.Gateway("other", selector={"istio": "other"}, listeners=[pm.Listener("http", port=80)])

    async def run() -> None:
        async with LocalMesh(MESH.replace(gateways=[*MESH.gateways, other]), ports={80: 0}):
            pytest.fail("it started")

    with pytest.raises(MeshError, match="2 gateway proxies declare port 80"):
        asyncio.run(run())


def test_a_wanted_port_is_used_and_free_again_after_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    async def run() -> None:
        async with LocalMesh(MESH, ports={80: port}) as running:
            assert running.gateway_url("public", 80) == f"http://127.0.0.1:{port}"
            assert (await ask(ways(running)["gateway"])).status == 200

    asyncio.run(run())
    asyncio.run(run())


def test_a_refused_change_is_told_and_the_run_goes_on() -> None:
    fewer = pm.Mesh("shop", services=[SERVER])

    async def run() -> None:
        async with LocalMesh(MESH) as running:
            with pytest.raises(MeshError, match="other workloads or gateways"):
                await running.change(fewer)
            with pytest.raises(MeshError, match="no proxy is named 'nobody'"):
                running.node("nobody")
            with pytest.raises(MeshError, match="does not listen on port 81"):
                running.gateway_url("public", 81)
            with pytest.raises(MeshError, match="calls nothing on port 8080"):
                running.outbound_url("server-v1", 8080)
            assert {(await ask(each)).status for each in ways(running).values()} == {200}

    asyncio.run(run())


@pytest.mark.parametrize("turns", [1, 40, 400])
def test_a_run_that_is_cancelled_while_it_starts_leaves_nothing(turns: int) -> None:
    async def run() -> None:
        async def whole() -> None:
            async with LocalMesh(MESH):
                await asyncio.Event().wait()

        task = asyncio.create_task(whole())
        for _ in range(turns):
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
