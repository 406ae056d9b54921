"""Which servers of several Gateways share a port, and which are left out."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh.istio import Gateway, gateway
from pulumi_mesh.manifests.snapshot import snapshot
from pulumi_mesh.proxy.resolve.gateway_merge import claim, merged
from pulumi_mesh.proxy.resolve.gateway_servers import servers_of
from tests.unit.resolve.shop import ROUTER


def server(name: str, protocol: str, *hosts: str, number: int = 80, tls: str = "", bind: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": name,
        "port": {"number": number, "protocol": protocol, "name": name},
        "hosts": list(hosts or ("*",)),
    }
    if tls:
        made["tls"] = {"httpsRedirect": True} if tls == "redirect" else {"mode": tls, "credentialName": "c"}
    return {**made, "bind": bind} if bind else made


def gateways(*servers: dict[str, Any]) -> list[Gateway]:
    """One Gateway a server, oldest first."""
    return [
        Gateway(f"g{position}", namespace="edge", spec={"servers": [each]}) for position, each in enumerate(servers)
    ]


def names(servers: list[Any]) -> list[str]:
    return [each.spec.name for each in servers]


@pytest.mark.parametrize(
    ("servers", "ports", "tables"),
    [
        pytest.param(
            [server("a", "HTTP", "a.com"), server("b", "GRPC", "b.com")],
            {(80, "HTTP", ""): ["a", "b"]},
            {"http.80": ["a", "b"]},
            id="plain HTTP joins, whatever its protocol is called",
        ),
        pytest.param(
            [server("a", "TCP"), server("b", "HTTP")],
            {(80, "TCP", ""): ["a"]},
            {},
            id="the first of two protocols counts",
        ),
        pytest.param(
            [server("a", "HTTP"), server("b", "TCP")],
            {(80, "HTTP", ""): ["a"]},
            {"http.80": ["a"]},
            id="also where that is HTTP",
        ),
        pytest.param(
            [server("a", "TCP"), server("b", "TCP")],
            {(80, "TCP", ""): ["a"]},
            {},
            id="one plain TCP server a port",
        ),
        pytest.param(
            [server("a", "TCP", bind="10.0.0.1"), server("b", "TCP", bind="10.0.0.2"), server("c", "HTTP")],
            {(80, "TCP", "10.0.0.1"): ["a"], (80, "TCP", "10.0.0.2"): ["b"], (80, "HTTP", ""): ["c"]},
            {"http.80": ["c"]},
            id="each address stands for itself",
        ),
        pytest.param(
            [server("a", "HTTP"), server("b", "HTTP", bind="10.0.0.1"), server("c", "HTTP", bind="10.0.0.1")],
            {(80, "HTTP", ""): ["a"], (80, "HTTP", "10.0.0.1"): ["b", "c"]},
            {"http.80": ["a"], "http.80.10.0.0.1": ["b", "c"]},
            id="a table for each address",
        ),
        pytest.param(
            [server("a", "HTTPS", "a.com", tls="SIMPLE"), server("b", "TLS", "b.com", tls="PASSTHROUGH")],
            {(80, "HTTPS", ""): ["a"], (80, "TLS", ""): ["b"]},
            {"https.80.a.g0.edge": ["a"]},
            id="TLS servers by their names",
        ),
        pytest.param(
            [
                server("a", "HTTPS", "a.com", "b.com", tls="SIMPLE"),
                server("b", "HTTPS", "c.com", "b.com", tls="SIMPLE"),
            ],
            {(80, "HTTPS", ""): ["a"]},
            {"https.80.a.g0.edge": ["a"]},
            id="no second TLS server for a name",
        ),
        pytest.param(
            [server("a", "HTTPS", "./*", tls="SIMPLE"), server("b", "HTTPS", "other/*", tls="SIMPLE")],
            {(80, "HTTPS", ""): ["a", "b"]},
            {"https.80.a.g0.edge": ["a"], "https.80.b.g1.edge": ["b"]},
            id="names of several namespaces are several",
        ),
        pytest.param(
            [server("a", "HTTP", "a.com", tls="redirect"), server("b", "HTTP", "a.com", tls="redirect")],
            {(80, "HTTP", ""): ["a"]},
            {"http.80": ["a"]},
            id="a redirect claims its hosts as well",
        ),
        pytest.param(
            [server("a", "HTTPS", tls="SIMPLE"), server("b", "HTTP")],
            {(80, "HTTPS", ""): ["a"], (80, "HTTP", ""): ["b"]},
            {"https.80.a.g0.edge": ["a"], "http.80": ["b"]},
            id="plain text after TLS",
        ),
        pytest.param(
            [server("a", "HTTP"), server("b", "HTTPS", tls="SIMPLE")],
            {(80, "HTTP", ""): ["a"]},
            {"http.80": ["a"]},
            id="no TLS after plain text",
        ),
    ],
)
def test_merge(
    servers: list[dict[str, Any]], ports: dict[tuple[int, str, str], list[str]], tables: dict[str, list[str]]
) -> None:
    found = merged(servers_of(snapshot(gateways(*servers)), ROUTER))
    assert {(key.number, key.protocol, key.bind): names(those) for key, those in found.by_port.items()} == ports
    assert {name: names(those) for name, those in found.by_route_name.items()} == tables


def test_names_are_claimed_all_or_none() -> None:
    known: dict[str, str] = {}
    assert claim(known, ["a.com", "b.com"], "")
    assert not claim(known, ["c.com", "a.com"], "")
    assert claim(known, ["c.com"], "")
    assert claim(known, ["a.com"], "10.0.0.1")


def test_one_gateway_may_hold_a_name_twice() -> None:
    spec = gateway.GatewaySpec(servers=[server("a", "HTTPS", "a.com", "ns/a.com", number=443, tls="SIMPLE")])
    (found,) = servers_of(snapshot([Gateway("one", namespace="edge", spec=spec)]), ROUTER)
    assert found.server_names == ("a.com",)
