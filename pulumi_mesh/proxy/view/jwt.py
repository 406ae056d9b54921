"""Authentication of requests by tokens (JWT)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Union

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.refs import Ref


@dataclass(frozen=True, slots=True)
class JwtProvider:
    """Who issues tokens, where requests carry them, and what becomes of them.

    audiences: a token must name one of them; empty takes any. from_headers: (name, what stands before the token).
    Without ``from_headers``, ``from_params`` and ``from_cookies`` it is ``authorization: Bearer TOKEN``, or the query
    parameter ``access_token``. keys: a JWKS as text; empty where they are fetched (``remote_jwks`` in ``extra``).
    forward: whether the workload gets the token too. payload_header: gets the payload, in base64url; empty for none.
    payload_metadata: the key under which the filter notes the claims. claim_headers: (header, claim).
    """

    name: str
    issuer: str = ""
    audiences: tuple[str, ...] = ()
    from_headers: tuple[tuple[str, str], ...] = ()
    from_params: tuple[str, ...] = ()
    from_cookies: tuple[str, ...] = ()
    keys: str = ""
    forward: bool = False
    payload_header: str = ""
    payload_metadata: str = ""
    claim_headers: tuple[tuple[str, str], ...] = ()
    extra: FrozenMap[str, object] = EMPTY
    ref: Ref | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ByProvider:
    """A token of this provider that is valid."""

    name: str


@dataclass(frozen=True, slots=True)
class MissingAllowed:
    """No token where one is looked for; one that is there and not valid is refused."""


@dataclass(frozen=True, slots=True)
class AnyRequirement:
    """One of the requirements."""

    requirements: tuple[JwtRequirement, ...]


@dataclass(frozen=True, slots=True)
class AllRequirements:
    """All of the requirements."""

    requirements: tuple[JwtRequirement, ...]


JwtRequirement = Union[ByProvider, MissingAllowed, AnyRequirement, AllRequirements]  # noqa: UP007 - named before


@dataclass(frozen=True, slots=True)
class JwtRule:
    """What requests below a path need; None: nothing."""

    prefix: str
    requirement: JwtRequirement | None


@dataclass(frozen=True, slots=True)
class JwtAuthentication:
    """The HTTP filter envoy.filters.http.jwt_authn; the first rule that a request matches holds.

    bypass_cors_preflight: whether preflight requests pass without a token.
    """

    providers: tuple[JwtProvider, ...]
    rules: tuple[JwtRule, ...]
    bypass_cors_preflight: bool = False
    extra: FrozenMap[str, object] = EMPTY
