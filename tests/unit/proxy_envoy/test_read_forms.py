"""Forms that others write and we do not: older fields, camelCase, unknown extensions; and what is no config."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.frozen import freeze
from pulumi_mesh.proxy.envoy.read import read_config_dump, read_discovery, read_static
from pulumi_mesh.proxy.envoy.read.clusters import cluster
from pulumi_mesh.proxy.envoy.read.listeners import listener, network_filter
from pulumi_mesh.proxy.envoy.read.matching import header_matcher
from pulumi_mesh.proxy.envoy.read.message import Message
from pulumi_mesh.proxy.envoy.read.rbac import permission, principal
from pulumi_mesh.proxy.envoy.read.routes import route
from pulumi_mesh.proxy.envoy.read.tls import transport
from pulumi_mesh.proxy.envoy.write import clusters as write_clusters
from pulumi_mesh.proxy.envoy.write import listeners as write_listeners
from pulumi_mesh.proxy.envoy.write import routes as write_routes
from pulumi_mesh.proxy.envoy.write import write_discovery, write_static
from pulumi_mesh.proxy.envoy.write.message import Json
from pulumi_mesh.proxy.view.addresses import Pipe, SocketAddress
from pulumi_mesh.proxy.view.listeners import HttpConnectionManager, OpaqueFilter
from pulumi_mesh.proxy.view.matching import HeaderMatch, StringMatch
from pulumi_mesh.proxy.view.rbac import Always, Authenticated, Condition, OpaqueCondition
from pulumi_mesh.proxy.view.routes import Forward, Redirect
from pulumi_mesh.proxy.view.tls import OpaqueTransport, PlainText, SecretRef, UpstreamTls

from .rich import RICH

EXTENSIONS = "type.googleapis.com/envoy.extensions"


def _no_routes(name: str) -> Json:
    raise AssertionError(name)


@pytest.mark.parametrize(
    ("message", "match"),
    [
        ({"exact_match": "a"}, HeaderMatch("h", StringMatch("exact", "a"))),
        ({"prefixMatch": "a"}, HeaderMatch("h", StringMatch("prefix", "a"))),
        ({"suffix_match": "a", "invert_match": True}, HeaderMatch("h", StringMatch("suffix", "a"), invert=True)),
        ({"contains_match": "a"}, HeaderMatch("h", StringMatch("contains", "a"))),
        ({"safe_regex_match": {"google_re2": {}, "regex": "a"}}, HeaderMatch("h", StringMatch("regex", "a"))),
        ({"present_match": True}, HeaderMatch("h")),
        ({"present_match": False}, HeaderMatch("h", invert=True)),
        ({"present_match": False, "invert_match": True}, HeaderMatch("h")),
        ({}, HeaderMatch("h")),
        ({"stringMatch": {"exact": "", "ignoreCase": True}}, HeaderMatch("h", StringMatch("exact", "", True))),
        ({"range_match": {"start": "1"}}, HeaderMatch("h", extra=freeze({"range_match": {"start": "1"}}))),
        (
            {"string_match": {"custom": {"name": "x"}}},
            HeaderMatch("h", extra=freeze({"string_match": {"custom": {"name": "x"}}})),
        ),
    ],
)
def test_header_matchers(message: Json, match: HeaderMatch) -> None:
    assert header_matcher(Message({"name": "h", **message}, "")) == match


@pytest.mark.parametrize(
    ("message", "condition"),
    [
        ({"any": True}, Always()),
        ({"any": False}, OpaqueCondition(freeze({"any": False}))),
        ({"destination_port_range": {"end": 9}}, OpaqueCondition(freeze({"destination_port_range": {"end": 9}}))),
        ({"url_path": {"path": {"custom": {}}}}, OpaqueCondition(freeze({"url_path": {"path": {"custom": {}}}}))),
        ({"any": True, "header": {}}, OpaqueCondition(freeze({"any": True, "header": {}}))),
    ],
)
def test_permissions(message: Json, condition: Condition) -> None:
    assert permission(Message(message, "")) == condition


def test_principal_of_older_istio() -> None:
    peer = {"filter_state": {"key": "io.istio.peer_principal", "string_match": {"exact": "a"}}}
    assert principal(Message(peer, "")) == OpaqueCondition(freeze(peer))
    assert principal(Message({"authenticated": {}}, "")) == Authenticated(None)


SDS = {"api_config_source": {"api_type": "GRPC", "grpc_services": [{"envoy_grpc": {"cluster_name": "sds-grpc"}}]}}
ROOT = {"name": "ROOTCA", "sds_config": SDS}


def _tls(**validation: Any) -> Message:
    context = {"default_validation_context": validation, "validation_context_sds_secret_config": ROOT}
    config = {
        "@type": f"{EXTENSIONS}.transport_sockets.tls.v3.UpstreamTlsContext",
        "common_tls_context": {"combined_validation_context": context},
    }
    return Message({"name": "envoy.transport_sockets.tls", "typed_config": config}, "")


def test_older_alt_names_are_identities_when_they_are_spiffe() -> None:
    tls = transport(_tls(match_subject_alt_names=[{"exact": "spiffe://a/ns/b/sa/c"}]))
    assert isinstance(tls, UpstreamTls)
    assert tls.validation is not None
    assert tls.validation.subject_alt_names == (StringMatch("exact", "spiffe://a/ns/b/sa/c"),)
    assert not tls.validation.extra


@pytest.mark.parametrize(
    "names",
    [
        {"match_subject_alt_names": [{"exact": "a.example.com"}]},
        {"match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": "a.example.com"}}]},
    ],
)
def test_other_alt_names_are_kept(names: Mapping[str, Any]) -> None:
    tls = transport(_tls(**names))
    assert isinstance(tls, UpstreamTls)
    assert tls.validation is not None
    assert tls.validation.subject_alt_names == ()
    assert tls.validation.extra == freeze(names)


@pytest.mark.parametrize(
    ("source", "path"),
    [(SDS, ""), ({"ads": {}}, ""), ({"path_config_source": {"path": "/x"}, "resource_api_version": "V3"}, "/x")],
)
def test_where_secrets_come_from(source: Json, path: str) -> None:
    root = {"name": "r", "sds_config": source}
    config = {
        "@type": f"{EXTENSIONS}.transport_sockets.tls.v3.UpstreamTlsContext",
        "commonTlsContext": {"validationContextSdsSecretConfig": root},
    }
    tls = transport(Message({"name": "envoy.transport_sockets.tls", "typedConfig": config}, ""))
    assert isinstance(tls, UpstreamTls)
    assert tls.validation is not None
    assert tls.validation.root == SecretRef("r", path)


def test_transports() -> None:
    raw = {"@type": f"{EXTENSIONS}.transport_sockets.raw_buffer.v3.RawBuffer"}
    other = {"@type": f"{EXTENSIONS}.transport_sockets.alts.v3.Alts", "handshakerService": "x"}
    assert transport(Message({"name": "envoy.transport_sockets.raw_buffer", "typed_config": raw}, "")) == PlainText()
    assert transport(Message({"name": "alts", "typed_config": other}, "")) == OpaqueTransport("alts", freeze(other))


@pytest.mark.parametrize(
    "message",
    [
        {"name": "x", "typed_config": {"@type": "type.googleapis.com/udpa.type.v1.TypedStruct", "value": {"aB": 1}}},
        {"name": "x", "typed_config": {"@type": "t/x"}, "disabled": True},
        {"name": "x"},
    ],
)
def test_unknown_filters_are_kept(message: Json) -> None:
    found = network_filter(Message(message, ""))
    assert isinstance(found, OpaqueFilter)
    assert write_listeners.network_filter(found, _no_routes) == message


@pytest.mark.parametrize(
    "message",
    [
        {"match": {"connect_matcher": {}}, "route": {"cluster": "a"}},
        {"match": {"prefix": "/"}, "non_forwarding_action": {}},
        {"match": {"prefix": "/"}, "route": {"cluster_header": "x"}},
        {"match": {"prefix": "/"}, "route": {"cluster": "a", "timeout": "0.000000001s"}},
        {"match": {"prefix": "/"}, "route": {"cluster": "a", "hash_policy": [{"header": {"header_name": "h"}}]}},
        {
            "match": {"prefix": "/", "query_parameters": [{"name": "q", "present_match": False}]},
            "direct_response": {"status": 200, "body": {"filename": "f"}},
        },
        {
            "match": {"prefix": "/"},
            "redirect": {"path_redirect": "/a"},
            "request_headers_to_add": [
                {"header": {"key": "a", "value": "b"}, "append_action": "ADD_IF_ABSENT"},
            ],
        },
    ],
)
def test_routes_are_kept_whole(message: Json) -> None:
    assert write_routes.route(route(Message(message, ""))) == message


@pytest.mark.parametrize(
    "message",
    [
        {"name": "a", "type": "EDS", "eds_cluster_config": {"service_name": "b"}, "lb_policy": "ROUND_ROBIN"},
        {
            "name": "a",
            "cluster_type": {"name": "envoy.clusters.aggregate"},
            "lb_policy": "CLUSTER_PROVIDED",
            "circuit_breakers": {"thresholds": [{"priority": "HIGH", "max_requests": 1}]},
            "upstream_bind_config": {"source_address": {"address": "::1", "port_value": 7}},
        },
        {
            "name": "a",
            "type": "STATIC",
            "lb_policy": "LOAD_BALANCING_POLICY_CONFIG",
            "load_assignment": {
                "cluster_name": "other",
                "endpoints": [{"lb_endpoints": [{"endpoint_name": "n"}, {"endpoint": {"hostname": "h"}}]}],
            },
        },
    ],
)
def test_clusters_are_kept_whole(message: Json) -> None:
    written = write_clusters.cluster(cluster(Message(message, "")), lambda _: {"type": "EDS"})
    assert {**written, "eds_cluster_config": message.get("eds_cluster_config")} == {
        **message,
        "eds_cluster_config": message.get("eds_cluster_config"),
    }


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ({"socketAddress": {"address": "::1", "portValue": "80"}}, SocketAddress("::1", 80)),
        ({"socket_address": {"protocol": "UDP", "address": "::1", "port_value": 80}}, SocketAddress("::1", 80)),
        ({"pipe": {"path": "/p", "mode": 3}}, Pipe("/p")),
        ({"envoy_internal_address": {"server_listener_name": "x"}}, Pipe("")),
    ],
)
def test_addresses(address: Json, expected: object) -> None:
    found = listener(Message({"name": "l", "address": address}, ""))
    assert found.address == expected
    written = write_listeners.listener(found, _no_routes)
    if "socketAddress" not in address:
        assert written == {"name": "l", "address": address}


def test_keys_that_are_data_stay() -> None:
    message = {
        "name": "a",
        "type": "EDS",
        "transportSocketMatches": [{"name": "m", "match": {"tlsMode": "istio"}}],
        "metadata": {"filterMetadata": {"aB": {"cD": 1}}},
    }
    found = cluster(Message(message, ""))
    assert found.transport_matches[0].match == {"tlsMode": "istio"}
    assert found.metadata == freeze({"aB": {"cD": 1}})


def test_other_bootstraps() -> None:
    manager = {
        "@type": f"{EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "statPrefix": "s",
        "routeConfig": {
            "name": "inline",
            "virtualHosts": [
                {
                    "name": "v",
                    "domains": ["*"],
                    "routes": [
                        {"match": {"prefix": "/a"}, "redirect": {"httpsRedirect": True, "responseCode": "FOUND"}},
                        {"match": {"prefix": "/"}, "route": {"cluster": "c", "timeout": "1.5s"}},
                    ],
                }
            ],
        },
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typedConfig": manager}]
    view = read_static({"staticResources": {"listeners": [{"name": "l", "filterChains": [{"filters": filters}]}]}})
    (found,) = view.listeners[0].filter_chains[0].filters
    assert isinstance(found, HttpConnectionManager)
    assert not isinstance(found.routes, str)
    actions = [each.action for each in found.routes.virtual_hosts[0].routes]
    assert actions == [Redirect(https=True, code=302), Forward("c", timeout=timedelta(seconds=1.5))]
    assert read_static(write_static(view)) == view


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({}, "is not an Envoy bootstrap"),
        ([], "must be an object, not a list"),
        ({"static_resources": []}, "static_resources: must be an object"),
        ({"static_resources": {"clusters": {}}}, "static_resources.clusters: must be a list"),
        ({"static_resources": {"clusters": [{"name": 1}]}}, "clusters[0].name: must be text, not a number"),
        ({"static_resources": {"clusters": [{"connect_timeout": 5}]}}, "clusters[0].connect_timeout: must be seconds"),
        ({"static_resources": {"clusters": [{"lb_policy": "X", "lbPolicy": "X"}]}}, "lb_policy: is there twice"),
        ({"static_resources": {"listeners": [{"bind_to_port": "no"}]}}, "bind_to_port: must be true or false"),
    ],
)
def test_what_is_no_bootstrap(config: Any, problem: str) -> None:
    with pytest.raises(InvalidError) as error:
        read_static(config)
    assert problem in str(error.value)


def test_discovery_files_are_of_their_type() -> None:
    files = write_discovery(RICH, "/xds")
    with pytest.raises(InvalidError, match=r"lds.json.resources\[0\]: must be of type .*Listener"):
        read_discovery({**files, "lds.json": files["cds.json"]})


def test_config_dump() -> None:
    files = write_discovery(RICH, "/xds")

    def held(file: str) -> list[Json]:
        return files[file]["resources"]  # type: ignore[no-any-return]  # written just now

    def dump(kind: str, **fields: Any) -> Json:
        return {"@type": f"type.googleapis.com/envoy.admin.v3.{kind}ConfigDump", **fields}

    routes = [each for file in files if file.startswith("rds/") for each in held(file)]
    endpoints = [each for file in files if file.startswith("eds/") for each in held(file)]
    view = read_config_dump(
        {
            "configs": [
                dump("Bootstrap", bootstrap=files["bootstrap.json"]),
                dump(
                    "Clusters",
                    static_clusters=[
                        {"cluster": each} for each in files["bootstrap.json"]["static_resources"]["clusters"]
                    ],
                    dynamic_active_clusters=[{"version_info": "1", "cluster": each} for each in held("cds.json")],
                ),
                dump("Endpoints", dynamic_endpoint_configs=[{"endpoint_config": each} for each in endpoints]),
                dump(
                    "Listeners",
                    dynamic_listeners=[{"name": "l", "active_state": {"listener": each}} for each in held("lds.json")]
                    + [{"name": "refused", "error_state": {"details": "x"}}],
                ),
                dump("Routes", dynamic_route_configs=[{"route_config": each} for each in routes]),
                dump("Secrets"),
            ]
        }
    )
    asked = {each.name for each in RICH.clusters if each.type == "EDS"}
    assert view.clusters == RICH.clusters
    assert view.listeners == RICH.listeners
    assert view.routes == RICH.routes
    assert view.endpoints == tuple(each for each in RICH.endpoints if each.cluster in asked)
    assert view.node == RICH.node


def test_config_dump_in_camel_case() -> None:
    # As istiod's debug page has it: at every depth, but for keys that are data.
    admin = "type.googleapis.com/envoy.admin.v3"
    options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    snake = {
        "name": "c",
        "outlier_detection": {"consecutive_5xx": 3, "enforcing_consecutive_5xx": 100},
        "typed_extension_protocol_options": {options: {"@type": "x", "explicit_http_config": {}}},
        "metadata": {"filter_metadata": {"istio": {"someKey": 1}}, "typed_filter_metadata": {"A.b": {"some_key": 1}}},
        "transport_socket_matches": [{"name": "m", "match": {"tlsMode": "istio"}, "transport_socket": {"name": "t"}}],
        "load_balancing_policy": {"policies": [{"typed_extension_config": {"append_x_forwarded_host": True}}]},
        "http_protocol_options": {"accept_http_10": True},
    }
    camel = {
        "name": "c",
        "outlierDetection": {"consecutive5xx": 3, "enforcingConsecutive5xx": 100},
        "typedExtensionProtocolOptions": {options: {"@type": "x", "explicitHttpConfig": {}}},
        "metadata": {"filterMetadata": {"istio": {"someKey": 1}}, "typedFilterMetadata": {"A.b": {"someKey": 1}}},
        "transportSocketMatches": [{"name": "m", "match": {"tlsMode": "istio"}, "transportSocket": {"name": "t"}}],
        "loadBalancingPolicy": {"policies": [{"typedExtensionConfig": {"appendXForwardedHost": True}}]},
        "httpProtocolOptions": {"acceptHttp10": True},
    }
    kind = {"@type": f"{admin}.ClustersConfigDump"}
    written = read_config_dump({"configs": [{**kind, "dynamic_active_clusters": [{"cluster": snake}]}]})
    (read,) = written.clusters
    assert read_config_dump({"configs": [{**kind, "dynamicActiveClusters": [{"cluster": camel}]}]}) == written
    assert read.outlier_detection is not None
    assert read.outlier_detection.consecutive_5xx == 3
    assert read.extra["load_balancing_policy"] == freeze(snake["load_balancing_policy"])


def test_what_is_no_config_dump() -> None:
    with pytest.raises(InvalidError, match="is not a config dump"):
        read_config_dump({"bootstrap": {}})
