"""A world compared: what every proxy is told by us, and by istiod."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.proxy.envoy.read import read_config_dump
from pulumi_mesh.proxy.resolve import resolve_all
from pulumi_mesh.proxy.view import ProxyView
from tests.cluster.compare.api import ApiError
from tests.cluster.compare.cluster import Cluster
from tests.cluster.compare.differences import Difference, differences
from tests.cluster.compare.transforms import comparable
from tests.cluster.compare.world import World


@dataclass(frozen=True, slots=True)
class Compared:
    """One proxy of a world, and where its two views differ. proxy: ``KIND NAMESPACE/NAME``."""

    world: str
    proxy: str
    differences: tuple[Difference, ...]

    @property
    def equal(self) -> bool:
        """Whether nothing differs but on purpose."""
        return not self.differences


def compare(cluster: Cluster, world: World) -> tuple[Compared, ...]:
    """Compare every proxy of the world. A world that istiod refuses is one difference of all its proxies.

    Gateways connect first: once istiod has made up what the sidecars of a namespace know, its gateways are told that
    too, with hidden services to which virtual services send (doGetSidecarScope, push_context.go).
    """
    proxies = world.snapshot.proxies
    try:
        cluster.hold(world)
    except ApiError as error:
        refused = (Difference("the manifests", "rendered", f"refused: {error}"),)
        return tuple(Compared(world.name, _name(each), refused) for each in proxies)
    ours = resolve_all(world.snapshot, proxies)
    asked = sorted(ours, key=lambda each: each.kind != "router")
    found = {each: Compared(world.name, _name(each), _between(cluster, each, ours[each])) for each in asked}
    return tuple(found[each] for each in ours)


def _between(cluster: Cluster, proxy: Proxy, ours: ProxyView) -> tuple[Difference, ...]:
    mine = comparable(ours)
    found = differences(mine, comparable(read_config_dump(cluster.discovery.dump(proxy))))
    if found:  # what istiod had not pushed yet is no difference
        cluster.settle()
        found = differences(mine, comparable(read_config_dump(cluster.discovery.dump(proxy))))
    return found


def _name(proxy: Proxy) -> str:
    return f"{proxy.kind} {proxy.namespace}/{proxy.name}"
