"""Route configuration (envoy.config.route.v3) and faults (envoy.extensions.filters.http.fault.v3)."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.write.matching import (
    fractional_percent,
    header_matcher,
    query_matcher,
    runtime_fraction,
    string_matcher,
)
from pulumi_mesh.proxy.envoy.write.message import Json, duration, message, typed
from pulumi_mesh.proxy.view.routes import (
    Cors,
    DirectResponse,
    Fault,
    Forward,
    HashCookie,
    HashPolicy,
    HeaderChanges,
    Mirror,
    PathMatch,
    Redirect,
    RetryPolicy,
    Route,
    RouteConfig,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
)

UNMODELLED_PATHS = frozenset({"connect_matcher", "path_match_policy"})
"""RouteMatch's path specifiers that the view keeps in ``extra``, beside the prefix that takes every path."""

UNMODELLED_ACTIONS = frozenset({"filter_action", "non_forwarding_action"})
"""Route's actions that the view keeps in ``extra``, beside an empty Forward."""


def route_config(config: RouteConfig) -> Json:
    """envoy.config.route.v3.RouteConfiguration."""
    return message(
        {
            "name": config.name,
            "virtual_hosts": [virtual_host(host) for host in config.virtual_hosts] or None,
            "validate_clusters": config.validate_clusters,
            "ignore_port_in_host_matching": config.ignore_port_in_host_matching or None,
            "max_direct_response_body_size_bytes": config.max_direct_response_body_size or None,
        },
        config.extra,
    )


def virtual_host(host: VirtualHost) -> Json:
    """envoy.config.route.v3.VirtualHost."""
    return message(
        {
            "name": host.name,
            "domains": list(host.domains),
            "routes": [route(each) for each in host.routes] or None,
            "require_tls": host.require_tls or None,
            "include_request_attempt_count": host.include_request_attempt_count or None,
        },
        host.extra,
    )


def route(value: Route) -> Json:
    """envoy.config.route.v3.Route."""
    per_filter: Json = {}
    if value.cors is not None:
        per_filter[names.CORS] = typed(names.CORS_POLICY_TYPE, _cors(value.cors))
    if value.fault is not None:
        per_filter[names.FAULT] = typed(names.FAULT_TYPE, fault(value.fault))
    return message(
        {
            "name": value.name or None,
            "match": _match(value.match),
            **_action(value),
            "decorator": {"operation": value.decorator} if value.decorator else None,
            "typed_per_filter_config": per_filter or None,
            **_headers("request", value.request_headers),
            **_headers("response", value.response_headers),
        },
        value.extra,
    )


def _cors(policy: Cors) -> Json:
    return message(
        {
            "allow_origin_string_match": [string_matcher(each) for each in policy.allow_origins] or None,
            "allow_methods": policy.allow_methods or None,
            "allow_headers": policy.allow_headers or None,
            "expose_headers": policy.expose_headers or None,
            "max_age": policy.max_age or None,
            "allow_credentials": policy.allow_credentials,
            "filter_enabled": runtime_fraction(policy.enabled),
            "forward_not_matching_preflights": policy.forward_unmatched_preflights,
        },
        policy.extra,
    )


def fault(value: Fault) -> Json:
    """The fault filter's config, for the filter or for one route."""
    delay = message(
        {
            "fixed_delay": duration(value.delay),
            "percentage": fractional_percent(value.delay_fraction) if value.delay_fraction else None,
        }
    )
    abort = message(
        {
            "http_status": value.abort_status,
            "grpc_status": value.abort_grpc_status,
            "percentage": fractional_percent(value.abort_fraction) if value.abort_fraction else None,
        }
    )
    return message({"delay": delay or None, "abort": abort or None}, value.extra)


def _match(match: RouteMatch) -> Json:
    kept = match.path == PathMatch("prefix", "") and not UNMODELLED_PATHS.isdisjoint(match.extra)
    return message(
        {
            **({} if kept else _path(match.path)),
            "case_sensitive": None if match.path.case_sensitive else False,
            "headers": [header_matcher(each) for each in match.headers] or None,
            "query_parameters": [query_matcher(each) for each in match.query] or None,
        },
        match.extra,
    )


def _path(path: PathMatch) -> Json:
    return {"safe_regex": {"regex": path.value}} if path.kind == "regex" else {path.kind: path.value}


def _action(value: Route) -> Json:
    match value.action:
        case Forward() as forward:
            kept = forward == Forward() and not UNMODELLED_ACTIONS.isdisjoint(value.extra)
            return {} if kept else {"route": _forward(forward)}
        case Redirect() as redirect:
            return {"redirect": _redirect(redirect)}
        case DirectResponse(status, body, extra):
            text = {"inline_string": body} if body else None
            return {"direct_response": message({"status": status, "body": text}, extra)}


def _forward(action: Forward) -> Json:
    weighted = {"clusters": [_weighted(each) for each in action.weighted]} if action.weighted else None
    rewrite = action.regex_rewrite
    return message(
        {
            "cluster": action.cluster or None,
            "weighted_clusters": weighted,
            "prefix_rewrite": action.prefix_rewrite or None,
            "regex_rewrite": (
                message({"pattern": {"regex": rewrite.pattern}, "substitution": rewrite.substitution or None})
                if rewrite
                else None
            ),
            "host_rewrite_literal": action.host_rewrite or None,
            "timeout": duration(action.timeout),
            "retry_policy": _retry(action.retry) if action.retry else None,
            "request_mirror_policies": [_mirror(each) for each in action.mirrors] or None,
            "hash_policy": [_hash_policy(each) for each in action.hash_policies] or None,
            "max_grpc_timeout": duration(action.max_grpc_timeout),
            "cluster_not_found_response_code": (
                names.UNKNOWN_CLUSTER[action.unknown_cluster_status] if action.unknown_cluster_status != 503 else None
            ),
        },
        action.extra,
    )


def _weighted(share: WeightedCluster) -> Json:
    return message(
        {
            "name": share.cluster or None,
            "weight": share.weight,
            **_headers("request", share.request_headers),
            **_headers("response", share.response_headers),
            "host_rewrite_literal": share.host_rewrite or None,
        },
        share.extra,
    )


def _retry(policy: RetryPolicy) -> Json:
    previous = {"name": names.PREVIOUS_HOSTS, "typed_config": {"@type": names.PREVIOUS_HOSTS_TYPE}}
    return message(
        {
            "retry_on": ",".join(policy.conditions) or None,
            "num_retries": policy.attempts,
            "per_try_timeout": duration(policy.per_try_timeout),
            "retry_host_predicate": [previous] if policy.avoid_tried_hosts else None,
            "host_selection_retry_max_attempts": policy.host_selection_attempts or None,
            "retriable_status_codes": list(policy.status_codes) or None,
            "retry_back_off": {"base_interval": duration(policy.back_off)} if policy.back_off is not None else None,
        },
        policy.extra,
    )


def _mirror(mirror: Mirror) -> Json:
    fields = {"cluster": mirror.cluster or None, "runtime_fraction": runtime_fraction(mirror.fraction)}
    return message(fields, mirror.extra)


def _hash_policy(policy: HashPolicy) -> Json:
    return message(
        {
            "header": {"header_name": policy.header} if policy.header else None,
            "cookie": _hash_cookie(policy.cookie) if policy.cookie else None,
            "connection_properties": {"source_ip": True} if policy.source_ip else None,
            "query_parameter": {"name": policy.query_parameter} if policy.query_parameter else None,
            "terminal": policy.terminal or None,
        },
        policy.extra,
    )


def _hash_cookie(cookie: HashCookie) -> Json:
    return message(
        {
            "name": cookie.name,
            "ttl": duration(cookie.ttl),
            "path": cookie.path or None,
            "attributes": [{"name": name, "value": value} for name, value in cookie.attributes] or None,
        }
    )


def _redirect(redirect: Redirect) -> Json:
    return message(
        {
            "scheme_redirect": redirect.scheme or None,
            "https_redirect": redirect.https or None,
            "host_redirect": redirect.host or None,
            "port_redirect": redirect.port or None,
            "path_redirect": redirect.path or None,
            "prefix_rewrite": redirect.prefix_rewrite or None,
            "response_code": names.REDIRECT_CODES[redirect.code] if redirect.code != 301 else None,
            "strip_query": redirect.strip_query or None,
        },
        redirect.extra,
    )


def _headers(side: str, changes: HeaderChanges) -> Mapping[str, object]:
    return {
        f"{side}_headers_to_add": [
            {
                "header": {"key": header.name, "value": header.value},
                "append_action": names.APPEND if header.append else names.OVERWRITE,
            }
            for header in changes.add
        ]
        or None,
        f"{side}_headers_to_remove": list(changes.remove) or None,
    }
