"""Wildcard hosts that Envoy resolves itself: DYNAMIC_DNS."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh import istio
from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.registry.service_entries import services_of
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.clusters import Cluster
from pulumi_mesh.proxy.view.listeners import HttpConnectionManager, NetworkRbac, OpaqueFilter, TcpProxy
from pulumi_mesh.proxy.view.tls import PlainText, ProxyProtocol, UpstreamTls
from tests.support.views import accepted
from tests.unit.resolve.shop import CLIENT, ROUTER, SERVICES, shop

HOST = "*.example.net"
PORTS = (("HTTP", 8080), ("TLS", 443), ("HTTPS", 8443))
HTTP2_PORTS = (("GRPC", 9090), ("HTTP2", 9091))
"""Envoy takes these with TLS only: so istiod writes them."""


def entry(location: str, named: tuple[tuple[str, int], ...]) -> istio.ServiceEntry:
    ports = [{"number": number, "name": protocol.lower(), "protocol": protocol} for protocol, number in named]
    spec = {"hosts": [HOST], "location": location, "resolution": "DYNAMIC_DNS", "ports": ports}
    return istio.ServiceEntry("wild", namespace="shop", spec=spec)


def rule(policy: dict[str, Any]) -> istio.DestinationRule:
    subsets = [{"name": "v1", "labels": {"version": "v1"}}]
    return istio.DestinationRule(
        "wild", namespace="shop", spec={"host": HOST, "trafficPolicy": policy, "subsets": subsets}
    )


def view(
    *objects: Object,
    location: str = "MESH_EXTERNAL",
    proxy: Proxy = CLIENT,
    ports: tuple[tuple[str, int], ...] = PORTS,
) -> ProxyView:
    made = entry(location, ports)
    known = shop(made, *objects, services=(*SERVICES, *services_of(made, {})))
    return accepted(resolve(known, proxy))


def clusters(found: ProxyView) -> dict[int, Cluster]:
    return {int(each.name.split("|")[1]): each for each in found.clusters if each.name.endswith(HOST)}


@pytest.mark.parametrize("proxy", [CLIENT, ROUTER])
def test_a_cluster_for_each_port_that_says_a_name(proxy: Proxy) -> None:
    found = clusters(view(rule({"tls": {"mode": "DISABLE"}}), proxy=proxy))
    assert sorted(found) == [443, 8080]  # and none for the subset
    made = found[8080]
    assert (made.type, made.load_balancing.policy, made.transport) == ("STATIC", "CLUSTER_PROVIDED", PlainText())
    kind = made.extra["cluster_type"]
    assert isinstance(kind, FrozenMap)
    assert kind["typed_config"] == freeze(
        {
            "@type": "type.googleapis.com/envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig",
            "dns_cache_config": {"name": f"{HOST}_dfp_dns_cache", "dns_lookup_family": "V4_ONLY"},
        }
    )
    istio_metadata = made.metadata["istio"]
    assert isinstance(istio_metadata, FrozenMap)
    assert {*istio_metadata} == {"external", "config"}


@pytest.mark.parametrize(
    ("tls", "checks", "insecure"),
    [
        ({"mode": "SIMPLE"}, {"auto_sni": True, "auto_san_validation": True}, False),
        ({"mode": "ISTIO_MUTUAL"}, {"auto_sni": True, "auto_san_validation": True}, False),
        ({"mode": "SIMPLE", "sni": "a.example.net"}, {"auto_san_validation": True}, True),
        ({"mode": "SIMPLE", "insecureSkipVerify": True}, {"auto_sni": True}, True),
    ],
)
def test_tls_is_for_the_name_that_was_asked_for(tls: dict[str, Any], checks: dict[str, bool], insecure: bool) -> None:
    made = clusters(view(rule({"tls": tls})))[8080]
    assert isinstance(made.transport, UpstreamTls)
    assert made.transport.sni == tls.get("sni", "")
    assert made.http is not None
    assert made.http.extra["upstream_http_protocol_options"] == freeze(checks)
    kind: Any = made.extra["cluster_type"]
    assert ("allow_insecure_cluster_options" in kind["typed_config"]) == insecure


def test_http2_is_spoken_where_the_port_says_so() -> None:
    found = clusters(view(rule({"tls": {"mode": "SIMPLE"}}), ports=HTTP2_PORTS))
    assert [each.http.protocol for each in found.values() if each.http] == ["http2", "http2"]
    assert [each.transport.alpn for each in found.values() if isinstance(each.transport, UpstreamTls)] == [("h2",)] * 2


def test_within_the_mesh_mutual_tls_comes_by_itself() -> None:
    made = clusters(view(location="MESH_INTERNAL"))[8080]
    assert [each.name for each in made.transport_matches] == ["tlsMode-istio", "tlsMode-disabled"]
    assert "istio" not in made.metadata


def test_the_proxy_protocol_and_limits() -> None:
    pool = {"tcp": {"maxConnections": 3}}
    made = clusters(view(rule({"proxyProtocol": {}, "connectionPool": pool, "tls": {"mode": "DISABLE"}})))[8080]
    assert made.transport == ProxyProtocol(PlainText())
    assert made.circuit_breakers is not None
    assert made.circuit_breakers.max_connections == 3


def test_requests_are_resolved_before_they_are_routed() -> None:
    (listener,) = (each for each in view().listeners if each.name == "0.0.0.0_8080")
    (manager,) = listener.filter_chains[0].filters
    assert isinstance(manager, HttpConnectionManager)
    resolving = manager.http_filters[-2]
    assert isinstance(resolving, OpaqueFilter)
    assert resolving.name == "envoy.filters.http.dynamic_forward_proxy"
    (shared,) = (each for each in view().listeners if each.name == "0.0.0.0_9080")
    (other,) = shared.filter_chains[0].filters
    assert isinstance(other, HttpConnectionManager)
    assert resolving not in other.http_filters  # another service's


def test_names_of_tls_clients_are_resolved_and_guarded_by_the_workloads_own_policies() -> None:
    own = istio.AuthorizationPolicy(
        "own", namespace="shop", spec={"rules": [{"from": [{"source": {"namespaces": ["shop"]}}]}]}
    )
    (listener,) = (each for each in view(own).listeners if each.name == "0.0.0.0_443")
    (chain,) = listener.filter_chains
    assert chain.match.server_names == (HOST,)
    guard, resolving, last = chain.filters
    assert isinstance(guard, NetworkRbac)
    assert isinstance(resolving, OpaqueFilter)
    assert resolving.config["port_value"] == 443
    assert isinstance(last, TcpProxy)
    assert last.cluster == f"outbound|443||{HOST}"
