"""Outbound policy ALLOW_ANY_DYNAMIC_DNS: requests to unknown hosts go where DNS says, all else as with ALLOW_ANY."""

from __future__ import annotations

from dataclasses import replace

from pulumi_mesh.frozen import freeze
from pulumi_mesh.manifests.facts import MeshConfig
from pulumi_mesh.proxy.simulate import Request, simulate
from pulumi_mesh.proxy.view.listeners import HttpConnectionManager, Listener, OpaqueFilter
from tests.unit.resolve.shop import CLIENT, ROUTER, view

MESH = MeshConfig(outbound="ALLOW_ANY_DYNAMIC_DNS")
FOUND = "AllowAnyDynamicDNSCluster"
FILTER = "envoy.filters.http.dynamic_forward_proxy"


def managers(listeners: tuple[Listener, ...], direction: str) -> list[HttpConnectionManager]:
    return [
        one
        for each in listeners
        if each.traffic_direction == direction
        for chain in each.filter_chains
        for one in chain.filters
        if isinstance(one, HttpConnectionManager)
    ]


def test_requests_are_resolved_all_else_passes() -> None:
    found = view(mesh=MESH)
    plain = Request(host="unknown.org", port=9080, direction="outbound")
    cases = {
        plain: FOUND,
        replace(plain, port=8088): FOUND,
        replace(plain, protocol="http2", port=8088): FOUND,
        replace(plain, tls="tls", port=8443): "PassthroughCluster",
        replace(plain, protocol="tcp", port=8088): "PassthroughCluster",
        replace(plain, host="reviews.shop.svc.cluster.local"): "outbound|9080||reviews.shop.svc.cluster.local",
    }
    assert {each: [to.cluster for to in simulate(found, each).clusters] for each in cases} == {
        each: [name] for each, name in cases.items()
    }
    allowed = simulate(view(), replace(plain, port=8088))
    assert [each.cluster for each in allowed.clusters] == ["PassthroughCluster"]


def test_every_outbound_manager_resolves_before_it_routes() -> None:
    found = view(mesh=MESH)
    outbound = managers(found.listeners, "OUTBOUND")
    assert outbound
    for each in outbound:
        before = each.http_filters[-2]
        assert isinstance(before, OpaqueFilter)
        assert before.name == FILTER
    inbound = [one for each in managers(found.listeners, "INBOUND") for one in each.http_filters]
    assert FILTER not in {getattr(each, "name", "") for each in inbound}


def test_the_meshs_limits_are_not_those_of_unknown_hosts() -> None:
    limits = freeze({"defaultTrafficPolicy": {"connectionPool": {"tcp": {"maxConnections": 17}}}})
    found = {each.name: each.circuit_breakers for each in view(mesh=replace(MESH, other=limits)).clusters}
    limit, unlimited = found["PassthroughCluster"], found[FOUND]
    assert limit is not None
    assert unlimited is not None
    assert (limit.max_connections, unlimited.max_connections) == (17, 2**32 - 1)


def test_gateways_take_no_part() -> None:
    assert FOUND not in {each.name for each in view(proxy=ROUTER, mesh=MESH).clusters}
    assert FOUND in {each.name for each in view(mesh=MESH).clusters}


def test_by_the_agent_where_it_answers_dns() -> None:
    found = view(proxy=replace(CLIENT, dns_capture=True), mesh=MESH)
    cluster = next(each for each in found.clusters if each.name == FOUND)
    assert "127.0.0.1" in str(cluster.extra["cluster_type"])
