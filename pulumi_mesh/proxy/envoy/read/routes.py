"""Route configuration (envoy.config.route.v3) and faults (envoy.extensions.filters.http.fault.v3)."""

from __future__ import annotations

from typing import Literal

from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.read.extension import extension
from pulumi_mesh.proxy.envoy.read.matching import (
    fractional_percent,
    header_matcher,
    query_matcher,
    regex,
    runtime_fraction,
    string_matcher,
)
from pulumi_mesh.proxy.envoy.read.message import Message, UnmodelledError
from pulumi_mesh.proxy.view.routes import (
    Action,
    Cors,
    DirectResponse,
    Fault,
    Forward,
    HashCookie,
    HashPolicy,
    HeaderChanges,
    HeaderValue,
    Mirror,
    PathMatch,
    Redirect,
    RegexRewrite,
    RetryPolicy,
    Route,
    RouteConfig,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
)

_PATHS: tuple[Literal["prefix", "path", "path_separated_prefix"], ...] = (
    "prefix",
    "path",
    "path_separated_prefix",
)
_CODES: dict[str, Literal[301, 302, 303, 307, 308]] = {
    "MOVED_PERMANENTLY": 301,
    "FOUND": 302,
    "SEE_OTHER": 303,
    "TEMPORARY_REDIRECT": 307,
    "PERMANENT_REDIRECT": 308,
}
_UNKNOWN_CLUSTER: dict[str, Literal[503, 404, 500]] = {
    "SERVICE_UNAVAILABLE": 503,
    "NOT_FOUND": 404,
    "INTERNAL_SERVER_ERROR": 500,
}
_APPENDS: dict[str, bool | None] = {names.APPEND: True, names.OVERWRITE: False}


def route_config(message: Message) -> RouteConfig:
    """envoy.config.route.v3.RouteConfiguration."""
    return RouteConfig(
        name=message.text("name"),
        virtual_hosts=message.each("virtual_hosts", virtual_host),
        validate_clusters=message.flag("validate_clusters"),
        ignore_port_in_host_matching=bool(message.flag("ignore_port_in_host_matching")),
        max_direct_response_body_size=message.number("max_direct_response_body_size_bytes") or 0,
        extra=message.rest(),
    )


def virtual_host(message: Message) -> VirtualHost:
    """envoy.config.route.v3.VirtualHost."""
    return VirtualHost(
        name=message.text("name"),
        domains=message.texts("domains"),
        routes=message.each("routes", route),
        require_tls=message.text("require_tls"),
        include_request_attempt_count=bool(message.flag("include_request_attempt_count")),
        extra=message.rest(),
    )


def route(message: Message) -> Route:
    """envoy.config.route.v3.Route."""
    filters = message.part("typed_per_filter_config", raw=True)
    return Route(
        name=message.text("name"),
        match=message.one("match", _match) or RouteMatch(PathMatch("prefix", "")),
        action=_action(message),
        request_headers=_headers("request", message),
        response_headers=_headers("response", message),
        fault=filters.one(names.FAULT, _route_fault),
        cors=filters.one(names.CORS, _cors),
        decorator=message.part("decorator").text("operation"),
        extra=message.rest(),
    )


def _route_fault(message: Message) -> Fault:
    if message.text("@type") != names.FAULT_TYPE:
        raise UnmodelledError
    return fault(message)


def _cors(message: Message) -> Cors:
    if message.text("@type") != names.CORS_POLICY_TYPE:
        raise UnmodelledError
    return Cors(
        allow_origins=message.each("allow_origin_string_match", string_matcher),
        allow_methods=message.text("allow_methods"),
        allow_headers=message.text("allow_headers"),
        expose_headers=message.text("expose_headers"),
        max_age=message.text("max_age"),
        allow_credentials=message.flag("allow_credentials"),
        enabled=message.one("filter_enabled", runtime_fraction),
        forward_unmatched_preflights=message.flag("forward_not_matching_preflights"),
        extra=message.rest(),
    )


def fault(message: Message) -> Fault:
    """The fault filter's config, for the filter or for one route."""
    delay, abort = message.part("delay"), message.part("abort")
    return Fault(
        delay=delay.duration("fixed_delay"),
        delay_fraction=delay.one("percentage", fractional_percent),
        abort_status=abort.number("http_status"),
        abort_grpc_status=abort.number("grpc_status"),
        abort_fraction=abort.one("percentage", fractional_percent),
        extra=message.rest(),
    )


def _match(message: Message) -> RouteMatch:
    case_sensitive = message.flag("case_sensitive") is not False
    return RouteMatch(
        _path(message, case_sensitive),
        headers=message.each("headers", header_matcher),
        query=message.each("query_parameters", query_matcher),
        extra=message.rest(),
    )


def _path(message: Message, case_sensitive: bool) -> PathMatch:
    for kind in _PATHS:
        if kind in message:
            return PathMatch(kind, message.text(kind), case_sensitive)
    pattern = message.one("safe_regex", regex)
    if pattern is not None:
        return PathMatch("regex", pattern, case_sensitive)
    return PathMatch("prefix", "", case_sensitive)


def _action(message: Message) -> Action:
    return (
        message.one("redirect", _redirect)
        or message.one("direct_response", _direct_response)
        or message.one("route", _forward)
        or Forward()
    )


def _direct_response(message: Message) -> DirectResponse:
    return DirectResponse(message.number("status") or 0, message.part("body").text("inline_string"), message.rest())


def _forward(message: Message) -> Forward:
    return Forward(
        cluster=message.text("cluster"),
        weighted=message.part("weighted_clusters").each("clusters", _weighted),
        timeout=message.duration("timeout"),
        max_grpc_timeout=message.duration("max_grpc_timeout"),
        retry=message.one("retry_policy", _retry),
        mirrors=message.each("request_mirror_policies", _mirror),
        hash_policies=message.each("hash_policy", _hash_policy),
        host_rewrite=message.text("host_rewrite_literal"),
        prefix_rewrite=message.text("prefix_rewrite"),
        regex_rewrite=message.one("regex_rewrite", _regex_rewrite),
        unknown_cluster_status=message.choice("cluster_not_found_response_code", _UNKNOWN_CLUSTER, 503),
        extra=message.rest(),
    )


def _regex_rewrite(message: Message) -> RegexRewrite:
    pattern = message.one("pattern", regex)
    substitution = message.text("substitution")
    message.end()
    return RegexRewrite(pattern or "", substitution)


def _weighted(message: Message) -> WeightedCluster:
    return WeightedCluster(
        message.text("name"),
        message.number("weight") or 0,
        request_headers=_headers("request", message),
        response_headers=_headers("response", message),
        host_rewrite=message.text("host_rewrite_literal"),
        extra=message.rest(),
    )


def _retry(message: Message) -> RetryPolicy:
    attempts = message.number("num_retries")
    return RetryPolicy(
        conditions=tuple(word.strip() for word in message.text("retry_on").split(",") if word.strip()),
        attempts=1 if attempts is None else attempts,
        per_try_timeout=message.duration("per_try_timeout"),
        status_codes=message.numbers("retriable_status_codes"),
        avoid_tried_hosts=bool(message.each("retry_host_predicate", _previous_hosts)),
        host_selection_attempts=message.number("host_selection_retry_max_attempts") or 0,
        back_off=message.part("retry_back_off").duration("base_interval"),
        extra=message.rest(),
    )


def _previous_hosts(message: Message) -> str:
    found = extension(message)
    if found.of(names.PREVIOUS_HOSTS, names.PREVIOUS_HOSTS_TYPE) is None:
        raise UnmodelledError
    return found.name


def _mirror(message: Message) -> Mirror:
    return Mirror(message.text("cluster"), message.one("runtime_fraction", runtime_fraction), message.rest())


def _hash_policy(message: Message) -> HashPolicy:
    return HashPolicy(
        header=message.part("header").text("header_name"),
        cookie=message.one("cookie", _hash_cookie),
        source_ip=bool(message.part("connection_properties").flag("source_ip")),
        query_parameter=message.part("query_parameter").text("name"),
        terminal=bool(message.flag("terminal")),
        extra=message.rest(),
    )


def _hash_cookie(message: Message) -> HashCookie:
    attributes = message.each("attributes", _attribute)
    cookie = HashCookie(message.text("name"), message.duration("ttl"), message.text("path"), attributes)
    message.end()
    return cookie


def _attribute(message: Message) -> tuple[str, str]:
    pair = message.text("name"), message.text("value")
    message.end()
    return pair


def _redirect(message: Message) -> Redirect:
    return Redirect(
        scheme=message.text("scheme_redirect"),
        host=message.text("host_redirect"),
        port=message.number("port_redirect") or 0,
        path=message.text("path_redirect"),
        prefix_rewrite=message.text("prefix_rewrite"),
        code=message.choice("response_code", _CODES, 301),
        strip_query=bool(message.flag("strip_query")),
        https=bool(message.flag("https_redirect")),
        extra=message.rest(),
    )


def _headers(side: str, message: Message) -> HeaderChanges:
    return HeaderChanges(
        add=message.each(f"{side}_headers_to_add", _header_value),
        remove=message.texts(f"{side}_headers_to_remove"),
    )


def _header_value(message: Message) -> HeaderValue:
    header = message.part("header")
    name, value = header.text("key"), header.text("value")
    append: bool | None = True
    if "append" in message:
        append = message.flag("append")
    elif "append_action" in message:
        append = message.choice("append_action", _APPENDS, None)
    message.end()
    return HeaderValue(name, value, bool(append))
