"""Authentication by tokens (envoy.extensions.filters.http.jwt_authn.v3)."""

from __future__ import annotations

from pulumi_mesh.proxy.envoy.read.message import Message, UnmodelledError
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


def jwt_authentication(message: Message) -> JwtAuthentication:
    """The HTTP filter's config.

    UnmodelledError when a rule matches by more than the beginning of the path, or asks for what the view has no word
    for: then the view would say less than the filter does.
    """
    providers = message.part("providers", raw=True)
    read = tuple(_provider(name, providers) for name in providers.names())
    rules = message.each("rules", _rule)
    if "rules" in message:
        raise UnmodelledError
    return JwtAuthentication(
        read,
        rules,
        bypass_cors_preflight=bool(message.flag("bypass_cors_preflight")),
        extra=message.rest(),
    )


def _provider(name: str, providers: Message) -> JwtProvider:
    def read(message: Message) -> JwtProvider:
        return JwtProvider(
            name,
            issuer=message.text("issuer"),
            audiences=message.texts("audiences"),
            from_headers=message.each("from_headers", _header),
            from_params=message.texts("from_params"),
            from_cookies=message.texts("from_cookies"),
            keys=message.part("local_jwks").text("inline_string"),
            forward=bool(message.flag("forward")),
            payload_header=message.text("forward_payload_header"),
            payload_metadata=message.text("payload_in_metadata"),
            claim_headers=message.each("claim_to_headers", _claim),
            extra=message.rest(),
        )

    provider = providers.one(name, read)
    if provider is None:
        raise UnmodelledError
    return provider


def _header(message: Message) -> tuple[str, str]:
    found = (message.text("name"), message.text("value_prefix"))
    message.end()
    return found


def _claim(message: Message) -> tuple[str, str]:
    found = (message.text("header_name"), message.text("claim_name"))
    message.end()
    return found


def _rule(message: Message) -> JwtRule:
    match = message.part("match")
    if "prefix" not in match:
        raise UnmodelledError
    rule = JwtRule(match.text("prefix"), message.one("requires", _requirement))
    message.end()
    return rule


def _requirement(message: Message) -> JwtRequirement:
    found: JwtRequirement
    if "provider_name" in message:
        found = ByProvider(message.text("provider_name"))
    elif "allow_missing" in message:
        message.part("allow_missing")
        found = MissingAllowed()
    elif "requires_any" in message:
        found = AnyRequirement(message.part("requires_any").each("requirements", _requirement))
    elif "requires_all" in message:
        found = AllRequirements(message.part("requires_all").each("requirements", _requirement))
    else:
        raise UnmodelledError
    message.end()
    return found
