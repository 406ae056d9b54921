"""What rate limits say of a request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pulumi_mesh.frozen import freeze
from pulumi_mesh.proxy.simulate import simulate
from pulumi_mesh.proxy.simulate.rate_limits import GLOBAL, LOCAL
from pulumi_mesh.proxy.simulate.request import Request
from pulumi_mesh.proxy.view.listeners import FilterChain, OpaqueFilter
from pulumi_mesh.proxy.view.routes import Forward
from pulumi_mesh.refs import Ref
from tests.unit.simulate.made import config, listener, manager, view

REF = Ref("EnvoyFilter", "shop", "limit", "spec.configPatches[0]")
ALL = {"default_value": {"numerator": 100}}
BUCKET = {"token_bucket": {"max_tokens": 5, "tokens_per_fill": 2, "fill_interval": "1s"}}
ON = {**BUCKET, "filter_enabled": ALL, "filter_enforced": ALL}
LIMITED = "limited by this proxy to 5 requests at once, then 2 every 1s: taken to be within; else 429"
COUNTED = "counted, not limited, by this proxy: 5 requests at once, then 2 every 1s"
SERVICE = {"rate_limit_service": {"grpc_service": {"envoy_grpc": {"cluster_name": "limiter"}}}}
ASKED = "limiter is asked whether the request is within its limits: taken to say yes; else 429; without an answer it is"


def told(kind: str, filter: dict[str, Any], route: dict[str, Any], host: dict[str, Any], **more: Any) -> list[str]:
    """What is said of the filter. filter: its config; route, host: fields of these."""
    routes = config(Forward("a", extra=freeze(more)))
    (virtual,) = routes.virtual_hosts
    (only,) = virtual.routes
    virtual = replace(virtual, routes=(replace(only, extra=freeze(route)),), extra=freeze(host))
    found = OpaqueFilter("limit", freeze({"@type": kind, **filter}), REF)
    chain = FilterChain((manager(found, routes=replace(routes, virtual_hosts=(virtual,))),))
    outcome = simulate(view(listener(chain)), Request())
    assert outcome.passes
    assert bool(outcome.may_refuse) is any("429" in step.text for step in outcome.why)
    return [step.text for step in outcome.why if step.ref == REF]


@pytest.mark.parametrize(
    ("filter", "route", "expected"),
    [
        (ON, {}, [LIMITED]),
        (BUCKET, {}, []),  # Envoy counts no request as long as nobody says of how many
        (
            {**BUCKET, "filter_enabled": ALL},
            {},
            ["counted, not limited, by this proxy: 5 requests at once, then 2 every 1s"],
        ),
        ({"stat_prefix": "x"}, ON, [LIMITED]),
        (ON, {"token_bucket": {"max_tokens": 9}}, []),
        (
            {**ON, "filter_enabled": {"default_value": {"numerator": 5, "denominator": "TEN_THOUSAND"}}},
            {},
            [LIMITED.replace(": taken", " (0.05 % of requests): taken")],
        ),
    ],
)
def test_local(filter: dict[str, Any], route: dict[str, Any], expected: list[str]) -> None:
    own = {"typed_per_filter_config": {"limit": {"@type": LOCAL, **route}}} if route else {}
    assert told(LOCAL, filter, own, {}) == expected
    assert told(LOCAL, filter, {}, own) == expected


def test_global() -> None:
    limits: dict[str, Any] = {"rate_limits": [{"actions": [{"remote_address": {}}]}]}
    assert told(GLOBAL, SERVICE, {}, {}) == []
    assert told(GLOBAL, SERVICE, {}, limits) == [f"{ASKED} let through"]
    assert told(GLOBAL, {**SERVICE, "failure_mode_deny": True}, {}, {}, **limits) == [f"{ASKED} refused"]


def test_one_that_is_off_says_nothing() -> None:
    assert told(LOCAL, {}, {}, {}) == []
    off = OpaqueFilter("limit", freeze({"disabled": True, "typed_config": {"@type": LOCAL, **ON}}), REF)
    outcome = simulate(view(listener(FilterChain((manager(off),)))), Request())
    assert REF not in [step.ref for step in outcome.why]
