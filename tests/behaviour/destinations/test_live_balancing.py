"""Which endpoint of a service takes a request."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

import pulumi_mesh as pm
from pulumi_mesh.canary.binomial import within
from pulumi_mesh.local.load import Load
from pulumi_mesh.local.mesh import LocalMesh
from tests.behaviour.support import NO_RETRIES, ask, live, shop, ways

ADDRESSES = ["10.7.0.1", "10.7.0.2"]
WORKLOADS = ["server-v1-1", "server-v1-2"]


def balanced(policy: pm.TrafficPolicy | None, *, of_version: pm.TrafficPolicy | None = None) -> pm.Mesh:
    version = pm.Version("v1", addresses=ADDRESSES, traffic_policy=of_version)
    server = pm.Service("server", namespace="shop", port=8080, versions=[version], traffic_policy=policy)
    return shop([pm.Rule(backends=[server["v1"]], retries=NO_RETRIES)], server=server)


@pytest.mark.parametrize("where", ["service", "version"])
def test_round_robin_is_even(where: str) -> None:
    robin, other = pm.TrafficPolicy(load_balancer="ROUND_ROBIN"), pm.TrafficPolicy(load_balancer="RANDOM")
    mesh = balanced(robin) if where == "service" else balanced(other, of_version=robin)

    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            answers = [(await ask(target)).body["workload"] for _ in range(40)]
            assert Counter(answers) == dict.fromkeys(WORKLOADS, 20), way
            assert all(one != other for one, other in pairwise(answers)), way

    live(mesh, scenario)


def test_random_is_even_as_far_as_chance_allows() -> None:
    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            before = running.stubs[WORKLOADS[0]].count
            async with Load(target, connections=2) as load:
                await load.measure(200)
            assert within(load.total.requests, running.stubs[WORKLOADS[0]].count - before, 0.5), way

    live(balanced(pm.TrafficPolicy(load_balancer="RANDOM")), scenario)


@pytest.mark.parametrize("load_balancer", [None, "LEAST_REQUEST"])
def test_least_request_uses_every_endpoint(load_balancer: str | None) -> None:
    policy = pm.TrafficPolicy(load_balancer="LEAST_REQUEST") if load_balancer else None

    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            assert {(await ask(target)).body["workload"] for _ in range(40)} == set(WORKLOADS), way

    live(balanced(policy), scenario)


def test_the_same_value_of_a_header_goes_to_the_same_endpoint() -> None:
    policy = pm.TrafficPolicy(load_balancer=pm.ConsistentHash("x-user"))
    users = [f"user-{number}" for number in range(40)]

    async def scenario(running: LocalMesh) -> None:
        homes = []
        for way, target in ways(running).items():
            found: dict[str, set[str]] = {user: set() for user in users}
            for user in users * 3:
                found[user].add((await ask(target, headers={"x-user": user})).body["workload"])
            assert all(len(each) == 1 for each in found.values()), (way, found)
            assert set().union(*found.values()) == set(WORKLOADS), way
            homes.append(found)
        assert homes[0] == homes[1], "both proxies see the same ring"

    live(balanced(policy), scenario)
