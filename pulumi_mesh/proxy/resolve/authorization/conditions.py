"""One value of a rule as a condition of Envoy's RBAC.

Mirrors the generators in pilot/pkg/security/authz/model/generator.go and the matchers in
pilot/pkg/security/authz/matcher.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Literal

from pulumi_mesh.proxy.view.matching import (
    EitherMatch,
    HeaderMatch,
    ListMatch,
    MetadataMatch,
    StringMatch,
    ValueMatch,
)
from pulumi_mesh.proxy.view.rbac import (
    AllOf,
    AnyOf,
    Authenticated,
    Condition,
    DestinationAddress,
    DestinationPort,
    Header,
    Metadata,
    PathTemplate,
    RequestedServerName,
    SourceAddress,
    UrlPath,
)

SPIFFE = "spiffe://"
JWT_FILTER = "envoy.filters.http.jwt_authn"
JWT_PAYLOAD = "payload"
_SOME = StringMatch("regex", ".+")


class InexpressibleError(Exception):
    """The value has no condition: istiod reports it and goes on without it."""


def host(_: str, value: str) -> Condition:
    """``hosts``: the authority, in any letter case."""
    return Header(header_match(":authority", value, ignore_case=True))


def method(_: str, value: str) -> Condition:
    """``methods``."""
    return Header(header_match(":method", value))


def path(_: str, value: str) -> Condition:
    """``paths``: with ``*`` at an end, or with the templates ``{*}`` and ``{**}``."""
    if "{*}" not in value and "{**}" not in value:
        return UrlPath(text_match(value))
    return PathTemplate(value.replace("{**}", "**").replace("{*}", "*"))


def port(_: str, value: str) -> Condition:
    """``ports``: of the workload, as the connection asked for it."""
    if not re.fullmatch(r"[0-9]+", value) or int(value) > 65535:
        raise InexpressibleError
    return DestinationPort(int(value))


def destination_address(_: str, value: str) -> Condition:
    """``destination.ip``."""
    return DestinationAddress(*_range(value))


def server_name(_: str, value: str) -> Condition:
    """``connection.sni``."""
    return RequestedServerName(text_match(value))


def filter_metadata(key: str, values: Sequence[str]) -> Condition:
    """``experimental.envoy.filters.NAME[KEY]``: what a filter noted; ``[VALUE]`` tests the items of a list."""
    name, bracket, inner = key.removeprefix("experimental.").removesuffix("]").partition("[")
    if not bracket:
        raise InexpressibleError
    tests = [
        ListMatch(text_match(value.strip("[]"))) if value[:1] + value[-1:] == "[]" else text_match(value)
        for value in values
    ]
    return _metadata(name, [inner], _one_of(tests))


def principal(_: str, value: str) -> Condition:
    """``principals``: TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT, with ``*`` at an end."""
    return Authenticated(text_match(value, SPIFFE))


def namespace(_: str, value: str) -> Condition:
    """``namespaces``: ``*`` takes anything, wherever it stands."""
    pattern = ".*".join(_quoted(part) for part in value.split("*"))
    return Authenticated(StringMatch("regex", f".*/ns/{pattern}/.*"))


def service_account(_: str, value: str) -> Condition:
    """``serviceAccounts``: NAMESPACE/NAME."""
    space, _slash, name = value.partition("/")
    return Authenticated(StringMatch("regex", f"spiffe://.+/ns/{_quoted(space)}/(.+/|)sa/{_quoted(name)}(/.+)?"))


def trust_domain(_: str, value: str) -> Condition:
    """``trustDomains``: with one ``*``."""
    if value == "*":
        return Authenticated(StringMatch("prefix", SPIFFE))
    before, star, after = value.partition("*")
    if not star:
        return Authenticated(StringMatch("prefix", f"{SPIFFE}{value}/"))
    return Authenticated(StringMatch("regex", f"{SPIFFE}{_quoted(before)}[^/]*{_quoted(after)}/.*"))


def peer_address(_: str, value: str) -> Condition:
    """``ipBlocks``: the peer of the connection."""
    return _source("direct_remote_ip", value)


def client_address(_: str, value: str) -> Condition:
    """``remoteIpBlocks``: the client as forwarded headers or the proxy protocol tell it."""
    return _source("remote_ip", value)


def header(key: str, value: str) -> Condition:
    """``request.headers[NAME]``."""
    return Header(header_match(_bracketed(key.removeprefix("request.headers")), value))


def request_principal(_: str, values: Sequence[str]) -> Condition:
    """``requestPrincipals``: ISSUER/SUBJECT of a token; the issuer may hold slashes."""
    tests = tuple(AllOf(tuple(_token_claim(*each) for each in _token(value))) for value in values)
    return tests[0] if len(tests) == 1 else AnyOf(tests)


def audience(_: str, values: Sequence[str]) -> Condition:
    """``request.auth.audiences``."""
    return _claim(["aud"], values)


def presenter(_: str, values: Sequence[str]) -> Condition:
    """``request.auth.presenter``."""
    return _claim(["azp"], values)


def claim(key: str, values: Sequence[str]) -> Condition:
    """``request.auth.claims[NAME]``, nested as ``[A][B]``."""
    brackets = key.removeprefix("request.auth.claims")
    if re.fullmatch(r"(\[[^\[\]]*\])*", brackets):
        return _claim(re.findall(r"\[([^\[\]]*)\]", brackets), values)
    return _claim([_bracketed(brackets)], values)


def text_match(value: str, prefix: str = "") -> StringMatch:
    """Exact text, ``*`` for any that is not empty, or with ``*`` at one end; ``prefix`` stands before it."""
    if value == "*":
        return _SOME
    if value.startswith("*"):
        rest = value[1:]
        return StringMatch("regex", f"{prefix}.*{_quoted(rest)}") if prefix else StringMatch("suffix", rest)
    if value.endswith("*"):
        return StringMatch("prefix", prefix + value[:-1])
    return StringMatch("exact", prefix + value)


def header_match(name: str, value: str, *, ignore_case: bool = False) -> HeaderMatch:
    """A header's value: ``*`` asks for presence only."""
    if value == "*":
        return HeaderMatch(name)
    if value.startswith("*"):
        return HeaderMatch(name, StringMatch("suffix", value[1:], ignore_case))
    if value.endswith("*"):
        return HeaderMatch(name, StringMatch("prefix", value[:-1], ignore_case))
    return HeaderMatch(name, StringMatch("exact", value, ignore_case))


def _token(value: str) -> tuple[tuple[str, StringMatch], tuple[str, StringMatch]]:
    issuer, slash, subject = value.rpartition("/")
    if not slash:
        issuer, subject = value, ""
    match_issuer, match_subject = StringMatch("exact", issuer), StringMatch("exact", subject)
    if value == "*":
        match_issuer, match_subject = _SOME, _SOME
    elif value.startswith("*"):
        match_issuer = _SOME if not slash or issuer == "*" else StringMatch("suffix", issuer[1:])
        match_subject = match_subject if slash else StringMatch("suffix", value[1:])
    elif value.endswith("*") and slash:
        match_subject = _SOME if subject == "*" else StringMatch("prefix", subject[:-1])
    elif value.endswith("*"):
        match_issuer, match_subject = StringMatch("prefix", value[:-1]), _SOME
    return ("iss", match_issuer), ("sub", match_subject)


def _token_claim(name: str, match: StringMatch) -> Condition:
    return _metadata(JWT_FILTER, [JWT_PAYLOAD, name], match)


def _claim(names: Sequence[str], values: Sequence[str]) -> Condition:
    test = _one_of([text_match(value) for value in values])
    return _metadata(JWT_FILTER, [JWT_PAYLOAD, *names], EitherMatch((ListMatch(test), test)))


def _metadata(name: str, keys: Sequence[str], value: ValueMatch) -> Condition:
    return Metadata(MetadataMatch(name, tuple(keys), value))


def _one_of(tests: Sequence[ValueMatch]) -> ValueMatch:
    return tests[0] if len(tests) == 1 else EitherMatch(tuple(tests))


def _source(kind: Literal["direct_remote_ip", "remote_ip"], value: str) -> Condition:
    return SourceAddress(kind, *_range(value))


def _range(value: str) -> tuple[str, int]:
    """An address, or a range in CIDR form whose host part is kept."""
    address, slash, length = value.partition("/")
    if slash and not re.fullmatch(r"0|[1-9][0-9]*", length):
        raise InexpressibleError
    try:
        found = ipaddress.ip_interface(value)
    except ValueError as error:
        raise InexpressibleError from error
    if "%" in address:
        raise InexpressibleError
    return str(found.ip), found.network.prefixlen


def _bracketed(text: str) -> str:
    if not (text.startswith("[") and text.endswith("]")):
        raise InexpressibleError
    return text.removesuffix("]").removeprefix("[")


def _quoted(text: str) -> str:
    """RE2's special characters escaped, as Go's regexp.QuoteMeta does."""
    return re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", text)
