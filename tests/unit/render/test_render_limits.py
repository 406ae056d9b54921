"""Rate limits as EnvoyFilters, whose filters a real Envoy takes; telemetry."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import pulumi_mesh as pm
from pulumi_mesh.local.validate import validate
from pulumi_mesh.manifests.wire import to_wire
from pulumi_mesh.render import render

CART = pm.Service("cart", namespace="shop", ports=[8080, pm.Port(9090, target_port=9091)])
LIMITER = pm.Service("ratelimit", namespace="limits", ports=[pm.Port(8081, protocol="GRPC"), 80])
EDGE = pm.Gateway("edge", namespace="edge", listeners=[pm.Listener("http", port=80)])
CHECKOUT = pm.HTTPRoute(
    "shop", namespace="shop", gateways=[EDGE], rules=[pm.Rule(name="checkout", direct_response=pm.DirectResponse(200))]
)
BUCKET = pm.TokenBucket(100, fill_interval="1m")
LIMITER_HOST = "ratelimit.limits.svc.cluster.local"
ALL = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
LOCAL = "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"


def spec_of(kind: str, mesh: pm.Mesh) -> dict[str, Any]:
    (spec,) = (to_wire(each.object)["spec"] for each in render(mesh).entries if each.identity.kind == kind)
    return dict(spec)


def takes(filters: list[dict[str, Any]], route: dict[str, Any]) -> None:
    """A real Envoy takes the filters, and what a route says of them."""
    types = "type.googleapis.com/envoy.extensions.filters"
    router = f"{types}.http.router.v3.Router"
    manager = {
        "@type": f"{types}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "a",
        "http_filters": [*filters, {"name": "router", "typed_config": {"@type": router}}],
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "a",
                    "domains": ["*"],
                    "rate_limits": route.pop("rate_limits", []),
                    "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200}, **route}],
                }
            ]
        },
    }
    listener = {
        "name": "a",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    cluster = {"name": f"outbound|8081||{LIMITER_HOST}", "type": "STATIC", "connect_timeout": "1s"}
    asyncio.run(validate({"static_resources": {"listeners": [listener], "clusters": [cluster]}}))


@pytest.mark.parametrize(
    ("target", "selector", "context", "listener"),
    [
        (CART, {"app": "cart"}, "SIDECAR_INBOUND", {"filterChain": {"destinationPort": 9091}}),
        (EDGE, {"istio": "ingressgateway"}, "GATEWAY", {"portNumber": 80, "filterChain": {}}),
    ],
)
def test_local_rate_limit(target: Any, selector: Any, context: str, listener: dict[str, Any]) -> None:
    port = 9091 if target is CART else 80
    bucket = pm.TokenBucket(10, fill_interval="500ms", tokens_per_fill=5)
    limit = pm.LocalRateLimit("few", target=target, token_bucket=bucket, port=port)
    spec = spec_of("EnvoyFilter", pm.Mesh("m", local_rate_limits=[limit]))
    (patch,) = spec["configPatches"]
    assert spec["workloadSelector"] == {"labels": selector}
    chain = {"filter": {"name": "envoy.filters.network.http_connection_manager"}, **listener["filterChain"]}
    assert patch["match"] == {"context": context, "listener": {**listener, "filterChain": chain}}
    assert patch["patch"] == {
        "operation": "INSERT_BEFORE",
        "value": {
            "name": f"envoy.filters.http.local_ratelimit.{limit.namespace}.few",
            "typed_config": {
                "@type": LOCAL,
                "stat_prefix": f"{limit.namespace}.few",
                "token_bucket": {"max_tokens": 10, "tokens_per_fill": 5, "fill_interval": "0.5s"},
                "filter_enabled": ALL,
                "filter_enforced": ALL,
            },
        },
    }
    takes([patch["patch"]["value"]], {})


def test_local_rate_limits_of_rules() -> None:
    limits = [
        pm.LocalRateLimit("one", target=EDGE, token_bucket=BUCKET, rule="checkout"),
        pm.LocalRateLimit("two", target=EDGE, token_bucket=BUCKET),
    ]
    mesh = pm.Mesh("m", routes=[CHECKOUT], local_rate_limits=limits)
    one, two = (
        to_wire(each.object)["spec"]["configPatches"]
        for each in render(mesh).entries
        if each.identity.kind == "EnvoyFilter"
    )
    inserted, merged = one
    name = "envoy.filters.http.local_ratelimit.edge.one"
    assert inserted["patch"]["value"] == {"name": name, "typed_config": {"@type": LOCAL, "stat_prefix": "edge.one"}}
    assert merged["applyTo"] == "HTTP_ROUTE"
    assert merged["match"] == {
        "context": "GATEWAY",
        "routeConfiguration": {"vhost": {"route": {"name": "checkout"}}},
    }
    config = merged["patch"]["value"]["typed_per_filter_config"][name]
    assert config["token_bucket"] == {"max_tokens": 100, "tokens_per_fill": 100, "fill_interval": "60s"}
    takes([inserted["patch"]["value"], two[0]["patch"]["value"]], merged["patch"]["value"])


def test_global_rate_limit() -> None:
    limit = pm.GlobalRateLimit(
        "shared",
        target=EDGE,
        service=pm.Destination(LIMITER, port=8081),
        domain="shop",
        descriptors=[
            [pm.DescriptorEntry("path", header=":path"), pm.DescriptorEntry("tier", value="gold")],
            [pm.DescriptorEntry("remote_address")],
        ],
        failure_mode_deny=True,
        timeout="200ms",
    )
    mesh = pm.Mesh("m", global_rate_limits=[limit])
    assert mesh.known_services == (LIMITER,)
    inserted, merged = spec_of("EnvoyFilter", mesh)["configPatches"]
    assert inserted["match"]["listener"]["filterChain"]["filter"]["subFilter"] == {"name": "envoy.filters.http.router"}
    assert inserted["patch"]["value"]["typed_config"] == {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit",
        "domain": "shop",
        "failure_mode_deny": True,
        "timeout": "0.2s",
        "rate_limit_service": {
            "grpc_service": {
                "envoy_grpc": {"cluster_name": f"outbound|8081||{LIMITER_HOST}", "authority": LIMITER_HOST}
            },
            "transport_api_version": "V3",
        },
    }
    assert (merged["applyTo"], merged["match"]) == ("VIRTUAL_HOST", {"context": "GATEWAY"})
    assert merged["patch"]["value"] == {
        "rate_limits": [
            {
                "actions": [
                    {"request_headers": {"header_name": ":path", "descriptor_key": "path"}},
                    {"generic_key": {"descriptor_key": "tier", "descriptor_value": "gold"}},
                ]
            },
            {"actions": [{"remote_address": {}}]},
        ]
    }
    takes([inserted["patch"]["value"]], merged["patch"]["value"])


@pytest.mark.parametrize(
    ("given", "wire"),
    [
        ({"access_logs": [pm.AccessLog()]}, {"accessLogging": [{}]}),
        (
            {
                "access_logs": [
                    pm.AccessLog(providers=["envoy"], filter="response.code >= 400", side="SERVER"),
                    pm.AccessLog(providers=["otel"], disabled=True),
                ]
            },
            {
                "accessLogging": [
                    {
                        "providers": [{"name": "envoy"}],
                        "filter": {"expression": "response.code >= 400"},
                        "match": {"mode": "SERVER"},
                    },
                    {"providers": [{"name": "otel"}], "disabled": True},
                ]
            },
        ),
        ({"tracing": pm.Tracing(sampling=0)}, {"tracing": [{"randomSamplingPercentage": 0}]}),
        (
            {
                "tracing": pm.Tracing(
                    provider="otel",
                    sampling=2.5,
                    disabled=True,
                    tags={
                        "team": "shop",
                        "user": pm.TraceTag(header="x-user", default="nobody"),
                        "node": pm.TraceTag(environment="NODE"),
                    },
                )
            },
            {
                "tracing": [
                    {
                        "providers": [{"name": "otel"}],
                        "randomSamplingPercentage": 2.5,
                        "disableSpanReporting": True,
                        "customTags": {
                            "team": {"literal": {"value": "shop"}},
                            "user": {"header": {"name": "x-user", "defaultValue": "nobody"}},
                            "node": {"environment": {"name": "NODE"}},
                        },
                    }
                ]
            },
        ),
        (
            {
                "metrics": [
                    pm.Metrics(
                        providers=["prometheus"],
                        overrides=[
                            pm.MetricOverride(metric="REQUEST_COUNT", tags={"host": "request.host", "method": None}),
                            pm.MetricOverride(side="CLIENT", disabled=True),
                        ],
                    )
                ]
            },
            {
                "metrics": [
                    {
                        "providers": [{"name": "prometheus"}],
                        "overrides": [
                            {
                                "match": {"metric": "REQUEST_COUNT"},
                                "tagOverrides": {
                                    "host": {"operation": "UPSERT", "value": "request.host"},
                                    "method": {"operation": "REMOVE"},
                                },
                            },
                            {"match": {"metric": "ALL_METRICS", "mode": "CLIENT"}, "disabled": True},
                        ],
                    }
                ]
            },
        ),
    ],
)
def test_telemetry(given: dict[str, Any], wire: dict[str, Any]) -> None:
    mesh = pm.Mesh("m", telemetry=[pm.Telemetry("t", target=CART, **given)])
    assert spec_of("Telemetry", mesh) == {"selector": {"matchLabels": {"app": "cart"}}, **wire}


@pytest.mark.parametrize(
    ("place", "namespace"), [({}, "istio-system"), ({"namespace": "shop"}, "shop"), ({"target": EDGE}, "edge")]
)
def test_where_telemetry_lives(place: dict[str, Any], namespace: str) -> None:
    mesh = pm.Mesh("m", telemetry=[pm.Telemetry("t", tracing=pm.Tracing(sampling=1), **place)])
    assert [each.identity.namespace for each in render(mesh).entries] == [namespace]
