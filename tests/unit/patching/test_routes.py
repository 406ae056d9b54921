"""Patches of route tables, virtual hosts and routes."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh.proxy.view.listeners import HttpConnectionManager
from pulumi_mesh.refs import Ref
from tests.unit.patching.world import edge, envoy_filter, patch, table, web

HEALTH = {"name": "health", "match": {"path": "/healthz"}, "direct_response": {"status": 200}}


def names(*patches: dict[str, Any]) -> list[str]:
    """Of the routes at the gateway's plain port."""
    (host,) = table(edge(envoy_filter(*patches)), "http.8080")["virtualHosts"]
    return [each["name"] for each in host["routes"]]


def on(**route: str) -> dict[str, Any]:
    """A match on a route."""
    return {"routeConfiguration": {"vhost": {"route": route}}}


@pytest.mark.parametrize(
    ("operation", "match", "expected"),
    [
        ("ADD", {}, ["old", "all", "health"]),
        ("INSERT_AFTER", {}, ["old", "all", "health"]),
        ("INSERT_BEFORE", {}, ["health", "old", "all"]),
        ("INSERT_FIRST", {}, ["health", "old", "all"]),
        ("INSERT_BEFORE", on(name="all"), ["old", "health", "all"]),
        ("INSERT_AFTER", on(action="REDIRECT"), ["old", "health", "all"]),
        ("INSERT_FIRST", on(name="all"), ["health", "old", "all"]),
        ("INSERT_FIRST", on(name="none"), ["old", "all"]),
        ("REMOVE", on(action="ROUTE"), ["old"]),
        ("REMOVE", on(name="all", action="REDIRECT"), ["old", "all"]),
        ("REPLACE", on(name="all"), ["old", "all"]),
    ],
)
def test_place_of_routes(operation: str, match: dict[str, Any], expected: list[str]) -> None:
    assert names(patch("HTTP_ROUTE", operation, HEALTH, **match)) == expected


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        ({}, True),
        ({"name": "http.8080"}, True),
        ({"name": "http.80"}, False),
        ({"portNumber": 80}, True),  # the Gateway's port
        ({"portNumber": 8080}, False),  # where the proxy listens
        ({"vhost": {"name": "shop.example:80"}}, True),
        ({"vhost": {"name": "shop.example:443"}}, False),
        ({"vhost": {"domainName": "shop.example"}}, True),
        ({"portName": "https"}, False),
        ({"gateway": "istio-system/edge"}, False),
    ],
)
def test_tables_of_a_gateway(match: dict[str, Any], holds: bool) -> None:
    own = patch("HTTP_ROUTE", "ADD", HEALTH, routeConfiguration=match)
    assert ("health" in names(own)) is holds


@pytest.mark.parametrize(
    "match",
    [
        {"portNumber": 443},
        {"portName": "https"},
        {"gateway": "istio-system/edge"},
        {"vhost": {"name": "shop.example:443"}},
    ],
)
def test_tables_of_tls(match: dict[str, Any]) -> None:
    view = edge(envoy_filter(patch("HTTP_ROUTE", "ADD", HEALTH, routeConfiguration=match)))
    (host,) = table(view, "https.443.https.edge.istio-system")["virtualHosts"]
    assert [each["name"] for each in host["routes"]] == ["old", "all", "health"]


def test_the_table_of_inbound_traffic() -> None:
    match = {"name": "inbound|8080||", "portNumber": 8080, "vhost": {"name": "inbound|http|80"}}
    own = patch("HTTP_ROUTE", "INSERT_FIRST", HEALTH, context="SIDECAR_INBOUND", routeConfiguration=match)
    view = web(envoy_filter(own))
    tables = [
        one.routes
        for each in view.listeners
        if each.name == "virtualInbound"
        for chain in each.filter_chains
        if chain.match.destination_port == 8080
        for one in chain.filters
        if isinstance(one, HttpConnectionManager) and not isinstance(one.routes, str)
    ]
    assert tables
    assert all([route.name for route in each.virtual_hosts[0].routes] == ["health", "default"] for each in tables)


def test_merge_of_a_route() -> None:
    value = {"route": {"timeout": "7s", "max_stream_duration": {"grpc_timeout_header_max": "2s"}}, "name": ""}
    (host,) = table(edge(envoy_filter(patch("HTTP_ROUTE", "MERGE", value, **on(name="all")))), "http.8080")[
        "virtualHosts"
    ]
    route = host["routes"][1]
    assert (route["name"], route["route"]["timeout"], route["route"]["cluster"]) == (
        "all",
        "7s",
        "outbound|80||web.shop.svc.cluster.local",
    )


def test_of_a_oneof_the_last_counts() -> None:
    own = patch("HTTP_ROUTE", "MERGE", {"direct_response": {"status": 418}}, **on(name="all"))
    (host,) = table(edge(envoy_filter(own)), "http.8080")["virtualHosts"]
    assert "route" not in host["routes"][1]
    assert host["routes"][1]["directResponse"] == {"status": 418}


def test_lists_grow_or_are_replaced() -> None:
    first = patch("VIRTUAL_HOST", "MERGE", {"request_headers_to_remove": ["x-one"], "domains": ["more.example"]})
    for operation, removed, domains in (
        ("MERGE", ["x-one", "x-two"], ["shop.example", "more.example"]),
        ("MERGE_AND_REPLACE_LIST", ["x-two"], ["shop.example", "more.example"]),
    ):
        own = envoy_filter(first, patch("VIRTUAL_HOST", operation, {"requestHeadersToRemove": ["x-two"]}))
        (host,) = table(edge(own), "http.8080")["virtualHosts"]
        assert (host["requestHeadersToRemove"], host["domains"]) == (removed, domains)


def test_virtual_hosts() -> None:
    other = {"name": "other:80", "domains": ["other.example"], "routes": [HEALTH]}
    named: dict[str, Any] = {"routeConfiguration": {"vhost": {"name": "shop.example:80"}}}
    for patches, expected in (
        ([patch("VIRTUAL_HOST", "ADD", other)], ["shop.example:80", "other:80"]),
        ([patch("VIRTUAL_HOST", "REPLACE", other, **named)], ["other:80"]),
        ([patch("VIRTUAL_HOST", "REMOVE", **named)], []),
        # One that is added under the name of one that is removed goes with it.
        (
            [
                patch("VIRTUAL_HOST", "REMOVE", **named),
                patch("VIRTUAL_HOST", "ADD", {**other, "name": "shop.example:80"}),
            ],
            [],
        ),
    ):
        hosts = table(edge(envoy_filter(*patches)), "http.8080").get("virtualHosts", [])
        assert [each["name"] for each in hosts] == expected


def test_what_is_put_in_says_where_it_is_from() -> None:
    view = edge(envoy_filter(patch("LISTENER", "MERGE", {"tcp_backlog_size": 7}), patch("HTTP_ROUTE", "ADD", HEALTH)))
    (host,) = next(each for each in view.routes if each.name == "http.8080").virtual_hosts
    assert [each.ref for each in host.routes] == [
        Ref("VirtualService", "shop", "shop", "spec.http[0].match[0]"),
        Ref("VirtualService", "shop", "shop", "spec.http[1]"),
        Ref("EnvoyFilter", "istio-system", "own", "spec.configPatches[1]"),
    ]
