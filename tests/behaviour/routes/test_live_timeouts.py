"""Time limits, and requests that are tried again."""

from __future__ import annotations

import pytest

import pulumi_mesh as pm
from pulumi_mesh.local.load import Load
from pulumi_mesh.local.mesh import LocalMesh
from pulumi_mesh.local.stub import Behaviour
from tests.behaviour.support import NO_RETRIES, SERVER, ask, at, live, shop, ways

REQUESTS = 20


def test_an_answer_that_comes_too_late_is_504() -> None:
    rules = [
        pm.Rule(matches=[pm.Path("/short")], backends=[SERVER["v1"]], timeout="100ms", retries=NO_RETRIES),
        pm.Rule(matches=[pm.Path("/long")], backends=[SERVER["v2"]], timeout="60s", retries=NO_RETRIES),
        pm.Rule(backends=[SERVER["v2"]]),
    ]

    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            statuses = {path: (await ask(target, path)).status for path in ("/short", "/long", "/none")}
            assert statuses == {"/short": 504, "/long": 200, "/none": 200}, way

    live(shop(rules), scenario, behaviours={"server-v1": Behaviour(delay=30), "server-v2": Behaviour(delay=0.3)})


def test_each_try_has_a_limit_of_its_own() -> None:
    retries = pm.Retries(2, per_try_timeout="100ms", conditions=["gateway-error"])
    rules = [pm.Rule(backends=[SERVER["v1"]], timeout="20s", retries=retries)]

    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            before = running.stubs["server-v1"].count
            assert (await ask(target)).status == 504, way
            assert running.stubs["server-v1"].count - before == 3, way

    live(shop(rules), scenario, behaviours={"server-v1": Behaviour(delay=30)})


@pytest.mark.parametrize(
    ("status", "tried", "not_tried"),
    [
        (503, pm.Retries(3, conditions=["5xx"]), NO_RETRIES),
        (502, pm.Retries(1, conditions=["gateway-error"]), NO_RETRIES),
        (500, pm.Retries(1, conditions=["5xx"]), pm.Retries(3, conditions=["gateway-error"])),
        (418, pm.Retries(1, status_codes=[418]), pm.Retries(3, conditions=["5xx"])),
        (429, pm.Retries(1, conditions=["connect-failure"], status_codes=[429]), pm.Retries(1, status_codes=[431])),
    ],
)
def test_a_failure_is_hidden_by_another_try_where_its_condition_holds(
    status: int, tried: pm.Retries, not_tried: pm.Retries
) -> None:
    rules = [
        pm.Rule(matches=[pm.Path("/tried")], backends=[SERVER["v1"]], retries=tried),
        pm.Rule(backends=[SERVER["v2"]], retries=not_tried),
    ]

    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            counts = {}
            for path, version in (("/tried", "v1"), ("/once", "v2")):
                before = running.stubs[f"server-{version}"].count
                async with Load(at(target, path), connections=1) as load:
                    await load.measure(REQUESTS)
                counts[path] = dict(load.total.statuses)
                tries = running.stubs[f"server-{version}"].count - before
                total = load.total.requests
                assert tries > total if path == "/tried" else tries == total, (way, path)
            assert set(counts["/tried"]) == {200}, way
            assert abs(counts["/once"][200] - counts["/once"][status]) <= 1, way

    flaky = Behaviour(fail_every=2, status=status)
    live(shop(rules), scenario, behaviours={"server-v1": flaky, "server-v2": flaky})


def test_the_tries_end() -> None:
    rules = [pm.Rule(backends=[SERVER["v1"]], retries=pm.Retries(2, conditions=["5xx"]))]

    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            before = running.stubs["server-v1"].count
            assert (await ask(target)).status == 503, way
            assert running.stubs["server-v1"].count - before == 3, way

    live(shop(rules), scenario, behaviours={"server-v1": Behaviour(fail_every=1)})
