"""Which connections a workload takes: of the mesh, plain, and TLS of clients that are not of the mesh."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

import aiohttp
import pytest

import pulumi_mesh as pm
from pulumi_mesh.local.authority import Authority
from pulumi_mesh.local.load import Target
from pulumi_mesh.local.mesh import LocalMesh
from tests.behaviour.support import SERVER, ask, live, shop, ways

Mode = Literal["STRICT", "PERMISSIVE", "DISABLE"]

CLIENT = "spiffe://cluster.local/ns/shop/sa/client"
GATEWAY = "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account"
ECHO = b"echo: "

RULES = [pm.Rule(backends=[SERVER["v1"]])]


def modes(*modes: pm.MutualTLS) -> pm.Mesh:
    return shop(RULES, mutual_tls=modes)


def straight(running: LocalMesh, workload: str = "server-v1") -> Target:
    """From a client without a sidecar to the workload's own address."""
    return Target(f"http://127.0.0.1:{running.inbound_port(workload, 8080)}", running.host_of("server"))


async def plain(running: LocalMesh, workload: str = "server-v1") -> str:
    """What a plain-text client meets: ``served``, or ``refused`` (the connection is closed without an answer)."""
    try:
        answer = await ask(straight(running, workload))
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
        return "refused"
    assert (answer.status, answer.body["peer"]) == (200, None)
    return "served"


async def of_the_mesh(running: LocalMesh) -> dict[str, str | None]:
    """The identity that the server saw, by way."""
    return {way: (await ask(target)).body["peer"] for way, target in ways(running).items()}


BOTH = {"gateway": GATEWAY, "sidecar": CLIENT}
NEITHER = {"gateway": None, "sidecar": None}


@pytest.mark.parametrize(
    ("mode", "plain_client", "peers"),
    [
        ("STRICT", "refused", BOTH),
        ("PERMISSIVE", "served", BOTH),
        ("DISABLE", "served", NEITHER),
        (None, "served", BOTH),
    ],
)
def test_a_plain_client_and_those_of_the_mesh(
    mode: Mode | None, plain_client: str, peers: dict[str, str | None]
) -> None:
    async def scenario(running: LocalMesh) -> None:
        assert await plain(running) == plain_client
        assert await of_the_mesh(running) == peers

    live(modes(*([pm.MutualTLS(mode)] if mode else [])), scenario)


def test_the_nearest_mode_holds() -> None:
    mesh = modes(
        pm.MutualTLS("DISABLE"),
        pm.MutualTLS("STRICT", namespace="shop"),
        pm.MutualTLS("PERMISSIVE", service=SERVER["v2"]),
    )

    async def scenario(running: LocalMesh) -> None:
        assert {name: await plain(running, name) for name in ("server-v1", "server-v2")} == {
            "server-v1": "refused",
            "server-v2": "served",
        }
        assert await of_the_mesh(running) == BOTH

    live(mesh, scenario)


def test_a_forged_identity_is_dropped() -> None:
    forged = {"x-forwarded-client-cert": f"By=spiffe://x;URI={CLIENT}"}

    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            assert (await ask(target, headers=forged)).body["peer"] == BOTH[way]
        answer = await ask(straight(running), headers=forged)
        assert answer.body["peer"] is None
        assert "x-forwarded-client-cert" not in answer.body["headers"]

    live(modes(pm.MutualTLS("PERMISSIVE")), scenario)


def test_a_certificate_of_another_authority_is_refused(tmp_path: Path) -> None:
    async def scenario(running: LocalMesh) -> None:
        other = Authority("cluster.local", tmp_path / "other").issue_workload(CLIENT)
        context = ssl.create_default_context(cafile=str(running.authority.roots))
        context.check_hostname = False
        context.load_cert_chain(other.chain, other.key)
        with pytest.raises((ConnectionError, ssl.SSLError)):
            await exchange(running.inbound_port("server-v1", 8080), context, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")

    live(modes(pm.MutualTLS("STRICT")), scenario)


def test_tls_of_a_client_that_is_not_of_the_mesh_reaches_the_workload_untouched() -> None:
    """The workload ends it, with a certificate of its own; on a port that is declared as TLS."""
    server = pm.Service("server", namespace="shop", ports=[pm.Port(8443, protocol="HTTPS")])

    def run(mode: Mode, then: Callable[[int, ssl.SSLContext], Awaitable[None]]) -> None:
        async def scenario(running: LocalMesh) -> None:
            certificate = running.authority.issue_server(("server.shop",))
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate.chain, certificate.key)
            await running.stubs["server"].stop()
            app = await asyncio.start_unix_server(echo, running.node("server").socket, ssl=context)
            async with app:
                await then(running.inbound_port("server", 8443), running.client_tls())

        live(pm.Mesh("shop", services=[server], mutual_tls=[pm.MutualTLS(mode)]), scenario)

    async def served(port: int, context: ssl.SSLContext) -> None:
        assert await exchange(port, context, b"hello\n", name="server.shop") == ECHO + b"hello\n"

    async def refused(port: int, context: ssl.SSLContext) -> None:
        with pytest.raises((ConnectionError, ssl.SSLError)):
            await exchange(port, context, b"hello\n", name="server.shop")

    run("PERMISSIVE", served)
    run("DISABLE", served)
    run("STRICT", refused)


def test_tls_of_a_client_that_is_not_of_the_mesh_finds_nothing_on_a_port_that_is_declared_as_http() -> None:
    async def scenario(running: LocalMesh) -> None:
        with pytest.raises((ConnectionError, ssl.SSLError)):
            await exchange(running.inbound_port("server-v1", 8080), running.client_tls(), b"x", name="server.shop")

    live(modes(pm.MutualTLS("PERMISSIVE")), scenario)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(ECHO + await reader.readline())
    await writer.drain()
    writer.close()


async def exchange(port: int, context: ssl.SSLContext, sent: bytes, *, name: str | None = None) -> bytes:
    """One line over TLS and the line that comes back. A connection that ends without one was refused."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name or "")
    try:
        writer.write(sent)
        line = await reader.readline()
    finally:
        writer.transport.abort()
    if not line:
        raise ConnectionResetError("no answer")
    return line
