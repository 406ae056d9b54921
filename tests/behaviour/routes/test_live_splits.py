"""Requests are shared out by weight."""

from __future__ import annotations

import pulumi_mesh as pm
from pulumi_mesh.canary.binomial import within
from pulumi_mesh.local.load import Load, Target
from pulumi_mesh.local.mesh import LocalMesh
from tests.behaviour.support import NO_RETRIES, SERVER, live, shop, ways

REQUESTS = 1000


def split(v1: int, v2: int) -> pm.Mesh:
    backends = [pm.Backend(SERVER["v1"], weight=v1), pm.Backend(SERVER["v2"], weight=v2)]
    return shop([pm.Rule(backends=backends, retries=NO_RETRIES)])


def test_ninety_to_ten() -> None:
    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            async with Load(target) as load:
                tally = await load.measure(REQUESTS)
            assert load.total.failures == {}, way
            assert within(REQUESTS, tally.versions("server")["v2"], 0.1), (way, tally.versions("server"))

    live(split(90, 10), scenario)


def test_weights_are_relative_to_their_sum_and_0_sends_nothing() -> None:
    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            async with Load(target) as load:
                tally = await load.measure(REQUESTS)
                assert within(REQUESTS, tally.versions("server")["v2"], 1 / 3), (way, tally.versions("server"))
        await running.change(split(0, 1))
        for way, target in ways(running).items():
            async with Load(target) as load:
                assert (await load.measure(200)).versions("server") == {"v2": 200}, way

    live(split(2, 1), scenario)


def test_a_service_without_routes_is_all_its_versions() -> None:
    client = pm.Service("client", namespace="shop", port=8080, calls=[SERVER])

    async def scenario(running: LocalMesh) -> None:
        url = running.outbound_url("client", 8080)
        for host in ("server.shop.svc.cluster.local", "server.shop.svc.cluster.local:8080", "server.shop", "server"):
            async with Load(Target(url, host), connections=1) as load:
                assert set((await load.measure(40)).versions("server")) == {"v1", "v2"}, host

    live(pm.Mesh("shop", services=[client, SERVER]), scenario)
