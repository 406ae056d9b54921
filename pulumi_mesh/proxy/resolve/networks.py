"""Endpoints of other networks, which a proxy reaches by the gateways of those."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_mesh.frozen import thaw
from pulumi_mesh.manifests.facts import KnownService, Proxy
from pulumi_mesh.manifests.snapshot import Snapshot, is_address
from pulumi_mesh.proxy.resolve.locality import CLUSTER, NETWORK, Group
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.clusters import Endpoint

_PORT = 15443
_PORT_LABEL = "networking.istio.io/gatewayPort"

Gateways = Mapping[str, tuple[SocketAddress, ...]]
"""The gateways of networks, by name; empty where there is one network alone."""


def network_gateways(snapshot: Snapshot) -> Gateways:
    """The gateways that ``meshNetworks`` names, and the Services that carry a network's label.

    Mirrors NetworkManager.reload (pilot/pkg/model/network.go) and getGatewayDetails
    (pilot/pkg/serviceregistry/kube/controller/network.go).
    """
    found: dict[str, set[SocketAddress]] = {}
    for service in snapshot.services:
        network = service.labels.get(NETWORK, "")
        if service.registry == "Kubernetes" and network:
            port = _number(service.labels.get(_PORT_LABEL, ""))
            if service.port(port):
                found.setdefault(network, set()).update(_addresses(service, port))
    for name, network_config in snapshot.mesh.mesh_networks.items():
        config: Any = thaw(network_config) or {}
        for each in config.get("gateways") or ():
            port = int(each.get("port", 0))
            if each.get("address"):
                found.setdefault(name, set()).add(SocketAddress(str(each["address"]), port))
            elif named := snapshot.service(str(each.get("registryServiceName", ""))):
                found.setdefault(name, set()).update(_addresses(named, port))
    return {name: tuple(sorted(those)) for name, those in sorted(found.items()) if those}


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else _PORT


def _addresses(service: KnownService, port: int) -> Iterable[SocketAddress]:
    return (SocketAddress(each, port) for each in service.external_addresses)


@dataclass(frozen=True, slots=True)
class _Reached:
    """What is left of one locality: endpoints at hand, and the weight that goes to each gateway."""

    members: list[tuple[Mapping[str, str], Endpoint]]
    gateways: dict[tuple[str, SocketAddress], int]


def across_networks(groups: Sequence[Group], proxy: Proxy, gateways: Gateways, *, names: bool) -> tuple[Group, ...]:
    """The groups with the endpoints of other networks replaced by the gateways of those. names: whether a gateway may
    be a name, which the proxy resolves.

    Mirrors EndpointsByNetworkFilter (pilot/pkg/xds/endpoints/ep_filters.go).
    """
    if not gateways:
        return tuple(groups)
    scale = math.lcm(*(len(each) for each in gateways.values()))
    made: list[Group] = []
    for group in groups:
        reached = _Reached([], {})
        for labels, endpoint in group.members:
            _reach(reached, labels, endpoint, endpoint.weight * scale, proxy, gateways, names=names)
        for (network, address), weight in sorted(reached.gateways.items(), key=lambda each: each[0][1]):
            place = {CLUSTER: proxy.cluster, NETWORK: network}
            reached.members.append((place, Endpoint(address, tls_mode="istio", weight=weight or 1)))
        total = sum(each.weight for _, each in reached.members)
        made.append(Group(group.locality, tuple(reached.members), total, group.priority))
    return tuple(made)


def _reach(
    reached: _Reached,
    labels: Mapping[str, str],
    endpoint: Endpoint,
    weight: int,
    proxy: Proxy,
    gateways: Gateways,
    *,
    names: bool,
) -> None:
    network = labels.get(NETWORK, "")
    leading = gateways.get(network, ())
    near = not network or (network == proxy.network if proxy.network else not leading)
    if near or not leading:
        reached.members.append((labels, _weighing(endpoint, weight)))
        return
    families = {":" in each for each in proxy.addresses}
    usable = [each for each in leading if (names or is_address(each.host)) and (":" in each.host) in families]
    if not usable or endpoint.tls_mode != "istio":  # a gateway goes by the server name of mutual TLS
        return
    for each in usable:
        reached.gateways[network, each] = reached.gateways.get((network, each), 0) + weight // len(usable)


def _weighing(endpoint: Endpoint, weight: int) -> Endpoint:
    return Endpoint(endpoint.address, endpoint.tls_mode, weight, endpoint.health, endpoint.extra, endpoint.ref)
