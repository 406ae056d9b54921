"""Whole ways: from a client or a gateway to workloads, with the identities and refusals on them."""

from __future__ import annotations

from typing import Any

from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.registry import snapshot_of
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.manifests.wire import AnyObject, from_wire
from pulumi_mesh.proxy.journey import Answer, journey
from pulumi_mesh.proxy.simulate.url import request_of


def _object(api: str, kind: str, name: str, namespace: str, **rest: Any) -> AnyObject:
    labels = rest.pop("labels", {})
    metadata = (
        {"name": name, "namespace": namespace, "labels": labels} if namespace else {"name": name, "labels": labels}
    )
    return from_wire({"apiVersion": api, "kind": kind, "metadata": metadata, **rest})


def _istio(kind: str, name: str, spec: dict[str, Any]) -> AnyObject:
    group = "security" if kind in ("PeerAuthentication", "AuthorizationPolicy") else "networking"
    return _object(f"{group}.istio.io/v1", kind, name, "shop", spec=spec)


def _service(name: str, namespace: str, address: str, port: int, target: int) -> AnyObject:
    ports = [{"name": "http", "port": port, "targetPort": target}]
    spec = {"clusterIP": address, "selector": {"app": name}, "ports": ports}
    return _object("v1", "Service", name, namespace, spec=spec)


def _pod(name: str, namespace: str, app: str, version: str, address: str) -> AnyObject:
    spec = {"serviceAccountName": app, "containers": [{"name": app, "image": "app:1"}]}
    labels = {"app": app, "version": version}
    return _object(
        "v1", "Pod", name, namespace, labels=labels, spec=spec, status={"podIP": address, "phase": "Running"}
    )


FACTS = (
    _object("v1", "Namespace", "shop", "", labels={"istio-injection": "enabled"}),
    _object("v1", "Namespace", "bare", ""),
    _service("reviews", "shop", "10.1.0.1", 80, 9080),
    _service("web", "shop", "10.1.0.2", 80, 8080),
    _service("cron", "bare", "10.1.0.3", 80, 8080),
    _pod("reviews-1", "shop", "reviews", "v1", "10.0.0.1"),
    _pod("reviews-2", "shop", "reviews", "v2", "10.0.0.2"),
    _pod("web-1", "shop", "web", "v1", "10.0.0.3"),
    _pod("cron-1", "bare", "cron", "v1", "10.0.0.4"),
)
SUBSETS = _istio(
    "DestinationRule",
    "reviews",
    {"host": "reviews", "subsets": [{"name": each, "labels": {"version": each}} for each in ("v1", "v2")]},
)
SPLIT = _istio(
    "VirtualService",
    "reviews",
    {
        "hosts": ["reviews"],
        "http": [
            {
                "route": [
                    {"destination": {"host": "reviews", "subset": "v1"}, "weight": 75},
                    {"destination": {"host": "reviews", "subset": "v2"}, "weight": 25},
                ]
            }
        ],
    },
)
STRICT = _istio("PeerAuthentication", "default", {"mtls": {"mode": "STRICT"}})


def ways(url: str, source: str, *objects: AnyObject, method: str = "GET") -> tuple[Answer, ...]:
    snapshot = snapshot_of([*FACTS, *objects])
    return journey(snapshot, request_of(url, method), _proxy(snapshot, source) if source else None).answers


def _proxy(snapshot: Snapshot, name: str) -> Proxy:
    return next(each for each in snapshot.proxies if each.name == name)


def test_weights_are_branches_with_the_clients_identity() -> None:
    found = ways("http://reviews/", "web-1", SUBSETS, SPLIT, STRICT)
    assert [(each.fraction, each.status, each.hops[-1].workload) for each in found] == [
        (0.75, 200, "reviews-1.shop"),
        (0.25, 200, "reviews-2.shop"),
    ]
    for each in found:
        server = each.hops[-1]
        assert (server.request.tls, server.request.port, server.inbound) == ("mtls", 9080, True)
        assert server.outcome.principal == "spiffe://cluster.local/ns/shop/sa/web"


def test_a_workload_without_a_sidecar_gets_plaintext() -> None:
    (found,) = ways("http://cron.bare/", "web-1", STRICT)
    last = found.hops[-1]
    assert (found.status, last.proxy, last.workload, last.request.tls) == (200, None, "cron-1.bare", "plaintext")


def test_a_workload_without_a_sidecar_cannot_end_mutual_tls() -> None:
    rule = _istio(
        "DestinationRule",
        "cron",
        {"host": "cron.bare.svc.cluster.local", "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}},
    )
    (found,) = ways("http://cron.bare/", "web-1", rule)
    assert (found.status, found.error) == (503, "invalid mTLS")


def test_plaintext_to_a_strict_server() -> None:
    rule = _istio("DestinationRule", "web", {"host": "web", "trafficPolicy": {"tls": {"mode": "DISABLE"}}})
    (refused,) = ways("http://web/", "reviews-1", rule, STRICT)
    assert (refused.status, refused.error) == (503, "no filter chains matched")
    (taken,) = ways("http://web/", "reviews-1", rule)
    assert (taken.status, taken.error) == (200, "")


def test_denied_at_the_server() -> None:
    deny = _istio(
        "AuthorizationPolicy",
        "no-writes",
        {
            "selector": {"matchLabels": {"app": "web"}},
            "action": "DENY",
            "rules": [{"to": [{"operation": {"methods": ["POST"]}}]}],
        },
    )
    (refused,) = ways("http://web/", "reviews-1", deny, method="POST")
    assert (refused.status, refused.error, refused.hops[-1].workload) == (403, "denied", "web-1.shop")
    (taken,) = ways("http://web/", "reviews-1", deny)
    assert taken.status == 200


def test_through_a_gateway_whose_service_maps_its_port() -> None:
    pod = _object(
        "v1",
        "Pod",
        "ingress-1",
        "shop",
        labels={"istio": "ingress"},
        spec={"serviceAccountName": "ingress", "containers": [{"name": "istio-proxy", "image": "proxy:1"}]},
        status={"podIP": "10.0.0.9", "phase": "Running"},
    )
    front = _object(
        "v1",
        "Service",
        "ingress",
        "shop",
        spec={
            "clusterIP": "10.1.0.9",
            "selector": {"istio": "ingress"},
            "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
        },
    )
    server = {"port": {"number": 8080, "name": "http", "protocol": "HTTP"}, "hosts": ["shop.example.com"]}
    gateway = _istio("Gateway", "public", {"selector": {"istio": "ingress"}, "servers": [server]})
    route = _istio(
        "VirtualService",
        "web",
        {
            "hosts": ["shop.example.com"],
            "gateways": ["public"],
            "http": [{"route": [{"destination": {"host": "web"}}]}],
        },
    )
    (found,) = ways("http://shop.example.com/", "", pod, front, gateway, route, STRICT)
    assert [hop.workload for hop in found.hops][-1] == "web-1.shop"
    assert (found.status, found.hops[0].request.port, found.hops[-1].request.tls) == (200, 8080, "mtls")
    (unknown,) = ways("http://other.example.com/", "", pod, front, gateway, route)
    assert (unknown.status, len(unknown.hops)) == (404, 1)


def test_a_share_whose_service_is_not_there_is_answered_as_its_route_says() -> None:
    shares = [{"name": "reviews", "port": 80, "weight": 3}, {"name": "gone", "port": 80, "weight": 1}]
    parent = {"group": "", "kind": "Service", "name": "reviews", "port": 80}
    route = _object(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        "reviews",
        "shop",
        spec={"parentRefs": [parent], "rules": [{"backendRefs": shares}]},
    )
    found = ways("http://reviews/", "web-1", route)
    assert sum(each.fraction for each in found if each.status == 200) == 0.75
    (failing,) = (each for each in found if each.error)
    assert (failing.fraction, failing.status, failing.error) == (0.25, 500, "unknown cluster")
