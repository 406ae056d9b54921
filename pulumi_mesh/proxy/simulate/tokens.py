"""Authentication of requests by JSON Web Tokens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.simulate.exchange import Exchange
from pulumi_mesh.proxy.simulate.outcome import Step
from pulumi_mesh.proxy.view.jwt import (
    AllRequirements,
    AnyRequirement,
    ByProvider,
    JwtAuthentication,
    JwtProvider,
    JwtRequirement,
    MissingAllowed,
)

_NAME = "envoy.filters.http.jwt_authn"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer to a request without the token that it needs, or with one that is not accepted."""

    status: Literal[401, 403]
    body: str


def authenticate(filter: JwtAuthentication, exchange: Exchange) -> tuple[Exchange | Refusal, Step]:
    """The exchange with the claims that the filter notes, or how it refuses; and why.

    A token of the request is one that is signed, in time, and where its issuer's provider looks for it.
    """
    method = exchange.headers.get(":method")
    preflight = method == "OPTIONS" and exchange.headers.get("origin") is not None
    if filter.bypass_cors_preflight and preflight and exchange.headers.get("access-control-request-method") is not None:
        return exchange, _step("a preflight needs no token")
    rule = next((each for each in filter.rules if exchange.path.startswith(each.prefix)), None)
    if rule is None or rule.requirement is None:
        return exchange, _step("no token is needed")
    providers = {each.name: each for each in filter.providers}
    passed, reached = _satisfied(rule.requirement, providers, exchange)
    if not passed:
        return _refusal(filter.providers, exchange)
    if reached is None:
        return exchange, _step("no token, and none is needed")
    valid = _step(f"the token of {reached.issuer or reached.name} is valid", reached)
    return _with_claims(reached, exchange), valid


def _step(text: str, provider: JwtProvider | None = None) -> Step:
    return Step(f"authentication of the request: {text}", provider.ref if provider else None)


def _satisfied(
    requirement: JwtRequirement, providers: dict[str, JwtProvider], exchange: Exchange
) -> tuple[bool, JwtProvider | None]:
    match requirement:
        case ByProvider(name):
            provider = providers.get(name)
            return (True, provider) if provider and _accepts(provider, exchange) else (False, None)
        case MissingAllowed():
            return exchange.claims is None, None
        case AnyRequirement(requirements):
            results = (_satisfied(each, providers, exchange) for each in requirements)
            return next((each for each in results if each[0]), (False, None))
        case AllRequirements(requirements):
            found = [_satisfied(each, providers, exchange) for each in requirements]
            provider = next((each[1] for each in found if each[1]), None)
            return all(passed for passed, _ in found), provider


def _accepts(provider: JwtProvider, exchange: Exchange) -> bool:
    if exchange.claims is None:
        return False
    if provider.issuer and exchange.claims.get("iss") != provider.issuer:
        return False
    return not provider.audiences or not {*provider.audiences}.isdisjoint(_texts(exchange.claims.get("aud")))


def _refusal(providers: tuple[JwtProvider, ...], exchange: Exchange) -> tuple[Refusal, Step]:
    first = next(iter(providers), None)
    if exchange.claims is None:
        return Refusal(401, "Jwt is missing"), _step("a token is needed, and there is none", first)
    issuer = exchange.claims.get("iss")
    own = next((each for each in providers if not each.issuer or each.issuer == issuer), None)
    if own is not None:
        said = _step(f"the token of {issuer} is not for this audience", own)
        return Refusal(403, "Audiences in Jwt are not allowed"), said
    return Refusal(401, "Jwt issuer is not configured"), _step(f"tokens of {issuer} are not accepted", first)


def _with_claims(provider: JwtProvider, exchange: Exchange) -> Exchange:
    if exchange.claims is None:
        return exchange
    headers = exchange.headers
    for name, claim in provider.claim_headers:
        value: object = exchange.claims
        for key in claim.split("."):
            value = value.get(key) if isinstance(value, FrozenMap) else None
        if isinstance(value, str | int | float):
            headers = headers.replaced(name, str(value).lower() if isinstance(value, bool) else str(value))
    if not provider.payload_metadata:
        return replace(exchange, headers=headers)
    claims: dict[str, Any] = dict(exchange.claims)
    for name in raw.part(provider.extra, "normalize_payload_in_metadata").get("space_delimited_claims", ()):
        if isinstance(claims.get(name), str):
            claims[name] = tuple(claims[name].split(" "))
    notes = freeze({provider.payload_metadata: claims})
    return replace(exchange, headers=headers, metadata=FrozenMap({**exchange.metadata, _NAME: notes}))


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list | tuple) else ()
