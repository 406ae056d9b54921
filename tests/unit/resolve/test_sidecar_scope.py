"""What a sidecar knows: exports, and what a Sidecar imports."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pulumi_mesh import istio
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, Proxy, ServicePort
from pulumi_mesh.manifests.snapshot import Snapshot, snapshot
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.resolve.index import index
from pulumi_mesh.proxy.resolve.sidecar_scope import SidecarScope, sidecar_scope
from pulumi_mesh.proxy.view.addresses import Pipe, SocketAddress
from pulumi_mesh.proxy.view.listeners import HttpConnectionManager, TcpProxy
from pulumi_mesh.proxy.view.routes import DirectResponse, Forward
from tests.unit.resolve.shop import CLIENT, FAR, GRPC, HTTP, TCP, hosts_of, service, to

MESH = MeshConfig()
REVIEWS = service("reviews", HTTP, address="10.96.0.1")
MULTI = service("multi", HTTP, TCP, GRPC, address="10.96.0.2")
FAR_AWAY = service("away", HTTP, namespace="far", address="10.96.0.3")
OUTSIDE = KnownService("a.example.com", "a.example.com", "far", (HTTP,), registry="External", resolution="DNS")


def world(*objects: Object, services: tuple[KnownService, ...] = (), mesh: MeshConfig = MESH) -> Snapshot:
    return snapshot(objects, services=services or (REVIEWS, MULTI, FAR_AWAY, OUTSIDE), proxies=(CLIENT, FAR), mesh=mesh)


def sidecar(*hosts: str, name: str = "default", namespace: str = "shop", **spec: Any) -> istio.Sidecar:
    return istio.Sidecar(name, namespace=namespace, spec={"egress": [{"hosts": list(hosts)}], **spec})


def scope(taken: Snapshot, proxy: Proxy = CLIENT) -> SidecarScope:
    return sidecar_scope(index(taken), proxy)


def seen(taken: Snapshot, proxy: Proxy = CLIENT) -> list[str]:
    return sorted(each.name for each in scope(taken, proxy).visible.services)


ALL = ["a.example.com", "away", "multi", "reviews"]


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        (["*/*"], ALL),
        (["./*"], ["multi", "reviews"]),
        (["shop/*"], ["multi", "reviews"]),
        (["far/*"], ["a.example.com", "away"]),
        (["far/*.example.com"], ["a.example.com"]),
        (["*/away.far.svc.cluster.local"], ["away"]),
        (["./away.far.svc.cluster.local"], []),
        (["~/*"], []),
        (["*/*", "~far/away.far.svc.cluster.local"], ["a.example.com", "multi", "reviews"]),
        (["*/*", "~/*.example.com"], ["away", "multi", "reviews"]),
    ],
)
def test_hosts(hosts: list[str], expected: list[str]) -> None:
    assert seen(world(sidecar(*hosts))) == expected


def test_which_sidecar_counts() -> None:
    own, root = sidecar("./*"), sidecar("far/*", namespace="istio-system")
    selecting = sidecar("*/*", name="client", workloadSelector={"labels": {"app": "client"}})
    other = sidecar("~/*", name="another", workloadSelector={"labels": {"app": "another"}})
    assert seen(world(own, root, selecting, other)) == ALL
    assert seen(world(own, root, other)) == ["multi", "reviews"]
    assert seen(world(root, other)) == ["a.example.com", "away"]
    assert seen(world(own), FAR) == ALL


@pytest.mark.parametrize(
    ("export_to", "default", "near", "far"),
    [
        ((), ("*",), True, True),
        ((), (".",), True, False),
        ((".",), ("*",), True, False),
        (("far",), ("*",), False, True),
        (("~",), ("*",), False, False),
        (("*",), (".",), True, True),
    ],
)
def test_services_are_seen_where_they_are_exported(
    export_to: tuple[str, ...], default: tuple[str, ...], near: bool, far: bool
) -> None:
    taken = world(services=(replace(REVIEWS, export_to=export_to),), mesh=MeshConfig(service_export_to=default))
    assert [bool(seen(taken, each)) for each in (CLIENT, FAR)] == [near, far]


def test_what_virtual_services_send_to_is_known_too() -> None:
    routes = istio.VirtualService(
        "reviews",
        namespace="shop",
        spec={
            "hosts": ["reviews"],
            "http": [
                {"match": [{"sourceNamespace": "elsewhere"}], "route": [to("a.example.com")]},
                {"route": [to("reviews")], "mirror": {"host": "away.far.svc.cluster.local"}},
            ],
        },
    )
    only = sidecar("shop/reviews.shop.svc.cluster.local")
    assert seen(world(only)) == ["reviews"]
    assert seen(world(only, routes)) == ["away", "reviews"]


def test_of_a_destination_with_ports_only_those_are_known() -> None:
    routes = istio.VirtualService(
        "reviews", namespace="shop", spec={"hosts": ["reviews"], "http": [{"route": [to("multi", port=9090)]}]}
    )
    found = scope(world(sidecar("./reviews.shop.svc.cluster.local"), routes)).visible.service(MULTI.hostname)
    assert found is not None
    assert [each.number for each in found.ports] == [9090]


def test_virtual_services_are_imported_by_host() -> None:
    wide = istio.VirtualService("wide", namespace="far", spec={"hosts": ["*.com"], "http": [{"route": [to("away")]}]})
    private = istio.VirtualService(
        "own", namespace="far", spec={"hosts": ["away"], "exportTo": ["."], "http": [{"route": [to("away")]}]}
    )
    taken = world(sidecar("*/a.example.com"), wide, private)
    assert [each.source.name for each in scope(taken).egress[0].bound] == ["wide"]
    assert [each.source.name for each in scope(taken, FAR).egress[0].bound] == ["own", "wide"]


def test_entries_with_ports() -> None:
    found = istio.Sidecar(
        "default",
        namespace="shop",
        spec={
            "outboundTrafficPolicy": {"mode": "ALLOW_ANY", "egressProxy": {"host": "out.far", "port": {"number": 1}}},
            "egress": [
                {
                    "port": {"number": 9080, "protocol": "HTTP"},
                    "bind": "127.0.0.1",
                    "hosts": ["./reviews.shop.svc.cluster.local"],
                },
                {"port": {"number": 3306, "protocol": "TCP"}, "captureMode": "NONE", "hosts": ["./*"]},
                {
                    "port": {"number": 0, "protocol": "HTTP"},
                    "bind": "unix:///run/out.sock",
                    "hosts": ["./multi.shop.svc.cluster.local"],
                },
                {"hosts": ["./*"]},
            ],
        },
    )
    view = resolve(world(found), CLIENT)
    listeners = {each.name: each for each in view.listeners if each.traffic_direction == "OUTBOUND"}
    assert [*listeners] == [
        "0.0.0.0_9080",
        "0.0.0.0_9090",
        "10.96.0.2_3306",
        "127.0.0.1_3306",
        "127.0.0.1_9080",
        "unix:///run/out.sock_0",
        "virtualOutbound",
    ]
    socket = listeners["unix:///run/out.sock_0"]
    assert (socket.address, socket.bind_to_port) == (Pipe("/run/out.sock"), True)
    assert (listeners["127.0.0.1_3306"].bind_to_port, listeners["127.0.0.1_9080"].bind_to_port) == (True, False)
    assert listeners["127.0.0.1_9080"].address == SocketAddress("127.0.0.1", 9080)
    assert [each.name for each in view.routes] == ["9080", "9090", "unix:///run/out.sock"]
    assert [*hosts_of(view, "9080")] == ["reviews.shop.svc.cluster.local:9080", "allow_any"]
    assert hosts_of(view, "unix:///run/out.sock")["multi.shop.svc.cluster.local:9080"].domains[:2] == (
        "multi.shop.svc.cluster.local:9080",
        "multi.shop.svc.cluster.local.:9080",
    )
    last = hosts_of(view, "9080")["allow_any"].routes[0].action
    assert isinstance(last, Forward)
    assert last.cluster == "outbound|1||out.far"
    catch_all = listeners["virtualOutbound"].filter_chains[1].filters
    assert catch_all == (TcpProxy("outbound|1||out.far", "outbound|1||out.far"),)


def test_a_policy_without_mode_lets_nothing_out() -> None:
    view = resolve(world(sidecar("./*", outboundTrafficPolicy={})), CLIENT)
    assert hosts_of(view, "9080")["block_all"].routes[0].action == DirectResponse(502)


def test_destinations_of_other_namespaces_stand_for_services_of_one_name() -> None:
    theirs = replace(OUTSIDE, namespace="shop", resolution="NONE")
    assert scope(world(services=(OUTSIDE, theirs))).visible.services == (theirs,)
    assert scope(world(services=(OUTSIDE, theirs)), FAR).visible.services == (OUTSIDE,)


def test_http_proxy() -> None:
    view = resolve(world(mesh=MeshConfig(http_proxy_port=15007)), CLIENT)
    listener = next(each for each in view.listeners if each.name == "127.0.0.1_15007")
    (manager,) = listener.filter_chains[0].filters
    assert isinstance(manager, HttpConnectionManager)
    assert (manager.routes, manager.extra["http_protocol_options"]) == (
        "http_proxy",
        FrozenMap({"allow_absolute_url": True}),
    )
    hosts = hosts_of(view, "http_proxy")
    assert hosts["reviews.shop.svc.cluster.local:9080"].domains[:1] == ("reviews.shop.svc.cluster.local:9080",)


def test_a_service_that_stands_for_another() -> None:
    alias = KnownService("alias.shop.svc.cluster.local", "alias", "shop", (HTTP,), alias_of=REVIEWS.hostname)
    taken = world(services=(REVIEWS, alias))
    view = resolve(taken, CLIENT)
    assert "alias" in hosts_of(view, "9080")["reviews.shop.svc.cluster.local:9080"].domains
    routes = istio.VirtualService(
        "alias", namespace="shop", spec={"hosts": ["alias"], "http": [{"name": "own", "route": [to("alias")]}]}
    )
    view = resolve(world(routes, services=(REVIEWS, alias)), CLIENT)
    hosts = hosts_of(view, "9080")
    (route,) = hosts["alias.shop.svc.cluster.local:9080"].routes
    assert isinstance(route.action, Forward)
    assert route.action.cluster == "outbound|9080||reviews.shop.svc.cluster.local"
    assert "alias" not in hosts["reviews.shop.svc.cluster.local:9080"].domains


def test_ports_that_virtual_services_may_not_take() -> None:
    assert scope(world(sidecar("./*"))).egress_for(9080, "9080") == 0
    port = ServicePort("http", 15001, 15001, "HTTP")
    view = resolve(world(services=(service("odd", port),)), CLIENT)
    assert [each.name for each in view.listeners if each.traffic_direction == "OUTBOUND"] == ["virtualOutbound"]
