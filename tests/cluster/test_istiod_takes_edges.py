"""What the model takes at its edges, istiod takes too: no mesh that `check` lets pass is refused by a cluster."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest

import pulumi_mesh as pm
from pulumi_mesh.manifests.wire import to_wire
from pulumi_mesh.render import render
from tests.cluster.tools.istiod import Istiod
from tests.cluster.tools.kubectl import Kubectl

CART = pm.Service("cart", namespace="default", port=8080, versions=["v1", "v2"])
PUBLIC = pm.Gateway("public", listeners=[pm.Listener("http", port=80)])


def matching(**fields: Any) -> dict[str, Any]:
    """A rule with one match."""
    return {"matches": [pm.Match(**fields)]}


RULES: dict[str, dict[str, Any]] = {
    "the shortest timeout": {"timeout": "1ms"},
    "a long timeout": {"timeout": "24h"},
    "a timeout of several units": {"timeout": "1h2m3s4ms"},
    "no retries": {"retries": pm.Retries(0)},
    "most retries": {"retries": pm.Retries(100, per_try_timeout="1ms")},
    "retries on any answer": {"retries": pm.Retries(1, status_codes=[code.value for code in HTTPStatus])},
    "retries on every condition": {
        "retries": pm.Retries(
            1,
            conditions=[
                "5xx",
                "gateway-error",
                "reset",
                "reset-before-request",
                "connect-failure",
                "envoy-ratelimited",
                "retriable-4xx",
                "refused-stream",
                "retriable-status-codes",
                "retriable-headers",
                "http3-post-connect-failure",
                "cancelled",
                "deadline-exceeded",
                "internal",
                "resource-exhausted",
                "unavailable",
            ],
        )
    },
    "a share of nothing": {"backends": [pm.Backend(CART["v1"], weight=0), pm.Backend(CART["v2"], weight=1)]},
    "shares over a hundred": {"backends": [pm.Backend(CART["v1"], weight=1000), pm.Backend(CART["v2"], weight=999)]},
    "mirroring nothing": {"mirror": pm.Mirror(CART, percent=0)},
    "mirroring a little": {"mirror": pm.Mirror(CART, percent=0.0001)},
    "delaying nothing": {"fault": pm.Fault(delay=pm.Delay("1ms", percent=0))},
    "aborting with 200": {"fault": pm.Fault(abort=pm.Abort(200))},
    "aborting with 599": {"fault": pm.Fault(abort=pm.Abort(599, percent=0.0001))},
    "an empty path": {"rewrite": pm.Rewrite(path="/")},
    "another host": {"rewrite": pm.Rewrite(hostname="a.example.com")},
    "an empty header value": {"request_headers": pm.HeaderChanges(set={"x-empty": ""})},
    "a header value with everything": {"response_headers": pm.HeaderChanges(set={"x-all": 'a b;c="d"%%,\'{}'})},
    "every path": matching(path=pm.Path("/")),
    "an exact path with a query's marks": matching(path=pm.Path("/a&b=c%20", kind="exact")),
    "any path by a pattern": matching(path=pm.Path(".*", kind="regex")),
    "a pattern that only RE2 has": matching(path=pm.Path(r"(?i)/\pL+", kind="regex")),
    "a header that is there": matching(headers={"x-there": pm.TextMatch(kind="present")}),
    "a parameter that is there": matching(query_parameters={"there": pm.TextMatch(kind="present")}),
    "a parameter by a prefix": matching(query_parameters={"there": pm.TextMatch("a", kind="prefix")}),
    "a method alone": matching(method="CONNECT"),
    "the host as a header": matching(headers={"host": "shop.example.com"}),
    "a redirect to another scheme": {"redirect": pm.Redirect(scheme="https")},
    "a redirect to another port": {"redirect": pm.Redirect(port=8443)},
    "a redirect to another host": {"redirect": pm.Redirect(hostname="new.example.com", status_code=307)},
    "a redirect to another path": {"redirect": pm.Redirect(path="/new?a=b#c", status_code=303)},
}

POLICIES = {
    "the shortest times": pm.TrafficPolicy(
        connection_pool=pm.ConnectionPool(connect_timeout="1ms", idle_timeout="1ms"),
        outlier_detection=pm.OutlierDetection(interval="1ms", base_ejection_time="1ms", max_ejection_percent=0),
    ),
    "the largest counts": pm.TrafficPolicy(
        connection_pool=pm.ConnectionPool(
            max_connections=2**31 - 1,
            max_pending_requests=2**31 - 1,
            max_requests=2**31 - 1,
            max_requests_per_connection=2**31 - 1,
            max_retries=2**31 - 1,
        ),
        outlier_detection=pm.OutlierDetection(
            consecutive_5xx_errors=2**31 - 1, consecutive_gateway_errors=2**31 - 1, max_ejection_percent=100
        ),
    ),
    "the smallest ring": pm.TrafficPolicy(load_balancer=pm.ConsistentHash("x-user", minimum_ring_size=1)),
    "the largest ring": pm.TrafficPolicy(load_balancer=pm.ConsistentHash("x-user", minimum_ring_size=8 * 1024 * 1024)),
}

AUTHORIZED = {
    "everyone": pm.AuthorizationRule(),
    "any identity": pm.AuthorizationRule(principals=["*"]),
    "any path": pm.AuthorizationRule(paths=["*"]),
    "paths by their end": pm.AuthorizationRule(paths=["*.css"]),
    "a port": pm.AuthorizationRule(ports=[8080]),
    "every method": pm.AuthorizationRule(
        methods=["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]
    ),
}


def taken(kubectl: Kubectl, mesh: pm.Mesh) -> None:
    """Apply what a mesh renders, in order. istiod is asked about each object; its words are the error."""
    kubectl.apply(*(to_wire(each) for each in render(mesh).objects))


@pytest.mark.parametrize("at", ["gateway", "services"])
@pytest.mark.parametrize("rule", RULES)
def test_a_rule(rule: str, at: str, istiod: Istiod, kubectl: Kubectl) -> None:
    fields = RULES[rule]
    if not fields.keys() & {"backends", "redirect"}:
        fields = {**fields, "backends": [CART]}
    where: dict[str, Any] = {"gateways": [PUBLIC]} if at == "gateway" else {"services": [CART]}
    route = pm.HTTPRoute("cart", namespace="default", **where, rules=[pm.Rule(**fields)])
    taken(kubectl, pm.Mesh("shop", services=[CART], gateways=[PUBLIC], routes=[route]))


@pytest.mark.parametrize("policy", POLICIES)
def test_a_traffic_policy(policy: str, istiod: Istiod, kubectl: Kubectl) -> None:
    taken(
        kubectl,
        pm.Mesh(
            "shop",
            services=[pm.Service("cart", namespace="default", port=8080, traffic_policy=POLICIES[policy])],
        ),
    )


@pytest.mark.parametrize("rule", AUTHORIZED)
@pytest.mark.parametrize("action", ["ALLOW", "DENY"])
def test_an_authorization_rule(action: Any, rule: str, istiod: Istiod, kubectl: Kubectl) -> None:
    policy = pm.AuthorizationPolicy("cart", target=CART, action=action, rules=[AUTHORIZED[rule]])
    taken(kubectl, pm.Mesh("shop", services=[CART], authorization=[policy]))
