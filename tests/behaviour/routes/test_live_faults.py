"""Faults put in on purpose: how many requests they hit, and with what."""

from __future__ import annotations

import time

import pulumi_mesh as pm
from pulumi_mesh.canary.binomial import within
from pulumi_mesh.local.load import Load
from pulumi_mesh.local.mesh import LocalMesh
from tests.behaviour.support import NO_RETRIES, SERVER, ask, at, live, shop, ways

REQUESTS = 400
DELAY = 0.3


def rule(path: str, fault: pm.Fault) -> pm.Rule:
    return pm.Rule(matches=[pm.Path(path)], backends=[SERVER["v1"]], fault=fault, retries=NO_RETRIES)


RULES = [
    rule("/abort-all", pm.Fault(abort=pm.Abort(418))),
    rule("/abort-some", pm.Fault(abort=pm.Abort(418, percent=20))),
    rule("/abort-none", pm.Fault(abort=pm.Abort(418, percent=0))),
    rule("/delay-all", pm.Fault(delay=pm.Delay("300ms"))),
    rule("/delay-some", pm.Fault(delay=pm.Delay("10ms", percent=30))),
    rule("/both", pm.Fault(delay=pm.Delay("300ms"), abort=pm.Abort(429))),
]


async def delays_of(running: LocalMesh) -> int:
    """How many requests the proxies have held back so far."""
    found = 0
    for envoy in running.envoys.values():
        found += sum(int(value) for value in (await envoy.stats(r"fault\.delays_injected$")).values())
    return found


def test_faults() -> None:
    async def scenario(running: LocalMesh) -> None:
        stub = running.stubs["server-v1"]
        for way, target in ways(running).items():
            for path, share in {"/abort-all": 1.0, "/abort-some": 0.2, "/abort-none": 0.0}.items():
                before = stub.count
                async with Load(at(target, path)) as load:
                    await load.measure(REQUESTS)
                aborted = load.total.statuses[418]
                assert within(load.total.requests, aborted, share), (way, path, aborted)
                assert load.total.statuses[200] == load.total.requests - aborted == stub.count - before, (way, path)
            for path, status in {"/delay-all": 200, "/both": 429}.items():
                started = time.monotonic()
                assert (await ask(target, path)).status == status, (way, path)
                assert time.monotonic() - started > 0.9 * DELAY, (way, path)
            held_back = await delays_of(running)
            async with Load(at(target, "/delay-some")) as load:
                await load.measure(REQUESTS)
            assert within(load.total.requests, await delays_of(running) - held_back, 0.3), way
            assert load.total.failures == {}, way

    live(shop(RULES), scenario)
