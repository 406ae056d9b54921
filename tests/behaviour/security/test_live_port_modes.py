"""Mutual TLS by port: one port of a workload strict, another plain."""

from __future__ import annotations

import aiohttp
import pytest

import pulumi_mesh as pm
from pulumi_mesh import istio
from pulumi_mesh.local.load import Target
from pulumi_mesh.local.mesh import LocalMesh
from tests.behaviour.support import ask, live

SERVER = pm.Service("server", namespace="shop", ports=[8080, 9090], service_account="server")
CLIENT = pm.Service("client", namespace="shop", port=80, calls=[SERVER], service_account="client")
IDENTITY = "spiffe://cluster.local/ns/shop/sa/client"


def mesh(mode: str, ports: dict[str, str]) -> pm.Mesh:
    levels = {port: {"mode": each} for port, each in ports.items()}
    spec = {"selector": {"matchLabels": {"app": "server"}}, "mtls": {"mode": mode}, "portLevelMtls": levels}
    policy = istio.PeerAuthentication("ports", namespace="shop", spec=spec)
    return pm.Mesh("shop", services=[SERVER, CLIENT], objects=[policy])


@pytest.mark.parametrize(
    ("mode", "ports", "plain", "peers"),
    [
        ("STRICT", {"9090": "DISABLE"}, {8080: False, 9090: True}, {8080: IDENTITY, 9090: None}),
        ("DISABLE", {"8080": "STRICT"}, {8080: False, 9090: True}, {8080: IDENTITY, 9090: None}),
        ("STRICT", {"9090": "PERMISSIVE"}, {8080: False, 9090: True}, {8080: IDENTITY, 9090: IDENTITY}),
        ("STRICT", {"9090": "UNSET"}, {8080: False, 9090: False}, {8080: IDENTITY, 9090: IDENTITY}),
    ],
)
def test_ports(mode: str, ports: dict[str, str], plain: dict[int, bool], peers: dict[int, str | None]) -> None:
    async def scenario(running: LocalMesh) -> None:
        for port in (8080, 9090):
            host = f"{running.host_of('server')}:{port}"
            straight = Target(f"http://127.0.0.1:{running.inbound_port('server', port)}", host)
            if plain[port]:
                assert (await ask(straight)).body["peer"] is None
            else:
                with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
                    await ask(straight)
            answer = await ask(Target(running.outbound_url("client", port), host))
            assert (answer.status, answer.body["peer"]) == (200, peers[port])

    live(mesh(mode, ports), scenario)
