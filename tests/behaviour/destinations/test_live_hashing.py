"""Requests that have something in common go to one endpoint."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

import pulumi_mesh as pm
from pulumi_mesh.local.load import Target
from pulumi_mesh.local.mesh import LocalMesh
from tests.behaviour.support import NO_RETRIES, Answer, ask, live, shop, ways

ADDRESSES = [f"10.7.0.{number}" for number in range(1, 5)]


def hashed(by: pm.ConsistentHash) -> pm.Mesh:
    policy = pm.TrafficPolicy(load_balancer=by)
    version = pm.Version("v1", addresses=ADDRESSES)
    server = pm.Service("server", namespace="shop", port=8080, versions=[version], traffic_policy=policy)
    return shop([pm.Rule(backends=[server["v1"]], retries=NO_RETRIES)], server=server)


async def workloads(target: Target, path: str = "/", headers: Mapping[str, str] | None = None) -> set[str]:
    return {(await ask(target, path, headers=headers)).body["workload"] for _ in range(8)}


@pytest.mark.parametrize("by", ["cookie", "query_parameter", "header"])
def test_a_value_keeps_its_endpoint(by: str) -> None:
    def request(user: int) -> tuple[str, dict[str, str]]:
        if by == "query_parameter":
            return f"/?user={user}", {}
        return "/", {"cookie": f"user={user}"} if by == "cookie" else {"x-user": str(user)}

    hashes = {
        "cookie": pm.ConsistentHash(cookie="user"),
        "query_parameter": pm.ConsistentHash(query_parameter="user"),
        "header": pm.ConsistentHash("x-user"),
    }

    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            used = [await workloads(target, *request(user)) for user in range(16)]
            assert all(len(each) == 1 for each in used), way
            assert len(set[str]().union(*used)) > 1, way

    live(hashed(hashes[by]), scenario)


def test_a_cookie_is_made_for_those_without() -> None:
    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            first: Answer = await ask(target)
            cookie, _, rest = first.headers["set-cookie"].partition(";")
            assert cookie.startswith("cart="), way
            assert "Max-Age=3600" in rest, way
            assert "Path=/shop" in rest, way
            assert await workloads(target, headers={"cookie": cookie.replace('"', "")}) == {first.body["workload"]}, way

    live(hashed(pm.ConsistentHash(cookie=pm.Cookie("cart", ttl="1h", path="/shop"))), scenario)


def test_an_address_keeps_its_endpoint() -> None:
    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            assert len(await workloads(target)) == 1, way

    live(hashed(pm.ConsistentHash(source_ip=True)), scenario)
