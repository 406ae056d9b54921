"""Meshes that run for a test, and requests to them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from multidict import CIMultiDictProxy
from yarl import URL

import pulumi_mesh as pm
from pulumi_mesh.local.client import open_session
from pulumi_mesh.local.load import Target
from pulumi_mesh.local.mesh import LocalMesh
from tests.support.views import views_of

PUBLIC = "shop.example.com"
SERVER = pm.Service("server", namespace="shop", port=8080, versions=["v1", "v2"], service_account="server")
NO_RETRIES = pm.Retries(0)


@dataclass(frozen=True)
class Answer:
    """What came back. body: parsed where it is JSON, which is what stub workloads send."""

    status: int
    headers: CIMultiDictProxy[str]
    body: Any


def shop(rules: Sequence[pm.Rule], *, server: pm.Service = SERVER, **more: Any) -> pm.Mesh:
    """A client that calls ``server``; ``rules`` hold at the public gateway and between the two."""
    client = pm.Service("client", namespace="shop", port=8080, calls=[server], service_account="client")
    public = pm.Gateway("public", listeners=[pm.Listener("http", port=80, hostnames=[PUBLIC])])
    return pm.Mesh(
        "shop",
        services=[client, server],
        gateways=[public],
        routes=[
            pm.HTTPRoute("outside", gateways=[public], hostnames=[PUBLIC], rules=rules),
            pm.HTTPRoute("inside", services=[server], rules=rules),
        ],
        **more,
    )


def ways(running: LocalMesh) -> dict[str, Target]:
    """The two ways to the server of ``shop``: through the gateway, and from the client through its sidecar."""
    return {
        "gateway": Target(running.gateway_url("public", 80), PUBLIC),
        "sidecar": Target(running.outbound_url("client", 8080), running.host_of("server")),
    }


def live(mesh: pm.Mesh, scenario: Callable[[LocalMesh], Awaitable[None]], **options: Any) -> None:
    """Run ``scenario`` on ``mesh`` with real Envoys, once Envoy has accepted every view of it."""
    views_of(mesh)

    async def run() -> None:
        async with LocalMesh(mesh, **options) as running:
            await scenario(running)

    asyncio.run(run())


async def ask(
    target: Target, path: str = "/", *, method: str = "GET", headers: Mapping[str, str] | None = None
) -> Answer:
    """Send one request over a connection of its own."""
    async with (
        open_session() as session,
        session.request(
            method,
            URL(target.url + path, encoded=True),
            headers={"host": target.host, **target.headers, **(headers or {})},
            allow_redirects=False,
            ssl=target.tls if target.tls is not None else True,
            server_hostname=target.host if target.tls is not None else None,
        ) as response,
    ):
        text = await response.text()
        return Answer(response.status, response.headers, _parsed(text))


def at(target: Target, path: str, **headers: str) -> Target:
    """The same way with another request."""
    return replace(target, url=target.url + path, headers=headers)


async def settled(running: LocalMesh, proxy: str, cluster: str) -> None:
    """Wait until ``proxy`` has no request under way to ``cluster``, a part of its name."""
    envoy = running.envoys[running.node(proxy).key]
    async with asyncio.timeout(30):
        while any(
            value
            for name, value in (await envoy.stats("upstream_rq_(active|pending_active)$")).items()
            if cluster in name
        ):
            await asyncio.sleep(0.02)


@contextlib.contextmanager
def nothing_left() -> Iterator[str]:
    """A folder for the temporary files of a run: empty after it, and no process works in it any more."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        yield folder
        assert list(Path(folder).iterdir()) == []
        assert [line for line in processes("args=") if folder in line] == []


def processes(columns: str) -> list[str]:
    """A line for every process of this machine."""
    listed = subprocess.run(["ps", "-ww", "-eo", columns], capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
