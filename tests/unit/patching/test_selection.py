"""Which EnvoyFilters are for a proxy, and in which order they are applied."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import EnvoyFilter
from pulumi_mesh.manifests.facts import MeshConfig, Proxy
from pulumi_mesh.manifests.snapshot import snapshot
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.resolve.envoy_filters import patches_for
from tests.unit.patching.world import MANAGER, TYPES, edge, envoy_filter, patch, proxy_of, web, world

PROXY = Proxy("sidecar", "web", "shop", "10.0.0.1", FrozenMap({"app": "web"}))
ROUTER = Proxy("router", "edge", "shop", "10.0.0.2", FrozenMap({"gateway.networking.k8s.io/gateway-name": "edge"}))


def chosen(*filters: EnvoyFilter, proxy: Proxy = PROXY, mesh: MeshConfig = MeshConfig()) -> list[str]:  # noqa: B008
    """The names of the objects whose patches count, in their order."""
    return [each.ref.name for each in patches_for(snapshot(filters, mesh=mesh), proxy) if each.ref]


def named(name: str, namespace: str = "istio-system", created: str = "", **more: Any) -> EnvoyFilter:
    """One with one patch."""
    made = envoy_filter(patch("CLUSTER", "MERGE", {"name": "x"}), name=name, namespace=namespace, **more)
    return EnvoyFilter(
        name, namespace=namespace, spec=made.spec, metadata={"creationTimestamp": created} if created else {}
    )


def matching(**proxy: Any) -> EnvoyFilter:
    """One with a match on the proxy."""
    return envoy_filter(patch("CLUSTER", "MERGE", {"name": "x"}, proxy=proxy))


@pytest.mark.parametrize(
    ("item", "holds"),
    [
        (named("a"), True),
        (named("a", "shop"), True),
        (named("a", "other"), False),
        (named("a", workloadSelector={"labels": {"app": "web"}}), True),
        (named("a", workloadSelector={"labels": {"app": "api"}}), False),
        (matching(proxyVersion=r"^1\.31.*"), True),
        (matching(proxyVersion=r"31"), True),
        (matching(proxyVersion=r"^1\.30.*"), False),
        (matching(proxyVersion="("), True),
        (matching(proxyVersion="1" * 1025), False),
        (matching(metadata={"NAMESPACE": "shop"}), True),
        (matching(metadata={"NAMESPACE": "shop", "STAGE": "test"}), True),
        (matching(metadata={"STAGE": "live"}), False),
    ],
)
def test_for_a_proxy(item: EnvoyFilter, holds: bool) -> None:
    mesh = MeshConfig(default_config=FrozenMap({"proxyMetadata": FrozenMap({"ISTIO_META_STAGE": "test"})}))
    assert bool(chosen(item, mesh=mesh)) is holds


def test_by_gateway() -> None:
    target = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge"}
    own = named("a", "shop", targetRefs=[target])
    assert chosen(own, proxy=ROUTER) == ["a"]
    assert chosen(own) == []
    assert chosen(named("a", targetRefs=[target]), proxy=ROUTER) == []


def test_order() -> None:
    items = (
        named("late", "shop"),
        named("first", "shop", priority=-1),
        named("b"),
        named("a", created="2026-02-01T00:00:00Z"),
        named("z", created="2026-01-01T00:00:00Z"),
        named("last", priority=1),
    )
    assert chosen(*items) == ["first", "b", "z", "a", "late", "last"]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("1s", "1s"),
        ("0.05s", "0.050s"),
        ("1.500s", "1.500s"),
        ("2.0s", "2s"),
        ("0.000001s", "0.000001s"),
        ("01s", "1s"),
    ],
)
def test_durations_are_written_as_protobuf_does(given: str, read: str) -> None:
    (only,) = patches_for(snapshot([envoy_filter(patch("CLUSTER", "MERGE", {"connectTimeout": given}))]), PROXY)
    assert only.value == {"connect_timeout": read}


def test_what_cannot_be_read_is_left_out() -> None:
    own = envoy_filter(
        patch("CLUSTER", "MERGE", {"load_assignment": []}),
        patch("CLUSTER", "MERGE", {"connect_timeout": "soon"}),
        patch("HTTP_FILTER", "INSERT_FIRST", {"name": "a", "typed_config": {"@type": "x/no.such.Message"}}),
        patch("CLUSTER", "MERGE", {"name": "x"}),
    )
    (left,) = patches_for(snapshot([own]), PROXY)
    assert left.ref is not None
    assert left.ref.path == "spec.configPatches[3]"


def test_resolved_views_are_patched() -> None:
    """And what comes of it an Envoy accepts, as of all views that tests resolve."""
    lua = {"@type": f"{TYPES}.filters.http.lua.v3.Lua", "default_source_code": {"inline_string": "x = 1"}}
    manager: dict[str, Any] = {"listener": {"filterChain": {"filter": {"name": MANAGER}}}}
    socket = {"socket_address": {"address": "127.0.0.1", "port_value": 9}}
    endpoints = {"cluster_name": "more", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": socket}}]}]}
    route = {"name": "health", "match": {"path": "/healthz"}, "direct_response": {"status": 200}}
    own = envoy_filter(
        patch("HTTP_FILTER", "INSERT_BEFORE", {"name": "lua", "typed_config": lua}, **manager),
        patch("CLUSTER", "ADD", {"name": "more", "type": "STATIC", "load_assignment": endpoints}),
        patch("HTTP_ROUTE", "INSERT_FIRST", route, routeConfiguration={"portNumber": 80}),
        patch("LISTENER", "MERGE", {"per_connection_buffer_limit_bytes": 32768}),
    )
    known = world(own)
    assert resolve(known, proxy_of(known, "router")) == edge(own) != edge()
    assert resolve(known, proxy_of(known, "sidecar")) == web(own) != web()
