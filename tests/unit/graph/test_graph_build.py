"""Who sends to whom, how it is protected, and what is refused."""

from __future__ import annotations

from typing import Literal

import pytest

import pulumi_mesh as pm
from pulumi_mesh.graph import Edge, Graph, graph, graph_data, mermaid
from pulumi_mesh.render import snapshot
from pulumi_mesh.render.istio.names import host_of

Mode = Literal["STRICT", "PERMISSIVE", "DISABLE"]
HOST = "{}.shop.svc.cluster.local"
WEB = pm.Service("web", namespace="shop", port=80, service_account="web")
API = pm.Service("api", namespace="shop", port=80, versions=["v1", "v2"], service_account="api", calls=[WEB])
PUBLIC = pm.Gateway("public", listeners=[pm.Listener("http", port=80, hostnames=["shop.example.com"])])


def drawn(source: str = "", **given: object) -> Graph:
    fields: dict[str, object] = {"services": [WEB, API], "mutual_tls": [pm.MutualTLS("STRICT")], **given}
    mesh = pm.Mesh("shop", **fields)  # type: ignore[arg-type]
    taken = snapshot(mesh)
    calls = [(host_of(mesh, each), host_of(mesh, called)) for each in mesh.known_services for called in each.calls]
    return graph(taken, calls, taken.proxy(source))


def between(found: Graph, source: str, target: str) -> list[Edge]:
    """The edges of two nodes, by what they are called."""
    titles = {each.id: each.title for each in found.nodes}
    return [each for each in found.edges if (titles[each.source], titles[each.target]) == (source, target)]


def route(*rules: pm.Rule, **given: object) -> pm.HTTPRoute:
    return pm.HTTPRoute("r", rules=list(rules), **given)  # type: ignore[arg-type]


def test_calls_that_are_declared() -> None:
    found = drawn()
    assert [(each.kind, each.title, each.within) for each in found.nodes] == [
        ("service", "api", ""),
        ("service", "web", ""),
        ("version", "v1", "service:" + HOST.format("api")),
        ("version", "v2", "service:" + HOST.format("api")),
    ]
    (edge,) = found.edges
    assert (edge.source, edge.target) == tuple("service:" + HOST.format(name) for name in ("api", "web"))
    assert (edge.labels, edge.weight, edge.security, edge.access) == ((), None, "mtls", "allowed")


def test_weights_matches_and_gateways() -> None:
    split = pm.Rule(
        matches=[pm.Path("/api")], backends=[pm.Backend(API["v1"], weight=1), pm.Backend(API["v2"], weight=3)]
    )
    jason = pm.Rule(matches=[pm.Match(headers={"x-user": "jason"})], backends=[API["v2"]])
    found = drawn(gateways=[PUBLIC], routes=[route(split, jason, gateways=[PUBLIC])])
    node = found.nodes[0]
    assert (node.kind, node.title, node.details) == ("gateway", "public", ("shop.example.com", "port 80"))
    assert [(each.labels, each.weight) for each in between(found, "public", "v1")] == [(("/api*",), 25)]
    assert [(each.labels, each.weight) for each in between(found, "public", "v2")] == [
        (("/api*",), 75),
        (("x-user=jason",), None),
    ]


def test_a_route_that_nobody_is_known_to_call() -> None:
    found = drawn(routes=[route(pm.Rule(backends=[API["v1"]]), services=[API])])
    (edge,) = between(found, "any client in the mesh", "v1")
    assert (edge.security, edge.access) == ("mtls", "allowed")


@pytest.mark.parametrize(("mode", "security"), [("STRICT", "mtls"), ("PERMISSIVE", "mtls"), ("DISABLE", "plaintext")])
def test_mutual_tls(mode: Mode, security: str) -> None:
    (edge,) = drawn(mutual_tls=[pm.MutualTLS(mode)]).edges
    assert edge.security == security


def test_a_client_that_does_not_speak_what_is_asked() -> None:
    from pulumi_mesh import istio

    spec = {"host": HOST.format("web"), "trafficPolicy": {"tls": {"mode": "DISABLE"}}}
    plain = istio.DestinationRule("web", namespace="shop", spec=spec)
    (edge,) = drawn(objects=[plain]).edges
    assert edge.security == "mismatch"
    (edge,) = drawn(objects=[plain], mutual_tls=[pm.MutualTLS("PERMISSIVE")]).edges
    assert edge.security == "plaintext"


@pytest.mark.parametrize(
    ("tls", "security"),
    [
        ({"mode": "ISTIO_MUTUAL"}, "mtls"),
        ({"mode": "SIMPLE"}, "mismatch"),
        # A certificate that is not the mesh's is nothing to a sidecar.
        ({"mode": "MUTUAL", "clientCertificate": "/c", "privateKey": "/k", "caCertificates": "/r"}, "mismatch"),
    ],
)
@pytest.mark.parametrize("mode", ["STRICT", "PERMISSIVE"])
def test_tls_that_a_client_begins_itself(tls: dict[str, str], security: str, mode: Mode) -> None:
    from pulumi_mesh import istio

    spec = {"host": HOST.format("web"), "trafficPolicy": {"tls": tls}}
    rule = istio.DestinationRule("web", namespace="shop", spec=spec)
    assert [each.security for each in drawn(objects=[rule], mutual_tls=[pm.MutualTLS(mode)]).edges] == [security]


@pytest.mark.parametrize(
    "tls", [pm.UpstreamTLS("SIMPLE"), pm.UpstreamTLS("MUTUAL", client_certificate="/c", private_key="/k")]
)
def test_tls_toward_what_has_no_sidecar_is_not_the_meshs(tls: pm.UpstreamTLS) -> None:
    outside = pm.Service("db", namespace="shop", hostname="db.example.com", ports=[443], resolution="DNS", tls=tls)
    api = pm.Service("api", namespace="shop", port=80, calls=[outside])
    assert [each.security for each in drawn(services=[outside, api]).edges] == ["tls"]


def test_tls_that_a_proxy_only_passes_on() -> None:
    from pulumi_mesh import istio

    hosts = ["shop.example.com"]
    server = {"port": {"number": 443, "name": "tls", "protocol": "TLS"}, "hosts": hosts, "tls": {"mode": "PASSTHROUGH"}}
    public = istio.Gateway("p", namespace="shop", spec={"selector": {"istio": "ingressgateway"}, "servers": [server]})
    tls = [{"match": [{"sniHosts": hosts}], "route": [{"destination": {"host": "web", "port": {"number": 80}}}]}]
    spec = {"hosts": hosts, "gateways": ["p"], "tls": tls}
    routes = istio.VirtualService("p", namespace="shop", spec=spec)
    web = pm.Service("web", namespace="shop", ports=[pm.Port(80, protocol="TCP")])
    found = drawn(services=[web], gateways=[PUBLIC], objects=[public, routes])
    assert [(each.labels, each.security) for each in found.edges] == [(("SNI shop.example.com",), "mtls")]
    plain = {"host": HOST.format("web"), "trafficPolicy": {"tls": {"mode": "DISABLE"}}}
    rule = istio.DestinationRule("web", namespace="shop", spec=plain)
    expected: tuple[tuple[Mode, str], ...] = (("PERMISSIVE", "tls"), ("STRICT", "mismatch"))
    for each_mode, security in expected:
        objects, modes = [public, routes, rule], [pm.MutualTLS(each_mode)]
        found = drawn(services=[web], gateways=[PUBLIC], objects=objects, mutual_tls=modes)
        assert [each.security for each in found.edges] == [security]


def test_policies_on_ports_of_bytes() -> None:
    store = pm.Service("store", namespace="shop", ports=[pm.Port(each, protocol="TCP") for each in (80, 81)])
    api = pm.Service("api", namespace="shop", port=80, service_account="api", calls=[store])
    rule = pm.AuthorizationRule(principals=[api], ports=[80])
    found = drawn(services=[store, api], authorization=[pm.AuthorizationPolicy("p", target=store, rules=[rule])])
    assert sorted((each.security, each.access) for each in found.edges) == [("mtls", "allowed"), ("mtls", "denied")]


@pytest.mark.parametrize(
    ("rule", "access"),
    [
        (pm.AuthorizationRule(principals=[API]), "allowed"),
        (pm.AuthorizationRule(principals=["cluster.local/ns/shop/sa/other"]), "denied"),
        (pm.AuthorizationRule(principals=[API], methods=["GET"]), "partly"),
        (pm.AuthorizationRule(principals=["cluster.local/ns/shop/sa/other"], methods=["GET"]), "denied"),
    ],
)
@pytest.mark.parametrize("mode", ["STRICT", "DISABLE"])
def test_policies_that_allow(rule: pm.AuthorizationRule, access: str, mode: Mode) -> None:
    policy = pm.AuthorizationPolicy("p", target=WEB, rules=[rule])
    (edge,) = drawn(authorization=[policy], mutual_tls=[pm.MutualTLS(mode)]).edges
    # In plain text nobody has an identity.
    assert edge.access == (access if mode == "STRICT" else "denied")
    assert bool(edge.policies) == (edge.access != "allowed")


def test_policies_name_clients_that_nothing_else_is_known_of() -> None:
    web = pm.Service("web", namespace="shop", port=80, service_account="web", calls=[])
    api = pm.Service("api", namespace="shop", port=80, service_account="api")
    policy = pm.AuthorizationPolicy("p", target=web, rules=[pm.AuthorizationRule(principals=[api])])
    found = drawn(services=[web, api], authorization=[policy])
    assert [(each.source, each.access) for each in found.edges] == [("service:" + HOST.format("api"), "allowed")]
    denying = pm.AuthorizationPolicy("p", target=web, action="DENY", rules=[pm.AuthorizationRule(principals=[api])])
    found = drawn(services=[web, api], authorization=[denying])
    assert [(each.access, each.policies) for each in found.edges] == [("denied", ("ns[shop]-policy[p]-rule[0]",))]


def test_from_one_proxy() -> None:
    other = pm.Service("other", namespace="shop", port=80)
    gateway_route = route(pm.Rule(backends=[API]), gateways=[PUBLIC])
    found = drawn("public", services=[WEB, API, other], gateways=[PUBLIC], routes=[gateway_route])
    assert [each.title for each in found.nodes if each.kind == "service"] == ["api", "web"]
    assert len(between(found, "public", "api")) == len(between(found, "api", "web")) == 1
    found = drawn("api-v1", services=[WEB, API, other])
    assert {each.target for each in found.edges} == {"service:" + HOST.format(name) for name in ("api", "web", "other")}


def test_text() -> None:
    split = pm.Rule(backends=[pm.Backend(API["v1"], weight=1), pm.Backend(WEB, weight=3)])
    policy = pm.AuthorizationPolicy("p", target=WEB, action="DENY", rules=[pm.AuthorizationRule(paths=["/a"])])
    found = drawn(gateways=[PUBLIC], routes=[route(split, gateways=[PUBLIC])], authorization=[policy])
    assert mermaid(found) == (
        "flowchart LR\n"
        '  n0{{"public.istio-system<br/>shop.example.com<br/>port 80"}}\n'
        '  subgraph n1["api.shop<br/>80 HTTP"]\n'
        '    n3("v1")\n'
        '    n4("v2")\n'
        "  end\n"
        '  n2["web.shop<br/>80 HTTP"]\n'
        '  n0 -.->|"🔒 75 % mTLS<br/>some denied by p"| n2\n'
        '  n0 -->|"🔒 25 % mTLS"| n3\n'
        '  n1 -.->|"🔒 mTLS<br/>some denied by p"| n2\n'
    )
    data = graph_data(found)
    assert [each["id"] for each in data["nodes"]] == [each.id for each in found.nodes]
    assert data["edges"][0]["weight"] == 75
    assert data["edges"][0]["ref"]["kind"] == "VirtualService"
