"""The mesh config: what it says beside its defaults, and the providers that objects name."""

from __future__ import annotations

from typing import Any

import yaml

from tests.cluster.compare.generate.manifests.scene import ROOT, Document, Scene

AUTHORIZERS = ("authorizer-grpc", "authorizer-http", "authorizer-nobody")
LOGGERS = ("envoy", "log-text", "log-json", "log-otel")
TRACERS = ("trace-otel", "trace-zipkin")
_HEADERS: dict[str, Any] = {
    "attemptCount": {"disabled": True},
    "envoyDebugHeaders": {"disabled": True},
    "forwardedClientCert": "SANITIZE_SET",
    "preserveHttp1HeaderCase": True,
    "requestId": {"disabled": True},
    "server": {"value": "given"},
    "setCurrentClientCertDetails": {"subject": False, "cert": True},
    "xForwardedHost": {"enabled": True},
    "xForwardedPort": {"enabled": True},
}


def with_providers(seen: Scene, *, more: bool) -> Document:
    """The ConfigMap that istiod reads; ``more``: with settings that apply to all of the mesh."""
    config: dict[str, Any] = {"extensionProviders": _providers(seen)}
    if more:
        config |= seen.parts(_settings(seen), 1, 5)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "istio", "namespace": ROOT},
        "data": {"mesh": yaml.safe_dump(config)},
    }


def _providers(seen: Scene) -> list[Document]:
    service = seen.one(seen.services)
    server = {"service": service.host, "port": seen.one(service.ports)["port"]}
    grpc = {**server, "timeout": "2s", "failOpen": True, "statusOnError": "503"}
    http = {
        **server,
        "pathPrefix": "/check",
        "includeRequestHeadersInCheck": ["x-user", "x-ext-*"],
        "headersToUpstreamOnAllow": ["x-allowed"],
        "includeRequestBodyInCheck": {"maxRequestBytes": 4096, "allowPartialMessage": True},
    }
    return [
        {"name": "authorizer-grpc", "envoyExtAuthzGrpc": grpc},
        {"name": "authorizer-http", "envoyExtAuthzHttp": http},
        {"name": "log-text", "envoyFileAccessLog": {"path": "/dev/stderr", "logFormat": {"text": "%START_TIME% a\n"}}},
        {
            "name": "log-json",
            "envoyFileAccessLog": {"path": "/dev/stdout", "logFormat": {"labels": {"a": "%PROTOCOL%"}}},
        },
        {"name": "log-otel", "envoyOtelAls": {**server, "logName": "given"}},
        {"name": "trace-otel", "opentelemetry": {**server, "maxTagLength": 99}},
        {"name": "trace-zipkin", "zipkin": {**server, "enable64bitTraceId": True}},
    ]


def _settings(seen: Scene) -> dict[str, Any]:
    return {
        "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"},
        "enableAutoMtls": False,
        "connectTimeout": "3s",
        "protocolDetectionTimeout": "5s",
        "h2UpgradePolicy": "UPGRADE",
        "accessLogFile": "/dev/stdout",
        "accessLogEncoding": "JSON",
        "defaultHttpRetryPolicy": {"attempts": 3, "retryOn": "5xx"},
        "defaultServiceExportTo": ["."],
        "defaultVirtualServiceExportTo": seen.one([["."], ["*"]]),
        "defaultDestinationRuleExportTo": ["."],
        "localityLbSetting": seen.one([{"enabled": False}, {"failover": [{"from": "eu", "to": "us"}]}]),
        "pathNormalization": {"normalization": seen.one(["NONE", "BASE", "MERGE_SLASHES"])},
        "tcpKeepalive": {"time": "60s", "probes": 2},
        "trustDomainAliases": ["old.local"],
        "verifyCertificateAtClient": True,
        "meshMTLS": {"minProtocolVersion": "TLSV1_3"},
        "dnsRefreshRate": "9s",
        "outboundClusterStatName": "%SERVICE%/%SERVICE_NAME%/%SUBSET_NAME%/%SERVICE_PORT%/%SERVICE_PORT_NAME%",
        "inboundClusterStatName": "in-%SERVICE%-%SERVICE_FQDN%-%SERVICE_PORT_NAME%-%TARGET_PORT%",
        "inboundTrafficPolicy": {"mode": "LOCALHOST"},
        "defaultConfig": {"proxyHeaders": seen.parts(_HEADERS, 1, 5)},
        "defaultProviders": {"accessLogging": ["log-text"], "tracing": ["trace-zipkin"]},
    }
