"""Tokens of requests (JWT): whose are valid, where they are, what of them is passed on."""

from __future__ import annotations

import json
import re
from dataclasses import KW_ONLY

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.model.fields import HeaderMap, LineText, Name, OptionalDuration, OptionalHeaderName
from pulumi_mesh.model.namespace import NamespaceName
from pulumi_mesh.model.targets import PolicyTarget, check_target
from pulumi_mesh.typed import Bool, FieldError, Many, Text, Texts, default, is_known, typed

_CLAIM_HEADER = re.compile(r"[-_A-Za-z0-9]+")


@typed
class JWTRule:
    """The tokens of one issuer: RequestAuthentication ``jwtRules[]``.

    issuer: that tokens name (``iss``). audiences: one of which a token is for (``aud``); default: any.
    jwks_uri: where the issuer's public keys are, an ``http`` or ``https`` URL; or jwks: the keys themselves, JSON.
        Default: the keys are found through the issuer (OpenID Connect discovery).
    from_headers: headers that hold tokens, by name, with the text before the token. from_params: query parameters.
        from_cookies: cookies. Default of all: ``{"authorization": "Bearer "}`` and the parameter ``access_token``.
    forward_original_token: whether the backend gets the token; default: no.
    output_payload_to_header: the header that passes on the token's payload, in base64.
    output_claim_to_headers: headers that pass on claims: by header the claim's name.
    timeout: of fetching the keys; Istio's default is 5s.
    """

    issuer: LineText
    _: KW_ONLY
    audiences: Texts = default(())
    jwks_uri: LineText = default("")
    jwks: Text = default("")
    from_headers: HeaderMap = default(FrozenMap())
    from_params: Texts = default(())
    from_cookies: Texts = default(())
    forward_original_token: Bool = False
    output_payload_to_header: OptionalHeaderName = None
    output_claim_to_headers: HeaderMap = default(FrozenMap())
    timeout: OptionalDuration = default(None)

    def __post_init__(self) -> None:
        if is_known(self.issuer) and not self.issuer:
            raise FieldError("issuer", "tokens name who made them; give the issuer, such as https://login.example.com")
        if self.jwks_uri and self.jwks:
            raise FieldError("jwks", "the keys are in one place; give jwks_uri or jwks")
        if is_known(self.jwks_uri) and self.jwks_uri and not re.match(r"https?://[^/]", self.jwks_uri):
            raise FieldError("jwks_uri", f"{self.jwks_uri!r} is not a URL of http or https")
        if is_known(self.jwks) and self.jwks:
            _check_keys(self.jwks)
        for field in ("audiences", "from_params", "from_cookies"):
            for position, each in enumerate(getattr(self, field)):
                if is_known(each) and not each:
                    raise FieldError(f"{field}[{position}]", "is empty; leave it away, or name one")
        for header, claim in self.output_claim_to_headers.items():
            if not _CLAIM_HEADER.fullmatch(header):
                problem = "a header that passes on a claim is made of letters, digits, '-' and '_'"
                raise FieldError(f"output_claim_to_headers[{header!r}]", problem)
            if is_known(claim) and not claim:
                raise FieldError(f"output_claim_to_headers[{header!r}]", "name the claim that it passes on")


def _check_keys(text: str) -> None:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
        raise FieldError("jwks", 'is not a JSON Web Key Set; it has the form {"keys": [...]}')


@typed
class RequestAuthentication:
    """Requests with a token that is not valid are refused; those without one pass, unless authorization asks for one.

    target: the service, version or gateway that verifies tokens. namespace: all of its workloads. Neither: the mesh.
    jwt_rules: the issuers whose tokens are valid.
    """

    name: Name
    _: KW_ONLY
    namespace: NamespaceName = default("")
    target: PolicyTarget = default(None)
    jwt_rules: Many[JWTRule]
    _stands_alone = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "namespace", check_target(self.target, self.namespace))
        if not self.jwt_rules:
            raise FieldError("jwt_rules", "no token is valid without an issuer; give at least one JWTRule(...)")
