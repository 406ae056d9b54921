"""Role-based access control (envoy.config.rbac.v3, envoy.extensions.filters.{http,network}.rbac.v3)."""

from __future__ import annotations

from pulumi_mesh.errors import MeshError
from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.write.matching import header_matcher, metadata_matcher, string_matcher
from pulumi_mesh.proxy.envoy.write.message import Json, extension, message, plain
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
    RequestedServerName,
    Rules,
    SourceAddress,
    UrlPath,
)


def http_rbac(rbac: HttpRbac) -> Json:
    """The HTTP filter."""
    return extension(names.HTTP_RBAC, names.HTTP_RBAC_TYPE, message(_rbac(rbac), rbac.extra))


def network_rbac(rbac: NetworkRbac) -> Json:
    """The network filter."""
    fields = {**_rbac(rbac), "stat_prefix": rbac.stat_prefix}
    return extension(names.NETWORK_RBAC, names.NETWORK_RBAC_TYPE, message(fields, rbac.extra))


def _rbac(rbac: HttpRbac | NetworkRbac) -> Json:
    return {
        "rules": rules(rbac.rules),
        "shadow_rules": rules(rbac.shadow),
        "shadow_rules_stat_prefix": rbac.shadow_prefix or None,
    }


def rules(value: Rules | None) -> Json | None:
    """envoy.config.rbac.v3.RBAC."""
    if value is None:
        return None
    policies = {
        policy.name: {
            "permissions": [permission(condition) for condition in policy.permissions],
            "principals": [principal(condition) for condition in policy.principals],
        }
        for policy in value.policies
    }
    return message({"action": value.action, "policies": policies or None})


def permission(condition: Condition) -> Json:
    """envoy.config.rbac.v3.Permission."""
    match condition:
        case AllOf(conditions):
            return {"and_rules": {"rules": [permission(each) for each in conditions]}}
        case AnyOf(conditions):
            return {"or_rules": {"rules": [permission(each) for each in conditions]}}
        case Not(inner):
            return {"not_rule": permission(inner)}
        case DestinationPort(port):
            return {"destination_port": port}
        case DestinationAddress(prefix, length):
            return {"destination_ip": {"address_prefix": prefix, "prefix_len": length}}
        case PathTemplate(template):
            config = {"@type": names.URI_TEMPLATE_TYPE, "path_template": template}
            return {"uri_template": {"name": names.URI_TEMPLATE, "typed_config": config}}
        case RequestedServerName(match):
            return {"requested_server_name": string_matcher(match)}
        case Authenticated() | SourceAddress():
            raise MeshError(f"{type(condition).__name__} says who asks: it cannot be a permission")
        case _:
            return _either(condition)


def principal(condition: Condition) -> Json:
    """envoy.config.rbac.v3.Principal."""
    match condition:
        case AllOf(conditions):
            return {"and_ids": {"ids": [principal(each) for each in conditions]}}
        case AnyOf(conditions):
            return {"or_ids": {"ids": [principal(each) for each in conditions]}}
        case Not(inner):
            return {"not_id": principal(inner)}
        case Authenticated(match):
            return {"authenticated": {"principal_name": string_matcher(match)} if match else {}}
        case SourceAddress(kind, prefix, length):
            return {kind: {"address_prefix": prefix, "prefix_len": length}}
        case DestinationAddress() | DestinationPort() | PathTemplate() | RequestedServerName():
            raise MeshError(f"{type(condition).__name__} says what is asked for: it cannot be a principal")
        case _:
            return _either(condition)


def _either(condition: Condition) -> Json:
    match condition:
        case Always():
            return {"any": True}
        case Header(match):
            return {"header": header_matcher(match)}
        case UrlPath(match):
            return {"url_path": {"path": string_matcher(match)}}
        case Metadata(match):
            return {"metadata": metadata_matcher(match)}
        case OpaqueCondition(config):
            kept: Json = plain(config)
            return kept
        case _:
            raise MeshError(f"{condition!r} is not a condition")
