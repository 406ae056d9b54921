"""Names in statistics that MeshConfig gives."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh import istio
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, Proxy, ServicePort
from pulumi_mesh.manifests.snapshot import snapshot
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.resolve.stat_names import stat_name
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.listeners import OpaqueFilter, TcpProxy
from tests.unit.resolve.shop import CLIENT, ROUTER, WORKLOADS, service, workload

DB = service("db", ServicePort("mongo-db", 27017, 27018, "MONGO"), address="10.96.0.1")
OUT = KnownService(
    "db.example.net", "db", "shop", (ServicePort("tcp", 3306, 3306, "TCP"),), registry="External", resolution="STATIC"
)
ALL = "%SERVICE% %SERVICE_NAME% %SERVICE_FQDN% %SUBSET_NAME% %TARGET_PORT% %SERVICE_PORT% %SERVICE_PORT_NAME%"
HOST = "db.shop.svc.cluster.local"
MESH = MeshConfig(outbound_stat_name=ALL, inbound_stat_name=ALL)


def view(*objects: Object, proxy: Proxy = CLIENT) -> ProxyView:
    workloads = (*WORKLOADS, workload("db-1", "10.1.0.7"))
    return resolve(snapshot(objects, services=(DB, OUT), workloads=workloads, proxies=(CLIENT,), mesh=MESH), proxy)


def prefixes(found: ProxyView) -> dict[str, str]:
    """Of every TCP proxy, by where it leads."""
    chains = [
        chain
        for each in found.listeners
        for chain in (*each.filter_chains, *((each.default_filter_chain,) if each.default_filter_chain else ()))
    ]
    return {one.cluster: one.stat_prefix for each in chains for one in each.filters if isinstance(one, TcpProxy)}


@pytest.mark.parametrize(
    ("known", "target", "made"),
    [
        (DB, 0, "db.shop db host v1 0 80 http"),
        (OUT, 7, "host host host v1 7 80 http"),
        (None, None, "host host host v1 %TARGET_PORT% 80 http"),
    ],
)
def test_words_of_a_pattern(known: KnownService | None, target: int | None, made: str) -> None:
    assert stat_name(ALL, "host", known, 80, "http", subset="v1", target=target) == made


def test_a_service_without_routes() -> None:
    found = view()
    # The filters of its own listener do not know the port's name; its cluster does.
    assert prefixes(found)[f"outbound|27017||{HOST}"] == f"db.shop db {HOST}  0 27017 "
    names = {each.name: each.extra["alt_stat_name"] for each in found.clusters}
    assert names[f"outbound|27017||{HOST}"] == f"db.shop db {HOST}  0 27017 mongo-db;"
    assert names["outbound|3306||db.example.net"] == "db.example.net db.example.net db.example.net  0 3306 tcp;"
    (codec,) = {
        each.config["stat_prefix"]
        for listener in found.listeners
        for chain in listener.filter_chains
        for each in chain.filters
        if isinstance(each, OpaqueFilter)
    }
    assert codec == f"db.shop db {HOST}  0 27017 "


@pytest.mark.parametrize(
    ("route", "cluster", "made"),
    [
        ({"host": "db", "subset": "v1"}, f"outbound|27017|v1|{HOST}", f"db.shop db {HOST} v1 0 27017 mongo-db"),
        ({"host": "nobody.net"}, "outbound|27017||nobody.net", "outbound|27017||nobody.net"),
    ],
)
def test_a_route_of_connections(route: dict[str, Any], cluster: str, made: str) -> None:
    routes = istio.VirtualService(
        "routes", namespace="shop", spec={"hosts": ["db"], "tcp": [{"route": [{"destination": route}]}]}
    )
    assert prefixes(view(routes))[cluster] == made


def test_a_gateways_port_has_the_gateways_name() -> None:
    edge = istio.Gateway(
        "edge",
        namespace="istio-system",
        spec={
            "selector": {"istio": "ingress"},
            "servers": [{"port": {"number": 3306, "name": "tcp-in", "protocol": "TCP"}, "hosts": ["*"]}],
        },
    )
    routes = istio.VirtualService(
        "routes",
        namespace="shop",
        spec={
            "hosts": ["*"],
            "gateways": ["istio-system/edge"],
            "tcp": [{"route": [{"destination": {"host": HOST, "port": {"number": 27017}}}]}],
        },
    )
    found = prefixes(view(edge, routes, proxy=ROUTER))
    assert found[f"outbound|27017||{HOST}"] == f"db.shop db {HOST}  0 3306 tcp-in"


def test_ports_of_a_workload() -> None:
    server = Proxy("sidecar", "db-1", "shop", "10.1.0.7", workload("db-1", "10.1.0.7").labels)
    found = view(proxy=server)
    assert prefixes(found)["inbound|27018||"] == f"db.shop db {HOST}  %TARGET_PORT% 27017 mongo-db"
    assert prefixes(found)["InboundPassthroughCluster"] == "    %TARGET_PORT% 0 virtualInbound"
    names = {each.name: each.extra["alt_stat_name"] for each in found.clusters}
    assert names["inbound|27018||"] == f"db.shop db {HOST}  27018 27017 mongo-db;"


def test_ports_of_a_sidecar() -> None:
    server = Proxy("sidecar", "db-1", "shop", "10.1.0.7", workload("db-1", "10.1.0.7").labels)
    own = istio.Sidecar(
        "own",
        namespace="shop",
        spec={
            "workloadSelector": {"labels": {"app": "db"}},
            "ingress": [
                {"port": {"number": 7000, "name": "tcp", "protocol": "TCP"}, "defaultEndpoint": "127.0.0.1:7001"}
            ],
        },
    )
    found = view(own, proxy=server)
    assert prefixes(found)["inbound|7000||"] == "own.shop own.shop own.shop  %TARGET_PORT% 7000 tcp"
    names = {each.name: each.extra["alt_stat_name"] for each in found.clusters}
    assert names["inbound|7000||"] == "own.shop own.shop own.shop  7000 7000 tcp;"
