"""MeshConfig as Istio's ConfigMap holds it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.manifests.durations import duration
from pulumi_mesh.manifests.facts import ExtensionProvider, MeshConfig
from pulumi_mesh.manifests.reading import load_yaml
from pulumi_mesh.manifests.wire import RawObject

_DEFAULTS = MeshConfig()
_NAME = "istio"
_BUILT_IN = ("prometheus", "stackdriver", "envoy")
_TEXTS = {
    "trustDomain": "trust_domain",
    "rootNamespace": "root_namespace",
    "accessLogFile": "access_log_file",
    "accessLogFormat": "access_log_format",
    "accessLogEncoding": "access_log_encoding",
    "outboundClusterStatName": "outbound_stat_name",
    "inboundClusterStatName": "inbound_stat_name",
    "ingressClass": "ingress_class",
    "ingressControllerMode": "ingress_mode",
    "ingressService": "ingress_service",
    "ingressSelector": "ingress_selector",
}
_LISTS = {
    "trustDomainAliases": "trust_domain_aliases",
    "defaultServiceExportTo": "service_export_to",
    "defaultVirtualServiceExportTo": "virtual_service_export_to",
    "defaultDestinationRuleExportTo": "destination_rule_export_to",
}
_NUMBERS = {
    "proxyListenPort": "proxy_port",
    "proxyInboundListenPort": "inbound_port",
    "proxyHttpPort": "http_proxy_port",
}
_SWITCHES = {
    "enableAutoMtls": "auto_mtls",
    "enableEnvoyAccessLogService": "access_log_service",
    "enableTracing": "enable_tracing",
    "verifyCertificateAtClient": "verify_certificate_at_client",
}
_DURATIONS = {
    "connectTimeout": "connect_timeout",
    "protocolDetectionTimeout": "protocol_detection_timeout",
    "dnsRefreshRate": "dns_refresh_rate",
}
_MESSAGES = {
    "tlsDefaults": "tls_defaults",
    "tcpKeepalive": "tcp_keepalive",
    "defaultHttpRetryPolicy": "default_http_retry_policy",
    "defaultConfig": "default_config",
}


def mesh_config(data: Mapping[str, Any], base: MeshConfig = _DEFAULTS) -> MeshConfig:
    """What a MeshConfig says, over ``base``. data: in the words of the API. Raises InvalidError."""
    return replace(base, **_fields(data, base))


def from_objects(items: Iterable[RawObject], base: MeshConfig) -> MeshConfig:
    """What the ConfigMap ``istio`` says, over ``base``; without one, ``base``. Raises MeshError."""
    for item in items:
        if item.kind != "ConfigMap" or item.name != _NAME:
            continue
        data: Any = item.body.get("data") or {}
        where = f'ConfigMap("{item.name}").data'
        networks = load_yaml(str(data.get("meshNetworks") or ""), f"{where}.meshNetworks") or {}
        said = load_yaml(str(data.get("mesh") or ""), f"{where}.mesh") or {}
        if not isinstance(said, Mapping) or not isinstance(networks, Mapping):
            raise InvalidError([(where, "needs a mapping in mesh and in meshNetworks")])
        found = mesh_config({"rootNamespace": item.namespace, **said} if item.namespace else said, base)
        return replace(found, mesh_networks=freeze(networks.get("networks") or {})) if networks else found
    return base


def _fields(data: Mapping[str, Any], base: MeshConfig) -> dict[str, Any]:
    found: dict[str, Any] = {}
    read: set[str] = set()

    def given(name: str) -> Any:
        read.add(name)
        return data.get(name)

    for name, field in (*_TEXTS.items(), *_SWITCHES.items(), *_NUMBERS.items()):
        if (value := given(name)) is not None and value != "":
            found[field] = value
    for name, field in _LISTS.items():
        if value := given(name):
            found[field] = tuple(value)
    for name, field in _DURATIONS.items():
        if (value := given(name)) is not None:
            found[field] = _length(value, name)
    for name, field in _MESSAGES.items():
        if (value := given(name)) is not None:
            found[field] = freeze(value)
    for name, field, default in (
        ("outboundTrafficPolicy", "outbound", "REGISTRY_ONLY"),
        ("inboundTrafficPolicy", "inbound", "PASSTHROUGH"),
    ):
        if (value := given(name)) is not None:
            found[field] = value.get("mode", default)  # the first of the API's words, where the field is there
    if (value := given("disableEnvoyListenerLog")) is not None:
        found["listener_log"] = not value
    if (value := given("h2UpgradePolicy")) is not None:
        found["h2_upgrade"] = value == "UPGRADE"
    if (value := given("pathNormalization")) is not None:
        found["path_normalization"] = value.get("normalization", "DEFAULT")
    if (value := given("meshMTLS")) is not None:
        version = value.get("minProtocolVersion", "TLS_AUTO")
        found["mtls_minimum_version"] = "" if version == "TLS_AUTO" else version
        found["mtls_cipher_suites"] = tuple(value.get("cipherSuites", ()))
    if (value := given("localityLbSetting")) is not None:
        found["locality_lb_setting"] = freeze(value) if value.get("enabled", True) else None
    if (value := given("extensionProviders")) is not None:
        found["extension_providers"] = tuple(_provider(each) for each in value if each.get("name") not in _BUILT_IN)
    providers = given("defaultProviders") or {}
    if "accessLogging" in providers:
        found["access_log_providers"] = tuple(providers["accessLogging"])
    if "tracing" in providers:
        found["tracing_providers"] = tuple(providers["tracing"])
    if (value := given("caCertificates")) is not None:
        names = dict.fromkeys(domain for each in value for domain in each.get("trustDomains") or ())
        found["certificate_trust_domains"] = tuple(names)
    config = found.get("default_config", FrozenMap())
    if "tracing" in config:
        found["tracing"] = config["tracing"]
    if "proxyMetadata" in config:
        found["http10"] = config["proxyMetadata"].get("ISTIO_META_HTTP10") == "1"
    others = {key: freeze(value) for key, value in data.items() if key not in read}
    found["other"] = FrozenMap({**base.other, **others})
    return found


def _provider(entry: Mapping[str, Any]) -> ExtensionProvider:
    kind = next((key for key in entry if key != "name"), "")
    return ExtensionProvider(str(entry.get("name", "")), kind, freeze(entry.get(kind) or {}))


def _length(value: object, name: str) -> timedelta:
    found = duration(str(value))
    if found is None:
        raise InvalidError([(f"MeshConfig.{name}", "needs a duration")])
    return found
