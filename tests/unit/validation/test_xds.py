"""Patches of EnvoyFilters: what istiod can read into Envoy's messages, and what it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh.validation.xds.message import OLD_NAMES, patch_problems

TYPES = "type.googleapis.com"
ROUTER = {"@type": f"{TYPES}/envoy.extensions.filters.http.router.v3.Router"}


def problems(applies_to: str, value: Any) -> list[tuple[str, str]]:
    return [(each.path, each.severity) for each in patch_problems(applies_to, value, "v")]


@pytest.mark.parametrize(
    ("applies_to", "value"),
    [
        ("CLUSTER", {}),
        ("CLUSTER", {"connect_timeout": "1.5s", "connectTimeout": "2s"}),
        ("CLUSTER", {"lb_policy": "RING_HASH", "per_connection_buffer_limit_bytes": "32768"}),
        ("CLUSTER", {"type": 3, "metadata": {"filter_metadata": {"a": {"b": [1, None]}}}}),
        ("CLUSTER", {"connect_timeout": 5, "connectTimeout": "2s"}),
        ("CLUSTER", {"max_requests_per_connection": 1.0, "name": None}),
        ("HTTP_FILTER", {"name": "a", "typed_config": ROUTER}),
        ("HTTP_FILTER", {"typed_config": {"@type": f"{TYPES}/google.protobuf.Duration", "value": "1s"}}),
        ("HTTP_FILTER", {"typed_config": {"@type": f"{TYPES}/udpa.type.v1.TypedStruct", "value": {"a": 1}}}),
        ("HTTP_ROUTE", {"route": {"cluster": "a", "retry_policy": {"retriable_status_codes": [503]}}}),
        ("VIRTUAL_HOST", {"domains": ["*"], "typed_per_filter_config": {"a": ROUTER}}),
    ],
)
def test_read(applies_to: str, value: Any) -> None:
    assert problems(applies_to, value) == []


@pytest.mark.parametrize(
    ("applies_to", "value", "path"),
    [
        ("CLUSTER", [], "v"),
        ("CLUSTER", {"name": 1}, "v.name"),
        ("CLUSTER", {"name": True}, "v.name"),
        ("CLUSTER", {"connect_timeout": 5}, "v.connect_timeout"),
        ("CLUSTER", {"connect_timeout": "5"}, "v.connect_timeout"),
        ("CLUSTER", {"lb_policy": "ANY"}, "v.lb_policy"),
        ("CLUSTER", {"per_connection_buffer_limit_bytes": -1}, "v.per_connection_buffer_limit_bytes"),
        ("CLUSTER", {"per_connection_buffer_limit_bytes": 1.5}, "v.per_connection_buffer_limit_bytes"),
        ("CLUSTER", {"per_connection_buffer_limit_bytes": True}, "v.per_connection_buffer_limit_bytes"),
        ("CLUSTER", {"respect_dns_ttl": "true"}, "v.respect_dns_ttl"),
        ("CLUSTER", {"health_checks": {}}, "v.health_checks"),
        ("CLUSTER", {"metadata": {"filter_metadata": {"a": 1}}}, "v.metadata.filter_metadata[a]"),
        ("HTTP_FILTER", {"typed_config": {}}, "v.typed_config"),
        ("HTTP_FILTER", {"typed_config": {"@type": f"{TYPES}/a.B"}}, "v.typed_config.@type"),
        ("HTTP_FILTER", {"typed_config": {"@type": f"{TYPES}/google.protobuf.Struct"}}, "v.typed_config"),
        ("HTTP_FILTER", {"typed_config": {**ROUTER, "dynamic_stats": 1}}, "v.typed_config.dynamic_stats"),
        ("SECRET", {}, "v"),
    ],
)
def test_refused(applies_to: str, value: Any, path: str) -> None:
    assert problems(applies_to, value) == [(path, "error")]


def test_an_unknown_field_is_a_warning() -> None:
    assert problems("CLUSTER", {"new_field": 1, "eds_cluster_config": {"x": 1}}) == [
        ("v.new_field", "warning"),
        ("v.eds_cluster_config.x", "warning"),
    ]


def test_a_filter_by_name_alone_is_a_warning() -> None:
    assert problems("HTTP_FILTER", {"name": "envoy.lua"}) == [("v", "warning")]


def test_old_names_are_none_of_the_new_ones() -> None:
    assert not OLD_NAMES.keys() & set(OLD_NAMES.values())
