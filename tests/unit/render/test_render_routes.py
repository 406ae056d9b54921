"""CORS and direct responses of rules; TCP and TLS routes: what they become in a VirtualService."""

from __future__ import annotations

from typing import Any

import pytest

import pulumi_mesh as pm
from pulumi_mesh.manifests.wire import to_wire
from pulumi_mesh.render import render

PAY = pm.Service("pay", namespace="bank", port=9090)


def rule_of(**rule: Any) -> dict[str, Any]:
    mesh = pm.Mesh("m", routes=[pm.HTTPRoute("r", services=[PAY], rules=[pm.Rule(**rule)])])
    (entry,) = render(mesh).entries
    (made,) = to_wire(entry.object)["spec"]["http"]
    return dict(made)


@pytest.mark.parametrize(
    ("rule", "wire"),
    [
        ({"direct_response": pm.DirectResponse(503)}, {"directResponse": {"status": 503}}),
        (
            {"direct_response": pm.DirectResponse(404, body='{"error": "gone"}\n'), "name": "gone"},
            {"name": "gone", "directResponse": {"status": 404, "body": {"string": '{"error": "gone"}\n'}}},
        ),
    ],
)
def test_direct_response(rule: dict[str, Any], wire: dict[str, Any]) -> None:
    assert rule_of(**rule) == wire


@pytest.mark.parametrize(
    ("cors", "wire"),
    [
        (pm.Cors(allow_origins=["*"]), {"allowOrigins": [{"exact": "*"}]}),
        (
            pm.Cors(
                allow_origins=[
                    "https://a.example.com",
                    pm.TextMatch("https://b.", kind="prefix"),
                    pm.TextMatch("https://[a-z]+[.]example[.]com", kind="regex"),
                ],
                allow_methods=["GET", "POST"],
                allow_headers=["X-User"],
                expose_headers=["*"],
                allow_credentials=False,
                max_age="1h",
                unmatched_preflights="IGNORE",
            ),
            {
                "allowOrigins": [
                    {"exact": "https://a.example.com"},
                    {"prefix": "https://b."},
                    {"regex": "https://[a-z]+[.]example[.]com"},
                ],
                "allowMethods": ["GET", "POST"],
                "allowHeaders": ["x-user"],
                "exposeHeaders": ["*"],
                "allowCredentials": False,
                "maxAge": "1h",
                "unmatchedPreflights": "IGNORE",
            },
        ),
    ],
)
def test_cors(cors: pm.Cors, wire: dict[str, Any]) -> None:
    assert rule_of(backends=[PAY], cors=cors)["corsPolicy"] == wire


DB = pm.Service("db", namespace="data", ports=[pm.Port(5432, protocol="TCP")], versions=["v1", "v2"])
VAULT = pm.Service("vault", namespace="data", ports=[pm.Port(8443, protocol="TLS"), 8080])
DB_HOST, VAULT_HOST = "db.data.svc.cluster.local", "vault.data.svc.cluster.local"
STREAMS = pm.Gateway(
    "streams",
    namespace="edge",
    listeners=[
        pm.Listener("web", port=80),
        pm.Listener("postgres", port=5432, protocol="TCP"),
        pm.Listener("mqtt", port=8883, protocol="TLS", hostnames=["mqtt.example.com"], certificate="mqtt"),
        pm.Listener(
            "pass",
            port=443,
            protocol="TLS",
            tls_mode="PASSTHROUGH",
            hostnames=["*.secure.example.com", "v.example.com"],
        ),
    ],
)


def spec_of(mesh: pm.Mesh) -> dict[str, Any]:
    (entry,) = render(mesh).entries
    return dict(to_wire(entry.object)["spec"])


def test_connections_between_services_are_split() -> None:
    backends = [pm.Backend(DB["v1"], weight=9), pm.Backend(DB["v2"], weight=1)]
    spec = spec_of(pm.Mesh("m", tcp_routes=[pm.TCPRoute("db", services=[DB], backends=backends)]))
    shares = [
        {"destination": {"host": DB_HOST, "subset": version, "port": {"number": 5432}}, "weight": weight}
        for version, weight in (("v1", 9), ("v2", 1))
    ]
    assert spec == {"hosts": [DB_HOST], "tcp": [{"match": [{"port": 5432}], "route": shares}]}


@pytest.mark.parametrize(
    ("route", "hosts", "ports"),
    [
        ({"port": 5432}, ["*"], [5432]),
        ({"hostnames": ["mqtt.example.com"]}, ["mqtt.example.com"], [5432, 8883]),
        ({}, ["*"], [5432, 8883]),
    ],
)
def test_connections_at_a_gateway(route: dict[str, Any], hosts: list[str], ports: list[int]) -> None:
    spec = spec_of(pm.Mesh("m", tcp_routes=[pm.TCPRoute("db", gateways=[STREAMS], backends=[DB], **route)]))
    assert spec == {
        "hosts": hosts,
        "gateways": ["edge/streams"],
        "tcp": [
            {
                "match": [{"port": port} for port in ports],
                "route": [{"destination": {"host": DB_HOST, "port": {"number": 5432}}}],
            }
        ],
    }


def test_tls_is_told_apart_by_server_name() -> None:
    to = [{"destination": {"host": VAULT_HOST, "port": {"number": 8443}}}]
    backend = pm.Destination(VAULT, port=8443)
    at_gateway = pm.TLSRoute("v", gateways=[STREAMS], hostnames=["v.example.com"], backends=[backend])
    assert spec_of(pm.Mesh("m", tls_routes=[at_gateway])) == {
        "hosts": ["v.example.com"],
        "gateways": ["edge/streams"],
        "tls": [{"match": [{"port": 443, "sniHosts": ["v.example.com"]}], "route": to}],
    }
    between = pm.TLSRoute("v", services=[VAULT], backends=[backend])
    assert spec_of(pm.Mesh("m", tls_routes=[between])) == {
        "hosts": [VAULT_HOST],
        "tls": [{"match": [{"port": 8443, "sniHosts": [VAULT_HOST]}], "route": to}],
    }


def test_what_routes_reach_is_known() -> None:
    mesh = pm.Mesh(
        "m",
        tcp_routes=[pm.TCPRoute("r", services=[DB], backends=[DB])],
        tls_routes=[pm.TLSRoute("s", gateways=[STREAMS], backends=[pm.Destination(VAULT, port=8443)])],
    )
    assert (mesh.known_services, mesh.known_gateways) == ((DB, VAULT), (STREAMS,))


def test_an_http_route_acts_on_listeners_of_http() -> None:
    mesh = pm.Mesh("m", routes=[pm.HTTPRoute("r", gateways=[STREAMS], rules=[pm.Rule(backends=[PAY])])])
    assert spec_of(mesh)["hosts"] == ["*"]


@pytest.mark.parametrize(
    ("listener", "port", "tls"),
    [
        (
            {"protocol": "HTTPS", "certificate": "c", "tls_mode": "MUTUAL", "client_ca": "partners"},
            "HTTPS",
            {"mode": "MUTUAL", "credentialName": "c", "caCertCredentialName": "partners"},
        ),
        (
            {
                "protocol": "HTTPS",
                "certificate": "c",
                "tls_mode": "OPTIONAL_MUTUAL",
                "subject_alt_names": ["spiffe://example.com/a"],
                "min_tls_version": "TLSV1_3",
            },
            "HTTPS",
            {
                "mode": "OPTIONAL_MUTUAL",
                "credentialName": "c",
                "subjectAltNames": ["spiffe://example.com/a"],
                "minProtocolVersion": "TLSV1_3",
            },
        ),
        ({"protocol": "TLS", "certificate": "c"}, "TLS", {"mode": "SIMPLE", "credentialName": "c"}),
        ({"protocol": "TLS", "tls_mode": "PASSTHROUGH"}, "TLS", {"mode": "PASSTHROUGH"}),
        ({"protocol": "TCP"}, "TCP", None),
    ],
)
def test_listener(listener: dict[str, Any], port: str, tls: dict[str, Any] | None) -> None:
    gateway = pm.Gateway("g", listeners=[pm.Listener("a", port=443, **listener)])
    server = {"name": "a", "port": {"number": 443, "name": "a", "protocol": port}, "hosts": ["*"]}
    assert spec_of(pm.Mesh("m", gateways=[gateway]))["servers"] == [{**server, **({"tls": tls} if tls else {})}]
