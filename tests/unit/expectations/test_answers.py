"""What the client gets of an application's answer, after every proxy on its way back."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.expectations import Application, Seen, seen_on
from pulumi_mesh.manifests.loading import load_objects
from pulumi_mesh.manifests.registry import snapshot_of
from pulumi_mesh.proxy.journey import journey
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.simulate.url import request_of

MESH = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {clusterIP: 10.1.0.1, selector: {app: reviews}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: reviews-v1-5d8f, namespace: shop, labels: {app: reviews}}
spec: {containers: [{name: app, image: app:1}]}
status: {podIP: 10.0.0.1, phase: Running}
---
apiVersion: v1
kind: Pod
metadata:
  name: ingress-1
  namespace: shop
  labels: {istio: ingress}
  annotations: {inject.istio.io/templates: gateway}
spec: {containers: [{name: istio-proxy, image: auto}]}
status: {podIP: 10.0.0.2, phase: Running}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public, namespace: shop}
spec:
  selector: {istio: ingress}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [shop.example.com]
  gateways: [public]
  http:
  - match: [{uri: {prefix: /moved}}]
    redirect: {uri: /reviews}
  - timeout: 2s
    retries: {attempts: 1, perTryTimeout: 1s}
    corsPolicy: {allowOrigins: [{exact: "https://a.b"}], allowCredentials: true}
    headers: {response: {add: {x-added: mesh}, set: {x-set: mesh}, remove: [x-gone]}}
    rewrite: {uri: /v1/, authority: reviews}
    route: [{destination: {host: reviews}}]
"""


def seen(url: str, application: Application | None = None, *, by: str = "", **headers: str) -> Seen:
    snapshot = snapshot_of([each for each, _ in load_objects(MESH)])
    view_of = partial(resolve, snapshot)
    gateway = next((each for each in snapshot.proxies if each.kind == "router"), None)
    sent = request_of(url, headers=headers.items())
    return seen_on(journey(snapshot, sent, gateway if by else None, view_of=view_of), view_of, application)


def test_what_proxies_change_of_an_answer() -> None:
    given = {"X-Added": "app", "x-set": "app", "x-gone": "app", "x-kept": "app"}
    found = seen("http://shop.example.com/reviews", Application(headers=given))
    assert (found.status, found.host, found.path) == (200, "reviews", "/v1/reviews")
    assert sorted(found.response_headers) == [
        ("x-added", "app"),
        ("x-added", "mesh"),
        ("x-kept", "app"),
        ("x-set", "mesh"),
    ]


def test_who_gets_it_by_a_named_gateway() -> None:
    found = seen("http://shop.example.com/reviews", by="gateway")
    assert [(each.host, each.workload) for each in found.destinations] == [
        ("reviews.shop.svc.cluster.local", "reviews-v1-5d8f.shop")
    ]


def test_a_filter_answers_for_the_application() -> None:
    given = {"Access-Control-Allow-Origin": "*"}
    found = seen("http://shop.example.com/reviews", Application(headers=given), origin="https://a.b")
    assert [value for name, value in found.response_headers if name == "access-control-allow-origin"] == ["https://a.b"]


def test_where_a_proxy_answers_the_application_is_not_asked() -> None:
    found = seen("http://shop.example.com/moved/1", Application(headers={"x-kept": "app"}, after="1h"))
    assert (found.status, found.location) == (301, "http://shop.example.com/reviews")
    assert "x-kept" not in dict(found.response_headers)
    assert (found.host, found.path, found.request_headers) == ("", "", ())


@pytest.mark.parametrize(("after", "status"), [("1s", 200), ("1001ms", 504), ("1h", 504)])
def test_an_application_that_takes_too_long(after: str, status: int) -> None:
    found = seen("http://shop.example.com/reviews", Application(headers={"x-kept": "app"}, after=after))
    assert found.status == status
    assert ("x-kept" in dict(found.response_headers)) == (status == 200)
    assert dict(found.response_headers)["x-set"] == "mesh"  # also of the proxy's own answer
    assert any("no answer within 1s" in step.text for step in found.why) == (status == 504)


def test_a_client_of_grpc_is_told_in_its_own_way() -> None:
    headers: dict[str, Any] = {"content-type": "application/grpc"}
    found = seen("http://shop.example.com/reviews", Application(after="3s"), **headers)
    assert (found.status, dict(found.response_headers)["grpc-status"]) == (200, "14")


def test_a_time_that_is_none() -> None:
    with pytest.raises(InvalidError, match="after: 'soon' is not a duration"):
        Application(after="soon")
