"""An endpoint that keeps failing is left out."""

from __future__ import annotations

import pulumi_mesh as pm
from pulumi_mesh.local.load import Load
from pulumi_mesh.local.mesh import LocalMesh
from pulumi_mesh.local.stub import Behaviour
from tests.behaviour.support import NO_RETRIES, live, shop, ways

ERRORS = 3
FAILING = Behaviour(fail_every=1, status=500)


def watched(max_ejection_percent: int) -> pm.Mesh:
    policy = pm.TrafficPolicy(
        load_balancer="ROUND_ROBIN",
        outlier_detection=pm.OutlierDetection(
            consecutive_5xx_errors=ERRORS, base_ejection_time="10m", max_ejection_percent=max_ejection_percent
        ),
    )
    server = pm.Service(
        "server", namespace="shop", port=8080, addresses=["10.8.0.1", "10.8.0.2"], traffic_policy=policy
    )
    return shop([pm.Rule(backends=[server], retries=NO_RETRIES)], server=server)


def test_after_so_many_failures_in_a_row_it_gets_nothing() -> None:
    async def scenario(running: LocalMesh) -> None:
        bad = running.stubs["server-2"]
        for way, target in ways(running).items():
            before = bad.count
            async with Load(target, connections=1) as load:
                await load.measure(60)
            assert dict(load.total.statuses) == {200: load.total.requests - ERRORS, 500: ERRORS}, way
            assert bad.count - before == ERRORS, way

    live(watched(100), scenario, behaviours={"server-2": FAILING})


def test_no_more_are_out_than_the_limit_allows() -> None:
    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            async with Load(target, connections=1) as load:
                await load.measure(60)
            assert abs(load.total.statuses[200] - load.total.statuses[500]) <= 1, way

    live(watched(10), scenario, behaviours={"server-2": FAILING})
