"""Authentication by tokens (envoy.extensions.filters.http.jwt_authn.v3)."""

from __future__ import annotations

from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.write.message import Json, extension, message
from pulumi_mesh.proxy.view.jwt import (
    AllRequirements,
    AnyRequirement,
    ByProvider,
    JwtAuthentication,
    JwtProvider,
    JwtRequirement,
    JwtRule,
    MissingAllowed,
)


def jwt_authentication(value: JwtAuthentication) -> Json:
    """The HTTP filter."""
    fields = {
        "providers": {each.name: _provider(each) for each in value.providers} or None,
        "rules": [_rule(each) for each in value.rules] or None,
        "bypass_cors_preflight": value.bypass_cors_preflight or None,
    }
    return extension(names.JWT, names.JWT_TYPE, message(fields, value.extra))


def _provider(provider: JwtProvider) -> Json:
    return message(
        {
            "issuer": provider.issuer or None,
            "audiences": list(provider.audiences) or None,
            "local_jwks": {"inline_string": provider.keys} if provider.keys else None,
            "forward": provider.forward or None,
            "from_headers": [
                message({"name": name, "value_prefix": prefix or None}) for name, prefix in provider.from_headers
            ]
            or None,
            "from_params": list(provider.from_params) or None,
            "from_cookies": list(provider.from_cookies) or None,
            "forward_payload_header": provider.payload_header or None,
            "payload_in_metadata": provider.payload_metadata or None,
            "claim_to_headers": [
                {"header_name": header, "claim_name": claim} for header, claim in provider.claim_headers
            ]
            or None,
        },
        provider.extra,
    )


def _rule(rule: JwtRule) -> Json:
    requires = _requirement(rule.requirement) if rule.requirement else None
    return message({"match": {"prefix": rule.prefix}, "requires": requires})


def _requirement(requirement: JwtRequirement) -> Json:
    match requirement:
        case ByProvider(name):
            return {"provider_name": name}
        case MissingAllowed():
            return {"allow_missing": {}}
        case AnyRequirement(requirements):
            return {"requires_any": {"requirements": [_requirement(each) for each in requirements]}}
        case AllRequirements(requirements):
            return {"requires_all": {"requirements": [_requirement(each) for each in requirements]}}
