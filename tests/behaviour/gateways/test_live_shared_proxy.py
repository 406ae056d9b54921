"""Gateways with one selector: one proxy serves their listeners, each with its own hosts."""

from __future__ import annotations

import pulumi_mesh as pm
from pulumi_mesh.local.load import Target
from pulumi_mesh.local.mesh import LocalMesh
from tests.behaviour.support import ask, live


def test_two_gateways_on_one_port() -> None:
    services = [pm.Service(name, namespace="shop", port=80) for name in ("one", "two")]
    gateways = [
        pm.Gateway(each.name, listeners=[pm.Listener("http", port=80, hostnames=[f"{each.name}.example.com"])])
        for each in services
    ]
    routes = [
        pm.HTTPRoute(service.name, gateways=[gateway], rules=[pm.Rule(backends=[service])])
        for service, gateway in zip(services, gateways, strict=True)
    ]

    async def scenario(running: LocalMesh) -> None:
        urls = {running.gateway_url(each.name, 80) for each in gateways}
        assert len(urls) == 1
        for each in services:
            answer = await ask(Target(urls.copy().pop(), f"{each.name}.example.com"))
            assert (answer.status, answer.body["service"]) == (200, each.name)

    live(pm.Mesh("shop", services=services, gateways=gateways, routes=routes), scenario)
