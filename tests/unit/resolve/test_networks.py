"""Endpoints of other networks, behind the gateways of those."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, ServicePort
from pulumi_mesh.manifests.snapshot import snapshot
from pulumi_mesh.proxy.resolve.locality import NETWORK, Group
from pulumi_mesh.proxy.resolve.networks import across_networks, network_gateways
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.clusters import Endpoint
from tests.unit.resolve.shop import CLIENT

EAST = (SocketAddress("1.2.3.4", 15443), SocketAddress("1.2.3.5", 15443))


def endpoint(host: str, network: str, tls_mode: str = "istio") -> tuple[FrozenMap[str, str], Endpoint]:
    """An endpoint of weight 1."""
    return FrozenMap({NETWORK: network} if network else {}), Endpoint(SocketAddress(host, 80), tls_mode, weight=1)


def reached(network: str, *members: tuple[FrozenMap[str, str], Endpoint]) -> list[tuple[str, int]]:
    """Host and weight of what a proxy of ``network`` is told."""
    group = Group("", members, len(members))
    (found,) = across_networks([group], replace(CLIENT, network=network), {"east": EAST}, names=False)
    assert found.weight == sum(each.weight for _, each in found.members)
    return [
        (str(each.address.host), each.weight) for _, each in found.members if isinstance(each.address, SocketAddress)
    ]


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("east", [("10.0.0.1", 2), ("10.0.0.2", 2), ("10.0.0.3", 2)]),
        ("west", [("10.0.0.2", 2), ("10.0.0.3", 2), ("1.2.3.4", 1), ("1.2.3.5", 1)]),
        ("", [("10.0.0.2", 2), ("10.0.0.3", 2), ("1.2.3.4", 1), ("1.2.3.5", 1)]),
    ],
)
def test_which_endpoints_are_at_hand(network: str, expected: list[tuple[str, int]]) -> None:
    members = endpoint("10.0.0.1", "east"), endpoint("10.0.0.2", "south"), endpoint("10.0.0.3", "")
    assert reached(network, *members) == expected


def test_without_mutual_tls_nothing_goes_through_a_gateway() -> None:
    assert reached("west", endpoint("10.0.0.1", "east", tls_mode="")) == []


def test_where_gateways_are_known_from() -> None:
    port = ServicePort("tls", 15443, 15443, "TLS")
    labelled = KnownService(
        "ew.istio-system.svc.cluster.local",
        "ew",
        "istio-system",
        (port,),
        labels=FrozenMap({NETWORK: "east"}),
        external_addresses=("1.2.3.4",),
    )
    elsewhere = replace(labelled, hostname="a", name="a", ports=())
    named = replace(labelled, hostname="b", name="b", labels=FrozenMap(), external_addresses=("5.5.5.5",))
    networks = {"west": {"gateways": [{"registryServiceName": "b", "port": 443}, {"address": "9.9.9.9", "port": 1}]}}
    known = snapshot([], services=(labelled, elsewhere, named), mesh=MeshConfig(mesh_networks=freeze(networks)))
    assert network_gateways(known) == {
        "east": (SocketAddress("1.2.3.4", 15443),),
        "west": (SocketAddress("5.5.5.5", 443), SocketAddress("9.9.9.9", 1)),
    }
