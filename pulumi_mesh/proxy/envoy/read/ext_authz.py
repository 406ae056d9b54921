"""External authorization (envoy.extensions.filters.{http,network}.ext_authz.v3)."""

from __future__ import annotations

from pulumi_mesh.proxy.envoy.read.matching import metadata_matcher
from pulumi_mesh.proxy.envoy.read.message import Message, UnmodelledError
from pulumi_mesh.proxy.view.ext_authz import HttpExtAuthz, NetworkExtAuthz
from pulumi_mesh.proxy.view.matching import MetadataMatch
from pulumi_mesh.proxy.view.status_codes import STATUS_CODES


def http_ext_authz(message: Message) -> HttpExtAuthz:
    """The HTTP filter's config; UnmodelledError when it does not name a cluster."""
    by_http = "http_service" in message
    cluster = message.part("http_service").part("server_uri").text("cluster") if by_http else _by_grpc(message)
    if not cluster:
        raise UnmodelledError
    return HttpExtAuthz(
        cluster,
        "http" if by_http else "grpc",
        only_if=_only_if(message),
        allow_on_failure=bool(message.flag("failure_mode_allow")),
        status_on_error=message.one("status_on_error", _status) or 0,
        extra=message.rest(),
    )


def network_ext_authz(message: Message) -> NetworkExtAuthz:
    """The network filter's config; UnmodelledError when it does not name a cluster."""
    cluster = _by_grpc(message)
    if not cluster:
        raise UnmodelledError
    return NetworkExtAuthz(
        cluster,
        message.text("stat_prefix"),
        only_if=_only_if(message),
        allow_on_failure=bool(message.flag("failure_mode_allow")),
        extra=message.rest(),
    )


def _by_grpc(message: Message) -> str:
    return message.part("grpc_service").part("envoy_grpc").text("cluster_name")


def _only_if(message: Message) -> MetadataMatch | None:
    found = message.one("filter_enabled_metadata", metadata_matcher)
    if found is None and "filter_enabled_metadata" in message:
        raise UnmodelledError
    return found


def _status(message: Message) -> int:
    code = message.choice("code", STATUS_CODES, 0) or message.number("code") or 0
    message.end()
    return code
