"""Rate limits become EnvoyFilters, as Istio documents them: it has no kind of its own for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_mesh import istio
from pulumi_mesh.model.gateway import Gateway
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.model.rate_limits import DescriptorEntry, GlobalRateLimit, LocalRateLimit, TokenBucket
from pulumi_mesh.refs import Identity
from pulumi_mesh.render.istio.names import host_of, labels_of
from pulumi_mesh.render.result import Entry
from pulumi_mesh.words.cluster_names import cluster_name

_CONNECTIONS = "envoy.filters.network.http_connection_manager"
_ROUTER = "envoy.filters.http.router"
_TYPES = "type.googleapis.com/envoy.extensions.filters.http"
_ALL = {"numerator": 100, "denominator": "HUNDRED"}


def rate_limits(mesh: Mesh) -> Iterator[Entry]:
    """One EnvoyFilter for each limit, in the namespace of its target."""
    for local in mesh.local_rate_limits:
        yield _entry(mesh, local, _local(local), f'local_rate_limits["{local.name}"]')
    for shared in mesh.global_rate_limits:
        yield _entry(mesh, shared, _global(mesh, shared), f'global_rate_limits["{shared.name}"]')


def _entry(mesh: Mesh, limit: LocalRateLimit | GlobalRateLimit, patches: list[dict[str, Any]], source: str) -> Entry:
    spec = {"workloadSelector": {"labels": labels_of(limit.target)}, "configPatches": patches}
    made = istio.EnvoyFilter(limit.name, namespace=mesh.physical_namespace(limit.namespace), spec=spec)
    return Entry(Identity("EnvoyFilter", limit.namespace, limit.name), made, source)


def _local(limit: LocalRateLimit) -> list[dict[str, Any]]:
    """The filter has a name of its own, so that what a route says of one limit is not taken for another."""
    name = f"envoy.filters.http.local_ratelimit.{limit.namespace}.{limit.name}"
    prefix = f"{limit.namespace}.{limit.name}"
    counting = {
        "@type": f"{_TYPES}.local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": prefix,
        "token_bucket": _bucket(limit.token_bucket),
        "filter_enabled": {"default_value": _ALL},
        "filter_enforced": {"default_value": _ALL},
    }
    if not limit.rule:
        return [_filter(limit, {"name": name, "typed_config": counting}, limit.port, before_router=False)]
    idle = {"@type": counting["@type"], "stat_prefix": prefix}
    vhost: dict[str, Any] = {"vhost": {"route": {"name": limit.rule}}}
    if limit.port is not None:
        vhost = {"portNumber": limit.port, **vhost}
    return [
        _filter(limit, {"name": name, "typed_config": idle}, limit.port, before_router=False),
        {
            "applyTo": "HTTP_ROUTE",
            "match": {"context": _context(limit), "routeConfiguration": vhost},
            "patch": {"operation": "MERGE", "value": {"typed_per_filter_config": {name: counting}}},
        },
    ]


def _bucket(bucket: TokenBucket) -> dict[str, Any]:
    return {
        "max_tokens": bucket.max_tokens,
        "tokens_per_fill": bucket.tokens_per_fill,
        "fill_interval": _seconds(bucket.fill_interval.total_seconds()),
    }


def _global(mesh: Mesh, limit: GlobalRateLimit) -> list[dict[str, Any]]:
    host = host_of(mesh, limit.service.service)
    port = limit.service.port or 0  # the model asks for one
    grpc: dict[str, Any] = {
        "envoy_grpc": {
            "cluster_name": cluster_name(host, port, limit.service.version),
            "authority": host,
        }
    }
    config: dict[str, Any] = {
        "@type": f"{_TYPES}.ratelimit.v3.RateLimit",
        "domain": limit.domain,
        "failure_mode_deny": limit.failure_mode_deny,
        "rate_limit_service": {"grpc_service": grpc, "transport_api_version": "V3"},
    }
    if limit.timeout is not None:
        config["timeout"] = _seconds(limit.timeout.total_seconds())
    counted = [{"actions": [_action(entry) for entry in entries]} for entries in limit.descriptors]
    return [
        _filter(limit, {"name": "envoy.filters.http.ratelimit", "typed_config": config}, None, before_router=True),
        {
            "applyTo": "VIRTUAL_HOST",
            "match": {"context": _context(limit)},
            "patch": {"operation": "MERGE", "value": {"rate_limits": counted}},
        },
    ]


def _action(entry: DescriptorEntry) -> dict[str, Any]:
    if entry.header:
        return {"request_headers": {"header_name": entry.header, "descriptor_key": entry.key}}
    if entry.value:
        return {"generic_key": {"descriptor_key": entry.key, "descriptor_value": entry.value}}
    return {entry.key: {}}


def _filter(
    limit: LocalRateLimit | GlobalRateLimit, value: dict[str, Any], port: int | None, *, before_router: bool
) -> dict[str, Any]:
    """An HTTP filter: before all others, or after those that may refuse the request, just before the router."""
    chain: dict[str, Any] = {"filter": {"name": _CONNECTIONS}}
    if before_router:
        chain["filter"]["subFilter"] = {"name": _ROUTER}
    listener: dict[str, Any] = {"filterChain": chain}
    if port is not None and isinstance(limit.target, Gateway):
        listener["portNumber"] = port
    elif port is not None:
        chain["destinationPort"] = port
    return {
        "applyTo": "HTTP_FILTER",
        "match": {"context": _context(limit), "listener": listener},
        "patch": {"operation": "INSERT_BEFORE", "value": value},
    }


def _context(limit: LocalRateLimit | GlobalRateLimit) -> str:
    return "GATEWAY" if isinstance(limit.target, Gateway) else "SIDECAR_INBOUND"


def _seconds(length: float) -> str:
    """As protobuf's JSON has durations."""
    return f"{length:.3f}".rstrip("0").rstrip(".") + "s"
