"""Copies of requests: they arrive, and what becomes of them is nobody's business."""

from __future__ import annotations

import pytest

import pulumi_mesh as pm
from pulumi_mesh.canary.binomial import within
from pulumi_mesh.local.load import Load
from pulumi_mesh.local.mesh import LocalMesh
from pulumi_mesh.local.stub import Behaviour
from tests.behaviour.support import NO_RETRIES, SERVER, at, live, settled, shop, ways

REQUESTS = 600
MIRROR = "outbound|8080|v2|"


def mirrored(percent: float) -> pm.Mesh:
    mirror = pm.Mirror(SERVER["v2"], percent=percent)
    return shop([pm.Rule(backends=[SERVER["v1"]], mirror=mirror, retries=NO_RETRIES)])


@pytest.mark.parametrize("mirror", [Behaviour(), Behaviour(fail_every=1)], ids=["answers", "fails"])
def test_every_request_is_copied_and_the_copy_s_answer_ignored(mirror: Behaviour) -> None:
    async def scenario(running: LocalMesh) -> None:
        copy = running.stubs["server-v2"]
        for way, target in ways(running).items():
            before = copy.count
            async with Load(at(target, "/here?a=1", **{"x-user": "jason"}), connections=2) as load:
                await load.measure(50)
            assert (load.total.failures, load.total.versions("server")) == ({}, {"v1": load.total.requests}), way
            await settled(running, "public" if way == "gateway" else "client", MIRROR)
            assert copy.count - before == load.total.requests, way
        assert {(each.path, each.headers["x-user"]) for each in copy.received} == {("/here?a=1", "jason")}

    live(mirrored(100), scenario, behaviours={"server-v2": mirror})


def test_a_slow_mirror_holds_nobody_back() -> None:
    async def scenario(running: LocalMesh) -> None:
        for target in ways(running).values():
            async with Load(target, connections=1, timeout=10) as load:
                await load.measure(3)
            assert load.total.failures == {}

    live(mirrored(100), scenario, behaviours={"server-v2": Behaviour(delay=30)})


def test_a_share_is_copied() -> None:
    async def scenario(running: LocalMesh) -> None:
        copy = running.stubs["server-v2"]
        for way, target in ways(running).items():
            before = copy.count
            async with Load(target) as load:
                await load.measure(REQUESTS)
            await settled(running, "public" if way == "gateway" else "client", MIRROR)
            assert within(load.total.requests, copy.count - before, 0.3), (way, copy.count - before)
            assert load.total.failures == {}, way

    live(mirrored(30), scenario)
