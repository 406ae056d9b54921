"""Circuit breakers: what is over a limit is answered at once, and never reaches the workload."""

from __future__ import annotations

import asyncio

import pytest

import pulumi_mesh as pm
from pulumi_mesh.local.envoy import Envoy
from pulumi_mesh.local.load import Target
from pulumi_mesh.local.mesh import LocalMesh
from pulumi_mesh.local.stub import Behaviour
from tests.behaviour.support import NO_RETRIES, Answer, ask, live, settled, shop, ways

MORE = 5
CLUSTER = "outbound|8080|v1|"


def limited(pool: pm.ConnectionPool) -> pm.Mesh:
    policy = pm.TrafficPolicy(connection_pool=pool)
    server = pm.Service("server", namespace="shop", port=8080, versions=[pm.Version("v1", traffic_policy=policy)])
    return shop([pm.Rule(backends=[server["v1"]], retries=NO_RETRIES)], server=server)


async def fill(
    running: LocalMesh, proxy: str, target: Target, *, active: int, waiting: int
) -> list[asyncio.Task[Answer]]:
    """Requests without an answer yet: as many as may be at work, then as many as may wait for a connection."""
    envoy = running.envoys[running.node(proxy).key]
    tasks: list[asyncio.Task[Answer]] = []
    for number in range(1, active + waiting + 1):
        tasks.append(asyncio.create_task(ask(target)))
        wanted = (min(number, active), max(0, number - active))
        async with asyncio.timeout(30):
            while await at_work(envoy) != wanted:
                await asyncio.sleep(0.02)
    return tasks


async def at_work(envoy: Envoy) -> tuple[int, int]:
    """Requests of the cluster that have a connection, and those that wait for one."""
    found = {
        name.rpartition(".")[2]: value for name, value in (await envoy.stats("upstream_rq_")).items() if CLUSTER in name
    }
    return int(found["upstream_rq_active"]), int(found["upstream_rq_pending_active"])


@pytest.mark.parametrize(
    ("pool", "active", "waiting"),
    [
        pytest.param(pm.ConnectionPool(max_connections=1, max_pending_requests=1), 1, 1, id="one-waits"),
        pytest.param(pm.ConnectionPool(max_connections=2, max_pending_requests=3), 2, 3, id="three-wait"),
        pytest.param(pm.ConnectionPool(max_requests=4), 4, 0, id="requests"),
    ],
)
def test_what_is_over_the_limit_is_refused_at_once(pool: pm.ConnectionPool, active: int, waiting: int) -> None:
    async def scenario(running: LocalMesh) -> None:
        stub = running.stubs["server-v1"]
        for way, target in ways(running).items():
            stub.behaviour = Behaviour(delay=60)
            before = stub.count
            proxy = "public" if way == "gateway" else "client"
            held = await fill(running, proxy, target, active=active, waiting=waiting)
            for _ in range(MORE):
                refused = await ask(target)
                assert (refused.status, refused.headers.get("x-envoy-overloaded")) == (503, "true"), way
            assert stub.count - before == active, way
            for each in held:
                each.cancel()
            await asyncio.gather(*held, return_exceptions=True)
            await settled(running, proxy, CLUSTER)
            stub.behaviour = Behaviour()
            assert (await ask(target)).status == 200, way

    live(limited(pool), scenario)
