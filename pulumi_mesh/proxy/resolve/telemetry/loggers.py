"""Extension providers as access loggers of Envoy."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.manifests.facts import ExtensionProvider, MeshConfig
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.extension_providers import grpc_service, part, text, texts, upstream_of
from pulumi_mesh.proxy.resolve.telemetry.formats import JSON_FORMAT, TEXT_FORMAT
from pulumi_mesh.proxy.view.telemetry import AccessLog

_TYPES = "type.googleapis.com/envoy.extensions.access_loggers"
_STDOUT = "/dev/stdout"
_PEERS = ("upstream_peer", "downstream_peer")
"""What Istio's own Envoy notes about both ends. Mirrors envoyStateToLog (pilot/pkg/model/telemetry_logging.go)."""

_MORE_PEERS = (
    *_PEERS,
    "wasm.upstream_peer",
    "wasm.upstream_peer_id",
    "wasm.downstream_peer",
    "wasm.downstream_peer_id",
)
_WITHOUT_QUERY = freeze(
    {
        "name": "envoy.formatter.req_without_query",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery"
        },
    }
)
_BUILT_IN = "envoy"


def logger(snapshot: Snapshot, provider: ExtensionProvider) -> AccessLog | None:
    """A provider's logger; None for one that does not log, or whose service is not known.

    Mirrors telemetryAccessLog (pilot/pkg/model/telemetry_logging.go).
    """
    match provider.kind:
        case "envoyFileAccessLog":
            return _file(snapshot.mesh, provider)
        case "envoyHttpAls":
            return _grpc(snapshot, provider.config, http=True)
        case "envoyTcpAls":
            return _grpc(snapshot, provider.config, http=False)
        case "envoyOtelAls":
            return _open_telemetry(snapshot, provider.config)
        case _:
            return None


def mesh_log(mesh: MeshConfig, path: str) -> AccessLog:
    """A file in the form that MeshConfig says. Mirrors FileAccessLogFromMeshConfig (telemetry_logging.go)."""
    if mesh.access_log_encoding == "JSON":
        return _file_log(path, _json_format(_parsed(mesh.access_log_format)))
    return _file_log(path, _text_format(mesh.access_log_format))


def _file(mesh: MeshConfig, provider: ExtensionProvider) -> AccessLog:
    config = provider.config
    given, omit = part(config, "logFormat"), config.get("omitEmptyValues") is True
    path = text(config, "path") or _STDOUT
    if provider.name == _BUILT_IN and not given and not omit:
        return mesh_log(mesh, path)
    made = _json_format(part(given, "labels")) if "labels" in given else _text_format(text(given, "text"))
    return _file_log(path, {**made, "omit_empty_values": True} if omit else made)


def _file_log(path: str, form: Mapping[str, object]) -> AccessLog:
    config = {"@type": f"{_TYPES}.file.v3.FileAccessLog", "path": path, "log_format": FrozenMap(form)}
    return AccessLog("envoy.access_loggers.file", FrozenMap(config))


def _text_format(given: str) -> dict[str, object]:
    """Mirrors buildFileAccessTextLogFormat: a line ends with a line's end."""
    line = (given if given.endswith("\n") else f"{given}\n") if given else TEXT_FORMAT
    return {"text_format_source": FrozenMap({"inline_string": line}), **_formatters(line)}


def _json_format(given: Mapping[str, object]) -> dict[str, object]:
    """Mirrors buildFileAccessJSONLogFormat."""
    fields = FrozenMap(given) if given else JSON_FORMAT
    words = " ".join(each for each in fields.values() if isinstance(each, str))
    return {"json_format": fields, "json_format_options": FrozenMap(), **_formatters(words)}


def _formatters(words: str) -> dict[str, object]:
    return {"formatters": (_WITHOUT_QUERY,)} if "%REQ_WITHOUT_QUERY" in words else {}


def _parsed(given: str) -> FrozenMap[str, object]:
    """MeshConfig's own JSON; what is none counts as not given, as in Istio."""
    try:
        found = json.loads(given) if given else {}
    except ValueError:
        found = {}
    return freeze(found) if isinstance(found, dict) else FrozenMap()


def _grpc(snapshot: Snapshot, config: FrozenMap[str, object], *, http: bool) -> AccessLog | None:
    """An access log service. Mirrors httpGrpcAccessLogFromTelemetry and tcpGrpcAccessLogFromTelemetry."""
    found = upstream_of(snapshot, config)
    if found is None:
        return None
    kind = "Http" if http else "Tcp"
    common = {
        "log_name": text(config, "logName") or f"{kind.lower()}_envoy_accesslog",
        "grpc_service": FrozenMap(grpc_service(found)),
        "transport_api_version": "V3",
        "filter_state_objects_to_log": texts(config, "filterStateObjectsToLog") or _PEERS,
    }
    fields: dict[str, object] = {
        "@type": f"{_TYPES}.grpc.v3.{kind}GrpcAccessLogConfig",
        "common_config": FrozenMap(common),
    }
    if http:
        headers = {
            "additional_request_headers_to_log": texts(config, "additionalRequestHeadersToLog"),
            "additional_response_headers_to_log": texts(config, "additionalResponseHeadersToLog"),
            "additional_response_trailers_to_log": texts(config, "additionalResponseTrailersToLog"),
        }
        fields.update({name: each for name, each in headers.items() if each})
    return AccessLog("envoy.access_loggers.http_grpc" if http else "envoy.tcp_grpc_access_log", FrozenMap(fields))


def _open_telemetry(snapshot: Snapshot, config: FrozenMap[str, object]) -> AccessLog | None:
    """Mirrors openTelemetryLog and buildOpenTelemetryAccessLogConfig (telemetry_logging.go)."""
    found = upstream_of(snapshot, config)
    if found is None:
        return None
    given = part(config, "logFormat")
    line, labels = text(given, "text") or TEXT_FORMAT, part(given, "labels")
    common = {
        "log_name": text(config, "logName") or "otel_envoy_accesslog",
        "grpc_service": FrozenMap(grpc_service(found)),
        "transport_api_version": "V3",
        "filter_state_objects_to_log": _MORE_PEERS,
    }
    fields: dict[str, object] = {
        "@type": f"{_TYPES}.open_telemetry.v3.OpenTelemetryAccessLogConfig",
        "common_config": FrozenMap(common),
        "disable_builtin_labels": True,
        "body": FrozenMap({"string_value": line}),
        **_formatters(" ".join((line, *(each for each in labels.values() if isinstance(each, str))))),
    }
    if labels:
        values = tuple(FrozenMap({"key": key, "value": _text_value(labels[key])}) for key in sorted(labels))
        fields["attributes"] = FrozenMap({"values": values})
    return AccessLog("envoy.access_loggers.open_telemetry", FrozenMap(fields))


def _text_value(value: object) -> FrozenMap[str, object]:
    return FrozenMap({"string_value": value if isinstance(value, str) else ""})
