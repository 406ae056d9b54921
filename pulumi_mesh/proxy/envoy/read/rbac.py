"""Role-based access control (envoy.config.rbac.v3, envoy.extensions.filters.{http,network}.rbac.v3)."""

from __future__ import annotations

from typing import Literal

from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.read.extension import extension
from pulumi_mesh.proxy.envoy.read.matching import header_matcher, metadata_matcher, string_matcher
from pulumi_mesh.proxy.envoy.read.message import Message, UnmodelledError
from pulumi_mesh.proxy.view.rbac import (
    AllOf,
    Always,
    AnyOf,
    Authenticated,
    Condition,
    DestinationAddress,
    DestinationPort,
    Header,
    HttpRbac,
    Metadata,
    NetworkRbac,
    Not,
    OpaqueCondition,
    PathTemplate,
    Policy,
    RequestedServerName,
    Rules,
    SourceAddress,
    UrlPath,
)

_ACTIONS: dict[str, Literal["ALLOW", "DENY", "LOG"]] = {"ALLOW": "ALLOW", "DENY": "DENY", "LOG": "LOG"}
_ADDRESSES: tuple[Literal["direct_remote_ip", "remote_ip"], ...] = ("direct_remote_ip", "remote_ip")


def http_rbac(message: Message) -> HttpRbac:
    """The HTTP filter's config."""
    return HttpRbac(
        message.one("rules", rules),
        message.one("shadow_rules", rules),
        shadow_prefix=message.text("shadow_rules_stat_prefix"),
        extra=message.rest(),
    )


def network_rbac(message: Message) -> NetworkRbac:
    """The network filter's config."""
    return NetworkRbac(
        message.one("rules", rules),
        message.text("stat_prefix"),
        message.one("shadow_rules", rules),
        shadow_prefix=message.text("shadow_rules_stat_prefix"),
        extra=message.rest(),
    )


def rules(message: Message) -> Rules:
    """envoy.config.rbac.v3.RBAC."""
    action = message.choice("action", _ACTIONS, "ALLOW")
    policies = message.part("policies", raw=True)
    read = tuple(_policy(name, policies) for name in policies.names())
    message.end()
    return Rules(action, read)


def _policy(name: str, policies: Message) -> Policy:
    def read(message: Message) -> Policy:
        found = Policy(name, message.each("permissions", permission), message.each("principals", principal))
        message.end()
        return found

    policy = policies.one(name, read)
    if policy is None:
        raise UnmodelledError
    return policy


def permission(message: Message) -> Condition:
    """envoy.config.rbac.v3.Permission."""
    kept = OpaqueCondition(message.rest())
    try:
        condition = _permission(message)
        message.end()
    except UnmodelledError:
        return kept
    return condition


def _permission(message: Message) -> Condition:
    if "and_rules" in message:
        return AllOf(message.part("and_rules").each("rules", permission))
    if "or_rules" in message:
        return AnyOf(message.part("or_rules").each("rules", permission))
    if "destination_port" in message:
        return DestinationPort(message.number("destination_port") or 0)
    if "destination_ip" in message:
        return DestinationAddress(*cidr_range(message.part("destination_ip")))
    inner = message.one("not_rule", permission)
    if inner is not None:
        return Not(inner)
    template = message.one("uri_template", _template)
    if template is not None:
        return template
    name = message.one("requested_server_name", string_matcher)
    return RequestedServerName(name) if name else _either(message)


def _template(message: Message) -> PathTemplate:
    config = extension(message).of(names.URI_TEMPLATE, names.URI_TEMPLATE_TYPE)
    if config is None:
        raise UnmodelledError
    template = PathTemplate(config.text("path_template"))
    config.end()
    return template


def principal(message: Message) -> Condition:
    """envoy.config.rbac.v3.Principal."""
    kept = OpaqueCondition(message.rest())
    try:
        condition = _principal(message)
        message.end()
    except UnmodelledError:
        return kept
    return condition


def _principal(message: Message) -> Condition:
    if "and_ids" in message:
        return AllOf(message.part("and_ids").each("ids", principal))
    if "or_ids" in message:
        return AnyOf(message.part("or_ids").each("ids", principal))
    inner = message.one("not_id", principal)
    if inner is not None:
        return Not(inner)
    if "authenticated" in message:
        return Authenticated(message.part("authenticated").one("principal_name", string_matcher))
    for kind in _ADDRESSES:
        if kind in message:
            prefix, length = cidr_range(message.part(kind))
            return SourceAddress(kind, prefix, length)
    return _either(message)


def cidr_range(message: Message) -> tuple[str, int]:
    """envoy.config.core.v3.CidrRange."""
    value = (message.text("address_prefix"), message.number("prefix_len") or 0)
    message.end()
    return value


def _either(message: Message) -> Condition:
    if message.flag("any"):
        return Always()
    header = message.one("header", header_matcher)
    if header is not None:
        return Header(header)
    noted = message.one("metadata", metadata_matcher)
    if noted is not None:
        return Metadata(noted)
    path = message.part("url_path").one("path", string_matcher)
    if path is not None:
        return UrlPath(path)
    raise UnmodelledError
