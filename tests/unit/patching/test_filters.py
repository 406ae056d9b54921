"""Patches of HTTP, network and listener filters: where they go, and what is merged."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.patching.world import MANAGER, ROUTER, TYPES, edge, envoy_filter, filters_of, listener, patch, web

LUA = {
    "name": "lua",
    "typedConfig": {
        "@type": f"{TYPES}.filters.http.lua.v3.Lua",
        "defaultSourceCode": {"inlineString": "function envoy_on_request(handle) end"},
    },
}
FAULT, CORS, STATS = "envoy.filters.http.fault", "envoy.filters.http.cors", "envoy.filters.http.grpc_stats"
TLS_INSPECTOR, PROXY_PROTOCOL = "envoy.filters.listener.tls_inspector", "envoy.filters.listener.proxy_protocol"


def http(name: str | None, **more: Any) -> dict[str, Any]:
    """A match on an HTTP filter."""
    inner = {"subFilter": {"name": name}} if name else {}
    return {"listener": {"filterChain": {"filter": {"name": MANAGER, **inner}}, **more}}


@pytest.mark.parametrize(
    ("operation", "name", "expected"),
    [
        ("INSERT_BEFORE", None, ["lua", STATS, FAULT, CORS, ROUTER]),
        ("INSERT_BEFORE", ROUTER, [STATS, FAULT, CORS, "lua", ROUTER]),
        ("INSERT_AFTER", FAULT, [STATS, FAULT, "lua", CORS, ROUTER]),
        ("INSERT_FIRST", ROUTER, ["lua", STATS, FAULT, CORS, ROUTER]),
        ("REPLACE", FAULT, [STATS, "lua", CORS, ROUTER]),
        ("REPLACE", None, [STATS, FAULT, CORS, ROUTER]),
        ("REMOVE", FAULT, [STATS, CORS, ROUTER]),
        ("REMOVE", None, [STATS, FAULT, CORS, ROUTER]),
        ("INSERT_BEFORE", "envoy.filters.http.rbac", [STATS, FAULT, CORS, ROUTER]),
    ],
)
def test_place_of_http_filters(operation: str, name: str | None, expected: list[str]) -> None:
    view = edge(envoy_filter(patch("HTTP_FILTER", operation, LUA, **http(name))))
    assert filters_of(view, "0.0.0.0_8080") == expected


@pytest.mark.parametrize(
    ("context", "gateway", "inbound", "outbound"),
    [
        ("ANY", True, True, True),
        ("GATEWAY", True, False, False),
        ("SIDECAR_INBOUND", False, True, False),
        ("SIDECAR_OUTBOUND", False, False, True),
    ],
)
def test_context(context: str, gateway: bool, inbound: bool, outbound: bool) -> None:
    own = envoy_filter(patch("HTTP_FILTER", "INSERT_FIRST", LUA, context=context, **http(None)))
    assert ("lua" in filters_of(edge(own), "0.0.0.0_8080")) is gateway
    view = web(own)
    assert ("lua" in filters_of(view, "virtualInbound")) is inbound
    assert ("lua" in filters_of(view, "0.0.0.0_80")) is outbound


@pytest.mark.parametrize(
    ("port", "with_it"), [(8080, {"0.0.0.0_8080"}), (8443, {"0.0.0.0_8443"}), (80, set()), (None, {8080, 8443})]
)
def test_port_of_a_gateway(port: int | None, with_it: set[Any]) -> None:
    view = edge(
        envoy_filter(patch("HTTP_FILTER", "INSERT_FIRST", LUA, **http(None, **({"portNumber": port} if port else {}))))
    )
    wanted = {f"0.0.0.0_{each}" if isinstance(each, int) else each for each in with_it}
    assert {each.name for each in view.listeners if "lua" in filters_of(view, each.name)} == wanted


def test_port_of_a_sidecar_is_that_of_a_chain() -> None:
    own = patch("HTTP_FILTER", "INSERT_FIRST", LUA, context="SIDECAR_INBOUND", **http(None, portNumber=8080))
    chains = listener(web(envoy_filter(own)), "virtualInbound")["filterChains"]
    patched = {
        (chain["name"], chain.get("filterChainMatch", {}).get("destinationPort"))
        for chain in chains
        for each in chain["filters"]
        if any(one["name"] == "lua" for one in each["typedConfig"].get("httpFilters", ()))
    }
    assert patched == {("0.0.0.0_8080", 8080)}


def merged(options: dict[str, Any]) -> dict[str, Any]:
    """The connection manager of the gateway's plain port after a MERGE."""
    config = {"@type": f"{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager", **options}
    match: dict[str, Any] = {"listener": {"filterChain": {"filter": {"name": MANAGER}}}}
    view = edge(envoy_filter(patch("NETWORK_FILTER", "MERGE", {"name": MANAGER, "typed_config": config}, **match)))
    found: dict[str, Any] = listener(view, "0.0.0.0_8080")["filterChains"][0]["filters"][0]["typedConfig"]
    return found


@pytest.mark.parametrize(
    ("options", "name", "expected"),
    [
        ({"xff_num_trusted_hops": 2}, "xffNumTrustedHops", 2),
        ({"xffNumTrustedHops": "2"}, "xffNumTrustedHops", "2"),
        ({"server_name": "mesh"}, "serverName", "mesh"),
        # Zeros are absent to protobuf: they are not merged, and a wrapper that is there keeps its value.
        ({"use_remote_address": False}, "useRemoteAddress", True),
        ({"merge_slashes": False}, "mergeSlashes", None),
        ({"normalize_path": False}, "normalizePath", True),
        # A duration is replaced, lists grow, messages are merged.
        ({"stream_idle_timeout": "9s"}, "streamIdleTimeout", "9s"),
        (
            {"upgrade_configs": [{"upgrade_type": "h2c"}]},
            "upgradeConfigs",
            [{"upgradeType": "websocket"}, {"upgradeType": "h2c"}],
        ),
        # What Istio does not know is left out.
        ({"no_such_field": 1, "server_name": "mesh"}, "noSuchField", None),
    ],
)
def test_merge_of_a_connection_manager(options: dict[str, Any], name: str, expected: Any) -> None:
    assert merged(options).get(name) == expected


def test_a_message_of_another_type_ends_patching_there() -> None:
    config = {"@type": f"{TYPES}.filters.network.tcp_proxy.v3.TcpProxy", "stat_prefix": "x", "cluster": "y"}
    view = edge(
        envoy_filter(
            patch("LISTENER", "MERGE", {"per_connection_buffer_limit_bytes": 7}),
            patch("NETWORK_FILTER", "MERGE", {"name": MANAGER, "typed_config": config}),
            patch(
                "LISTENER", "ADD", {"name": "more", "address": {"socket_address": {"address": "::", "port_value": 1}}}
            ),
        )
    )
    limits = [each.extra.get("per_connection_buffer_limit_bytes") for each in view.listeners]
    assert limits == [7, None]


@pytest.mark.parametrize(
    ("operation", "name", "expected"),
    [
        ("ADD", None, [TLS_INSPECTOR, PROXY_PROTOCOL]),
        ("INSERT_FIRST", None, [PROXY_PROTOCOL, TLS_INSPECTOR]),
        ("INSERT_BEFORE", TLS_INSPECTOR, [PROXY_PROTOCOL, TLS_INSPECTOR]),
        ("REPLACE", TLS_INSPECTOR, [PROXY_PROTOCOL]),
        ("REMOVE", TLS_INSPECTOR, []),
    ],
)
def test_listener_filters(operation: str, name: str | None, expected: list[str]) -> None:
    value = {
        "name": PROXY_PROTOCOL,
        "typed_config": {"@type": f"{TYPES}.filters.listener.proxy_protocol.v3.ProxyProtocol"},
    }
    match: dict[str, Any] = {"listener": {"listenerFilter": name}} if name else {}
    view = edge(envoy_filter(patch("LISTENER_FILTER", operation, value, **match)))
    assert [each["name"] for each in listener(view, "0.0.0.0_8443").get("listenerFilters", ())] == expected


def test_a_filter_asked_for_by_name() -> None:
    source = {"ads": {}, "resource_api_version": "V3"}
    urls = ["type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"]
    asked = {"name": "lua", "config_discovery": {"config_source": source, "type_urls": urls}}
    view = edge(
        envoy_filter(
            patch("HTTP_FILTER", "INSERT_FIRST", asked, **http(None)),
            patch("EXTENSION_CONFIG", "ADD", {"name": "lua", "typed_config": LUA["typedConfig"]}),
        )
    )
    chain = listener(view, "0.0.0.0_8080")["filterChains"][0]
    assert chain["filters"][0]["typedConfig"]["httpFilters"][0] == LUA
