"""Outbound listeners of ports that are not plain HTTP, and where several protocols share one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pulumi_mesh import istio
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, ServicePort
from pulumi_mesh.manifests.snapshot import snapshot
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager, Listener, OpaqueFilter, TcpProxy
from tests.unit.resolve.shop import CLIENT, FAR, WORKLOADS, hosts_of, service, to

MESH = MeshConfig()


def port(protocol: Any, number: int = 90) -> ServicePort:
    return ServicePort(protocol.lower(), number, number, protocol)


def entry(host: str, *ports: ServicePort, addresses: tuple[str, ...] = ()) -> KnownService:
    return KnownService(host, host, "shop", ports, registry="External", resolution="NONE", addresses=addresses)


def view(*objects: Object, services: tuple[KnownService, ...], mesh: MeshConfig = MESH) -> ProxyView:
    taken = snapshot(objects, services=services, workloads=WORKLOADS, proxies=(CLIENT, FAR), mesh=mesh)
    return resolve(taken, CLIENT)


def listener(found: ProxyView, name: str) -> Listener:
    return next(each for each in found.listeners if each.name == name)


def kind(chain: FilterChain) -> str:
    """The cluster or the route table that a chain leads to."""
    last = chain.filters[-1]
    if isinstance(last, HttpConnectionManager):
        return f"routes {last.routes}"
    assert isinstance(last, TcpProxy)
    return last.cluster or " ".join(f"{cluster}={weight}" for cluster, weight in last.weighted)


def virtual_service(*hosts: str, **spec: Any) -> istio.VirtualService:
    return istio.VirtualService("routes", namespace="shop", spec={"hosts": list(hosts), **spec})


def cluster(name: str, number: int = 90, subset: str = "") -> str:
    return f"outbound|{number}|{subset}|{name}"


ONE, TWO = "one.shop.svc.cluster.local", "two.shop.svc.cluster.local"


def test_a_port_without_a_protocol_is_looked_into() -> None:
    found = view(services=(service("one", port("UNSUPPORTED"), address="10.96.0.1"),))
    made = listener(found, "10.96.0.1_90")
    (http,) = made.filter_chains
    assert (http.match.transport_protocol, http.match.application_protocols) == ("raw_buffer", ("http/1.1", "h2c"))
    assert kind(http) == f"routes {ONE}:90"
    assert made.default_filter_chain is not None
    assert kind(made.default_filter_chain) == cluster(ONE)
    assert made.listener_filters == ("envoy.filters.listener.http_inspector",)
    (host,) = hosts_of(found, f"{ONE}:90").values()
    assert (host.name, host.domains) == (f"{ONE}:90", ("*",))


def test_the_mesh_says_how_long_first_bytes_are_waited_for() -> None:
    mesh = MeshConfig(protocol_detection_timeout=timedelta(seconds=5))
    found = view(services=(service("one", port("UNSUPPORTED"), port("TCP", 91), address="10.96.0.1"),), mesh=mesh)
    assert listener(found, "10.96.0.1_90").listener_filters_timeout == timedelta(seconds=5)
    assert listener(found, "10.96.0.1_91").listener_filters_timeout == timedelta(0)


@pytest.mark.parametrize(
    ("first", "second", "chains", "default"),
    [
        ("HTTP", "HTTP", ["routes 90"], "PassthroughCluster"),
        ("HTTP", "TCP", ["routes 90"], cluster("two.com")),
        ("TCP", "HTTP", ["routes 90"], cluster("one.com")),
        ("TCP", "TCP", [cluster("one.com")], ""),
        ("TCP", "TLS", [cluster("two.com")], cluster("one.com")),
        ("TLS", "TLS", [cluster("one.com"), cluster("two.com")], "PassthroughCluster"),
        ("UNSUPPORTED", "HTTP", ["routes 90"], cluster("one.com")),
        ("HTTP", "UNSUPPORTED", ["routes 90"], "PassthroughCluster"),
        ("TCP", "UNSUPPORTED", ["routes 90"], cluster("one.com")),
        ("UNSUPPORTED", "TCP", ["routes 90"], cluster("one.com")),
        ("MONGO", "HTTP", [cluster("one.com")], ""),
        ("HTTP", "MYSQL", ["routes 90"], "PassthroughCluster"),
        ("MONGO", "MONGO", [cluster("one.com")], ""),
        ("UDP", "HTTP", ["routes 90"], "PassthroughCluster"),
    ],
)
def test_two_services_on_one_address(first: str, second: str, chains: list[str], default: str) -> None:
    found = listener(view(services=(entry("one.com", port(first)), entry("two.com", port(second)))), "0.0.0.0_90")
    assert [kind(each) for each in found.filter_chains] == chains
    assert (kind(found.default_filter_chain) if found.default_filter_chain else "") == default


def test_addresses_that_are_ranges() -> None:
    found = view(
        services=(
            entry("one.com", port("TCP"), addresses=("10.1.2.3/16", "10.3.0.1")),
            entry("two.com", port("TLS"), addresses=("10.2.0.0/16",)),
            entry("same.com", port("TCP"), addresses=("10.1.9.9/16",)),
        )
    )
    shared = listener(found, "0.0.0.0_90")
    assert [(kind(each), each.match.prefix_ranges, each.match.server_names) for each in shared.filter_chains] == [
        (cluster("one.com"), (("10.1.2.3", 16),), ()),
        (cluster("two.com"), (("10.2.0.0", 16),), ("two.com",)),
    ]
    assert kind(listener(found, "10.3.0.1_90").filter_chains[0]) == cluster("one.com")


def test_headless_services_by_workload() -> None:
    bare = service("bare", port("TCP"), port("UNSUPPORTED", 91), port("HTTP", 92), address="")
    found = view(services=(replace(bare, resolution="NONE"),))
    assert [each.name for each in found.listeners if each.traffic_direction == "OUTBOUND"] == [
        "0.0.0.0_92",
        "10.1.0.5_90",
        "10.1.0.5_91",
        "10.1.0.6_90",
        "10.1.0.6_91",
        "virtualOutbound",
    ]
    assert [each.name for each in found.routes] == ["92", "bare.shop.svc.cluster.local:91"]


SERVICES = (service("one", port("TCP"), address="10.96.0.1"), service("two", port("TCP"), address="10.96.0.2"))


@pytest.mark.parametrize(
    ("tcp", "expected"),
    [
        ({"route": [to("two")]}, {"": cluster(TWO)}),
        ({"match": [{"port": 90}], "route": [to("two")]}, {"": cluster(TWO)}),
        ({"match": [{"port": 91}], "route": [to("two")]}, {"": cluster(ONE)}),
        ({"match": [{"sourceLabels": {"app": "client"}}], "route": [to("two")]}, {"": cluster(TWO)}),
        ({"match": [{"sourceLabels": {"app": "other"}}], "route": [to("two")]}, {"": cluster(ONE)}),
        ({"match": [{"sourceNamespace": "far"}], "route": [to("two")]}, {"": cluster(ONE)}),
        ({"match": [{"gateways": ["public"]}], "route": [to("two")]}, {"": cluster(ONE)}),
        ({"match": [{"gateways": ["mesh"]}], "route": [to("two", "v1", port=7)]}, {"": cluster(TWO, 7, "v1")}),
        (
            {"match": [{"destinationSubnets": ["10.9.0.0/16"]}], "route": [to("two")]},
            {"10.9.0.0": cluster(TWO), "": cluster(ONE)},
        ),
        (
            {"route": [to("one", weight=90), to("two", weight=10), to("two", "v2", weight=0)]},
            {"": f"{cluster(ONE)}=90 {cluster(TWO)}=10"},
        ),
    ],
)
def test_tcp_routes(tcp: dict[str, Any], expected: dict[str, str]) -> None:
    made = listener(view(virtual_service("one", tcp=[tcp]), services=SERVICES), "10.96.0.1_90")
    chains = [*made.filter_chains, *((made.default_filter_chain,) if made.default_filter_chain else ())]
    found = {each.match.prefix_ranges[0][0] if each.match.prefix_ranges else "": kind(each) for each in chains}
    assert found == expected


def test_tls_routes() -> None:
    one = service("one", port("TLS"), address="10.96.0.1")
    routes = virtual_service(
        "one",
        "*.example.com",
        tls=[
            {"match": [{"sniHosts": ["b.example.com", "a.example.com"]}], "route": [to("two")]},
            {"match": [{"sniHosts": ["b.example.com", "a.example.com"]}], "route": [to("one")]},
            {"match": [{"sniHosts": ["c.example.com"], "port": 91}], "route": [to("two")]},
        ],
    )
    made = listener(view(routes, services=(one, SERVICES[1])), "10.96.0.1_90")
    assert [(each.match.server_names, kind(each)) for each in made.filter_chains] == [
        (("a.example.com", "b.example.com"), cluster(TWO))
    ]
    assert [each.name for each in made.listener_filters if isinstance(each, OpaqueFilter)] == [
        "envoy.filters.listener.tls_inspector"
    ]
    assert made.default_filter_chain is not None
    assert kind(made.default_filter_chain) == "PassthroughCluster"


def test_a_tls_service_without_an_address_is_known_by_its_name() -> None:
    made = listener(view(services=(entry("*.example.com", port("HTTPS")),)), "0.0.0.0_90")
    assert [each.match.server_names for each in made.filter_chains] == [("*.example.com",)]
    own = listener(view(services=(service("one", port("TLS"), address="10.96.0.1"),)), "10.96.0.1_90")
    assert [each.match.server_names for each in own.filter_chains] == [()]
