"""Which listeners, services and namespaces a route is attached to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.resolve.gateway_api.given import (
    HOST,
    backend,
    gateway,
    istio,
    listener,
    listener_set,
    namespace,
    route,
    rule,
    service,
)


def attached(*manifests: dict[str, Any]) -> list[tuple[str, str]]:
    """Host and gateway of each virtual service; of a listener the last part of its Gateway's name."""
    made = istio("VirtualService", *manifests).values()
    return sorted((each["spec"]["hosts"][0], each["spec"]["gateways"][0].rpartition("~")[2]) for each in made)


@pytest.mark.parametrize(
    ("parent", "found"),
    [
        ({"name": "edge"}, ["a", "b", "c"]),
        ({"name": "edge", "sectionName": "b"}, ["b"]),
        ({"name": "edge", "port": 80}, ["a"]),
        ({"name": "edge", "port": 81}, ["b", "c"]),
        ({"name": "edge", "port": 80, "sectionName": "b"}, []),
        ({"name": "edge", "sectionName": "nowhere"}, []),
        ({"name": "other"}, []),
        ({"name": "edge", "namespace": "elsewhere"}, []),
        ({"name": "edge", "kind": "ListenerSet"}, []),
        ({"name": "edge", "group": "acme.example", "kind": "Gateway"}, []),
    ],
)
def test_parent_section_and_port(parent: dict[str, Any], found: list[str]) -> None:
    edge = gateway(listener("a", 80), listener("b", 81, hostname="b.com"), listener("c", 81))
    made = attached(edge, route(rule(backend()), parents=[parent], hostnames=["b.com"] if found == ["b"] else []))
    # Without host names of its own a route is for all, wherever the parent's listeners tell it from others.
    assert [gateway_ for _, gateway_ in made] == found


@pytest.mark.parametrize(
    ("own", "hostnames", "found"),
    [
        ("", [], ["*"]),
        ("", ["x.com"], ["x.com"]),
        ("*.com", [], ["*"]),
        ("*.com", ["x.com", "x.org"], ["x.com"]),
        ("*.com", ["x.org"], []),
        ("x.com", ["*.com"], ["*.com"]),
        ("x.com", ["y.com"], []),
        ("*.x.com", ["x.com"], []),
        ("*.x.com", ["a.b.x.com"], ["a.b.x.com"]),
    ],
)
def test_host_names_of_listener_and_route(own: str, hostnames: list[str], found: list[str]) -> None:
    edge = gateway(listener(**({"hostname": own} if own else {})))
    assert [host for host, _ in attached(edge, route(rule(backend()), hostnames=hostnames))] == found


def test_narrower_listener_of_the_same_port_takes_its_hosts() -> None:
    listeners = [
        listener("any"),
        listener("com", hostname="*.com"),
        listener("x", hostname="x.com"),
        listener("else", 81, hostname="*.com"),
        listener("tls", 443, "HTTPS", hostname="x.com", tls={"certificateRefs": [{"name": "cert"}]}),
    ]
    made = attached(gateway(*listeners), route(rule(backend()), hostnames=["x.com", "y.com", "z.org"]))
    # Of a listener with one whole host name the others are left out only by the proxy.
    assert made == [
        ("x.com", "else"), ("x.com", "tls"), ("x.com", "x"),
        ("y.com", "com"), ("y.com", "else"), ("y.com", "tls"), ("y.com", "x"),
        ("z.org", "any"), ("z.org", "tls"), ("z.org", "x"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("allowed", "found"),
    [
        (None, ["infra"]),
        ("Same", ["infra"]),
        ("All", ["apps", "infra", "others"]),
        ({"from": "Selector", "selector": {"matchLabels": {"team": "a"}}}, ["apps"]),
    ],
)
def test_namespaces(allowed: Any, found: list[str]) -> None:
    routes = [
        route(
            rule(backend()), namespace=each, parents=[{"name": "edge", "namespace": "infra"}], hostnames=[f"{each}.com"]
        )
        for each in ("infra", "apps", "others")
    ]
    spaces = [namespace("infra"), namespace("apps", team="a"), namespace("others")]
    made = attached(gateway(listener(namespaces=allowed)), *routes, *spaces)
    assert [host.removesuffix(".com") for host, _ in made] == found


@pytest.mark.parametrize(
    ("protocol", "tls", "kinds", "found"),
    [
        ("HTTP", None, None, ["GRPCRoute", "HTTPRoute"]),
        ("HTTPS", {}, None, ["GRPCRoute", "HTTPRoute"]),
        ("HTTP", None, ["GRPCRoute"], ["GRPCRoute"]),
        ("HTTP", None, ["TCPRoute", "HTTPRoute"], ["HTTPRoute"]),
        ("TCP", None, None, ["TCPRoute"]),
        ("TLS", {"mode": "Passthrough"}, None, ["TLSRoute"]),
        ("TLS", {}, None, ["TCPRoute", "TLSRoute"]),
    ],
)
def test_kinds_of_routes(protocol: str, tls: dict[str, str] | None, kinds: list[str] | None, found: list[str]) -> None:
    more: dict[str, Any] = {} if tls is None else {"tls": {"certificateRefs": [{"name": "cert"}], **tls}}
    if kinds:
        more["allowedRoutes"] = {"kinds": [{"kind": each} for each in kinds]}
    routes = [
        route(rule(backend()), kind=each, name=each.lower(), **({"hostnames": ["x.com"]} if each == "TLSRoute" else {}))
        for each in ("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute")
    ]
    made = istio("VirtualService", gateway(listener("one", 80, protocol, **more)), *routes).values()
    parents = ",".join(each["metadata"]["annotations"]["internal.istio.io/parents"] for each in made)
    assert sorted(each.partition("/")[0] for each in parents.split(",")) == found


@pytest.mark.parametrize(
    ("parent", "found"),
    [
        ({"kind": "Service", "group": "", "name": "a"}, [HOST.format("a", "infra")]),
        ({"kind": "Service", "group": "", "name": "a", "namespace": "infra"}, [HOST.format("a", "infra")]),
        ({"kind": "Service", "group": "", "name": "a", "namespace": "apps"}, [HOST.format("a", "apps")]),
        ({"kind": "Service", "group": "", "name": "nobody"}, []),
        ({"kind": "ServiceEntry", "group": "networking.istio.io", "name": "out"}, ["one.example", "two.example"]),
        ({"kind": "ServiceEntry", "group": "networking.istio.io", "name": "nobody"}, []),
        ({"kind": "Service", "group": "acme.example", "name": "a"}, []),
    ],
)
def test_route_of_a_service_is_for_the_mesh(parent: dict[str, str], found: list[str]) -> None:
    entry = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": "out", "namespace": "infra"},
        "spec": {
            "hosts": ["one.example", "two.example"],
            "ports": [{"name": "http", "number": 80, "protocol": "HTTP"}],
        },
    }
    services = [service("a"), service("a", "apps")]
    assert attached(*services, entry, route(rule(backend()), parents=[parent], hostnames=["not.asked"])) == [
        (each, "mesh") for each in found
    ]


@pytest.mark.parametrize(
    ("labels", "controller", "found"),
    [
        ({"istio.io/use-waypoint": "way"}, "acme.example/waypoints", False),
        ({"istio.io/use-waypoint": "way"}, "istio.io/mesh-controller", True),
        ({"istio.io/use-waypoint": "none"}, "acme.example/waypoints", True),
        ({"istio.io/use-waypoint": "missing"}, "acme.example/waypoints", True),
        ({}, "acme.example/waypoints", True),
    ],
)
def test_service_behind_a_waypoint_of_others(labels: dict[str, str], controller: str, found: bool) -> None:
    way = gateway(listener(), name="way", gatewayClassName="ways")
    kind = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": "ways"},
        "spec": {"controllerName": controller},
    }
    target = service("a")
    target["metadata"]["labels"] = labels
    given = route(rule(backend()), parents=[{"kind": "Service", "group": "", "name": "a"}])
    assert bool(attached(way, kind, target, given)) is found


def test_listener_set_is_a_parent_of_its_own() -> None:
    edge = gateway(listener(), allowedListeners={"namespaces": {"from": "All"}})
    more = listener_set(listener("extra", 90), listener("secure", 91, "HTTPS"))
    own = route(rule(backend()), name="own", parents=[{"name": "more", "kind": "ListenerSet"}], hostnames=["own.com"])
    edges = route(rule(backend()), name="edges", hostnames=["edges.com"])
    assert attached(edge, more, own, edges) == [("edges.com", "http"), ("own.com", "extra")]
