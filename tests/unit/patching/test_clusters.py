"""Patches of clusters."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh.proxy.patching.merge import Merge
from pulumi_mesh.proxy.patching.origins import Origins
from pulumi_mesh.proxy.patching.values import read_message
from tests.unit.patching.world import TYPES, cluster, edge, envoy_filter, patch, web

WEB = "outbound|80||web.shop.svc.cluster.local"
ELSEWHERE = {"name": "elsewhere", "type": "STATIC", "load_assignment": {"cluster_name": "elsewhere"}}


@pytest.mark.parametrize(
    ("match", "changed"),
    [
        ({"name": WEB}, {WEB}),
        ({"service": "web.shop.svc.cluster.local"}, {WEB, "inbound|8080||"}),
        ({"portNumber": 8080}, {"inbound|8080||"}),
        ({"portNumber": 443}, {"outbound|443||edge.istio-system.svc.cluster.local"}),
        ({"subset": "v1"}, set()),
        ({"name": "PassthroughCluster", "service": "not.looked.at"}, {"PassthroughCluster"}),
    ],
)
def test_which(match: dict[str, Any], changed: set[str]) -> None:
    view = web(envoy_filter(patch("CLUSTER", "MERGE", {"connect_timeout": "1.5s"}, cluster=match)))
    assert {
        each.name for each in view.clusters if each.connect_timeout and each.connect_timeout.microseconds
    } == changed


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        ({"lb_policy": "RANDOM"}, "lbPolicy", "RANDOM"),
        ({"lb_policy": "ROUND_ROBIN"}, "lbPolicy", "LEAST_REQUEST"),  # the enum's zero
        ({"metadata": {"filter_metadata": {"mine": {"a": 1}}}}, "metadata.filterMetadata.mine", {"a": 1}),
        ({"metadata": {"filter_metadata": {"istio": {"a": 1}}}}, "metadata.filterMetadata.istio", {"a": 1}),
        (
            {"circuit_breakers": {"thresholds": [{"priority": "HIGH", "max_connections": 1}]}},
            "circuitBreakers.thresholds.1",
            {"priority": "HIGH", "maxConnections": 1},
        ),
    ],
)
def test_merge(value: dict[str, Any], name: str, expected: Any) -> None:
    found: Any = cluster(edge(envoy_filter(patch("CLUSTER", "MERGE", value, cluster={"name": WEB}))), WEB)
    for part in name.split("."):
        found = found[int(part)] if part.isdigit() else found[part]
    assert found == expected


def test_of_a_oneof_even_the_zero_counts() -> None:
    kind = "envoy.config.cluster.v3.Cluster"
    there = {"name": "x", "cluster_type": {"name": "own"}}
    Merge(Origins(), None).into(kind, there, read_message(kind, {"type": "STATIC", "lbPolicy": "ROUND_ROBIN"}))
    assert there == {"name": "x", "type": "STATIC"}


def test_transport_sockets_that_endpoints_choose() -> None:
    params = {"common_tls_context": {"tls_params": {"tls_minimum_protocol_version": "TLSv1_3"}}}
    config = {"@type": f"{TYPES}.transport_sockets.tls.v3.UpstreamTlsContext", **params}
    value = {
        "connect_timeout": "1s",
        "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": config},
    }
    found = cluster(edge(envoy_filter(patch("CLUSTER", "MERGE", value, cluster={"name": WEB}))), WEB)
    tls = found["transportSocketMatches"][0]["transportSocket"]["typedConfig"]
    assert tls["commonTlsContext"]["tlsParams"]["tlsMinimumProtocolVersion"] == "TLSv1_3"
    assert tls["sni"] == "outbound_.80_._.web.shop.svc.cluster.local"
    assert (found["connectTimeout"], "transportSocket" in found) == ("10s", False)


def test_a_transport_socket_where_there_is_none() -> None:
    value = {
        "transport_socket": {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {"@type": f"{TYPES}.transport_sockets.tls.v3.UpstreamTlsContext", "sni": "web.example"},
        }
    }
    own = patch("CLUSTER", "MERGE", value, cluster={"name": "PassthroughCluster"})
    found = cluster(web(envoy_filter(own)), "PassthroughCluster")
    assert found["transportSocket"]["typedConfig"]["sni"] == "web.example"


def test_removed_with_its_endpoints() -> None:
    view = edge(envoy_filter(patch("CLUSTER", "REMOVE", cluster={"service": "web.shop.svc.cluster.local"})))
    assert WEB not in {each.name for each in view.clusters} | {each.cluster for each in view.endpoints}


def test_added_once() -> None:
    own = envoy_filter(patch("CLUSTER", "ADD", ELSEWHERE), patch("CLUSTER", "INSERT_FIRST", ELSEWHERE))
    for view in (edge(own), web(own)):
        assert [each.name for each in view.clusters].count("elsewhere") == 1
    inbound = envoy_filter(patch("CLUSTER", "ADD", ELSEWHERE, context="SIDECAR_INBOUND"))
    assert [each.name for each in web(inbound).clusters][-1] == "elsewhere"
    assert "elsewhere" not in [each.name for each in edge(inbound).clusters]
