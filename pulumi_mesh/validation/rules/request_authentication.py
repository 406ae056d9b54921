"""What Istio's webhook adds for RequestAuthentications (ValidateRequestAuthentication)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_mesh.validation.durations import duration
from pulumi_mesh.validation.numbers import whole
from pulumi_mesh.validation.rules.headers import strict_name
from pulumi_mesh.validation.rules.jwks import jwks_problem, private_keys
from pulumi_mesh.validation.rules.selectors import policy_targets
from pulumi_mesh.validation.urls import url
from pulumi_mesh.validation.verdict import Problem, warning

Object = Mapping[str, Any]


def request_authentication(spec: Object, metadata: Object) -> Iterator[Problem]:
    """Issuers of tokens, where their keys and the tokens are, and what is passed on."""
    del metadata
    yield from policy_targets(spec)
    for index, rule in enumerate(spec.get("jwtRules") or ()):
        yield from _rule(rule, f"spec.jwtRules[{index}]")


def _rule(rule: Object, path: str) -> Iterator[Problem]:
    uri, keys = rule.get("jwksUri") or rule.get("jwks_uri"), rule.get("jwks")
    if not rule.get("issuer") and not uri:
        yield Problem(f"{path}.issuer", "an issuer or a jwksUri is required")
    if uri and (problem := _uri_problem(uri)):
        yield Problem(f"{path}.jwksUri", problem)
    if keys:
        yield from _keys(keys, f"{path}.jwks")
    for field in ("audiences", "fromParams", "fromCookies"):
        for index, value in enumerate(rule.get(field) or ()):
            if not value:
                yield Problem(f"{path}.{field}[{index}]", "an empty value is not allowed")
    for index, location in enumerate(rule.get("fromHeaders") or ()):
        if not location.get("name"):
            yield Problem(f"{path}.fromHeaders[{index}].name", "a header has a name")
    for index, each in enumerate(rule.get("outputClaimToHeaders") or ()):
        at = f"{path}.outputClaimToHeaders[{index}]"
        if not each.get("claim") or not each.get("header"):
            yield Problem(at, "claim and header are required")
        else:
            yield from strict_name(each["header"], f"{at}.header")
    if (timeout := rule.get("timeout")) is not None:
        yield from duration(timeout, f"{path}.timeout")


def _uri_problem(text: str) -> str | None:
    parsed = url(text)
    if parsed is None:
        return f"{text!r} is not a URL"
    if parsed.scheme not in {"http", "https"}:
        return f"the scheme is http or https, not {parsed.scheme!r}"
    return f"{parsed.port} is not a port" if parsed.port and whole(parsed.port) is None else None


def _keys(text: str, path: str) -> Iterator[Problem]:
    if problem := jwks_problem(text):
        yield Problem(path, problem)
        return
    for index in private_keys(text):
        yield warning(path, f"key {index} is private: to verify tokens its public part is enough")
