"""External authorization (envoy.extensions.filters.{http,network}.ext_authz.v3)."""

from __future__ import annotations

from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.write.matching import metadata_matcher
from pulumi_mesh.proxy.envoy.write.message import Json, extension, message
from pulumi_mesh.proxy.view.ext_authz import HttpExtAuthz, NetworkExtAuthz


def http_ext_authz(value: HttpExtAuthz) -> Json:
    """The HTTP filter."""
    asked: Json = {"http_service": {"server_uri": {"cluster": value.cluster}}}
    if value.protocol == "grpc":
        asked = _by_grpc(value.cluster)
    fields = {
        **asked,
        "failure_mode_allow": value.allow_on_failure or None,
        "status_on_error": {"code": value.status_on_error} if value.status_on_error else None,
        "filter_enabled_metadata": metadata_matcher(value.only_if) if value.only_if else None,
    }
    return extension(names.HTTP_EXT_AUTHZ, names.HTTP_EXT_AUTHZ_TYPE, message(fields, value.extra))


def network_ext_authz(value: NetworkExtAuthz) -> Json:
    """The network filter."""
    fields = {
        "stat_prefix": value.stat_prefix,
        **_by_grpc(value.cluster),
        "failure_mode_allow": value.allow_on_failure or None,
        "filter_enabled_metadata": metadata_matcher(value.only_if) if value.only_if else None,
    }
    return extension(names.NETWORK_EXT_AUTHZ, names.NETWORK_EXT_AUTHZ_TYPE, message(fields, value.extra))


def _by_grpc(cluster: str) -> Json:
    return {"grpc_service": {"envoy_grpc": {"cluster_name": cluster}}}
