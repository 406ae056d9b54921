"""Which endpoints a proxy prefers: groups of endpoints in, weights and priorities out."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.istio import destination_rule
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, Proxy
from pulumi_mesh.proxy.resolve.locality import (
    NETWORK,
    REGION,
    ZONE,
    Group,
    common_config,
    mesh_preference,
    preference,
    preferred,
)
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.clusters import Endpoint

CLIENT = Proxy(
    "sidecar", "client", "shop", "10.0.0.9", FrozenMap({"version": "v1"}), locality="r1/z1/s1", network="west"
)
USUAL = mesh_preference(MeshConfig())
WEB = KnownService("web.shop", "web", "shop", ())
PLACES = ("r1/z1/s1", "r1/z1/s2", "r1/z2", "r2/z1", "r3")


def group(locality: str, weight: int = 1, **labels: str) -> Group:
    """One endpoint of a locality."""
    region, zone, _ = (*locality.split("/"), "", "")[:3]
    place = {REGION: region, ZONE: zone, NETWORK: "west", **labels}
    return Group(locality, ((place, Endpoint(SocketAddress("10.0.0.1", 80), weight=weight)),), weight)


def balancer(**setting: Any) -> destination_rule.LoadBalancer:
    """A destination rule's, with this locality setting."""
    return destination_rule.LoadBalancer(locality_lb_setting=setting)


def priorities(setting: dict[str, Any], *, failover: bool = True) -> list[int]:
    found = preference(USUAL, balancer(**setting), WEB)
    return [each.priority for each in preferred([group(each) for each in PLACES], CLIENT, found, failover=failover)]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({}, [0, 1, 2, 3, 3]),
        ({"failover": [{"from": "r1", "to": "r2"}]}, [0, 1, 2, 3, 4]),
        ({"failover": [{"from": "r1", "to": "r3"}]}, [0, 1, 2, 4, 3]),
        ({"failover": [{"from": "r2", "to": "r3"}]}, [0, 1, 2, 3, 3]),
        ({"failover_priority": [REGION]}, [0, 0, 0, 1, 1]),
        ({"failover_priority": [REGION, ZONE]}, [0, 0, 1, 2, 2]),
        ({"failover_priority": [f"{REGION}=r2"]}, [1, 1, 1, 0, 1]),
        ({"failover_priority": [REGION], "failover": [{"from": "r1", "to": "r3"}]}, [0, 1, 2, 4, 3]),
        ({"enabled": False}, [0, 0, 0, 0, 0]),
    ],
)
def test_priorities(setting: dict[str, Any], expected: list[int]) -> None:
    assert priorities(setting) == expected


def test_without_outlier_detection_nothing_fails_over() -> None:
    assert priorities({}, failover=False) == [0, 0, 0, 0, 0]


def test_priorities_have_no_gaps() -> None:
    found = preferred([group("r1/z2"), group("r3")], CLIENT, preference(USUAL, None, WEB), failover=True)
    assert [each.priority for each in found] == [0, 1]


def test_another_network_comes_after_all_of_this_one() -> None:
    setting = preference(USUAL, balancer(failover_priority=[NETWORK, REGION]), WEB)
    groups = [group("r1", **{NETWORK: "east"}), group("r2"), group("r1"), group("r2", **{NETWORK: "east"})]
    assert [each.priority for each in preferred(groups, CLIENT, setting, failover=True)] == [2, 1, 0, 3]


def test_labels_take_a_locality_apart() -> None:
    one, two = group("r1", version="v1"), group("r1", 4, version="v2")
    both = Group("r1", (*one.members, *two.members), 5)
    setting = preference(USUAL, balancer(failover_priority=["version"]), WEB)
    found = preferred([both], CLIENT, setting, failover=True)
    assert [(each.locality, each.weight, each.priority) for each in found] == [("r1", 1, 0), ("r1", 4, 1)]
    assert preferred([both], CLIENT, setting, failover=True, by_labels=False) == (both,)


@pytest.mark.parametrize(
    ("distribute", "expected"),
    [
        ({"from": "r1/*", "to": {"r1/*": 80, "r2/*": 20}}, [(1, 27), (1, 27), (1, 27), (1, 20), (0, 1)]),
        ({"from": "r1/z1/*", "to": {"r1/z1/s2": 100}}, [(0, 1), (1, 100), (0, 1), (0, 1), (0, 1)]),
        ({"from": "*", "to": {"r1/z1": 60, "*": 40}}, [(1, 30), (1, 30), (1, 14), (1, 14), (1, 14)]),
        ({"from": "r2", "to": {"r1": 100}}, [(1, 1)] * 5),
    ],
)
def test_distribution(distribute: dict[str, Any], expected: list[tuple[int, int]]) -> None:
    setting = preference(USUAL, balancer(distribute=[distribute]), WEB)
    found = preferred([group(each) for each in PLACES], CLIENT, setting, failover=False)
    assert [(len(each.members), each.weight) for each in found] == expected


@pytest.mark.parametrize(("said", "expected"), [("PreferClose", [0, 0, 1, 2, 2]), ("PreferSameNode", [0, 1, 2, 3, 3])])
def test_traffic_distribution_needs_no_outlier_detection(said: str, expected: list[int]) -> None:
    service = KnownService("web.shop", "web", "shop", (), traffic_distribution=said)
    setting = preference(USUAL, None, service)
    places = [group(each, **{"topology.istio.io/subzone": (each.split("/") + [""] * 2)[2]}) for each in PLACES]
    # The client runs on no node that is known, and so do the endpoints.
    assert [each.priority for each in preferred(places, CLIENT, setting, failover=False)] == expected


def test_zones_are_left_to_envoy_within_a_region() -> None:
    zone = destination_rule.LoadBalancer(zone_aware_lb_setting={"failover": [{"from": "r1", "to": "r3"}]})
    found = preferred([group(each) for each in PLACES], CLIENT, preference(USUAL, zone, WEB), failover=False)
    assert [each.priority for each in found] == [0, 0, 0, 2, 1]


@pytest.mark.parametrize(
    ("settings", "failover", "expected"),
    [
        (balancer(), True, {}),
        (balancer(failover=[{"from": "a", "to": "b"}]), False, {}),
        (balancer(failover=[{"from": "a", "to": "b"}]), True, {"locality_weighted_lb_config": {}}),
        (balancer(distribute=[{"from": "a", "to": {"b": 100}}]), False, {"locality_weighted_lb_config": {}}),
        (balancer(enabled=False), True, {}),
        (
            destination_rule.LoadBalancer(zone_aware_lb_setting={"min_cluster_size": 3}),
            False,
            {"zone_aware_lb_config": {"min_cluster_size": 3}},
        ),
    ],
)
def test_what_a_cluster_says_of_localities(
    settings: destination_rule.LoadBalancer, failover: bool, expected: dict[str, Any]
) -> None:
    assert common_config(preference(USUAL, settings, WEB), failover=failover) == freeze(expected)


def test_the_mesh_counts_where_a_rule_says_nothing() -> None:
    mesh = MeshConfig(locality_lb_setting=freeze({"failover": [{"from": "r1", "to": "r3"}]}))
    found = preferred(
        [group(each) for each in PLACES], CLIENT, preference(mesh_preference(mesh), None, WEB), failover=True
    )
    assert [each.priority for each in found] == [0, 1, 2, 4, 3]
    assert preference(mesh_preference(MeshConfig(locality_lb_setting=None)), None, WEB) is None
