"""Circuit breakers: what is over a limit is answered at once, and never reaches the workload."""

from __future__ import annotations

import asyncio

import pytest

import pulumi_mesh as pm
from pulumi_mesh.local.load import Target
from pulumi_mesh.local.mesh import LocalMesh
from pulumi_mesh.local.stub import Behaviour
from tests.behaviour.support import NO_RETRIES, Answer, ask, live, shop, ways

AT_ONCE = 10


def limited(pool: pm.ConnectionPool) -> pm.Mesh:
    policy = pm.TrafficPolicy(connection_pool=pool)
    server = pm.Service("server", namespace="shop", port=8080, versions=[pm.Version("v1", traffic_policy=policy)])
    return shop([pm.Rule(backends=[server["v1"]], retries=NO_RETRIES)], server=server)


async def at_once(target: Target) -> list[Answer]:
    return await asyncio.gather(*(ask(target) for _ in range(AT_ONCE)))


@pytest.mark.parametrize(
    ("pool", "served"),
    [
        pytest.param(pm.ConnectionPool(max_connections=1, max_pending_requests=1), 2, id="one-waits"),
        pytest.param(pm.ConnectionPool(max_connections=2, max_pending_requests=3), 5, id="three-wait"),
        pytest.param(pm.ConnectionPool(max_requests=4), 4, id="requests"),
        pytest.param(pm.ConnectionPool(connect_timeout="1s"), AT_ONCE, id="no-limit"),
    ],
)
def test_what_is_over_the_limit_is_refused_at_once(pool: pm.ConnectionPool, served: int) -> None:
    async def scenario(running: LocalMesh) -> None:
        stub = running.stubs["server-v1"]
        for way, target in ways(running).items():
            before = stub.count
            answers = await at_once(target)
            refused = [each for each in answers if each.status == 503]
            assert len(answers) - len(refused) == served == stub.count - before, way
            assert all(each.headers["x-envoy-overloaded"] == "true" for each in refused), way
            assert (await ask(target)).status == 200, way

    live(limited(pool), scenario, behaviours={"server-v1": Behaviour(delay=1)})
