"""The inbound side of a sidecar."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from pulumi_mesh.frozen import FrozenMap, thaw
from pulumi_mesh.istio import AuthorizationPolicy, DestinationRule, PeerAuthentication
from pulumi_mesh.local.validate import validate
from pulumi_mesh.manifests.facts import KnownService, Proxy, ServicePort
from pulumi_mesh.manifests.snapshot import Snapshot, snapshot
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.envoy.read import read_static
from pulumi_mesh.proxy.envoy.write import write_static
from pulumi_mesh.proxy.resolve import inbound
from pulumi_mesh.proxy.resolve.index import index
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.clusters import CircuitBreakers, Cluster, HttpOptions
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager, Listener, OpaqueFilter, TcpProxy
from pulumi_mesh.proxy.view.matching import StringMatch
from pulumi_mesh.proxy.view.rbac import HttpRbac, NetworkRbac
from pulumi_mesh.proxy.view.routes import Forward, RetryPolicy, RouteConfig
from pulumi_mesh.proxy.view.tls import SecretRef, Validation
from pulumi_mesh.refs import Ref

LABELS = FrozenMap({"app": "reviews"})
PROXY = Proxy("sidecar", "reviews-v1", "shop", "10.0.0.1", LABELS)
MESH_HTTP = ("istio-http/1.0", "istio-http/1.1", "istio-h2")
MESH = ("istio", "istio-peer-exchange", *MESH_HTTP)
PLAIN_HTTP = ("http/1.1", "h2c")

ROW = tuple[str, int | None, str, tuple[str, ...], bool]
"""Of a chain: name, port, transport protocol, application protocols, whether mutual TLS ends here."""


def service(name: str, *ports: ServicePort) -> KnownService:
    ref = Ref("Service", "shop", name)
    return KnownService(f"{name}.shop.svc.cluster.local", name, "shop", ports, selector=LABELS, ref=ref)


def port(protocol: Any = "HTTP", number: int = 80, target: int = 9080) -> ServicePort:
    return ServicePort(protocol.lower(), number, target, protocol)


def peer(mode: str, **ports: str) -> PeerAuthentication:
    spec: dict[str, Any] = {"selector": {"matchLabels": dict(LABELS)}, "mtls": {"mode": mode}}
    if ports:
        spec["portLevelMtls"] = {number.removeprefix("p"): {"mode": each} for number, each in ports.items()}
    return PeerAuthentication("default", namespace="shop", spec=spec)


def known(*objects: Object, services: tuple[KnownService, ...] = (service("reviews", port()),)) -> Snapshot:
    return snapshot(objects, services=services, proxies=[PROXY])


def captured(snapshot: Snapshot, proxy: Proxy = PROXY) -> Listener:
    first, *others = inbound.listeners(snapshot, proxy)
    assert not others
    return first


def clusters(snapshot: Snapshot) -> tuple[Cluster, ...]:
    return inbound.clusters(index(snapshot), PROXY)


def rows(listener: Listener) -> list[ROW]:
    return [
        (
            each.name,
            each.match.destination_port,
            each.match.transport_protocol,
            each.match.application_protocols,
            each.tls is not None,
        )
        for each in listener.filter_chains
    ]


BLACK_HOLE: ROW = ("virtualInbound-blackhole", 15006, "", (), False)


def caught(number: int | None, mode: str) -> list[ROW]:
    http, tcp = "virtualInbound-catchall-http", "virtualInbound"
    modes: dict[str, list[ROW]] = {
        "STRICT": [(http, number, "tls", MESH_HTTP, True), (tcp, number, "tls", (), True)],
        "PERMISSIVE": [
            (http, number, "tls", MESH_HTTP, True),
            (http, number, "raw_buffer", PLAIN_HTTP, False),
            (tcp, number, "tls", ("istio-peer-exchange", "istio"), True),
            (tcp, number, "raw_buffer", (), False),
            (tcp, number, "tls", (), False),
        ],
        "DISABLE": [
            (http, number, "raw_buffer", PLAIN_HTTP, False),
            (tcp, number, "raw_buffer", (), False),
        ],
    }
    return modes[mode]


@pytest.mark.parametrize(
    ("protocol", "mode", "chains"),
    [
        ("HTTP", "STRICT", [("tls", (), True)]),
        ("GRPC", "PERMISSIVE", [("tls", MESH, True), ("raw_buffer", (), False)]),
        ("HTTP2", "DISABLE", [("raw_buffer", (), False)]),
        ("TCP", "STRICT", [("tls", (), True)]),
        ("TLS", "PERMISSIVE", [("tls", MESH, True), ("tls", (), False), ("raw_buffer", (), False)]),
        ("HTTPS", "DISABLE", [("raw_buffer", (), False)]),
    ],
)
def test_chains(protocol: str, mode: str, chains: list[tuple[str, tuple[str, ...], bool]]) -> None:
    listener = captured(known(peer(mode), services=(service("reviews", port(protocol)),)), PROXY)
    assert rows(listener) == [BLACK_HOLE, *caught(None, mode), *(("0.0.0.0_9080", 9080, *each) for each in chains)]
    http = protocol in {"HTTP", "GRPC", "HTTP2"}
    for chain in listener.filter_chains[-len(chains) :]:
        assert isinstance(chain.filters[-1], HttpConnectionManager if http else TcpProxy)
        assert chain.ref == Ref("Service", "shop", "reviews")


def test_port_of_peer_authentication_alone() -> None:
    listener = captured(known(peer("STRICT", p9080="DISABLE", p7000="PERMISSIVE")), PROXY)
    plain: ROW = ("0.0.0.0_9080", 9080, "raw_buffer", (), False)
    assert rows(listener) == [BLACK_HOLE, *caught(None, "STRICT"), *caught(7000, "PERMISSIVE"), plain]
    assert listener.filter_chains[3].ref == Ref("PeerAuthentication", "shop", "default", "spec.portLevelMtls.7000")


def test_listener() -> None:
    listener = captured(known(), PROXY)
    assert (listener.name, listener.address) == ("virtualInbound", SocketAddress("0.0.0.0", 15006))  # noqa: S104
    assert listener.traffic_direction == "INBOUND"
    assert listener.listener_filters_timeout == timedelta(0)
    assert listener.continue_on_listener_filters_timeout


def at(number: int) -> dict[str, Any]:
    return {"destination_port_range": {"start": number, "end": number + 1}}


@pytest.mark.parametrize(
    ("policy", "tls_off", "http_off"),
    [
        (peer("PERMISSIVE"), at(15006), {"or_match": {"rules": [at(9080), at(15006)]}}),
        (peer("STRICT"), at(15006), None),
        (peer("DISABLE"), None, {"or_match": {"rules": [at(9080), at(15006)]}}),
        (peer("DISABLE", p9080="STRICT"), {"not_match": at(9080)}, {"or_match": {"rules": [at(9080), at(15006)]}}),
        (peer("PERMISSIVE", p9080="DISABLE"), {"or_match": {"rules": [at(9080), at(15006)]}}, ...),
        (
            peer("STRICT", p7000="PERMISSIVE"),
            at(15006),
            {"or_match": {"rules": [{"destination_port_range": {"end": 1}}, at(9080), at(15006)]}},
        ),
    ],
)
def test_inspectors(policy: PeerAuthentication, tls_off: Any, http_off: Any) -> None:
    first, *others = captured(known(policy), PROXY).listener_filters
    assert first == "envoy.filters.listener.original_dst"
    off = {each.name: thaw(each.config)["filter_disabled"] for each in others if isinstance(each, OpaqueFilter)}
    assert off.get("envoy.filters.listener.tls_inspector") == tls_off
    if http_off is not ...:
        assert off.get("envoy.filters.listener.http_inspector") == http_off


def chain_of(listener: Listener, name: str) -> FilterChain:
    return next(each for each in listener.filter_chains if each.name == name and each.tls)


def test_mutual_tls() -> None:
    listener = captured(known(peer("STRICT")), PROXY)
    http, tcp = chain_of(listener, "0.0.0.0_9080").tls, chain_of(listener, "virtualInbound").tls
    assert http is not None
    assert tcp is not None
    assert http.certificates == (SecretRef("default"),)
    assert http.validation == Validation(SecretRef("ROOTCA"), (StringMatch("prefix", "spiffe://cluster.local/"),))
    assert http.require_client_certificate
    assert (http.minimum_version, http.maximum_version) == ("TLSv1_2", "TLSv1_3")
    assert http.alpn == ("h2", "http/1.1")
    assert tcp.alpn == http.alpn


def manager_of(listener: Listener, name: str = "0.0.0.0_9080") -> tuple[HttpConnectionManager, RouteConfig]:
    manager = next(each for each in listener.filter_chains if each.name == name).filters[0]
    assert isinstance(manager, HttpConnectionManager)
    assert isinstance(manager.routes, RouteConfig)
    return manager, manager.routes


@pytest.mark.parametrize(
    ("protocol", "retry", "http2"),
    [
        ("HTTP", RetryPolicy(("reset-before-request",), 2), False),
        ("HTTP2", RetryPolicy(("reset-before-request",), 2), True),
        ("GRPC", None, True),
    ],
)
def test_routes(protocol: str, retry: RetryPolicy | None, http2: bool) -> None:
    manager, routes = manager_of(captured(known(services=(service("reviews", port(protocol)),)), PROXY))
    assert manager.stat_prefix == "inbound_0.0.0.0_9080;"
    assert manager.server_name == "istio-envoy"
    assert manager.forward_client_cert == "APPEND_FORWARD"
    assert manager.client_cert_details == ("subject", "dns", "uri")
    assert ("http2_protocol_options" in manager.extra) is http2
    assert (routes.name, routes.validate_clusters) == ("inbound|9080||", False)
    [host] = routes.virtual_hosts
    assert (host.name, host.domains) == ("inbound|http|80", ("*",))
    [route] = host.routes
    assert (route.name, route.decorator) == ("default", "reviews.shop.svc.cluster.local:80/*")
    assert isinstance(route.action, Forward)
    assert (route.action.cluster, route.action.timeout, route.action.retry) == ("inbound|9080||", timedelta(0), retry)


def test_routes_of_any_port() -> None:
    manager, routes = manager_of(captured(known(), PROXY), "virtualInbound-catchall-http")
    assert manager.stat_prefix == "InboundPassthroughCluster;"
    assert routes.name == "InboundPassthroughCluster"
    assert routes.virtual_hosts[0].name == "inbound|http|0"
    assert routes.virtual_hosts[0].routes[0].decorator == ":0/*"


def test_authorization_comes_first() -> None:
    policy = AuthorizationPolicy("p", namespace="shop", spec={"rules": [{"to": [{"operation": {"ports": ["80"]}}]}]})
    listener = captured(known(policy, services=(service("reviews", port("TCP")),)), PROXY)
    assert isinstance(listener.filter_chains[-1].filters[0], NetworkRbac)
    manager, _ = manager_of(listener, "virtualInbound-catchall-http")
    assert isinstance(manager.http_filters[0], HttpRbac)
    assert [type(each) for each in listener.filter_chains[0].filters] == [TcpProxy]


def test_of_services_in_conflict_the_first_counts() -> None:
    services = (service("b", port("TCP")), service("a-b", port("HTTP")), service("a", port("TCP", 81)))
    listener = captured(known(services=services), PROXY)
    manager_of(listener)
    [cluster, _] = clusters(known(services=services))
    assert cluster.ref == Ref("Service", "shop", "a-b")
    istio: Any = cluster.metadata["istio"]
    assert [each["name"] for each in istio["services"]] == ["a-b", "b"]


def test_ports_of_the_sidecar_itself_are_not_taken() -> None:
    listener = captured(known(services=(service("reviews", port(target=15021)),)), PROXY)
    assert rows(listener) == [BLACK_HOLE, *caught(None, "PERMISSIVE")]


def test_clusters() -> None:
    services = (service("reviews", port("HTTP"), port("GRPC", 81, 9081)),)
    http, grpc, anything = clusters(known(services=services))
    assert [each.name for each in (http, grpc, anything)] == [
        "inbound|9080||",
        "inbound|9081||",
        "InboundPassthroughCluster",
    ]
    assert (http.http, grpc.http) == (None, HttpOptions("http2"))
    assert anything.http == HttpOptions("downstream", idle_timeout=timedelta(minutes=5))
    for each in (http, grpc, anything):
        assert (each.type, each.load_balancing.policy) == ("ORIGINAL_DST", "CLUSTER_PROVIDED")
        assert (each.bind_address, each.connect_timeout) == ("127.0.0.6", timedelta(seconds=10))


def rule(**policy: Any) -> DestinationRule:
    return DestinationRule("reviews", namespace="shop", spec={"host": "reviews", "trafficPolicy": policy})


def test_limits_of_the_destination_rule_hold_here_too() -> None:
    pool = {
        "tcp": {"maxConnections": 3, "connectTimeout": "1s"},
        "http": {"http2MaxRequests": 4, "h2UpgradePolicy": "UPGRADE", "idleTimeout": "7s"},
    }
    found, anything = clusters(known(rule(connectionPool=pool, loadBalancer={"simple": "RANDOM"})))
    most = 2**32 - 1
    assert found.circuit_breakers == CircuitBreakers(3, most, 4, most)
    assert found.connect_timeout == timedelta(seconds=1)
    assert found.http == HttpOptions("http1", idle_timeout=timedelta(seconds=7))
    assert found.load_balancing.policy == "CLUSTER_PROVIDED"
    istio: Any = found.metadata["istio"]
    assert istio["config"] == "/apis/networking.istio.io/v1/namespaces/shop/destination-rule/reviews"
    assert anything.circuit_breakers == CircuitBreakers(most, most, most, most)


def test_a_rule_for_some_clients_does_not_hold_here() -> None:
    spec = {
        "host": "reviews",
        "workloadSelector": {"matchLabels": dict(LABELS)},
        "trafficPolicy": {"connectionPool": {"tcp": {"maxConnections": 3}}},
    }
    [found, _] = clusters(known(DestinationRule("reviews", namespace="shop", spec=spec)))
    assert found.circuit_breakers is not None
    assert found.circuit_breakers.max_connections == 2**32 - 1


def policies() -> Iterator[AuthorizationPolicy]:
    source = {
        "principals": ["cluster.local/ns/a/sa/b", "*/sa/c"],
        "notNamespaces": ["x*"],
        "serviceAccounts": ["d"],
        "trustDomains": ["*.org"],
        "requestPrincipals": ["issuer/*"],
        "ipBlocks": ["10.0.0.0/8"],
        "remoteIpBlocks": ["fd00::1"],
    }
    operation = {"methods": ["GET"], "hosts": ["*"], "paths": ["/a/*", "/b/{*}/{**}"], "notPorts": ["1"]}
    when = [
        {"key": "request.headers[a]", "values": ["*"]},
        {"key": "request.auth.claims[a][b]", "values": ["c", "d*"]},
        {"key": "request.auth.audiences", "notValues": ["e"]},
        {"key": "connection.sni", "values": ["*.example.com"]},
        {"key": "destination.ip", "values": ["10.0.0.1"]},
        {"key": "experimental.envoy.filters.a.b[c]", "values": ["[d]", "e"]},
    ]
    rules = [{"from": [{"source": source}], "to": [{"operation": operation}], "when": when}, {}]
    for action in ("ALLOW", "DENY", "AUDIT"):
        spec = {"action": action, "rules": rules}
        yield AuthorizationPolicy(action.lower(), namespace="shop", spec=spec)
        yield AuthorizationPolicy(
            f"{action.lower()}-tried", namespace="shop", annotations={"istio.io/dry-run": "true"}, spec=spec
        )


@pytest.mark.parametrize("mode", ["STRICT", "PERMISSIVE", "DISABLE"])
def test_envoy_takes_it_and_it_reads_back(mode: str) -> None:
    services = (
        service("reviews", port("HTTP"), port("GRPC", 81, 9081), port("TCP", 82, 9082), port("HTTPS", 83, 9083)),
    )
    snapshot = known(peer(mode, p7000="STRICT", p9080="PERMISSIVE"), *policies(), services=services)
    agent = Cluster("sds-grpc", "STATIC", http=HttpOptions("http2"))
    view = ProxyView(
        PROXY.node,
        "reviews.shop",
        listeners=(captured(snapshot, PROXY),),
        clusters=(*clusters(snapshot), Cluster("BlackHoleCluster", "STATIC"), agent),
    )
    written = write_static(view)
    assert read_static(written) == view
    asyncio.run(validate(written))
