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


_TOPOLOGIES: tuple[dict[str, Any], ...] = (
    {"numTrustedProxies": 2},
    {"forwardClientCertDetails": "APPEND_FORWARD", "numTrustedProxies": 1},
    {"forwardClientCertDetails": "ALWAYS_FORWARD_ONLY"},
    {"proxyProtocol": {}},
)


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
        "outboundTrafficPolicy": {"mode": seen.one(["REGISTRY_ONLY", "ALLOW_ANY_DYNAMIC_DNS"])},
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
        "defaultConfig": seen.parts(
            {
                "proxyHeaders": seen.parts(_HEADERS, 1, 5),
                "gatewayTopology": seen.one(_TOPOLOGIES),
                "tracing": {"sampling": 30, "maxPathTagLength": 99},
            },
            1,
            3,
        ),
        "tlsDefaults": {"cipherSuites": ["ECDHE-RSA-AES256-GCM-SHA384"], "ecdhCurves": ["P-256"]},
        "defaultTrafficPolicy": seen.parts(
            {"connectionPool": {"tcp": {"maxConnections": 17}}, "outlierDetection": {"consecutive5xxErrors": 6}}, 1, 2
        ),
        "proxyHttpPort": 15007,
        "accessLogFormat": "%START_TIME% given\n",
        "disableEnvoyListenerLog": True,
        "defaultProviders": {"accessLogging": ["log-text"], "tracing": ["trace-zipkin"]},
    }
