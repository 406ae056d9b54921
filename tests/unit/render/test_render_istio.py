"""Each word of the model, and what it becomes in an Istio object."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import pulumi_mesh as pm
from pulumi_mesh import istio
from pulumi_mesh.manifests.wire import to_wire
from pulumi_mesh.proxy.view.routes import Forward
from pulumi_mesh.render import Phase, render, snapshot
from tests.support.views import views_of

CART = pm.Service("cart", namespace="shop", port=8080, versions=["v1", "v2"], service_account="cart")
PAY = pm.Service("pay", namespace="bank", port=9090)
EDGE = pm.Gateway("edge", namespace="edge", listeners=[pm.Listener("http", port=80, hostnames=["*.example.com"])])
HOST = "cart.shop.svc.cluster.local"


def spec_of(kind: str, mesh: pm.Mesh) -> dict[str, Any]:
    found = [to_wire(each.object) for each in render(mesh).entries if each.identity.kind == kind]
    assert len(found) == 1
    spec: dict[str, Any] = found[0]["spec"]
    return spec


def route(**rule: Any) -> pm.Mesh:
    given = {"backends": [PAY], **rule}
    return pm.Mesh("m", routes=[pm.HTTPRoute("r", services=[CART], rules=[pm.Rule(**given)])])


@pytest.mark.parametrize(
    ("rule", "wire"),
    [
        ({"timeout": "1m30s"}, {"timeout": "1m30s"}),
        ({"name": "all"}, {"name": "all"}),
        ({"retries": pm.Retries(0)}, {"retries": {"attempts": 0}}),
        (
            {"retries": pm.Retries(3, per_try_timeout="200ms", conditions=["5xx", "reset"], status_codes=[429])},
            {"retries": {"attempts": 3, "perTryTimeout": "200ms", "retryOn": "5xx,reset,429"}},
        ),
        (
            {"rewrite": pm.Rewrite(path="/", hostname="old.example.com")},
            {"rewrite": {"uri": "/", "authority": "old.example.com"}},
        ),
        (
            {"request_headers": pm.HeaderChanges(set={"X-A": "1"}, add={"b": "2"}, remove=["C"])},
            {"headers": {"request": {"set": {"x-a": "1"}, "add": {"b": "2"}, "remove": ["c"]}}},
        ),
        (
            {"response_headers": pm.HeaderChanges(remove=["server"])},
            {"headers": {"response": {"remove": ["server"]}}},
        ),
        (
            {"mirror": pm.Mirror(CART["v2"], percent=12.5)},
            {
                "mirrors": [
                    {
                        "destination": {"host": HOST, "subset": "v2", "port": {"number": 8080}},
                        "percentage": {"value": 12.5},
                    }
                ]
            },
        ),
        (
            {"fault": pm.Fault(delay=pm.Delay("2s", percent=10), abort=pm.Abort(503))},
            {
                "fault": {
                    "delay": {"fixedDelay": "2s", "percentage": {"value": 10}},
                    "abort": {"httpStatus": 503, "percentage": {"value": 100}},
                }
            },
        ),
        (
            {"matches": [pm.Path("/a", kind="exact"), pm.Match(method="GET", path="/b")]},
            {"match": [{"uri": {"exact": "/a"}}, {"uri": {"prefix": "/b"}, "method": {"exact": "GET"}}]},
        ),
        (
            {
                "matches": [
                    pm.Match(
                        headers={"X-User": "jason", "x-any": pm.TextMatch(kind="present")},
                        query_parameters={"q": pm.TextMatch("^a+$", kind="regex")},
                    )
                ]
            },
            {
                "match": [
                    {"headers": {"x-user": {"exact": "jason"}, "x-any": {}}, "queryParams": {"q": {"regex": "^a+$"}}}
                ]
            },
        ),
    ],
)
def test_rule(rule: dict[str, Any], wire: dict[str, Any]) -> None:
    backend = {"destination": {"host": "pay.bank.svc.cluster.local", "port": {"number": 9090}}}
    assert spec_of("VirtualService", route(**rule)) == {"hosts": [HOST], "http": [{"route": [backend], **wire}]}


def test_weights_are_written_when_there_are_several() -> None:
    mesh = route(backends=[pm.Backend(CART["v1"], weight=9), pm.Backend(CART["v2"], weight=1)])
    weights = [
        (each["destination"]["subset"], each["weight"]) for each in spec_of("VirtualService", mesh)["http"][0]["route"]
    ]
    assert weights == [("v1", 9), ("v2", 1)]


def test_redirect() -> None:
    mesh = route(
        backends=[],
        redirect=pm.Redirect(scheme="https", hostname="a.example.com", port=8443, path="/x", status_code=308),
    )
    assert spec_of("VirtualService", mesh)["http"] == [
        {"redirect": {"redirectCode": 308, "scheme": "https", "authority": "a.example.com", "port": 8443, "uri": "/x"}}
    ]


def test_hosts_of_a_gateway_route_default_to_its_listeners() -> None:
    mesh = pm.Mesh("m", gateways=[EDGE], routes=[pm.HTTPRoute("r", gateways=[EDGE], rules=[pm.Rule(backends=[CART])])])
    spec = spec_of("VirtualService", mesh)
    assert (spec["hosts"], spec["gateways"]) == (["*.example.com"], ["edge/edge"])


def test_hosts_that_a_wildcard_takes_are_left_to_it() -> None:
    # istiod refuses a virtual service in which one host takes another.
    wide = pm.Gateway("wide", listeners=[pm.Listener("http", port=80)])
    names = ["a.example.com", "*.example.com", "example.com", "b.a.example.com", "example.com"]
    rules = [pm.Rule(backends=[CART])]
    mesh = pm.Mesh("m", gateways=[wide], routes=[pm.HTTPRoute("r", gateways=[wide], hostnames=names, rules=rules)])
    assert spec_of("VirtualService", mesh)["hosts"] == ["*.example.com", "example.com"]


def test_gateway() -> None:
    listeners = [
        pm.Listener("http", port=80, https_redirect=True),
        pm.Listener("https", port=443, protocol="HTTPS", hostnames=["a.example.com"], certificate="a-cert"),
    ]
    mesh = pm.Mesh("m", gateways=[pm.Gateway("g", listeners=listeners, selector={"istio": "edge"})])
    assert spec_of("Gateway", mesh) == {
        "selector": {"istio": "edge"},
        "servers": [
            {
                "name": "http",
                "port": {"number": 80, "name": "http", "protocol": "HTTP"},
                "hosts": ["*"],
                "tls": {"httpsRedirect": True},
            },
            {
                "name": "https",
                "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
                "hosts": ["a.example.com"],
                "tls": {"mode": "SIMPLE", "credentialName": "a-cert"},
            },
        ],
    }


@pytest.mark.parametrize(
    ("policy", "wire"),
    [
        (pm.TrafficPolicy(load_balancer="ROUND_ROBIN"), {"loadBalancer": {"simple": "ROUND_ROBIN"}}),
        (
            pm.TrafficPolicy(load_balancer=pm.ConsistentHash("X-User", minimum_ring_size=512)),
            {"loadBalancer": {"consistentHash": {"httpHeaderName": "x-user", "ringHash": {"minimumRingSize": 512}}}},
        ),
        (
            pm.TrafficPolicy(
                connection_pool=pm.ConnectionPool(
                    max_connections=1,
                    connect_timeout="1s",
                    max_pending_requests=2,
                    max_requests=3,
                    max_requests_per_connection=4,
                    max_retries=5,
                    idle_timeout="1m",
                )
            ),
            {
                "connectionPool": {
                    "tcp": {"maxConnections": 1, "connectTimeout": "1s"},
                    "http": {
                        "http1MaxPendingRequests": 2,
                        "http2MaxRequests": 3,
                        "maxRequestsPerConnection": 4,
                        "maxRetries": 5,
                        "idleTimeout": "1m",
                    },
                }
            },
        ),
        (
            pm.TrafficPolicy(
                outlier_detection=pm.OutlierDetection(
                    consecutive_5xx_errors=3,
                    consecutive_gateway_errors=2,
                    interval="1s",
                    base_ejection_time="30s",
                    max_ejection_percent=100,
                )
            ),
            {
                "outlierDetection": {
                    "consecutive5xxErrors": 3,
                    "consecutiveGatewayErrors": 2,
                    "interval": "1s",
                    "baseEjectionTime": "30s",
                    "maxEjectionPercent": 100,
                }
            },
        ),
    ],
)
def test_traffic_policy(policy: pm.TrafficPolicy, wire: dict[str, Any]) -> None:
    service = pm.Service("x", namespace="a", port=80, traffic_policy=policy)
    spec = spec_of("DestinationRule", pm.Mesh("m", services=[service]))
    assert spec == {"host": "x.a.svc.cluster.local", "trafficPolicy": wire}


def test_a_retired_version_keeps_its_subset() -> None:
    service = pm.Service("x", namespace="a", port=80, versions=[pm.Version("v1", retired=True), pm.Version("v2")])
    assert [each["name"] for each in spec_of("DestinationRule", pm.Mesh("m", services=[service]))["subsets"]] == [
        "v1",
        "v2",
    ]


def test_an_external_service_is_known_and_not_rendered() -> None:
    service = CART.external(hostname="cart.other.example.com")
    mesh = pm.Mesh(
        "m", services=[service], routes=[pm.HTTPRoute("r", services=[service], rules=[pm.Rule(backends=[service])])]
    )
    assert [each.identity.kind for each in render(mesh).entries] == ["VirtualService"]
    (known,) = snapshot(mesh).services
    assert (known.hostname, known.name) == ("cart.other.example.com", "cart.other.example.com")


@pytest.mark.parametrize(
    ("mutual", "place", "spec"),
    [
        (pm.MutualTLS("STRICT"), ("istio-system", "default"), {"mtls": {"mode": "STRICT"}}),
        (pm.MutualTLS("PERMISSIVE", namespace="shop"), ("shop", "default"), {"mtls": {"mode": "PERMISSIVE"}}),
        (
            pm.MutualTLS("DISABLE", service=CART),
            ("shop", "cart"),
            {"selector": {"matchLabels": {"app": "cart"}}, "mtls": {"mode": "DISABLE"}},
        ),
        (
            pm.MutualTLS("STRICT", service=CART["v2"]),
            ("shop", "cart-v2"),
            {"selector": {"matchLabels": {"app": "cart", "version": "v2"}}, "mtls": {"mode": "STRICT"}},
        ),
    ],
)
def test_mutual_tls(mutual: pm.MutualTLS, place: tuple[str, str], spec: dict[str, Any]) -> None:
    (entry,) = render(pm.Mesh("m", mutual_tls=[mutual])).entries
    assert (entry.identity.namespace, entry.identity.name) == place
    assert to_wire(entry.object)["spec"] == spec


def test_authorization() -> None:
    policy = pm.AuthorizationPolicy(
        "p",
        target=CART["v1"],
        action="DENY",
        rules=[
            pm.AuthorizationRule(
                principals=[CART, EDGE, "other.local/ns/a/sa/b"],
                namespaces=["bank"],
                methods=["GET"],
                paths=["/a*"],
                ports=[8080],
            ),
            pm.AuthorizationRule(),
        ],
    )
    mesh = pm.Mesh("m", istio=pm.Istio.existing(trust_domain="td.example"), authorization=[policy])
    assert spec_of("AuthorizationPolicy", mesh) == {
        "selector": {"matchLabels": {"app": "cart", "version": "v1"}},
        "action": "DENY",
        "rules": [
            {
                "from": [
                    {
                        "source": {
                            "principals": [
                                "td.example/ns/shop/sa/cart",
                                "td.example/ns/edge/sa/istio-ingressgateway-service-account",
                                "other.local/ns/a/sa/b",
                            ],
                            "namespaces": ["bank"],
                        }
                    }
                ],
                "to": [{"operation": {"methods": ["GET"], "paths": ["/a*"], "ports": ["8080"]}}],
            },
            {},
        ],
    }


@pytest.mark.parametrize(
    ("namespace", "labels"),
    [
        (pm.Namespace("a", injection=True), {"istio-injection": "enabled"}),
        (pm.Namespace("a", injection=False, labels={"team": "x"}), {"team": "x", "istio-injection": "disabled"}),
        (pm.Namespace("a", revision="canary"), {"istio.io/rev": "canary"}),
    ],
)
def test_namespace(namespace: pm.Namespace, labels: dict[str, str]) -> None:
    (entry,) = render(pm.Mesh("m", namespaces=[namespace])).entries
    assert to_wire(entry.object)["metadata"] == {"name": "a", "labels": labels}
    assert entry.phase is Phase.NAMESPACES


def test_injection_names_the_revision_of_the_control_plane() -> None:
    istio_ = pm.Istio.existing(revision="1-31")
    namespaces = [
        pm.Namespace("a", injection=True),
        pm.Namespace("b", injection=False),
        pm.Namespace("c", revision="x"),
    ]
    rendered = render(pm.Mesh("m", istio=istio_, namespaces=namespaces))
    assert [dict(each.object.labels) for each in rendered.entries] == [
        {"istio.io/rev": "1-31"},
        {"istio-injection": "disabled"},
        {"istio.io/rev": "x"},
    ]


def test_a_canary_keeps_each_port_on_its_own() -> None:
    api = pm.Service("api", namespace="shop", ports=[8080, 9090, pm.Port(5432, protocol="TCP")], versions=["v1", "v2"])
    canary = pm.Canary(api, stable="v1", candidate="v2", stages=[pm.Stage(weight=10)])
    mesh = pm.Mesh("m", services=[CART, dataclasses.replace(PAY, calls=[api])], canaries=[canary]).at({"api": 1})
    rules = [(each["match"], each["route"]) for each in spec_of("VirtualService", mesh)["http"]]
    assert [match for match, _ in rules] == [[{"port": 8080}], [{"port": 9090}]]
    assert [{to["destination"]["port"]["number"] for to in route} for _, route in rules] == [{8080}, {9090}]
    for name, config in ((c.name, c) for c in views_of(mesh)["pay"].routes):
        for host in config.virtual_hosts:
            if host.name.startswith("api.shop"):
                action = host.routes[0].action
                assert isinstance(action, Forward)
                assert [each.cluster.split("|")[1] for each in action.weighted] == [name, name]


def test_every_proxy_has_a_name_of_its_own() -> None:
    services = [
        pm.Service("a", namespace="edge", port=80, versions=["v1"]),
        pm.Service("a-v1", namespace="edge", port=80),
        pm.Service("edge", namespace="edge", port=80),
    ]
    names = [each.name for each in snapshot(pm.Mesh("m", services=services, gateways=[EDGE])).proxies]
    assert names == ["edge.gateway", "a-v1", "a-v1.all", "edge"]


def test_two_declarations_of_one_thing_in_the_cluster() -> None:
    with pytest.raises(pm.InvalidError, match="a and b have one name in the cluster"):
        pm.Mesh("m", namespaces=[pm.Namespace("a", physical_name="p"), pm.Namespace("b", physical_name="p")])
    with pytest.raises(pm.InvalidError, match="bank/pay and shop/cart have one name in the cluster"):
        pm.Mesh("m", services=[each.external(hostname="x.example.com") for each in (CART, PAY)])


def test_a_domain_of_ones_own() -> None:
    mesh = pm.Mesh("m", istio=pm.Istio.existing(domain="corp.example"), services=[CART])
    assert spec_of("DestinationRule", mesh)["host"] == "cart.shop.svc.corp.example"
    views = views_of(mesh)
    hosts = {host.name for view in views.values() for config in view.routes for host in config.virtual_hosts}
    assert "cart.shop.svc.corp.example:8080" in hosts
    assert all("cluster.local" not in view.node for view in views.values())


def test_phases_come_in_order() -> None:
    mesh = pm.Mesh(
        "m",
        namespaces=[pm.Namespace("shop")],
        services=[CART],
        gateways=[EDGE],
        routes=[pm.HTTPRoute("r", gateways=[EDGE], rules=[pm.Rule(backends=[CART])])],
        mutual_tls=[pm.MutualTLS("STRICT")],
    )
    phases = [each.phase for each in render(mesh).entries]
    assert phases == sorted(phases)
    assert set(phases) == set(Phase)


def test_objects_of_ones_own() -> None:
    filter_ = istio.EnvoyFilter("f", namespace="shop", spec={"configPatches": []})
    rule = istio.DestinationRule("cart", namespace="shop", spec={"host": HOST})
    assert render(pm.Mesh("m", objects=[filter_])).objects == (filter_,)
    replaced = render(pm.Mesh("m", services=[CART], objects=[pm.replace(rule)]))
    assert replaced.objects == (rule,)
    with pytest.raises(pm.InvalidError, match=r"DestinationRule shop/cart comes from .* already; to replace it"):
        render(pm.Mesh("m", services=[CART], objects=[rule]))
    with pytest.raises(pm.InvalidError, match="nothing to replace"):
        render(pm.Mesh("m", objects=[pm.replace(rule)]))


def test_the_order_of_a_mesh_does_not_matter() -> None:
    services = [CART, PAY]
    mutual = [pm.MutualTLS("STRICT"), pm.MutualTLS("PERMISSIVE", namespace="bank")]
    one = pm.Mesh("m", services=services, mutual_tls=mutual)
    other = pm.Mesh("m", services=services[::-1], mutual_tls=mutual[::-1])
    assert render(one).objects == render(other).objects
    assert snapshot(one) == snapshot(other)


def test_used_meshes_are_known_and_not_rendered() -> None:
    platform = pm.Mesh("platform", gateways=[EDGE], mutual_tls=[pm.MutualTLS("STRICT")])
    shop = pm.Mesh(
        "shop",
        uses=[platform],
        services=[CART],
        routes=[pm.HTTPRoute("r", gateways=[platform.gateway("edge")], rules=[pm.Rule(backends=[CART])])],
    )
    assert {each.identity.kind for each in render(shop).entries} == {"DestinationRule", "VirtualService"}
    known = {name.partition("/")[2] for name in snapshot(shop).objects}
    assert known == {"DestinationRule", "Gateway", "PeerAuthentication", "VirtualService"}
