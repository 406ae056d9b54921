"""How an endpoint is chosen: the load balancer of a cluster, and what its routes hash."""

from __future__ import annotations

from dataclasses import replace

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import destination_rule
from pulumi_mesh.proxy.resolve.destination_rules import Rule
from pulumi_mesh.proxy.resolve.durations import duration
from pulumi_mesh.proxy.view.clusters import LoadBalancing
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.proxy.view.routes import HashCookie, HashPolicy

DEFAULT = LoadBalancing(policy="LEAST_REQUEST")
_RING_SIZE = 1024
"""Envoy's own default, which istiod writes out."""


def load_balancing(settings: destination_rule.LoadBalancer | None) -> LoadBalancing:
    """The load balancer of a cluster; least request where nothing is said.

    Mirrors applyLoadBalancer and ApplyRingHashLoadBalancer (core/cluster_traffic_policy.go).
    """
    if settings is None:
        return DEFAULT
    slow_start = duration(settings.warmup.duration if settings.warmup else settings.warmup_duration_secs)
    chosen = DEFAULT
    match settings.simple:
        case "RANDOM":
            chosen = LoadBalancing(policy="RANDOM")
        case "ROUND_ROBIN":
            chosen = LoadBalancing(policy="ROUND_ROBIN", slow_start=slow_start)
        case "PASSTHROUGH":
            chosen = LoadBalancing(policy="CLUSTER_PROVIDED")
        case _:
            chosen = LoadBalancing(policy="LEAST_REQUEST", slow_start=slow_start)
    return _hashed(chosen, settings.consistent_hash) if settings.consistent_hash else chosen


def _hashed(chosen: LoadBalancing, hashing: destination_rule.ConsistentHash) -> LoadBalancing:
    if hashing.maglev is not None:
        return replace(chosen, policy="MAGLEV", table_size=hashing.maglev.table_size or 0, slow_start=None)
    if hashing.ring_hash is not None:
        size = hashing.ring_hash.minimum_ring_size or 0
    else:
        size = hashing.minimum_ring_size or _RING_SIZE
    return replace(chosen, policy="RING_HASH", hash_minimum=size, slow_start=None)


def warmup_config(settings: destination_rule.LoadBalancer | None) -> FrozenMap[str, object]:
    """How fast a new endpoint gets its share, beside the time that it takes. Mirrors setWarmup (same file)."""
    if settings is None or settings.warmup is None or settings.consistent_hash is not None:
        return EMPTY
    if settings.simple in ("RANDOM", "PASSTHROUGH"):
        return EMPTY
    warmup = settings.warmup
    aggression = 1.0 if warmup.aggression is None else float(warmup.aggression)
    minimum = 10.0 if warmup.minimum_percent is None else float(warmup.minimum_percent)
    slow_start = FrozenMap(
        {
            "aggression": FrozenMap({"default_value": aggression, "runtime_key": "("}),
            "min_weight_percent": FrozenMap({"value": minimum}),
        }
    )
    field = "round_robin_lb_config" if settings.simple == "ROUND_ROBIN" else "least_request_lb_config"
    return FrozenMap({field: FrozenMap({"slow_start_config": slow_start})})


def hash_policy(hashing: destination_rule.ConsistentHash | None) -> HashPolicy | None:
    """What a route hashes so that the same goes to the same endpoint.

    Mirrors ConsistentHashToHashPolicy (core/route/route.go).
    """
    if hashing is None:
        return None
    if hashing.http_header_name is not None:
        return HashPolicy(header=hashing.http_header_name)
    if (cookie := hashing.http_cookie) is not None:
        attributes = tuple((each.name, each.value or "") for each in cookie.attributes or ())
        return HashPolicy(cookie=HashCookie(cookie.name, duration(cookie.ttl), cookie.path or "", attributes))
    if hashing.use_source_ip is not None:
        kind = EMPTY if hashing.use_source_ip else FrozenMap({"connection_properties": FrozenMap()})
        return HashPolicy(source_ip=hashing.use_source_ip, extra=kind)
    if hashing.http_query_parameter_name is not None:
        return HashPolicy(query_parameter=hashing.http_query_parameter_name)
    return None


def hash_of_service(rule: Rule | None, port: int) -> destination_rule.ConsistentHash | None:
    """What requests to a service without a virtual service hash. Mirrors hashForService (core/route/route.go)."""
    if rule is None or rule.policy is None:
        return None
    return _at_port(rule.policy, port) or _top(rule.policy)


def hash_of_destination(
    rule: Rule | None, subset_name: str | None, port: int | None
) -> destination_rule.ConsistentHash | None:
    """What requests to one destination hash. port: as the destination names it.

    Mirrors HashForHTTPDestination (core/route/route.go).
    """
    if rule is None:
        return None
    subset = rule.subset(subset_name) if subset_name else None
    narrow = subset.traffic_policy if subset else None
    found = (_at_port(narrow, port) or _top(narrow)) if narrow else None
    if found is None and rule.policy is not None:
        found = _at_port(rule.policy, port) or _top(rule.policy)
    return found


def _top(policy: destination_rule.TrafficPolicy) -> destination_rule.ConsistentHash | None:
    return policy.load_balancer.consistent_hash if policy.load_balancer else None


def _at_port(policy: destination_rule.TrafficPolicy, port: int | None) -> destination_rule.ConsistentHash | None:
    for each in policy.port_level_settings or ():
        if port is not None and each.port is not None and each.port.number == port:
            return each.load_balancer.consistent_hash if each.load_balancer else None
    return None
