"""Where connections go whose bytes are not looked into: the network filters of a ``tcp`` or ``tls`` route, or of a
service without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import virtual_service
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve.actions import Scope, destination_cluster
from pulumi_mesh.proxy.resolve.destination_rules import Rule
from pulumi_mesh.proxy.resolve.durations import duration, proto_json
from pulumi_mesh.proxy.resolve.stat_names import stat_name
from pulumi_mesh.proxy.view.listeners import NetworkFilter, OpaqueFilter, TcpProxy


def stream_filters(
    routes: Sequence[virtual_service.TcpRoute], source: Object, scope: Scope, protocol: str, port_name: str
) -> tuple[NetworkFilter, ...]:
    """The filters of the destinations of one entry of ``tcp`` or ``tls``; at least one is given.

    routes: with full names, as ``Bound.tcp`` and ``Bound.tls`` have them. source: the virtual service. protocol,
    port_name: of the port that is listened on, as in ``ServicePort``.

    Mirrors ListenerBuilder.buildOutboundNetworkFilters and buildOutboundNetworkFiltersWithWeightedClusters
    (core/networkfilter.go). The policy is that of the first destination.
    """
    first = routes[0].destination
    service = scope.lookup(first.host)
    rule = scope.index.rules.for_client(scope.proxy, service) if service else None
    if len(routes) == 1:
        cluster = destination_cluster(first, service, scope.port)
        subset, prefix = first.subset or "", ""
        if service is not None and (pattern := scope.index.snapshot.mesh.outbound_stat_name):
            prefix = stat_name(pattern, first.host, service, scope.port, port_name, subset=subset)
        return single_destination(cluster, rule, protocol, prefix, subset=subset)
    weighted = tuple(
        (destination_cluster(to, scope.lookup(to.host), scope.port), weight)
        for to, weight in ((each.destination, each.weight) for each in routes)
        if weight
    )
    name = f"{source.name}.{source.namespace}"
    return stack(replace(_proxy(name, rule, "", tunnel=True), weighted=weighted), protocol)


def single_destination(
    cluster: str, rule: Rule | None, protocol: str, stat_prefix: str = "", *, subset: str = "", tunnel: bool = True
) -> tuple[NetworkFilter, ...]:
    """The filters toward one cluster. rule: that clients of its host follow. stat_prefix: in statistics; by default the
    cluster's name. tunnel: whether the rule's tunnel is used.

    Mirrors ListenerBuilder.buildOutboundNetworkFiltersWithSingleDestination (core/networkfilter.go).
    """
    return stack(replace(_proxy(stat_prefix or cluster, rule, subset, tunnel=tunnel), cluster=cluster), protocol)


def stack(proxy: TcpProxy, protocol: str) -> tuple[NetworkFilter, ...]:
    """A TCP proxy, behind the codec of its protocol: of those only MongoDB's is on by default.

    Mirrors buildNetworkFiltersStack (core/networkfilter.go).
    """
    if protocol.upper() != "MONGO":
        return (proxy,)
    kind = "type.googleapis.com/envoy.extensions.filters.network.mongo_proxy.v3.MongoProxy"
    codec: FrozenMap[str, object] = FrozenMap({"@type": kind, "stat_prefix": proxy.stat_prefix})
    return (OpaqueFilter("envoy.filters.network.mongo_proxy", codec), proxy)


def _proxy(stat_prefix: str, rule: Rule | None, subset: str, *, tunnel: bool) -> TcpProxy:
    """Connection limits are the host's, also toward a subset. Mirrors maybeSetHashPolicy (core/networkfilter.go)."""
    policy = rule.policy if rule else None
    tcp = policy.connection_pool.tcp if policy and policy.connection_pool else None
    extra: dict[str, object] = {}
    if tcp and (longest := duration(tcp.max_connection_duration)) is not None:
        extra["max_downstream_connection_duration"] = proto_json(longest)
    if _by_source(rule, subset):
        extra["hash_policy"] = (FrozenMap({"source_ip": FrozenMap()}),)
    if tunnel and (tunneling := _tunneling(rule, subset)):
        extra["tunneling_config"] = tunneling
    return TcpProxy(stat_prefix, idle_timeout=duration(tcp.idle_timeout) if tcp else None, extra=FrozenMap(extra))


def _by_source(rule: Rule | None, subset: str) -> bool:
    """Whether connections are spread by the client's address."""
    if rule is None:
        return False
    policies = [rule.policy]
    if (part := rule.subset(subset)) and part.traffic_policy and part.traffic_policy.load_balancer:
        policies = [part.traffic_policy]
    balancers = [each.load_balancer for each in policies if each and each.load_balancer]
    return any(bool(each.consistent_hash and each.consistent_hash.use_source_ip) for each in balancers)


def _tunneling(rule: Rule | None, subset: str) -> FrozenMap[str, object] | None:
    """The HTTP proxy to pass connections on by. Mirrors tunnelingconfig.Apply (core/tunnelingconfig)."""
    if rule is None:
        return None
    part = rule.subset(subset) if subset else None
    policy = (part.traffic_policy if part else None) if subset else rule.policy
    if policy is None or policy.tunnel is None:
        return None
    host = f"[{policy.tunnel.target_host}]" if ":" in policy.tunnel.target_host else policy.tunnel.target_host
    fields: dict[str, object] = {"hostname": f"{host}:{policy.tunnel.target_port}"}
    if policy.tunnel.protocol == "POST":
        fields["use_post"] = True
    return FrozenMap(fields)
