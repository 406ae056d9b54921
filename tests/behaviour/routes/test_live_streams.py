"""Connections of TCP are split over versions by weight, at the gateway and between services."""

from __future__ import annotations

from collections import Counter

import pulumi_mesh as pm
from pulumi_mesh.canary.binomial import within
from pulumi_mesh.local.load import Target
from pulumi_mesh.local.mesh import LocalMesh
from tests.behaviour.support import ask, live

SERVER = pm.Service("db", namespace="shop", ports=[pm.Port(5432, protocol="TCP")], versions=["v1", "v2"])
CONNECTIONS = 300


def test_connections_are_split_by_weight() -> None:
    client = pm.Service("client", namespace="shop", port=8080, calls=[SERVER])
    public = pm.Gateway("public", listeners=[pm.Listener("db", port=5432, protocol="TCP")])
    backends = [pm.Backend(SERVER["v1"], weight=3), pm.Backend(SERVER["v2"], weight=1)]
    mesh = pm.Mesh(
        "shop",
        services=[client, SERVER],
        gateways=[public],
        tcp_routes=[
            pm.TCPRoute("outside", gateways=[public], backends=backends),
            pm.TCPRoute("inside", services=[SERVER], backends=backends),
        ],
    )

    async def scenario(running: LocalMesh) -> None:
        ways = [running.gateway_url("public", 5432), running.outbound_url("client", 5432)]
        for way in ways:
            # The stub answers HTTP, which to the proxies is any connection: each request makes its own.
            target = Target("http://" + way.partition("://")[2], "db")
            answers = Counter([(await ask(target)).body["version"] for _ in range(CONNECTIONS)])
            assert answers.keys() == {"v1", "v2"}, way
            assert within(CONNECTIONS, answers["v2"], 0.25), way

    live(mesh, scenario)
