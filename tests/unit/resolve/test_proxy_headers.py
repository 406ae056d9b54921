"""Headers that proxies add of their own, as the mesh wants them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_mesh import istio
from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.manifests.facts import MeshConfig, Proxy
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve.proxy_headers import KEPT_CASE
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.listeners import HttpConnectionManager, RouterFilter
from pulumi_mesh.proxy.view.routes import Forward, RouteConfig
from tests.unit.resolve.shop import CLIENT, ROUTER, view, workload

SERVER = Proxy("sidecar", "reviews-1", "shop", "10.1.0.1", workload("reviews-1", "10.1.0.1").labels)
EDGE = istio.Gateway(
    "edge",
    namespace="istio-system",
    spec={
        "selector": {"istio": "ingress"},
        "servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}],
    },
)
ROUTES = istio.VirtualService(
    "reviews",
    namespace="shop",
    spec={
        "hosts": ["reviews"],
        "http": [
            {
                "match": [{"uri": {"prefix": "/old"}}],
                "rewrite": {"uri": "/new"},
                "route": [{"destination": {"host": "reviews"}}],
            },
            {"route": [{"destination": {"host": "reviews"}}]},
        ],
    },
)


def seen(headers: dict[str, Any], *objects: Object, proxy: Proxy = CLIENT) -> ProxyView:
    mesh = MeshConfig(default_config=FrozenMap({"proxyHeaders": freeze(headers)}))
    return view(EDGE, ROUTES, *objects, proxy=proxy, mesh=mesh)


def managers(found: ProxyView, direction: str) -> Iterator[HttpConnectionManager]:
    for each in found.listeners:
        for chain in each.filter_chains if each.traffic_direction == direction else ():
            yield from (one for one in chain.filters if isinstance(one, HttpConnectionManager))


@pytest.mark.parametrize("proxy", [CLIENT, ROUTER])
@pytest.mark.parametrize(
    ("headers", "extra"),
    [
        ({"requestId": {"disabled": True}}, {"generate_request_id": False}),
        ({"xForwardedPort": {"enabled": True}}, {"append_x_forwarded_port": True}),
        ({"server": {"disabled": True}}, {"server_header_transformation": "PASS_THROUGH"}),
        ({"requestId": {}, "xForwardedPort": {"enabled": False}, "server": {}}, {}),
    ],
)
def test_of_every_manager(proxy: Proxy, headers: dict[str, Any], extra: dict[str, object]) -> None:
    fields = ("generate_request_id", "append_x_forwarded_port", "server_header_transformation")
    made = list(managers(seen(headers, proxy=proxy), "OUTBOUND"))
    assert made
    for each in made:
        assert {name: each.extra[name] for name in fields if name in each.extra} == extra


@pytest.mark.parametrize(
    ("server", "names"),
    [
        ({}, ("", "istio-envoy", "istio-envoy")),
        ({"value": "given"}, ("given", "given", "given")),
        ({"disabled": True, "value": "given"}, ("", "", "")),
    ],
)
def test_the_name_of_the_server(server: dict[str, Any], names: tuple[str, ...]) -> None:
    sides = ((CLIENT, "OUTBOUND"), (ROUTER, "OUTBOUND"), (SERVER, "INBOUND"))
    found = [
        {each.server_name for each in managers(seen({"server": server}, proxy=proxy), direction)}
        for proxy, direction in sides
    ]
    assert found == [{name} for name in names]


def test_envoys_own_headers() -> None:
    for each in managers(seen({"envoyDebugHeaders": {"disabled": True}}), "OUTBOUND"):
        last = each.http_filters[-1]
        assert isinstance(last, RouterFilter)
        assert last.extra["suppress_envoy_headers"] is True


@pytest.mark.parametrize(
    ("headers", "forwarded", "details"),
    [
        ({}, "APPEND_FORWARD", {"subject", "dns", "uri"}),
        ({"forwardedClientCert": "SANITIZE"}, "", {"subject", "dns", "uri"}),
        ({"forwardedClientCert": "FORWARD_ONLY"}, "FORWARD_ONLY", {"subject", "dns", "uri"}),
        (
            {"setCurrentClientCertDetails": {"subject": False, "cert": True, "chain": True}},
            "APPEND_FORWARD",
            {"cert", "chain", "dns", "uri"},
        ),
    ],
)
def test_what_a_workload_is_told_of_its_client(headers: dict[str, Any], forwarded: str, details: set[str]) -> None:
    for each in managers(seen(headers, proxy=SERVER), "INBOUND"):
        assert (each.forward_client_cert, {*each.client_cert_details}) == (forwarded, details)
    # A gateway goes by gatewayTopology.
    for each in managers(seen(headers, proxy=ROUTER), "OUTBOUND"):
        assert (each.forward_client_cert, {*each.client_cert_details}) == (
            "SANITIZE_SET",
            {"subject", "cert", "dns", "uri"},
        )


@pytest.mark.parametrize("disabled", [True, False])
def test_attempts(disabled: bool) -> None:
    found = seen({"attemptCount": {"disabled": disabled}})
    counts = {each.include_request_attempt_count for table in found.routes for each in table.virtual_hosts}
    assert counts == {not disabled}


def test_the_host_that_was_asked_for_is_told_where_it_may_be_another() -> None:
    found = seen({"xForwardedHost": {"enabled": True}})
    (table,) = (each for each in found.routes if each.name == "9080")
    told = {
        (host.name, place): each.action.extra.get("append_x_forwarded_host", False)
        for host in table.virtual_hosts
        for place, each in enumerate(host.routes)
        if isinstance(each.action, Forward)
    }
    assert {name for name, value in told.items() if value} == {
        ("reviews.shop.svc.cluster.local:9080", 0),
        ("allow_any", 0),
    }


def test_requests_that_are_resolved_are_no_other() -> None:
    headers = freeze({"proxyHeaders": {"attemptCount": {"disabled": True}, "xForwardedHost": {"enabled": True}}})
    found = view(mesh=MeshConfig(default_config=headers, outbound="ALLOW_ANY_DYNAMIC_DNS"))
    inline = [each.routes for each in managers(found, "OUTBOUND") if isinstance(each.routes, RouteConfig)]
    tables = [*inline, *(each for each in found.routes if each.name == "9080")]
    hosts = [each for table in tables for each in table.virtual_hosts if each.name == "allow_any_dynamic_dns"]
    assert len(hosts) == 2
    for each in hosts:
        assert each.include_request_attempt_count is False
        (action,) = (one.action for one in each.routes)
        assert isinstance(action, Forward)
        assert action.extra["append_x_forwarded_host"] is True


def test_header_names_keep_their_case() -> None:
    upgraded = istio.DestinationRule(
        "reviews",
        namespace="shop",
        spec={"host": "reviews", "trafficPolicy": {"connectionPool": {"http": {"h2UpgradePolicy": "UPGRADE"}}}},
    )
    same = istio.DestinationRule(
        "details",
        namespace="shop",
        spec={"host": "details", "trafficPolicy": {"connectionPool": {"http": {"useClientProtocol": True}}}},
    )
    found = seen({"preserveHttp1HeaderCase": True}, upgraded, same)
    for each in managers(found, "OUTBOUND"):
        options = each.extra["http_protocol_options"]
        assert isinstance(options, FrozenMap)
        assert options["header_key_format"] == KEPT_CASE["header_key_format"]
    http = {each.name.rpartition("|")[2].partition(".")[0]: each.http for each in found.clusters if "9080" in each.name}
    explicit = FrozenMap({"explicit_http_config": FrozenMap({"http_protocol_options": KEPT_CASE})})
    shared = FrozenMap({"use_downstream_protocol_config": FrozenMap({"http_protocol_options": KEPT_CASE})})
    reviews, details = http["reviews"], http["details"]
    assert reviews is not None
    assert (reviews.protocol, reviews.extra) == ("http1", explicit)  # not upgraded
    assert details is not None
    assert (details.protocol, details.extra) == ("downstream", shared)
    others = {each.name: each.http for each in found.clusters}
    passing = others["PassthroughCluster"]
    assert passing is not None
    assert passing.extra == shared
    assert others["outbound|3306||multi.shop.svc.cluster.local"] is None
    (own,) = (
        each for each in seen({"preserveHttp1HeaderCase": True}, proxy=SERVER).clusters if "inbound|" in each.name
    )
    assert own.http is not None
    assert own.http.extra == explicit
