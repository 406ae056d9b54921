"""What a Sidecar, a proxy's addresses and the way of capture do to the inbound side."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import PeerAuthentication, Sidecar
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, Proxy, ServicePort, Workload
from pulumi_mesh.manifests.snapshot import Snapshot, snapshot
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve import inbound, resolve
from pulumi_mesh.proxy.resolve.index import index
from pulumi_mesh.proxy.view.addresses import Address, Pipe, SocketAddress
from pulumi_mesh.proxy.view.clusters import Cluster
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager, Listener, OpaqueFilter, TcpProxy
from pulumi_mesh.proxy.view.tls import SecretRef

LABELS = FrozenMap({"app": "a"})
PROXY = Proxy("sidecar", "a", "shop", "10.0.0.1", LABELS)
SERVICE = KnownService(
    "a.shop.svc.cluster.local",
    "a",
    "shop",
    (ServicePort("http", 80, 8080, "HTTP"), ServicePort("auto", 90, 9090, "UNSUPPORTED")),
    "10.1.0.1",
    selector=LABELS,
)


def known(*objects: Object, mesh: MeshConfig | None = None) -> Snapshot:
    return snapshot(objects, services=[SERVICE], proxies=[PROXY], mesh=mesh or MeshConfig())


def sidecar(*ingress: dict[str, Any], name: str = "own", namespace: str = "shop", **spec: Any) -> Sidecar:
    return Sidecar(name, namespace=namespace, spec={"ingress": list(ingress), **spec})


def ingress(number: int = 8080, protocol: str = "HTTP", **fields: Any) -> dict[str, Any]:
    return {"port": {"number": number, "name": "x", "protocol": protocol}, **fields}


def clusters(found: Snapshot, proxy: Proxy = PROXY) -> dict[str, Cluster]:
    return {each.name: each for each in inbound.clusters(index(found), proxy)}


def chains(listener: Listener) -> list[tuple[str, int | None]]:
    """Names and ports of those that are no catch-all."""
    return [
        (each.name, each.match.destination_port)
        for each in listener.filter_chains
        if not each.name.startswith("virtualInbound")
    ]


def test_a_port_whose_protocol_nobody_says_is_found_out() -> None:
    [listener] = inbound.listeners(known(), PROXY)
    kinds = [
        (each.match.transport_protocol, each.match.application_protocols, type(each.filters[-1]))
        for each in listener.filter_chains
        if each.name == "0.0.0.0_9090"
    ]
    assert kinds == [
        ("tls", ("istio-http/1.0", "istio-http/1.1", "istio-h2"), HttpConnectionManager),
        ("raw_buffer", ("http/1.1", "h2c"), HttpConnectionManager),
        ("tls", ("istio-peer-exchange", "istio"), TcpProxy),
        ("raw_buffer", (), TcpProxy),
        ("tls", (), TcpProxy),
    ]


def test_ingress_is_the_whole_list() -> None:
    [listener] = inbound.listeners(known(sidecar(ingress(7000, "TCP"))), PROXY)
    assert {*chains(listener)} == {("10.0.0.1_7000", 7000)}
    assert [*clusters(known(sidecar(ingress(7000, "TCP"))))] == ["inbound|7000||", "InboundPassthroughCluster"]


def test_only_ports_outside_of_ingress_get_a_chain_of_peer_authentication() -> None:
    spec = {
        "selector": {"matchLabels": dict(LABELS)},
        "mtls": {"mode": "STRICT"},
        "portLevelMtls": {"8080": {"mode": "DISABLE"}, "7000": {"mode": "DISABLE"}},
    }
    peer = PeerAuthentication("p", namespace="shop", spec=spec)
    [listener] = inbound.listeners(known(peer, sidecar(ingress(7000, "TCP"))), PROXY)
    caught = [each.match.destination_port for each in listener.filter_chains if each.name == "virtualInbound"]
    assert caught == [None, 8080]
    assert chains(listener) == [("10.0.0.1_7000", 7000)]


@pytest.mark.parametrize(
    ("sidecars", "port"),
    [
        ([sidecar(ingress(1)), sidecar(ingress(2), name="b", workloadSelector={"labels": dict(LABELS)})], 2),
        ([sidecar(ingress(1)), sidecar(ingress(2), name="b", workloadSelector={"labels": {"app": "b"}})], 1),
        ([sidecar(ingress(1), namespace="istio-system")], 1),
        ([sidecar(ingress(1), namespace="istio-system", workloadSelector={"labels": dict(LABELS)})], 8080),
        ([sidecar(ingress(1), namespace="istio-system"), sidecar(ingress(2))], 2),
        ([sidecar(ingress(1), name="z"), sidecar(ingress(2), name="y")], 2),
        ([sidecar(ingress(1), namespace="other")], 8080),
    ],
)
def test_which_sidecar(sidecars: list[Sidecar], port: int) -> None:
    [listener] = inbound.listeners(known(*sidecars), PROXY)
    assert chains(listener)[0][1] == port


@pytest.mark.parametrize(
    ("endpoint", "address", "bind"),
    [
        ("127.0.0.1:80", SocketAddress("127.0.0.1", 80), ""),
        ("[::1]:80", SocketAddress("127.0.0.1", 80), ""),
        ("0.0.0.0:80", SocketAddress("10.0.0.1", 80), "127.0.0.6"),
        ("[::]:80", SocketAddress("::1", 80), ""),
        ("unix:///var/run/a.sock", Pipe("/var/run/a.sock"), "127.0.0.6"),
        ("unix://@abstract", Pipe("@abstract"), "127.0.0.6"),
    ],
)
def test_default_endpoint(endpoint: str, address: Address, bind: str) -> None:
    found = clusters(known(sidecar(ingress(defaultEndpoint=endpoint))))["inbound|8080||"]
    assert (found.type, found.load_balancing.policy) == ("STATIC", "ROUND_ROBIN")
    assert [each.address for part in found.endpoints for each in part.endpoints] == [address]
    assert found.bind_address == bind
    assert "cleanup_interval" not in found.extra


def test_without_a_default_endpoint_connections_go_where_they_were_made_to() -> None:
    found = clusters(known(sidecar(ingress())))["inbound|8080||"]
    assert (found.type, found.bind_address, found.endpoints) == ("ORIGINAL_DST", "127.0.0.6", ())


def test_the_metadata_of_a_sidecars_port() -> None:
    found = known(sidecar(ingress(), ingress(7000)))
    made = clusters(found)
    name: Any = made["inbound|8080||"].metadata["istio"]
    assert [each["name"] for each in name["services"]] == ["a"]
    assert made["inbound|7000||"].metadata == {}
    [listener] = inbound.listeners(found, PROXY)
    config = "/apis/networking.istio.io/v1/namespaces/shop/sidecar/own"
    assert listener.filter_chains[-1].extra == {"metadata": {"filter_metadata": {"istio": {"config": config}}}}
    assert str(listener.filter_chains[-1].ref) == str(made["inbound|8080||"].ref)


def test_a_sidecars_limits_take_the_place_of_a_rules() -> None:
    tcp = {"maxConnections": 3, "connectTimeout": "2s", "tcpKeepalive": {"time": "5s"}}
    own = sidecar(
        ingress(connectionPool={"tcp": tcp, "http": {"h2UpgradePolicy": "UPGRADE"}}),
        ingress(9090),
        inboundConnectionPool={"http": {"http2MaxRequests": 7}},
    )
    made = clusters(known(own))
    first, other = made["inbound|8080||"], made["inbound|9090||"]
    assert (first.circuit_breakers and first.circuit_breakers.max_connections) == 3
    assert first.connect_timeout == timedelta(seconds=2)
    assert first.keepalive is not None
    assert first.http is None
    assert (other.circuit_breakers and other.circuit_breakers.max_requests) == 7


def test_a_sidecars_pool_holds_for_ports_of_services() -> None:
    own = Sidecar("own", namespace="shop", spec={"inboundConnectionPool": {"tcp": {"maxConnections": 3}}})
    for each in (clusters(known(own))[name] for name in ("inbound|8080||", "inbound|9090||")):
        assert each.circuit_breakers is not None
        assert each.circuit_breakers.max_connections == 3


TLS = {"mode": "MUTUAL", "serverCertificate": "/c.pem", "privateKey": "/k.pem", "caCertificates": "/ca.pem"}


def peer(mode: str) -> PeerAuthentication:
    return PeerAuthentication("p", namespace="shop", spec={"mtls": {"mode": mode}})


@pytest.mark.parametrize(
    ("protocol", "mode", "on", "kinds"),
    [
        ("HTTPS", "DISABLE", True, [("tls", HttpConnectionManager, "file-cert:/c.pem~/k.pem")]),
        ("TLS", "DISABLE", True, [("tls", TcpProxy, "file-cert:/c.pem~/k.pem")]),
        ("HTTPS", "STRICT", True, [("tls", HttpConnectionManager, "default")]),
        ("HTTPS", "DISABLE", False, [("raw_buffer", TcpProxy, "")]),
    ],
)
def test_tls_of_its_own(protocol: str, mode: str, on: bool, kinds: list[tuple[str, type, str]]) -> None:
    mesh = MeshConfig(sidecar_ingress_tls=on)
    [listener] = inbound.listeners(known(peer(mode), sidecar(ingress(8443, protocol, tls=TLS)), mesh=mesh), PROXY)

    def row(chain: FilterChain) -> tuple[str, type, str]:
        certificate = chain.tls.certificates[0].name if chain.tls else ""
        return chain.match.transport_protocol, type(chain.filters[-1]), certificate

    found = [each for each in listener.filter_chains if each.name == "10.0.0.1_8443"]
    assert [row(each) for each in found] == kinds
    if kinds[0][2].startswith("file"):
        [tls] = [each.tls for each in found if each.tls]
        assert tls.require_client_certificate
        assert tls.validation is not None
        assert tls.validation.root == SecretRef("file-root:/ca.pem")


def test_bound_ports_are_listeners() -> None:
    own = sidecar(ingress(7000, captureMode="NONE"), ingress(7001, bind="10.9.0.1", captureMode="NONE"), ingress(7002))
    captured, first, second = inbound.listeners(known(own), PROXY)
    assert chains(captured)[0] == ("10.0.0.1_7002", 7002)
    assert (first.name, first.address) == ("10.0.0.1_7000", SocketAddress("10.0.0.1", 7000))
    assert (second.name, second.address) == ("10.9.0.1_7001", SocketAddress("10.9.0.1", 7001))
    names = [each.name if isinstance(each, OpaqueFilter) else each for each in first.listener_filters]
    assert names == ["envoy.filters.listener.tls_inspector"]


def test_without_capture_only_a_sidecar_has_ports() -> None:
    proxy = replace(PROXY, interception="NONE")
    assert inbound.listeners(known(), proxy) == ()
    assert [*clusters(known(), proxy)] == ["InboundPassthroughCluster"]
    [listener] = inbound.listeners(known(sidecar(ingress(7000, "TCP"))), proxy)
    assert listener.name == "10.0.0.1_7000"


def test_tproxy_keeps_the_source() -> None:
    [listener] = inbound.listeners(known(), replace(PROXY, interception="TPROXY"))
    assert listener.extra["transparent"] is True
    second = listener.listener_filters[1]
    assert isinstance(second, OpaqueFilter)
    assert second.name == "envoy.filters.listener.original_src"


ANY = "0.0.0.0"  # noqa: S104 - compared, not bound


@pytest.mark.parametrize(
    ("addresses", "wildcard", "binds"),
    [
        (("10.0.0.1",), ANY, ["127.0.0.6"]),
        (("fd00::1",), "::", ["::6"]),
        (("fd00::1", "10.0.0.1"), ANY, ["127.0.0.6", "::6"]),
    ],
)
def test_families(addresses: tuple[str, ...], wildcard: str, binds: list[str]) -> None:
    proxy = replace(PROXY, address=addresses[0], more_addresses=addresses[1:])
    found = known(mesh=MeshConfig(inbound="LOCALHOST"))
    [listener] = inbound.listeners(found, proxy)
    assert listener.address == SocketAddress(wildcard, 15006)
    assert chains(listener)[0] == (f"{wildcard}_8080", 8080)
    made = clusters(found, proxy)
    loopback = "::1" if wildcard == "::" else "127.0.0.1"
    own, other = made["inbound|8080||"], made["InboundPassthroughCluster"]
    assert own.endpoints[0].endpoints[0].address == SocketAddress(loopback, 8080)
    assert own.bind_address == ""
    if len(binds) == 1:
        assert other.bind_address == binds[0]
    else:
        bind: Any = other.extra["upstream_bind_config"]
        assert bind["source_address"]["address"] == binds[0]
        assert [each["address"]["address"] for each in bind["extra_source_addresses"]] == binds[1:]


def test_a_listed_endpoint_makes_its_port_known() -> None:
    service = KnownService("db", "db", "shop", (ServicePort("tcp", 70, 70, "TCP"),), registry="External")
    endpoint = Workload("db", "shop", PROXY.address, LABELS, hostname="db", kind="WorkloadEntry")
    found = snapshot([], services=[service], workloads=[endpoint], proxies=[PROXY])
    [listener] = inbound.listeners(found, PROXY)
    assert {*chains(listener)} == {("0.0.0.0_70", 70)}


@pytest.mark.parametrize(
    "changes", [{}, {"interception": "TPROXY"}, {"interception": "NONE"}, {"more_addresses": ("fd00::1",)}]
)
def test_envoy_takes_it(changes: dict[str, Any]) -> None:
    own = sidecar(
        ingress(8443, "HTTPS", tls=TLS),
        ingress(7000, "TCP", captureMode="NONE", defaultEndpoint="unix:///var/run/a.sock"),
        ingress(7001, "", bind="10.9.0.1", defaultEndpoint="127.0.0.1:9"),
        ingress(7002, "GRPC-WEB"),
        inboundConnectionPool={"tcp": {"maxConnections": 3}},
    )
    found = known(peer("DISABLE"), own, mesh=MeshConfig(sidecar_ingress_tls=True))
    proxy = replace(PROXY, **changes)
    names = {each.name for each in resolve(found, proxy).clusters}
    assert {"inbound|8443||", "inbound|7000||", "inbound|7001||", "inbound|7002||"} <= names
