"""Answers that a proxy gives itself, and what it tells browsers of other origins."""

from __future__ import annotations

import pulumi_mesh as pm
from pulumi_mesh.local.mesh import LocalMesh
from tests.behaviour.support import NO_RETRIES, SERVER, ask, live, shop, ways

PAGE = "https://app.example.com"
PREFLIGHT = {"access-control-request-method": "POST"}


def test_direct_responses_ask_no_service() -> None:
    rules = [
        pm.Rule(matches=[pm.Path("/old")], direct_response=pm.DirectResponse(410, body="gone for good\n")),
        pm.Rule(matches=[pm.Path("/empty")], direct_response=pm.DirectResponse(503)),
        pm.Rule(
            matches=[pm.Path("/long")],
            direct_response=pm.DirectResponse(200, body="x" * 100_000),
            response_headers=pm.HeaderChanges(set={"x-from": "proxy"}),
        ),
        pm.Rule(backends=[SERVER["v1"]], retries=NO_RETRIES),
    ]

    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            gone, empty, long = [await ask(target, path) for path in ("/old", "/empty", "/long")]
            assert (gone.status, gone.body) == (410, "gone for good\n"), way
            assert (empty.status, empty.body) == (503, ""), way
            assert (long.status, len(long.body), long.headers["x-from"]) == (200, 100_000, "proxy"), way
            assert running.stubs["server-v1"].count == 0, way
        assert (await ask(target, "/")).status == 200

    live(shop(rules), scenario)


def test_cors() -> None:
    cors = pm.Cors(
        allow_origins=[PAGE],
        allow_methods=["GET", "POST"],
        allow_headers=["x-user"],
        expose_headers=["x-total"],
        allow_credentials=True,
        max_age="10m",
        unmatched_preflights="IGNORE",
    )
    rules = [pm.Rule(backends=[SERVER["v1"]], cors=cors, retries=NO_RETRIES)]

    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            before = running.stubs["server-v1"].count
            allowed = await ask(target, method="OPTIONS", headers={"origin": PAGE, **PREFLIGHT})
            other = await ask(target, method="OPTIONS", headers={"origin": "https://evil.example", **PREFLIGHT})
            assert running.stubs["server-v1"].count == before, way
            assert allowed.status == 200, way
            granted = {name.lower(): value for name, value in allowed.headers.items()}
            assert granted["access-control-allow-origin"] == PAGE, way
            assert granted["access-control-allow-methods"] == "GET,POST", way
            assert granted["access-control-allow-headers"] == "x-user", way
            assert granted["access-control-allow-credentials"] == "true", way
            assert granted["access-control-max-age"] == "600", way
            assert "access-control-allow-origin" not in other.headers, way
            asked = await ask(target, headers={"origin": PAGE})
            assert (asked.status, asked.headers["access-control-allow-origin"]) == (200, PAGE), way
            assert asked.headers["access-control-expose-headers"] == "x-total", way
            assert "access-control-allow-origin" not in (await ask(target)).headers, way

    live(shop(rules), scenario)
