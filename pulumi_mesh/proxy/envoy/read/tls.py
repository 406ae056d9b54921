"""TLS contexts and secrets by discovery (envoy.extensions.transport_sockets.tls.v3)."""

from __future__ import annotations

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.read.extension import extension
from pulumi_mesh.proxy.envoy.read.matching import string_matcher
from pulumi_mesh.proxy.envoy.read.message import Message, UnmodelledError
from pulumi_mesh.proxy.view.matching import EMPTY, StringMatch
from pulumi_mesh.proxy.view.tls import (
    DownstreamTls,
    OpaqueTransport,
    PlainText,
    ProxyProtocol,
    SecretRef,
    Transport,
    UpstreamTls,
    Validation,
)


def downstream(message: Message) -> DownstreamTls:
    """The transport socket of a filter chain; UnmodelledError when it is not TLS."""
    config = extension(message).of(names.TLS, names.DOWNSTREAM_TLS_TYPE)
    if config is None:
        raise UnmodelledError
    common = config.part("common_tls_context")
    parameters = common.part("tls_params")
    return DownstreamTls(
        certificates=common.each("tls_certificate_sds_secret_configs", secret),
        validation=_validation(common),
        require_client_certificate=bool(config.flag("require_client_certificate")),
        alpn=common.texts("alpn_protocols"),
        minimum_version=parameters.text("tls_minimum_protocol_version"),
        maximum_version=parameters.text("tls_maximum_protocol_version"),
        cipher_suites=parameters.texts("cipher_suites"),
        extra=config.rest(),
    )


def transport(message: Message) -> Transport:
    """The transport socket of a cluster."""
    found = extension(message)
    if found.of(found.name, names.RAW_BUFFER_TYPE):  # istiod has several names for it; Envoy goes by the type
        return PlainText()
    if wrapped := found.of(names.UPSTREAM_PROXY_PROTOCOL, names.UPSTREAM_PROXY_PROTOCOL_TYPE):
        return _with_proxy_protocol(wrapped) or OpaqueTransport(found.name, found.config)
    config = found.of(names.TLS, names.UPSTREAM_TLS_TYPE)
    if config is None:
        return OpaqueTransport(found.name, found.config)
    common = config.part("common_tls_context")
    parameters = common.part("tls_params")
    return UpstreamTls(
        certificates=common.each("tls_certificate_sds_secret_configs", secret),
        validation=_validation(common),
        sni=config.text("sni"),
        alpn=common.texts("alpn_protocols"),
        minimum_version=parameters.text("tls_minimum_protocol_version"),
        maximum_version=parameters.text("tls_maximum_protocol_version"),
        cipher_suites=parameters.texts("cipher_suites"),
        extra=config.rest(),
    )


def _with_proxy_protocol(config: Message) -> ProxyProtocol | None:
    """None where one is within another, or the version is not known here."""
    inner = config.one("transport_socket", transport)
    version = config.part("config").text("version") or "V1"
    if inner is None or isinstance(inner, ProxyProtocol) or version not in ("V1", "V2"):
        return None
    return ProxyProtocol(inner, "V2" if version == "V2" else "V1", config.rest())


def _validation(common: Message) -> Validation | None:
    root = common.one("validation_context_sds_secret_config", secret)
    return Validation(root) if root else common.one("combined_validation_context", _combined)


def _combined(message: Message) -> Validation:
    root = message.one("validation_context_sds_secret_config", secret)
    if root is None:
        raise UnmodelledError
    alt_names, extra = message.one("default_validation_context", _context) or ((), EMPTY)
    message.end()
    return Validation(root, alt_names, extra)


def _context(message: Message) -> tuple[tuple[StringMatch, ...], FrozenMap[str, object]]:
    alt_names = message.each("match_typed_subject_alt_names", _alt_name)
    alt_names = alt_names or message.each("match_subject_alt_names", _spiffe_alt_name)
    return alt_names, message.rest()


def _alt_name(message: Message) -> StringMatch:
    kind = message.text("san_type")
    match = message.one("matcher", string_matcher)
    message.end()
    if kind != "URI" or match is None:
        raise UnmodelledError
    return match


def _spiffe_alt_name(message: Message) -> StringMatch:
    """The older form takes names of every type; only a SPIFFE identity is sure to be a URI."""
    match = string_matcher(message)
    if match.kind not in {"exact", "prefix"} or not match.value.startswith("spiffe://"):
        raise UnmodelledError
    return match


def secret(message: Message) -> SecretRef:
    """SdsSecretConfig: from a file, the agent, or the control plane."""
    name = message.text("name")
    if "sds_config" not in message:
        raise UnmodelledError
    path = message.one("sds_config", _path)
    message.end()
    return SecretRef(name, path or "")


def _path(source: Message) -> str:
    """Of the file; empty when the agent or the control plane serves it."""
    source.text("resource_api_version")
    source.duration("initial_fetch_timeout")
    if "path_config_source" in source:
        path = source.part("path_config_source").text("path")
        source.end()
        return path
    if "ads" in source:
        source.part("ads")
        source.end()
        return ""
    if source.part("api_config_source").each("grpc_services", _agent):
        return ""
    raise UnmodelledError


def _agent(service: Message) -> None:
    if service.part("envoy_grpc").text("cluster_name") != names.AGENT_CLUSTER:
        raise UnmodelledError
