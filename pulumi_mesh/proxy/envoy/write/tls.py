"""TLS contexts and secrets by discovery (envoy.extensions.transport_sockets.tls.v3)."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.write.matching import string_matcher
from pulumi_mesh.proxy.envoy.write.message import Json, extension, message, opaque
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


def downstream(tls: DownstreamTls) -> Json:
    """The transport socket of a filter chain."""
    fields = {
        "common_tls_context": _common(tls),
        "require_client_certificate": True if tls.require_client_certificate else None,
    }
    return extension(names.TLS, names.DOWNSTREAM_TLS_TYPE, message(fields, tls.extra))


def transport(value: Transport) -> Json:
    """The transport socket of a cluster."""
    if isinstance(value, PlainText):
        return extension(names.RAW_BUFFER, names.RAW_BUFFER_TYPE, {})
    if isinstance(value, OpaqueTransport):
        return opaque(value.name, value.config)
    if isinstance(value, ProxyProtocol):
        version = {"version": value.version} if value.version != "V1" else {}
        wrapped = message({"config": version, "transport_socket": transport(value.transport)}, value.extra)
        return extension(names.UPSTREAM_PROXY_PROTOCOL, names.UPSTREAM_PROXY_PROTOCOL_TYPE, wrapped)
    fields = {"common_tls_context": _common(value), "sni": value.sni or None}
    return extension(names.TLS, names.UPSTREAM_TLS_TYPE, message(fields, value.extra))


def _common(tls: DownstreamTls | UpstreamTls) -> Json:
    parameters = message(
        {
            "tls_minimum_protocol_version": tls.minimum_version or None,
            "tls_maximum_protocol_version": tls.maximum_version or None,
            "cipher_suites": list(tls.cipher_suites) or None,
        }
    )
    return message(
        {
            "tls_params": parameters or None,
            "tls_certificate_sds_secret_configs": [secret(each) for each in tls.certificates] or None,
            "combined_validation_context": _validation(tls.validation) if tls.validation else None,
            "alpn_protocols": list(tls.alpn) or None,
        }
    )


def _validation(validation: Validation) -> Json:
    fields: Mapping[str, object] = {
        "match_typed_subject_alt_names": [
            {"san_type": "URI", "matcher": string_matcher(each)} for each in validation.subject_alt_names
        ]
        or None,
    }
    return {
        "default_validation_context": message(fields, validation.extra),
        "validation_context_sds_secret_config": secret(validation.root),
    }


def secret(ref: SecretRef) -> Json:
    """SdsSecretConfig: from a file, or the agent.

    istiod has a gateway's credentials come over ADS. A bootstrap cannot: Envoy sets its static clusters up before it
    has ADS, and ends with a segmentation fault. Reading takes both for the same.
    """
    return {"name": ref.name, "sds_config": _source(ref)}


def _source(ref: SecretRef) -> Json:
    if ref.path:
        return {"path_config_source": {"path": ref.path}, "resource_api_version": "V3"}
    return {
        "api_config_source": {
            "api_type": "GRPC",
            "transport_api_version": "V3",
            "grpc_services": [{"envoy_grpc": {"cluster_name": names.AGENT_CLUSTER}}],
            "set_node_on_first_message_only": True,
        },
        "initial_fetch_timeout": "0s",
        "resource_api_version": "V3",
    }
