"""Which endpoints a proxy prefers by where they are: localities, failover, labels, zones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pulumi_mesh.frozen import FrozenMap, thaw
from pulumi_mesh.istio import destination_rule
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, Proxy, Workload
from pulumi_mesh.proxy.view.clusters import Endpoint, LocalityEndpoints
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.typed import build

REGION = "topology.kubernetes.io/region"
ZONE = "topology.kubernetes.io/zone"
SUBZONE = "topology.istio.io/subzone"
CLUSTER = "topology.istio.io/cluster"
NETWORK = "topology.istio.io/network"
NODE = "kubernetes.io/hostname"
_SAME_ZONE = ("preferclose", "prefersamezone")
_SAME_NODE = "prefersamenode"
_READING = {"reading": True}

Setting = destination_rule.LocalityLbSetting | destination_rule.ZoneAwareLbSetting


@dataclass(frozen=True, slots=True)
class Preference:
    """What holds for one cluster. force: fail over without outlier detection."""

    setting: Setting
    force: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Endpoints of one locality, each with the labels of its workload."""

    locality: str
    members: tuple[tuple[Mapping[str, str], Endpoint], ...]
    weight: int
    priority: int = 0

    def endpoints(self) -> LocalityEndpoints:
        """As a view has them."""
        place = "/".join(parts(self.locality)).rstrip("/")
        return LocalityEndpoints(tuple(each for _, each in self.members), place, self.weight, self.priority)


def preference(
    everywhere: Preference | None, balancer: destination_rule.LoadBalancer | None, service: KnownService
) -> Preference | None:
    """What counts of the destination rule, the service's traffic distribution and the mesh; None where nothing does.

    everywhere: what the mesh says (``mesh_preference``).

    Mirrors GetEffectiveLbSetting (core/loadbalancer/loadbalancer.go).
    """
    if balancer is not None and balancer.zone_aware_lb_setting is not None:
        zone = balancer.zone_aware_lb_setting
        return Preference(zone, force=zone.enabled is not False)
    if balancer is not None and balancer.locality_lb_setting is not None:
        own = balancer.locality_lb_setting
        return None if own.enabled is False else Preference(own)
    if labels := distribution_labels(service):
        return Preference(destination_rule.LocalityLbSetting(failover_priority=labels), force=True)
    return everywhere


def mesh_preference(mesh: MeshConfig) -> Preference | None:
    """What holds for clusters of which nothing else is said."""
    everywhere = mesh.other.get("zoneAwareLbSetting")
    if everywhere is not None:
        zone = _read(destination_rule.ZoneAwareLbSetting, everywhere)
        return Preference(zone, force=zone.enabled is not False)
    if mesh.locality_lb_setting is not None:
        return Preference(_read(destination_rule.LocalityLbSetting, mesh.locality_lb_setting))
    return None


def distribution_labels(service: KnownService) -> tuple[str, ...]:
    """The labels that endpoints should share with a client, as a service's traffic distribution means them."""
    said = service.traffic_distribution.lower()
    if said in _SAME_ZONE:
        return (NETWORK, REGION, ZONE)
    return (NETWORK, REGION, ZONE, SUBZONE, NODE) if said == _SAME_NODE else ()


def _read(cls: Any, data: Any) -> Any:
    return build(cls, thaw(data), "MeshConfig", _READING)


def common_config(found: Preference | None, *, failover: bool) -> FrozenMap[str, object]:
    """Fields of a cluster's ``common_lb_config``. failover: whether the cluster takes endpoints out.

    Mirrors ApplyToCluster of both settings (same file).
    """
    if found is None:
        return EMPTY
    if isinstance(found.setting, destination_rule.ZoneAwareLbSetting):
        fields: dict[str, object] = {}
        if found.setting.enabled is False:
            fields["routing_enabled"] = FrozenMap()
        if found.setting.min_cluster_size is not None:
            fields["min_cluster_size"] = found.setting.min_cluster_size
        return FrozenMap({"zone_aware_lb_config": FrozenMap(fields)})
    chosen = found.setting.failover or found.setting.failover_priority
    if found.setting.distribute or ((found.force or failover) and chosen):
        return FrozenMap({"locality_weighted_lb_config": FrozenMap()})
    return EMPTY


def preferred(
    groups: Sequence[Group], proxy: Proxy, found: Preference | None, *, failover: bool, by_labels: bool = True
) -> tuple[Group, ...]:
    """The groups with the weights and priorities that they have for a proxy. by_labels: whether labels count.

    Mirrors ApplyLocalityLoadBalancer and ApplyZoneAwareLoadBalancer (same file).
    """
    if found is None:
        return tuple(groups)
    setting = found.setting
    labels = tuple(setting.failover_priority or ()) if by_labels else ()
    failovers = tuple(setting.failover or ())
    if isinstance(setting, destination_rule.ZoneAwareLbSetting):
        if setting.enabled is False:
            return tuple(groups)
        return _compact(_by_labels(groups, proxy, labels), 3, lambda each: _zone_priority(each, proxy, failovers))
    if setting.distribute:
        return _distributed(groups, proxy, setting.distribute)
    if not (found.force or failover):
        return tuple(groups)
    if setting.failover_priority:
        groups = _by_labels(groups, proxy, labels)
        if not failovers:
            return tuple(groups)
    return _compact(groups, 5, lambda each: _priority(each, proxy, failovers))


def _distributed(
    groups: Sequence[Group], proxy: Proxy, rules: Iterable[destination_rule.Distribute]
) -> tuple[Group, ...]:
    """Mirrors applyLocalityWeights (same file)."""
    rule = next((each for each in rules if _matches(proxy.locality, each.from_ or "")), None)
    if rule is None:
        return tuple(groups)
    made: dict[int, Group] = {}
    for target, share in (rule.to or {}).items():
        matched = [i for i, each in enumerate(groups) if i not in made and _matches(each.locality, target)]
        total = sum(groups[i].weight for i in matched)
        for i in matched:
            weight = math.ceil(groups[i].weight * share / total) if total else 0
            made[i] = replace(groups[i], weight=weight or groups[i].weight)
    return tuple(made.get(i, replace(each, members=())) for i, each in enumerate(groups))


def _priority(group: Group, proxy: Proxy, failovers: Iterable[destination_rule.Failover]) -> int:
    """0 in the proxy's own place, 3 in another region, 4 where that is not the one to fail over to.

    Mirrors LbPriority (networking/util) and applyLocalityFailover (same file).
    """
    mine, theirs = parts(proxy.locality), parts(group.locality)
    if mine[0] == theirs[0]:
        return 0 if mine == theirs else 1 if mine[1] == theirs[1] else 2
    rule = next((each for each in failovers if (each.from_ or "") == mine[0]), None)
    return 4 if rule is not None and (rule.to or "") != theirs[0] else 3


def _zone_priority(group: Group, proxy: Proxy, failovers: Iterable[destination_rule.Failover]) -> int:
    """By region alone. Mirrors applyZoneAwareRegionalFailover (same file)."""
    mine, theirs = parts(proxy.locality)[0], parts(group.locality)[0]
    if mine == theirs:
        return 0
    rule = next((each for each in failovers if (each.from_ or "") == mine), None)
    return 1 if rule is not None and (rule.to or "") == theirs else 2


def _compact(groups: Sequence[Group], base: int, priority: Callable[[Group], int]) -> tuple[Group, ...]:
    """Each with a further priority under the one that it has; numbers without gaps."""
    made = [replace(each, priority=each.priority * base + priority(each)) for each in groups]
    return _without_gaps(made)


def _without_gaps(groups: Sequence[Group]) -> tuple[Group, ...]:
    ranks = {each: rank for rank, each in enumerate(sorted({group.priority for group in groups}))}
    return tuple(replace(each, priority=ranks[each.priority]) for each in groups)


def _by_labels(groups: Sequence[Group], proxy: Proxy, wanted: Sequence[str]) -> tuple[Group, ...]:
    """Each group taken apart by how many of the labels its endpoints share with the proxy, in order.

    Mirrors applyFailoverPriorities and applyFailoverPriorityPerLocality (same file).
    """
    if not wanted:
        return tuple(groups)
    own = proxy_labels(proxy)
    said = [each.partition("=") for each in wanted]
    values = [(key, value if equals else own.get(key, "")) for key, equals, value in said]
    made: list[Group] = []
    for group in groups:
        by_priority: dict[int, list[tuple[Mapping[str, str], Endpoint]]] = {}
        for labels, endpoint in group.members:
            by_priority.setdefault(_label_priority(labels, values), []).append((labels, endpoint))
        for priority, members in sorted(by_priority.items()):
            weight = sum(each.weight for _, each in members)
            made.append(Group(group.locality, tuple(members), weight, priority))
    return _without_gaps(made)


def _label_priority(labels: Mapping[str, str], values: Sequence[tuple[str, str]]) -> int:
    lowest = len(values)
    adjusted = 0
    for position, (key, value) in enumerate(values):
        if labels.get(key, "") == value:
            continue
        if position == 0 and key == NETWORK:  # what is in another network comes after all that is in this one
            adjusted = lowest
            continue
        return lowest - position + adjusted
    return adjusted


def _matches(locality: str, rule: str) -> bool:
    """Mirrors LocalityMatch (networking/util)."""
    region, *narrower = zip(parts(rule), parts(locality), strict=True)
    same = region[0] in ("*", region[1])
    return same and all(wanted in ("*", "", there) for wanted, there in narrower)


def parts(locality: str) -> tuple[str, str, str]:
    """Region, zone and subzone."""
    region, zone, subzone = (*locality.split("/"), "", "", "")[:3]
    return region, zone, subzone


def proxy_labels(proxy: Proxy) -> FrozenMap[str, str]:
    """A proxy's labels with those of its place."""
    return _augmented(proxy.labels, proxy.locality, proxy.cluster, proxy.host, proxy.network)


def endpoint_labels(workload: Workload, cluster: str) -> FrozenMap[str, str]:
    """A workload's labels with those of its place. cluster: the name of the cluster."""
    return _augmented(workload.labels, workload.locality, cluster, workload.node, workload.network)


def _augmented(
    labels: FrozenMap[str, str], locality: str, cluster: str, node: str, network: str
) -> FrozenMap[str, str]:
    """Mirrors AugmentLabels (pilot/pkg/serviceregistry/util/label)."""
    region, zone, subzone = parts(locality)
    place = {REGION: region, ZONE: zone, SUBZONE: subzone, CLUSTER: cluster, NODE: node}
    found = {**labels, **{key: value for key, value in place.items() if value}}
    if network:
        found.setdefault(NETWORK, network)
    return FrozenMap(found)
