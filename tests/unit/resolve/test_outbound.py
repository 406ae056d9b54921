"""A sidecar's outbound listeners and route tables."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh import istio
from pulumi_mesh.manifests.facts import KnownService, MeshConfig
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.resolve.http import WILDCARD
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.listeners import HttpConnectionManager, TcpProxy
from pulumi_mesh.proxy.view.routes import DirectResponse, Forward
from pulumi_mesh.refs import Ref
from tests.unit.resolve.shop import CLIENT, FAR, HTTP, hosts_of, service, shop, to, view


def virtual_service(name: str, *hosts: str, **more: Any) -> istio.VirtualService:
    spec = {"hosts": list(hosts), "http": [{"name": name, "route": [to("details")]}], **more}
    return istio.VirtualService(name, namespace="shop", spec=spec)


def test_listeners() -> None:
    found = {each.name: each for each in view().listeners}
    assert list(found) == [
        "0.0.0.0_80",
        "0.0.0.0_9080",
        "0.0.0.0_9090",
        "10.1.0.5_3306",
        "10.1.0.6_3306",
        "10.96.0.3_3306",
        "virtualOutbound",
        "virtualInbound",
    ]
    http = found["0.0.0.0_9080"]
    assert (http.address, http.bind_to_port) == (SocketAddress(WILDCARD, 9080), False)
    (manager,) = http.filter_chains[0].filters
    assert isinstance(manager, HttpConnectionManager)
    assert (manager.routes, manager.stat_prefix) == ("9080", "outbound_0.0.0.0_9080;")
    tcp = found["10.96.0.3_3306"]
    name = "outbound|3306||multi.shop.svc.cluster.local"
    assert tcp.filter_chains[0].filters == (TcpProxy(name, name),)
    assert tcp.ref == Ref("Service", "shop", "multi")


@pytest.mark.parametrize(
    ("mode", "cluster"), [("ALLOW_ANY", "PassthroughCluster"), ("REGISTRY_ONLY", "BlackHoleCluster")]
)
def test_unknown_traffic(mode: Any, cluster: str) -> None:
    found = view(mesh=MeshConfig(outbound=mode))
    capture = next(each for each in found.listeners if each.name == "virtualOutbound")
    assert capture.use_original_dst
    assert [each.filters for each in capture.filter_chains] == [
        (TcpProxy("BlackHoleCluster", "BlackHoleCluster"),),
        (TcpProxy(cluster, cluster),),
    ]
    last = found.routes[0].virtual_hosts[-1]
    assert last.domains == ("*",)
    assert [each.name for each in last.routes] == [last.name]
    if mode == "ALLOW_ANY":
        assert last.name == "allow_any"
        assert isinstance(last.routes[0].action, Forward)
    else:
        assert (last.name, last.routes[0].action) == ("block_all", DirectResponse(502))


def test_domains_depend_on_the_namespace() -> None:
    full = "reviews.shop.svc.cluster.local"
    near, far = (hosts_of(view(proxy=each), "9080")[f"{full}:9080"].domains for each in (CLIENT, FAR))
    assert near == (full, f"{full}.", "reviews", "reviews.shop.svc", "reviews.shop", "10.96.0.1")
    assert far == (full, f"{full}.", "reviews.shop", "reviews.shop.svc", "10.96.0.1")
    bare = hosts_of(view(proxy=FAR), "9080")["bare.shop.svc.cluster.local:9080"].domains
    assert bare[4:] == tuple(f"*.{each}" for each in bare[:4])


def test_one_domain_goes_to_one_virtual_host() -> None:
    outside = KnownService("reviews.shop", "reviews-shop", "far", (HTTP,), "10.97.0.1")
    found = resolve(shop(services=(service("reviews", HTTP), outside)), CLIENT)
    hosts = hosts_of(found, "9080")
    assert hosts["reviews.shop:9080"].domains == ("reviews.shop", "reviews.shop.", "10.97.0.1")
    assert "reviews.shop" not in hosts["reviews.shop.svc.cluster.local:9080"].domains


def names(found: Any, table: str) -> dict[str, str]:
    return {name: host.routes[0].name for name, host in hosts_of(found, table).items() if name != "allow_any"}


def test_the_most_specific_virtual_service_routes() -> None:
    found = view(
        virtual_service("all", "*.shop.svc.cluster.local"),
        virtual_service("narrow", "*views.shop.svc.cluster.local"),
        virtual_service("exact", "details"),
    )
    assert names(found, "9080") == {
        "bare.shop.svc.cluster.local:9080": "all",
        "details.shop.svc.cluster.local:9080": "exact",
        "multi.shop.svc.cluster.local:9080": "all",
        "reviews.shop.svc.cluster.local:9080": "narrow",
    }


def test_of_two_virtual_services_for_a_host_the_first_counts() -> None:
    old = istio.VirtualService(
        "z",
        namespace="shop",
        metadata={"creationTimestamp": "2020-01-01T00:00:00Z"},
        spec={"hosts": ["reviews"], "http": [{"name": "z", "route": [to("details")]}]},
    )
    new = istio.VirtualService(
        "a",
        namespace="shop",
        metadata={"creationTimestamp": "2021-01-01T00:00:00Z"},
        spec={"hosts": ["reviews"], "http": [{"name": "a", "route": [to("details")]}]},
    )
    assert names(view(old, new), "9080")["reviews.shop.svc.cluster.local:9080"] == "z"


def test_hosts_that_are_no_service() -> None:
    found = view(
        virtual_service("outside", "outside.example.com", "reviews"), virtual_service("web", "web.example.com")
    )
    assert names(found, "9080")["outside.example.com:9080"] == "outside"
    assert "web.example.com:9080" not in names(found, "9080")
    assert names(found, "80") == {
        "multi.shop.svc.cluster.local:80": "default",
        "outside.example.com:80": "outside",
        "reviews.shop.svc.cluster.local:80": "outside",
        "web.example.com:80": "web",
    }


def test_bound_to_a_gateway_only() -> None:
    found = view(virtual_service("reviews", "reviews", gateways=["public"]))
    assert names(found, "9080")["reviews.shop.svc.cluster.local:9080"] == "default"
