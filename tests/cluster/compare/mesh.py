"""A snapshot's mesh config as istiod reads it."""

from __future__ import annotations

from typing import Any

from pulumi_mesh.frozen import thaw
from pulumi_mesh.manifests.facts import MeshConfig
from pulumi_mesh.proxy.resolve.durations import proto_json


def as_mesh_config(mesh: MeshConfig) -> dict[str, Any]:
    """MeshConfig in the words of the API: what it takes to have istiod's defaults, and what is said beside them."""
    config: dict[str, Any] = {
        "trustDomain": mesh.trust_domain,
        "trustDomainAliases": list(mesh.trust_domain_aliases),
        "rootNamespace": mesh.root_namespace,
        "outboundTrafficPolicy": {"mode": mesh.outbound},
        "inboundTrafficPolicy": {"mode": mesh.inbound},
        "enableAutoMtls": mesh.auto_mtls,
        "defaultServiceExportTo": list(mesh.service_export_to),
        "defaultVirtualServiceExportTo": list(mesh.virtual_service_export_to),
        "defaultDestinationRuleExportTo": list(mesh.destination_rule_export_to),
        "connectTimeout": proto_json(mesh.connect_timeout),
        "dnsRefreshRate": proto_json(mesh.dns_refresh_rate),
        "protocolDetectionTimeout": proto_json(mesh.protocol_detection_timeout),
        "h2UpgradePolicy": "UPGRADE" if mesh.h2_upgrade else "DO_NOT_UPGRADE",
        "verifyCertificateAtClient": mesh.verify_certificate_at_client,
        "localityLbSetting": {"enabled": False}
        if mesh.locality_lb_setting is None
        else {"enabled": True, **thaw(mesh.locality_lb_setting)},
        "pathNormalization": {"normalization": mesh.path_normalization},
        "accessLogFile": mesh.access_log_file,
        "accessLogEncoding": mesh.access_log_encoding,
        "disableEnvoyListenerLog": not mesh.listener_log,
        "enableEnvoyAccessLogService": mesh.access_log_service,
        "enableTracing": mesh.enable_tracing,
        "proxyHttpPort": mesh.http_proxy_port,
        "outboundClusterStatName": mesh.outbound_stat_name,
        "inboundClusterStatName": mesh.inbound_stat_name,
        "extensionProviders": [
            {"name": "prometheus", "prometheus": {}},
            {"name": "stackdriver", "stackdriver": {}},
            {"name": "envoy", "envoyFileAccessLog": {"path": "/dev/stdout"}},
            *({"name": each.name, each.kind: thaw(each.config)} for each in mesh.extension_providers),
        ],
        **thaw(mesh.other),
    }
    optional = {
        "accessLogFormat": mesh.access_log_format,
        "tcpKeepalive": mesh.tcp_keepalive,
        "defaultHttpRetryPolicy": mesh.default_http_retry_policy,
        "defaultConfig": mesh.default_config,
        "tlsDefaults": mesh.tls_defaults,
    }
    config |= {name: thaw(value) for name, value in optional.items() if value}
    if mesh.mtls_minimum_version or mesh.mtls_cipher_suites:
        version = {"minProtocolVersion": mesh.mtls_minimum_version} if mesh.mtls_minimum_version else {}
        config["meshMTLS"] = {**version, "cipherSuites": list(mesh.mtls_cipher_suites)}
    providers = {"accessLogging": mesh.access_log_providers, "tracing": mesh.tracing_providers}
    config["defaultProviders"] = {"metrics": [], **{name: list(each) for name, each in providers.items() if each}}
    return config
