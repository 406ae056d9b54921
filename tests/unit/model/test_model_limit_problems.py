"""Mistakes in rate limits and telemetry, each with its path and what would be right."""

from collections.abc import Callable
from typing import Any

import pytest

import pulumi_mesh as pm

anything: Any = pm  # the same, but type checkers let mistakes pass
cart = pm.Service("cart", namespace="shop", port=8080)
limiter = pm.Service("limiter", namespace="shop", ports=[pm.Port(8081, protocol="GRPC"), 80])
edge = pm.Gateway("edge", listeners=[pm.Listener("http", port=80)])
bucket = pm.TokenBucket(1, fill_interval="1s")
entry = pm.DescriptorEntry("remote_address")


def local(**given: Any) -> Any:
    return anything.LocalRateLimit("a", **{"target": cart, "token_bucket": bucket, **given})


def shared(**given: Any) -> Any:
    service = pm.Destination(limiter, port=8081)
    defaults = {"target": cart, "service": service, "domain": "d", "descriptors": [[entry]]}
    return anything.GlobalRateLimit("a", **{**defaults, **given})


def telemetry(**given: Any) -> Any:
    return anything.Telemetry("a", **{"access_logs": [pm.AccessLog()], **given})


CASES: list[tuple[Callable[[], Any], str]] = [
    # rate limits
    (lambda: pm.TokenBucket(0, fill_interval="1s"), "TokenBucket.max_tokens: is 0; at least 1"),
    (lambda: pm.TokenBucket(1, fill_interval="10ms"), "TokenBucket.fill_interval: Envoy fills no bucket more often"),
    (lambda: anything.TokenBucket(1), "TokenBucket.fill_interval: is required"),
    (
        lambda: local(port=80),
        'LocalRateLimit("a").port: its workloads do not listen on 80; they listen on 8080',
    ),
    (lambda: local(rule="checkout"), 'LocalRateLimit("a").rule: sidecars of a service have no rules'),
    (lambda: local(target=None), 'LocalRateLimit("a").target: needs a service, a version of one, or a gateway'),
    (
        lambda: pm.Mesh("m", local_rate_limits=[local(target=edge, rule="checkout")]),
        "Mesh(\"m\").local_rate_limits[0].rule: no route at the gateway has a rule named 'checkout'; named rules: none",
    ),
    (lambda: pm.DescriptorEntry("user"), "DescriptorEntry.value: give value or header; only remote_address"),
    (lambda: pm.DescriptorEntry(""), "DescriptorEntry.key: name what is counted"),
    (lambda: pm.DescriptorEntry("a", header="x", value="y"), "DescriptorEntry.value: the header gives the value"),
    (lambda: pm.DescriptorEntry("remote_address", value="y"), "DescriptorEntry.key: Envoy itself gives the value"),
    (lambda: pm.DescriptorEntry("a", header=":status"), "DescriptorEntry.header: ':status' is not a header name"),
    (
        lambda: shared(service=limiter),
        'GlobalRateLimit("a").service: limiter has several ports; name one of [8081, 80]',
    ),
    (
        lambda: shared(service=pm.Destination(limiter, port=80)),
        'GlobalRateLimit("a").service: it is asked over gRPC, and the port speaks HTTP',
    ),
    (lambda: shared(domain=""), 'GlobalRateLimit("a").domain: name the configuration'),
    (lambda: shared(descriptors=[]), 'GlobalRateLimit("a").descriptors: nothing is counted'),
    (lambda: shared(descriptors=[[entry], []]), 'GlobalRateLimit("a").descriptors[1]: it has no entry'),
    (
        lambda: pm.Mesh("m", global_rate_limits=[shared(), pm.GlobalRateLimit("b", **vars_of(shared()))]),
        'Mesh("m").global_rate_limits[1]: its target has a global rate limit already',
    ),
    # telemetry
    (lambda: telemetry(access_logs=[]), 'Telemetry("a").access_logs: nothing is said'),
    (
        lambda: telemetry(target=cart, namespace="bank"),
        "Telemetry(\"a\").namespace: a policy lives in the namespace of its target, 'shop'",
    ),
    (pm.Tracing, "Tracing.sampling: nothing is said"),
    (lambda: pm.Tracing(sampling=101), "Tracing.sampling: 101 is not a percentage"),
    (pm.TraceTag, "TraceTag.literal: give one of literal, header and environment"),
    (lambda: pm.TraceTag(literal="a", header="b"), "TraceTag.literal: give one of literal, header and environment"),
    (lambda: pm.TraceTag(literal="a", default="b"), "TraceTag.default: a literal is always there"),
    (pm.Metrics, "Metrics.overrides: nothing is said"),
    (pm.MetricOverride, "MetricOverride.tags: nothing is changed"),
    (lambda: pm.MetricOverride(disabled=True, tags={"a": "b"}), "MetricOverride.tags: what is not counted has no tags"),
    (lambda: pm.MetricOverride(tags={"a": ""}), "MetricOverride.tags['a']: a tag has a name and an expression"),
    (lambda: anything.MetricOverride(metric="COUNT", disabled=True), "MetricOverride.metric: is 'COUNT'; one of"),
    (lambda: anything.AccessLog(side="BOTH"), "AccessLog.side: is 'BOTH'; one of 'CLIENT_AND_SERVER'"),
    (
        lambda: pm.Mesh("m", telemetry=[telemetry(), pm.Telemetry("b", tracing=pm.Tracing(sampling=1))]),
        'Mesh("m").telemetry[1]: another one is for the same proxies; put them into one',
    ),
]


def vars_of(limit: pm.GlobalRateLimit) -> dict[str, Any]:
    return {name: getattr(limit, name) for name in ("target", "service", "domain", "descriptors")}


@pytest.mark.parametrize(("make", "expected"), CASES, ids=[text.partition(";")[0][:70] for _, text in CASES])
def test_problem(make: Callable[[], Any], expected: str) -> None:
    with pytest.raises(pm.InvalidError) as raised:
        make()
    assert str(raised.value).startswith(expected)
    assert "\n" not in str(raised.value)
