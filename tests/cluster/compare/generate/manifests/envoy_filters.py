"""EnvoyFilters: every kind of patch, with every operation that does something there.

But for two, by which istiod changes what all proxies share, and so what others are told until it ends: MERGE of a
LISTENER_FILTER, and of ``max_direct_response_body_size_bytes``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.cluster.compare.generate.manifests.scene import ROOT, Document, Scene, document

_TYPES = "type.googleapis.com/envoy.extensions"
_MANAGER = "envoy.filters.network.http_connection_manager"
_ROUTER = "envoy.filters.http.router"
_CONTEXTS = ("ANY", "GATEWAY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND")
_LUA = {
    "name": "added.lua",
    "typed_config": {
        "@type": f"{_TYPES}.filters.http.lua.v3.Lua",
        "default_source_code": {"inline_string": "function envoy_on_request(handle) end"},
    },
}
_LUA_PER_ROUTE = f"{_TYPES}.filters.http.lua.v3.LuaPerRoute"
_BUFFER = {
    "name": "envoy.filters.http.buffer",
    "typedConfig": {"@type": f"{_TYPES}.filters.http.buffer.v3.Buffer", "maxRequestBytes": 4096},
}
_LIMIT = {
    "name": "envoy.filters.network.connection_limit",
    "typed_config": {
        "@type": f"{_TYPES}.filters.network.connection_limit.v3.ConnectionLimit",
        "stat_prefix": "limited",
        "max_connections": 100,
    },
}
_PROXY_PROTOCOL = {
    "name": "envoy.filters.listener.proxy_protocol",
    "typed_config": {"@type": f"{_TYPES}.filters.listener.proxy_protocol.v3.ProxyProtocol"},
}
_ELSEWHERE = {
    "name": "elsewhere",
    "type": "STATIC",
    "connectTimeout": "1s",
    "loadAssignment": {
        "clusterName": "elsewhere",
        "endpoints": [
            {
                "lbEndpoints": [
                    {"endpoint": {"address": {"socketAddress": {"address": "198.51.100.7", "portValue": 9000}}}}
                ]
            }
        ],
    },
}
_TO_ELSEWHERE = {
    "name": "envoy.filters.network.tcp_proxy",
    "typed_config": {
        "@type": f"{_TYPES}.filters.network.tcp_proxy.v3.TcpProxy",
        "stat_prefix": "elsewhere",
        "cluster": "elsewhere",
    },
}
_HEALTH = {"name": "health", "match": {"path": "/healthz"}, "direct_response": {"status": 200}}


def envoy_filters(seen: Scene) -> Iterator[Document]:
    """One to three: for all, or for some workloads; of the mesh, or of a namespace."""
    for index in range(seen.random.randint(1, 3)):
        spec: dict[str, Any] = {"configPatches": [_patch(seen) for _ in range(seen.random.randint(1, 4))]}
        if seen.chance(0.4):
            spec["workloadSelector"] = {"labels": seen.labels()}
        if seen.chance(0.3):
            spec["priority"] = seen.one([-5, 0, 10])
        namespace = ROOT if seen.chance(0.5) else seen.one(seen.spaces)
        yield document("EnvoyFilter", namespace, f"patch-{index}", spec, "networking.istio.io/v1alpha3")


def _patch(seen: Scene) -> Document:
    applies_to, make = seen.one(_KINDS)
    match, operation, value = make(seen)
    match["context"] = seen.one(_CONTEXTS)
    if seen.chance(0.1):
        match["proxy"] = {"proxyVersion": seen.one([r"^1\.31.*", r"^1\.9.*", "31"])}
    patch = {"operation": operation, **({"value": value} if operation != "REMOVE" else {})}
    return {"applyTo": applies_to, "match": match, "patch": patch}


Made = tuple[Document, str, Document]
"""What a patch matches, its operation and its value."""


def _http_filter(seen: Scene) -> Made:
    inner = seen.one([None, _ROUTER, _ROUTER, "envoy.filters.http.fault", "envoy.filters.http.cors"])
    named: Document = {"name": _MANAGER}
    if inner:
        named["subFilter"] = {"name": inner}
    match = _in_listener(seen, {"filter": named} if seen.chance(0.9) else {})
    operations = ["INSERT_BEFORE", "INSERT_FIRST"]
    if inner not in (None, _ROUTER):
        operations += ["INSERT_AFTER", "REPLACE", "REMOVE"]
    if inner == _ROUTER and seen.chance(0.3):
        options = {"startChildSpan": True, "strict_check_headers": ["x-envoy-max-retries"]}
        changed = {"@type": f"{_TYPES}.filters.http.router.v3.Router", **seen.parts(options)}
        return match, "MERGE", {"name": _ROUTER, "typed_config": changed}
    return match, seen.one(operations), seen.one([_LUA, _BUFFER])


def _network_filter(seen: Scene) -> Made:
    if seen.chance(0.6):
        match = _in_listener(seen, {"filter": {"name": _MANAGER}})
        options: dict[str, Any] = {
            "xff_num_trusted_hops": 2,
            "merge_slashes": True,
            "common_http_protocol_options": {"idle_timeout": "30s", "max_stream_duration": "0s"},
            "use_remote_address": False,
            "normalize_path": True,
            "server_name": "mesh",
            "upgrade_configs": [{"upgrade_type": "spdy/3.1"}],
            "streamIdleTimeout": "9.5s",
            "preserve_external_request_id": True,
            "set_current_client_cert_details": {"dns": True, "subject": False},
        }
        config = {"@type": f"{_TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager"}
        return match, "MERGE", {"name": _MANAGER, "typed_config": {**config, **seen.parts(options)}}
    name = seen.one([None, "envoy.filters.network.tcp_proxy", "envoy.filters.network.rbac"])
    match = _in_listener(seen, {"filter": {"name": name}} if name else {})
    operations = ["INSERT_BEFORE", "INSERT_FIRST"] + (["REMOVE", "REPLACE"] if name and name.endswith("rbac") else [])
    if name and name.endswith("tcp_proxy") and seen.chance(0.5):
        config = {"@type": f"{_TYPES}.filters.network.tcp_proxy.v3.TcpProxy"}
        options = {"idle_timeout": "40s", "max_connect_attempts": 3, "stat_prefix": "counted"}
        return match, "MERGE", {"typed_config": {**config, **seen.parts(options)}}
    return match, seen.one(operations), _LIMIT


def _listener(seen: Scene) -> Made:
    match: Document = {}
    if seen.chance(0.7):
        match["listener"] = seen.one([{"portNumber": _port(seen)}, {"name": "virtualInbound"}, {"name": "0.0.0.0_80"}])
    if seen.chance(0.2):
        address = {"socket_address": {"address": "127.0.0.1", "port_value": 19000}}
        chains = [{"filters": [_TO_ELSEWHERE]}]
        return {}, "ADD", {"name": "added", "address": address, "filter_chains": chains}
    if match.get("listener", {}).get("portNumber") and seen.chance(0.3):
        return match, "REMOVE", {}
    options = {
        "per_connection_buffer_limit_bytes": 32768,
        "listener_filters_timeout": "3s",
        "tcpBacklogSize": 64,
        "continue_on_listener_filters_timeout": True,
        "enable_reuse_port": False,
    }
    return match, seen.one(["MERGE", "MERGE", "MERGE_AND_REPLACE_LIST"]), seen.parts(options)


def _listener_filter(seen: Scene) -> Made:
    name = seen.one([None, "envoy.filters.listener.tls_inspector", "envoy.filters.listener.http_inspector"])
    match: Document = {"listener": {"listenerFilter": name}} if name else {}
    operations = ["ADD", "INSERT_FIRST", "INSERT_BEFORE", "INSERT_AFTER"] + (["REMOVE", "REPLACE"] if name else [])
    return match, seen.one(operations), _PROXY_PROTOCOL


def _filter_chain(seen: Scene) -> Made:
    chosen: Document = seen.one(
        [
            {},
            {"transportProtocol": "tls"},
            {"applicationProtocols": "istio,istio-peer-exchange"},
            {"destinationPort": _port(seen)},
            {"sni": "shop.example.com"},
            {"name": "virtualInbound-catchall-http"},
        ]
    )
    match = _in_listener(seen, chosen)
    if chosen and seen.chance(0.3):
        return match, "REMOVE", {}
    if seen.chance(0.3):
        name = "envoy.transport_sockets.tls"
        limits = {"tls_params": {"tls_maximum_protocol_version": "TLSv1_2", "cipher_suites": ["ECDHE-RSA-AES128-SHA"]}}
        config = {"@type": f"{_TYPES}.transport_sockets.tls.v3.DownstreamTlsContext", "common_tls_context": limits}
        narrowed = {**match, "listener": {**match.get("listener", {}), "filterChain": {"transportProtocol": "tls"}}}
        return narrowed, "MERGE", {"transport_socket": {"name": name, "typed_config": config}}
    return match, "MERGE", {"transport_socket_connect_timeout": "3s"}


def _route_configuration(seen: Scene) -> Made:
    options: dict[str, Any] = {
        "request_headers_to_add": [{"header": {"key": "x-mesh", "value": "patched"}}],
        "responseHeadersToRemove": ["server"],
        "most_specific_header_mutations_wins": True,
        "ignore_port_in_host_matching": False,
    }
    return _in_table(seen, {}), seen.one(["MERGE", "MERGE_AND_REPLACE_LIST"]), seen.parts(options)


def _virtual_host(seen: Scene) -> Made:
    service = seen.one(seen.services)
    port = seen.one(service.ports)["port"]
    host = seen.one([{}, {"name": f"{service.host}:{port}"}, {"domainName": service.host}, {"name": "allow_any"}])
    match = _in_table(seen, {"vhost": host} if host else {})
    operation = seen.one(["MERGE", "MERGE", "MERGE_AND_REPLACE_LIST", "ADD", *(["REMOVE", "REPLACE"] if host else [])])
    if operation in ("ADD", "REPLACE"):
        domain = f"{seen.one(['one', 'two'])}.patched.example"
        return match, operation, {"name": f"{domain}:80", "domains": [domain], "routes": [_HEALTH]}
    options: dict[str, Any] = {
        "rate_limits": [{"actions": [{"remote_address": {}}]}],
        "retry_policy": {"retry_on": "5xx", "num_retries": 5},
        "include_request_attempt_count": False,
        "request_headers_to_remove": ["x-secret"],
        "typed_per_filter_config": {
            "added.lua": {"@type": f"{_TYPES}.filters.http.lua.v3.LuaPerRoute", "disabled": True}
        },
    }
    return match, operation, seen.parts(options)


def _http_route(seen: Scene) -> Made:
    route = seen.one([None, {"action": "ROUTE"}, {"action": "REDIRECT"}, {"name": "default"}, {"name": "allow_any"}])
    match = _in_table(seen, {"vhost": {"route": route}} if route else {})
    operation = seen.one(["MERGE", "MERGE", "ADD", "INSERT_FIRST", "INSERT_BEFORE", "INSERT_AFTER", "REMOVE"])
    if operation != "MERGE":
        return match, operation if route or operation != "REMOVE" else "ADD", _HEALTH
    if seen.chance(0.2):
        return match, operation, {"direct_response": {"status": 418}}
    options: dict[str, Any] = {
        "route": {"timeout": "7s", "max_stream_duration": {"grpc_timeout_header_max": "2s"}},
        "response_headers_to_add": [{"header": {"key": "x-patched", "value": "yes"}}],
        "decorator": {"operation": "patched"},
        "metadata": {"filter_metadata": {"patched": {"by": "test"}}},
    }
    return match, operation, seen.parts(options)


def _cluster(seen: Scene) -> Made:
    service = seen.one(seen.services)
    chosen = seen.one(
        [
            {},
            {"service": service.host},
            {"portNumber": seen.one(service.ports)["port"]},
            {"name": "BlackHoleCluster"},
            {"name": f"outbound|{service.ports[0]['port']}||{service.host}"},
            {"subset": "v1"},
        ]
    )
    match: Document = {"cluster": chosen} if chosen else {}
    if seen.chance(0.2):
        return {}, "ADD", _ELSEWHERE
    if "service" in chosen and seen.chance(0.3):
        return match, "REMOVE", {}
    if seen.chance(0.25):
        params = {"tls_params": {"tls_minimum_protocol_version": "TLSv1_3"}}
        config = {"@type": f"{_TYPES}.transport_sockets.tls.v3.UpstreamTlsContext", "common_tls_context": params}
        return match, "MERGE", {"transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": config}}
    options: dict[str, Any] = {
        "connect_timeout": "3s",
        "lb_policy": seen.one(["RANDOM", "ROUND_ROBIN"]),
        "circuit_breakers": {"thresholds": [{"max_connections": 7}]},
        "per_connection_buffer_limit_bytes": 0,
        "respect_dns_ttl": True,
        "upstream_connection_options": {"tcp_keepalive": {"keepalive_time": 20}},
        "metadata": {"filter_metadata": {"istio": {"patched": True}}},
    }
    return match, seen.one(["MERGE", "MERGE_AND_REPLACE_LIST"]), seen.parts(options)


_KINDS: tuple[tuple[str, Callable[[Scene], Made]], ...] = (
    ("HTTP_FILTER", _http_filter),
    ("NETWORK_FILTER", _network_filter),
    ("LISTENER", _listener),
    ("LISTENER_FILTER", _listener_filter),
    ("FILTER_CHAIN", _filter_chain),
    ("ROUTE_CONFIGURATION", _route_configuration),
    ("VIRTUAL_HOST", _virtual_host),
    ("HTTP_ROUTE", _http_route),
    ("CLUSTER", _cluster),
)


def _port(seen: Scene) -> int:
    """Where something may listen: a service's port, or a workload's."""
    port = seen.one(seen.one(seen.services).ports)
    return int(seen.one([port["port"], port.get("targetPort", port["port"])]))


def _in_listener(seen: Scene, chain: Document) -> Document:
    listener: Document = {}
    if seen.chance(0.4):
        listener["portNumber"] = _port(seen)
    if chain:
        listener["filterChain"] = chain
    return {"listener": listener} if listener else {}


def _in_table(seen: Scene, more: Document) -> Document:
    table = dict(more)
    chance = seen.random.random()
    if chance < 0.3:
        table["portNumber"] = _port(seen)
    elif chance < 0.4:
        table["name"] = seen.one([f"http.{_port(seen)}", str(_port(seen)), f"inbound|{_port(seen)}||"])
    return {"routeConfiguration": table} if table else {}
