"""Clusters and endpoints."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pulumi_mesh import istio
from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.manifests.facts import NO_LABELS
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.clusters import (
    CircuitBreakers,
    Cluster,
    HttpOptions,
    LoadBalancing,
    OutlierDetection,
    TcpKeepalive,
)
from pulumi_mesh.proxy.view.matching import StringMatch
from pulumi_mesh.proxy.view.tls import PlainText, ProxyProtocol, SecretRef, UpstreamTls, Validation
from pulumi_mesh.refs import Ref
from tests.unit.resolve.shop import CLIENT, FAR, ROUTER, cluster, view

MOST = 2**32 - 1
REVIEWS = "outbound|9080||reviews"
IDENTITIES = tuple(StringMatch("exact", f"spiffe://cluster.local/ns/shop/sa/{account}") for account in "ab")
MUTUAL = UpstreamTls(
    (SecretRef("default"),),
    Validation(SecretRef("ROOTCA"), IDENTITIES),
    sni="outbound_.9080_._.reviews.shop.svc.cluster.local",
    alpn=("istio",),
    minimum_version="TLSv1_2",
    maximum_version="TLSv1_3",
)


def rule(
    policy: dict[str, Any] | None = None, *subsets: dict[str, Any], host: str = "reviews", **more: Any
) -> istio.DestinationRule:
    spec: dict[str, Any] = {"host": host, "trafficPolicy": policy or {}, "subsets": list(subsets), **more}
    return istio.DestinationRule(host.partition(".")[0], namespace="shop", spec=spec)


def subset(name: str, policy: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": name, "labels": {"version": name}, **({"trafficPolicy": policy} if policy else {})}


def test_defaults() -> None:
    found = cluster(REVIEWS)
    assert found == Cluster(
        "outbound|9080||reviews.shop.svc.cluster.local",
        "EDS",
        connect_timeout=timedelta(seconds=10),
        load_balancing=LoadBalancing("LEAST_REQUEST", healthy_panic_threshold=0.0),
        circuit_breakers=CircuitBreakers(MOST, MOST, MOST, MOST),
        transport_matches=found.transport_matches,
        metadata=FrozenMap(
            {
                "istio": FrozenMap(
                    {
                        "services": (
                            FrozenMap(
                                {"host": "reviews.shop.svc.cluster.local", "name": "reviews", "namespace": "shop"}
                            ),
                        )
                    }
                )
            }
        ),
        extra=FrozenMap({"alt_stat_name": "outbound|9080||reviews.shop.svc.cluster.local;"}),
    )
    assert found.ref == Ref("Service", "shop", "reviews")
    istio_match, other = found.transport_matches
    assert (istio_match.name, istio_match.match) == ("tlsMode-istio", FrozenMap({"tlsMode": "istio"}))
    assert istio_match.transport == MUTUAL
    assert (other.name, other.match, other.transport) == ("tlsMode-disabled", NO_LABELS, PlainText())


@pytest.mark.parametrize(
    ("policy", "own", "matches"),
    [
        ({"proxyProtocol": {}}, PlainText(), (ProxyProtocol(MUTUAL), ProxyProtocol(PlainText()))),
        (
            {"proxyProtocol": {"version": "V2"}, "tls": {"mode": "DISABLE"}},
            ProxyProtocol(PlainText(), "V2"),
            (),
        ),
        (
            {"proxyProtocol": {"version": "V2"}, "tls": {"mode": "ISTIO_MUTUAL"}},
            ProxyProtocol(MUTUAL, "V2"),
            (),
        ),
        (  # settings of a port have none, and inherit nothing
            {"proxyProtocol": {}, "portLevelSettings": [{"port": {"number": 9080}, "tls": {"mode": "DISABLE"}}]},
            PlainText(),
            (),
        ),
    ],
)
def test_clients_are_told_by_the_proxy_protocol(
    policy: dict[str, Any], own: object, matches: tuple[object, ...]
) -> None:
    found = cluster(REVIEWS, rule(policy))
    assert (found.transport, tuple(each.transport for each in found.transport_matches)) == (own, matches)


def test_a_subset_inherits_the_proxy_protocol() -> None:
    at_port = {"portLevelSettings": [{"port": {"number": 9080}, "tls": {"mode": "DISABLE"}}]}
    told = rule({"proxyProtocol": {}}, subset("v1", at_port), subset("v2", {"proxyProtocol": {"version": "V2"}}))
    assert cluster("outbound|9080|v1|reviews", told).transport == ProxyProtocol(PlainText())
    assert [each.transport for each in cluster("outbound|9080|v2|reviews", told).transport_matches] == [
        ProxyProtocol(replace(MUTUAL, sni="outbound_.9080_.v2_.reviews.shop.svc.cluster.local"), "V2"),
        ProxyProtocol(PlainText(), "V2"),
    ]


def test_all_clusters_of_each_kind_of_proxy() -> None:
    def names(found: ProxyView) -> list[str]:
        return [each.name for each in found.clusters if not each.name.startswith("outbound|")]

    assert names(view(proxy=ROUTER)) == ["BlackHoleCluster"]
    assert names(view()) == ["BlackHoleCluster", "PassthroughCluster", "InboundPassthroughCluster"]


@pytest.mark.parametrize(
    ("balancer", "made"),
    [
        ({"simple": "ROUND_ROBIN"}, LoadBalancing("ROUND_ROBIN")),
        ({"simple": "LEAST_CONN"}, LoadBalancing("LEAST_REQUEST")),
        ({"simple": "RANDOM"}, LoadBalancing("RANDOM")),
        ({"consistentHash": {"httpHeaderName": "x"}}, LoadBalancing("RING_HASH", hash_minimum=1024)),
        (
            {"consistentHash": {"httpHeaderName": "x", "ringHash": {"minimumRingSize": 64}}},
            LoadBalancing("RING_HASH", hash_minimum=64),
        ),
        (
            {"consistentHash": {"httpHeaderName": "x", "maglev": {"tableSize": 65537}}},
            LoadBalancing("MAGLEV", table_size=65537),
        ),
        (
            {"simple": "ROUND_ROBIN", "warmup": {"duration": "30s"}},
            LoadBalancing("ROUND_ROBIN", slow_start=timedelta(seconds=30)),
        ),
    ],
)
def test_load_balancing(balancer: dict[str, Any], made: LoadBalancing) -> None:
    found = cluster(REVIEWS, rule({"loadBalancer": balancer})).load_balancing
    assert found == replace(made, healthy_panic_threshold=0.0)


def test_connection_pool() -> None:
    found = cluster(
        REVIEWS,
        rule(
            {
                "connectionPool": {
                    "tcp": {
                        "maxConnections": 1,
                        "connectTimeout": "2s",
                        "tcpKeepalive": {"probes": 3, "time": "5m", "interval": "10s"},
                    },
                    "http": {
                        "http1MaxPendingRequests": 2,
                        "http2MaxRequests": 3,
                        "maxRetries": 4,
                        "maxRequestsPerConnection": 5,
                        "idleTimeout": "6s",
                    },
                }
            }
        ),
    )
    assert found.circuit_breakers == CircuitBreakers(1, 2, 3, 4)
    assert found.connect_timeout == timedelta(seconds=2)
    assert found.keepalive == TcpKeepalive(3, timedelta(minutes=5), timedelta(seconds=10))
    assert found.http == HttpOptions(max_requests_per_connection=5, idle_timeout=timedelta(seconds=6))


@pytest.mark.parametrize(
    ("name", "http", "made"),
    [
        ("9080||reviews", {"h2UpgradePolicy": "UPGRADE", "maxConcurrentStreams": 9}, ("http2", 9)),
        ("9080||reviews", {"useClientProtocol": True, "h2UpgradePolicy": "UPGRADE"}, ("downstream", 0)),
        ("9080||reviews", {"maxConcurrentStreams": 9}, ("http1", 0)),
        ("9090||multi", {}, ("http2", 0)),
    ],
)
def test_protocols(name: str, http: dict[str, Any], made: tuple[str, int]) -> None:
    host = name.rpartition("|")[2]
    found = cluster(f"outbound|{name}", rule({"connectionPool": {"http": http}}, host=host)).http
    assert found is not None
    assert (found.protocol, found.max_concurrent_streams) == made


def test_mutual_tls_to_http2_offers_it() -> None:
    transport = cluster("outbound|9090||multi").transport_matches[0].transport
    assert isinstance(transport, UpstreamTls)
    assert transport.alpn == ("istio", "h2")


@pytest.mark.parametrize(
    ("outliers", "made", "panic"),
    [
        ({}, OutlierDetection(enforcing_success_rate=0), 0.0),
        (
            {"consecutive5xxErrors": 3, "consecutiveGatewayErrors": 0, "interval": "1s", "maxEjectionPercent": 100},
            OutlierDetection(
                3, 100, 0, 0, interval=timedelta(seconds=1), max_ejection_percent=100, enforcing_success_rate=0
            ),
            0.0,
        ),
        (
            {"splitExternalLocalOriginErrors": True, "consecutiveLocalOriginFailures": 2, "minHealthPercent": 30},
            OutlierDetection(
                split_external_local_origin_errors=True,
                consecutive_local_origin_failure=2,
                enforcing_consecutive_local_origin_failure=100,
                enforcing_success_rate=0,
                extra=FrozenMap({"enforcing_local_origin_success_rate": 0}),
            ),
            30.0,
        ),
    ],
)
def test_outlier_detection(outliers: dict[str, Any], made: OutlierDetection, panic: float) -> None:
    found = cluster(REVIEWS, rule({"outlierDetection": outliers}))
    assert found.outlier_detection == made
    assert found.load_balancing.healthy_panic_threshold == panic


def test_subsets_and_ports_override() -> None:
    at_port = {"port": {"number": 9080}, "connectionPool": {"tcp": {"maxConnections": 9}}}
    made = rule(
        {"loadBalancer": {"simple": "RANDOM"}, "connectionPool": {"tcp": {"maxConnections": 1}}},
        subset("v1", {"loadBalancer": {"simple": "ROUND_ROBIN"}}),
        subset("v2", {"portLevelSettings": [at_port]}),
    )

    def seen(name: str) -> tuple[str, int | None]:
        found = cluster(f"outbound|9080|{name}|reviews", made)
        assert found.circuit_breakers is not None
        return found.load_balancing.policy, found.circuit_breakers.max_connections

    assert [seen(name) for name in ("", "v1", "v2")] == [("RANDOM", 1), ("ROUND_ROBIN", 1), ("LEAST_REQUEST", 9)]
    found = cluster("outbound|9080|v2|reviews", made)
    assert found.ref == Ref("DestinationRule", "shop", "reviews", "spec.subsets[1]")
    described = found.metadata["istio"]
    assert isinstance(described, FrozenMap)
    assert described["subset"] == "v2"
    assert described["config"] == "/apis/networking.istio.io/v1/namespaces/shop/destination-rule/reviews"


def test_tls_of_the_rule() -> None:
    assert cluster(REVIEWS, rule({"tls": {"mode": "DISABLE"}})).transport_matches == ()
    mutual = cluster(REVIEWS, rule({"tls": {"mode": "ISTIO_MUTUAL"}}))
    assert (mutual.transport, mutual.transport_matches) == (MUTUAL, ())
    named = cluster(REVIEWS, rule({"tls": {"mode": "ISTIO_MUTUAL", "sni": "s", "subjectAltNames": ["spiffe://x"]}}))
    validation = Validation(SecretRef("ROOTCA"), (StringMatch("exact", "spiffe://x"),))
    assert named.transport == replace(MUTUAL, sni="s", validation=validation)
    simple = cluster(REVIEWS, rule({"tls": {"mode": "SIMPLE"}}))
    assert simple.transport == UpstreamTls(
        validation=Validation(SecretRef("file-root:system")), minimum_version="TLSv1_2", maximum_version="TLSv1_3"
    )
    assert simple.http == HttpOptions(
        extra=FrozenMap({"upstream_http_protocol_options": FrozenMap({"auto_sni": True, "auto_san_validation": True})})
    )


def test_tls_to_a_server_that_proves_nothing() -> None:
    by_file = cluster(REVIEWS, rule({"tls": {"mode": "SIMPLE", "insecureSkipVerify": True}})).transport
    assert isinstance(by_file, UpstreamTls)
    assert (by_file.validation, by_file.certificates) == (None, ())
    assert by_file.extra == freeze({"common_tls_context": {"validation_context": {}}})


def test_headless_services_keep_the_address() -> None:
    assert cluster("outbound|9080||bare").type == "ORIGINAL_DST"
    assert cluster("outbound|9080||bare", proxy=ROUTER).type == "EDS"
    assert isinstance(cluster("outbound|9080||bare").transport, UpstreamTls)


def test_where_clients_choose_the_address_all_endpoints_must_take_mutual_tls() -> None:
    direct = {"loadBalancer": {"simple": "PASSTHROUGH"}}
    reviews, details = cluster(REVIEWS, rule(direct)), cluster("outbound|9080||details", rule(direct, host="details"))
    assert (reviews.type, reviews.transport) == ("ORIGINAL_DST", MUTUAL)
    assert (details.type, details.transport) == ("ORIGINAL_DST", PlainText())


@pytest.mark.parametrize(
    ("whole", "part", "kind", "balancing"),
    [
        ("PASSTHROUGH", "RANDOM", "ORIGINAL_DST", "CLUSTER_PROVIDED"),  # a subset does not choose anew
        ("PASSTHROUGH", "", "ORIGINAL_DST", "CLUSTER_PROVIDED"),
        ("RANDOM", "PASSTHROUGH", "ORIGINAL_DST", "CLUSTER_PROVIDED"),
        ("RANDOM", "ROUND_ROBIN", "EDS", "ROUND_ROBIN"),
    ],
)
def test_subsets_of_what_clients_choose(whole: str, part: str, kind: str, balancing: str) -> None:
    own = {"loadBalancer": {"simple": part}} if part else {"connectionPool": {"tcp": {"maxConnections": 1}}}
    found = view(rule({"loadBalancer": {"simple": whole}}, subset("v1", own)))
    name = "outbound|9080|v1|reviews.shop.svc.cluster.local"
    (made,) = (each for each in found.clusters if each.name == name)
    assert (made.type, made.load_balancing.policy) == (kind, balancing)
    assert (name in {each.cluster for each in found.endpoints}) == (kind == "EDS")


def modes(*objects: Object, name: str) -> list[tuple[str, str]]:
    found = view(*objects)
    (endpoints,) = [each for each in found.endpoints if each.cluster == f"outbound|{name}.shop.svc.cluster.local"]
    return [
        (each.address.host if hasattr(each.address, "host") else "", each.tls_mode)
        for locality in endpoints.localities
        for each in locality.endpoints
    ]


def peer(name: str, **spec: Any) -> istio.PeerAuthentication:
    return istio.PeerAuthentication(name, namespace="shop", spec=spec)


def test_endpoints() -> None:
    assert modes(name="9080||reviews") == [("10.1.0.1", "istio"), ("10.1.0.2", "istio")]
    assert modes(rule({}, subset("v2")), name="9080|v2|reviews") == [("10.1.0.2", "istio")]
    assert modes(rule({}, subset("v9")), name="9080|v9|reviews") == []
    assert modes(name="9080||details") == [("10.1.0.3", "")]
    off: dict[str, Any] = {"tls": {"mode": "DISABLE"}}
    assert modes(rule(off), name="9080||reviews") == [("10.1.0.1", ""), ("10.1.0.2", "")]
    at_port = {"port": {"number": 9080}, "loadBalancer": {"simple": "RANDOM"}}
    beside = rule({**off, "portLevelSettings": [at_port]}, subset("v2", {"tls": {"mode": "ISTIO_MUTUAL"}}))
    assert modes(beside, name="9080||reviews") == [("10.1.0.1", ""), ("10.1.0.2", "")]
    assert modes(beside, name="9080|v2|reviews") == [("10.1.0.2", "istio")]


def test_endpoints_follow_the_mode_of_their_port() -> None:
    selector = {"matchLabels": {"app": "multi"}}
    plain = peer("multi", selector=selector, mtls={"mode": "STRICT"}, portLevelMtls={"9090": {"mode": "DISABLE"}})
    assert modes(plain, name="9080||multi") == [("10.1.0.4", "istio")]
    assert modes(plain, name="9090||multi") == [("10.1.0.4", "")]


def test_a_namespace_without_mutual_tls_has_no_tls() -> None:
    assert cluster(REVIEWS, peer("default", mtls={"mode": "DISABLE"})).transport_matches == ()


def limit(proxy: Any, *rules: istio.DestinationRule) -> int | None:
    breakers = cluster(REVIEWS, *rules, proxy=proxy).circuit_breakers
    assert breakers is not None
    return breakers.max_connections


def limiting(namespace: str, connections: int, **more: Any) -> istio.DestinationRule:
    policy = {"connectionPool": {"tcp": {"maxConnections": connections}}}
    spec = {"host": "*.shop.svc.cluster.local", "trafficPolicy": policy, **more}
    return istio.DestinationRule(f"limit-{connections}", namespace=namespace, spec=spec)


def test_whose_rule_counts() -> None:
    mine, theirs, everyone = limiting("far", 1), limiting("shop", 2), limiting("istio-system", 3)
    assert limit(FAR, mine, theirs, everyone) == 1
    assert limit(FAR, theirs, everyone) == 2
    assert limit(FAR, everyone) == 3
    assert limit(FAR, limiting("shop", 4, exportTo=["."]), everyone) == 3
    assert limit(CLIENT, limiting("shop", 4, exportTo=["."]), everyone) == 4
    assert limit(CLIENT, theirs, limiting("shop", 5, workloadSelector={"matchLabels": {"app": "client"}})) == 5
    assert limit(CLIENT, theirs, limiting("shop", 5, workloadSelector={"matchLabels": {"app": "other"}})) == 2
    exact = limiting("shop", 6, host="reviews")
    assert limit(CLIENT, theirs, exact) == 6


def test_two_rules_of_a_host_are_one() -> None:
    first = rule({"loadBalancer": {"simple": "RANDOM"}}, subset("v1"))
    second = istio.DestinationRule(
        "second",
        namespace="shop",
        spec={
            "host": "reviews.shop.svc.cluster.local",
            "trafficPolicy": {"loadBalancer": {"simple": "ROUND_ROBIN"}},
            "subsets": [subset("v1", {"loadBalancer": {"simple": "ROUND_ROBIN"}}), subset("v2")],
        },
    )
    assert cluster("outbound|9080|v1|reviews", first, second).load_balancing.policy == "RANDOM"
    found = cluster("outbound|9080|v2|reviews", first, second)
    assert found.load_balancing.policy == "RANDOM"
    assert found.ref == Ref("DestinationRule", "shop", "second", "spec.subsets[1]")
