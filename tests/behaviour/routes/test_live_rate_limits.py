"""Limits that each proxy counts by itself: at a gateway, of one of its rules, and before a workload."""

from __future__ import annotations

import pulumi_mesh as pm
from pulumi_mesh.local.load import Target
from pulumi_mesh.local.mesh import LocalMesh
from tests.behaviour.support import NO_RETRIES, PUBLIC, SERVER, ask, live

TOKENS = 3
BUCKET = pm.TokenBucket(TOKENS, fill_interval="1h")


def test_local_rate_limits() -> None:
    client = pm.Service("client", namespace="shop", port=8080, calls=[SERVER], service_account="client")
    other = pm.Service("other", namespace="shop", port=8080, service_account="other")
    public = pm.Gateway("public", listeners=[pm.Listener("http", port=80, hostnames=[PUBLIC])])
    rules = [
        pm.Rule(name="buy", matches=[pm.Path("/buy")], backends=[other], retries=NO_RETRIES),
        pm.Rule(name="look", backends=[other], retries=NO_RETRIES),
    ]
    mesh = pm.Mesh(
        "shop",
        services=[client, SERVER, other],
        gateways=[public],
        routes=[pm.HTTPRoute("outside", gateways=[public], hostnames=[PUBLIC], rules=rules)],
        local_rate_limits=[
            pm.LocalRateLimit("buying", target=public, rule="buy", token_bucket=BUCKET),
            pm.LocalRateLimit("serving", target=SERVER["v1"], token_bucket=BUCKET),
        ],
    )

    async def scenario(running: LocalMesh) -> None:
        outside = Target(running.gateway_url("public", 80), PUBLIC)
        inside = Target(running.outbound_url("client", 8080), running.host_of("server"))
        bought = [(await ask(outside, "/buy")).status for _ in range(8)]
        looked = [(await ask(outside, "/")).status for _ in range(8)]
        assert bought == [200] * TOKENS + [429] * (8 - TOKENS)
        assert looked == [200] * 8
        served = [await ask(inside) for _ in range(30)]
        by_v1 = [each for each in served if each.status == 200 and each.body["workload"] == "server-v1"]
        assert len(by_v1) == TOKENS
        assert {each.status for each in served} == {200, 429}
        assert running.stubs["server-v1"].count == TOKENS

    live(mesh, scenario)
