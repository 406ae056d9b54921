"""Extension providers as tracers of Envoy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import ExtensionProvider, Proxy
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.extension_providers import (
    Upstream,
    grpc_service,
    length,
    number,
    part,
    text,
    upstream_of,
)

_TYPES = "type.googleapis.com/envoy.config.trace.v3"
_DETECTORS = "envoy.tracers.opentelemetry.resource_detectors"
_DETECTOR_TYPES = "type.googleapis.com/envoy.extensions.tracers.opentelemetry.resource_detectors.v3"


@dataclass(frozen=True, slots=True)
class Tracer:
    """A tracer. name, config: Envoy's. longest_tag: of the path; 0 where nothing is said. spawns: whether a request to
    the upstream is a span of its own."""

    name: str
    config: FrozenMap[str, object]
    longest_tag: int
    spawns: bool


def tracer(snapshot: Snapshot, proxy: Proxy, provider: ExtensionProvider) -> Tracer | None:
    """A provider's tracer; None for one that does not trace, or whose service is not known.

    A header whose value istiod takes from its own environment is empty. Not resolved: Dynatrace's sampler.

    Mirrors configureFromProviderConfig (core/tracing.go).
    """
    config = provider.config
    found = upstream_of(snapshot, config)
    if found is None:
        return None
    cluster = proxy.service_cluster
    router = proxy.kind == "router"
    longest = number(config, "maxTagLength")
    match provider.kind:
        case "zipkin":
            return Tracer("envoy.tracers.zipkin", _zipkin(found, config), longest, router)
        case "datadog":
            return Tracer("envoy.tracers.datadog", _datadog(found, cluster), longest, router)
        case "skywalking":
            return Tracer("envoy.tracers.skywalking", _skywalking(found), 0, spawns=True)
        case "opentelemetry":
            return Tracer("envoy.tracers.opentelemetry", _open_telemetry(found, config, cluster), longest, router)
        case _:
            return None


def _zipkin(found: Upstream, config: FrozenMap[str, object]) -> FrozenMap[str, object]:
    """Mirrors zipkinConfig (core/tracing.go)."""
    path = text(config, "path") or "/api/v2/spans"
    uri = {
        "uri": f"http://{found.host}{path}",
        "cluster": found.cluster,
        "timeout": length(config, "timeout", timedelta(seconds=5)),
    }
    service: dict[str, object] = {"http_uri": FrozenMap(uri)}
    if headers := _headers(config):
        service["request_headers_to_add"] = headers
    fields: dict[str, object] = {
        "@type": f"{_TYPES}.ZipkinConfig",
        "collector_endpoint_version": "HTTP_JSON",
        "shared_span_context": False,
        "collector_service": FrozenMap(service),
    }
    if config.get("enable64bitTraceId") is not True:
        fields["trace_id_128bit"] = True
    if text(config, "traceContextOption") == "USE_B3_WITH_W3C_PROPAGATION":
        fields["trace_context_option"] = "USE_B3_WITH_W3C_PROPAGATION"
    return FrozenMap(fields)


def _datadog(found: Upstream, cluster: str) -> FrozenMap[str, object]:
    return FrozenMap(
        {
            "@type": f"{_TYPES}.DatadogConfig",
            "collector_cluster": found.cluster,
            "service_name": cluster,
            "collector_hostname": found.host,
        }
    )


def _skywalking(found: Upstream) -> FrozenMap[str, object]:
    return FrozenMap({"@type": f"{_TYPES}.SkyWalkingConfig", "grpc_service": FrozenMap(grpc_service(found))})


def _open_telemetry(found: Upstream, config: FrozenMap[str, object], cluster: str) -> FrozenMap[str, object]:
    """Mirrors otelConfig (core/tracing.go)."""
    fields: dict[str, object] = {"@type": f"{_TYPES}.OpenTelemetryConfig", "service_name": cluster}
    http, grpc = part(config, "http"), part(config, "grpc")
    if "http" in config:
        uri: dict[str, object] = {"uri": f"{found.host}/{text(http, 'path').lstrip('/')}", "cluster": found.cluster}
        if (timeout := length(http, "timeout")) is not None:
            uri["timeout"] = timeout
        service: dict[str, object] = {"http_uri": FrozenMap(uri)}
        if headers := _headers(http):
            service["request_headers_to_add"] = headers
        fields["http_service"] = FrozenMap(service)
    else:
        told = grpc_service(found)
        if (timeout := length(grpc, "timeout")) is not None:
            told["timeout"] = timeout
        if metadata := _pairs(grpc, "initialMetadata"):
            told["initial_metadata"] = tuple(FrozenMap(each) for each in metadata)
        fields["grpc_service"] = FrozenMap(told)
    detectors = part(config, "resourceDetectors")
    kinds = [kind for kind in ("environment", "dynatrace") if kind in detectors]
    if kinds:
        fields["resource_detectors"] = tuple(_detector(kind) for kind in kinds)
    return FrozenMap(fields)


def _detector(kind: str) -> FrozenMap[str, object]:
    config = FrozenMap({"@type": f"{_DETECTOR_TYPES}.{kind.capitalize()}ResourceDetectorConfig"})
    return FrozenMap({"name": f"{_DETECTORS}.{kind}", "typed_config": config})


def _headers(config: FrozenMap[str, object]) -> tuple[FrozenMap[str, object], ...]:
    """Mirrors buildHTTPHeaders (core/tracing.go)."""
    return tuple(
        FrozenMap({"append_action": "OVERWRITE_IF_EXISTS_OR_ADD", "header": FrozenMap(each)})
        for each in _pairs(config, "headers")
    )


def _pairs(config: FrozenMap[str, object], name: str) -> list[dict[str, str]]:
    """Names and values; an empty value is not written."""
    given = config.get(name)
    found = []
    for each in given if isinstance(given, tuple) else ():
        key, value = text(each, "name"), text(each, "value")
        found.append({"key": key, "value": value} if value else {"key": key})
    return found
