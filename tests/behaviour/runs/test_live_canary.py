"""Bookinfo's canary, walked to its end under constant load."""

from __future__ import annotations

from examples.bookinfo.mesh import mesh
from pulumi_mesh.local.load import Target
from pulumi_mesh.local.mesh import LocalMesh
from pulumi_mesh.local.walk import StageResult, walk
from tests.behaviour.support import ask, live

REQUESTS = 250
WEIGHTS = [5, 25, 50, 100]


def test_no_request_is_lost_and_every_share_is_as_asked() -> None:
    told: list[tuple[int, bool]] = []

    def on_stage(stage: int, result: StageResult | None) -> None:
        told.append((stage, result is not None))

    async def scenario(running: LocalMesh) -> None:
        done = await walk(running, "reviews", requests=REQUESTS, connections=4, on_stage=on_stage)
        assert done.passed, done
        assert (done.failed, done.reasons) == (0, ())
        assert [each.asked for each in done.stages] == WEIGHTS
        assert all(each.requests == REQUESTS <= each.answers for each in done.stages)
        assert done.requests >= REQUESTS * len(WEIGHTS)
        assert told == [(stage, end) for stage in range(1, 5) for end in (False, True)]
        for key, envoy in running.envoys.items():
            updates = await envoy.stats(r"(cds|lds)\.update_success$")
            assert set(updates.values()) == {1}, f"{key}: a step of weights changes routes alone"

    live(mesh, scenario)


def test_who_calls_whom_as_whom() -> None:
    async def scenario(running: LocalMesh) -> None:
        target = Target(running.gateway_url("public", 80), "bookinfo.example.com")
        page = (await ask(target, "/productpage")).body
        assert page["peer"] == "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account"
        reviews, details = (call["answer"] for call in page["calls"])
        assert {each["peer"] for each in (reviews, details)} == {
            "spiffe://cluster.local/ns/bookinfo/sa/bookinfo-productpage"
        }
        (ratings,) = (call["answer"] for call in reviews["calls"])
        assert ratings["peer"] == "spiffe://cluster.local/ns/bookinfo/sa/bookinfo-reviews"
        assert reviews["version"] == "v1"
        tester = (await ask(target, "/productpage", headers={"end-user": "jason"})).body
        assert tester["calls"][0]["answer"]["version"] == "v2"
        assert (await ask(target, "/elsewhere")).status == 404

    live(mesh, scenario)
