"""A world compared: what every proxy is told by us, and by istiod."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_mesh.manifests.snapshot import Proxy
from pulumi_mesh.proxy.envoy.read import read_config_dump
from pulumi_mesh.proxy.resolve import resolve_all
from tests.cluster.compare.cluster import Cluster
from tests.cluster.compare.differences import Difference, differences
from tests.cluster.compare.transforms import comparable
from tests.cluster.compare.world import World


@dataclass(frozen=True, slots=True)
class Compared:
    """One proxy of a world, and where its two views differ."""

    world: str
    proxy: Proxy
    differences: tuple[Difference, ...]


def compare(cluster: Cluster, world: World) -> tuple[Compared, ...]:
    """Compare every proxy of the world. What istiod refuses raises ApiError."""
    cluster.hold(world)
    ours = resolve_all(world.snapshot, world.snapshot.proxies)
    return tuple(
        Compared(
            world.name,
            proxy,
            differences(comparable(view), comparable(read_config_dump(cluster.discovery.dump(proxy)))),
        )
        for proxy, view in ours.items()
    )
