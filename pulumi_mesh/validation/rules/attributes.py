"""Values that the rules of an AuthorizationPolicy compare with (pkg/config/security)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from pulumi_mesh.validation.addresses import MAX_PORT, is_ip, is_prefix
from pulumi_mesh.validation.numbers import whole
from pulumi_mesh.validation.verdict import Problem

_MAX_ACCOUNTS = 16
_MAX_ACCOUNT = 320
_is_segment = re.compile(r"[a-zA-Z0-9\-._~%!$&'()+,;:@=]+").fullmatch
_ONE, _ANY = "{*}", "{**}"


def not_empty(values: Sequence[str], path: str) -> Iterator[Problem]:
    """Each value is a text."""
    for index, value in enumerate(values):
        if not value:
            yield Problem(f"{path}[{index}]", "an empty value is not allowed")


def ip_blocks(values: Sequence[str], path: str) -> Iterator[Problem]:
    """Addresses and CIDR blocks."""
    for index, value in enumerate(values):
        if not (is_prefix(value) if "/" in value else is_ip(value)):
            yield Problem(f"{path}[{index}]", f"{value!r} is neither an IP address nor a CIDR block")


def ports(values: Sequence[str], path: str) -> Iterator[Problem]:
    """Numbers of ports, as text."""
    for index, value in enumerate(values):
        number = whole(value)
        if number is None or number > MAX_PORT:
            yield Problem(f"{path}[{index}]", f"{value!r} is not a port")


def service_accounts(values: Sequence[str], path: str) -> Iterator[Problem]:
    """``account`` or ``namespace/account``, 16 of them at most."""
    if len(values) > _MAX_ACCOUNTS:
        yield Problem(path, f"{_MAX_ACCOUNTS} service accounts at most, not {len(values)}")
    for index, value in enumerate(values):
        parts = value.split("/")
        if "*" in value:
            yield Problem(f"{path}[{index}]", f"{value!r}: a service account has no wildcards")
        elif len(parts) > 2 or not all(parts) or len(value.encode()) > _MAX_ACCOUNT:
            yield Problem(f"{path}[{index}]", f"{value!r} does not have the form ACCOUNT or NAMESPACE/ACCOUNT")


def trust_domains(values: Sequence[str], path: str) -> Iterator[Problem]:
    """Names, of which one end may be a wildcard, without slashes."""
    yield from _wildcards(values, path)
    for index, value in enumerate(values):
        if "/" in value:
            yield Problem(f"{path}[{index}]", f"{value!r}: a trust domain has no slash")


def _wildcards(values: Sequence[str], path: str) -> Iterator[Problem]:
    yield from not_empty(values, path)
    for index, value in enumerate(values):
        if value.count("*") > 1 or "*" in value[1:-1]:
            yield Problem(f"{path}[{index}]", f"{value!r}: one wildcard, at either end, is allowed")


def path_templates(values: Sequence[str], path: str) -> Iterator[Problem]:
    """Paths; ``{*}`` stands for one segment and ``{**}`` for the rest."""
    yield from not_empty(values, path)
    for index, value in enumerate(values):
        if ("{" in value or "}" in value) and (problem := _template_problem(value)):
            yield Problem(f"{path}[{index}]", f"{value!r}: {problem}")


def _template_problem(value: str) -> str | None:
    is_template = _ONE in value or _ANY in value
    ended = False
    for segment in value.strip("/").split("/"):
        if segment in {_ONE, _ANY}:
            if ended:
                return "{**} is the last of all operators"
            ended = segment == _ANY
        elif "{" in segment or "}" in segment:
            return "a brace is part of {*} or {**}, which are whole segments"
        elif is_template and _is_segment(segment) is None:
            return f"the segment {segment!r} holds what a path cannot"
    return None


def attribute(key: str, values: Sequence[str], path: str) -> Iterator[Problem]:
    """The values of a condition on ``key``."""
    yield from not_empty(values, path)
    judge = _ATTRIBUTES.get(key)
    if judge is not None:
        yield from judge(values, path)
    elif key.startswith(_WITH_NAME):
        opened = key.find("[")
        if not (key.endswith("]") and 0 < opened < len(key) - 2):
            yield Problem(path, f"the key {key} has a name in brackets")
    elif key.startswith("destination.labels"):
        yield Problem(path, f"in place of {key} there is the policy's selector")
    elif key == "destination.namespace":
        yield Problem(path, f"in place of {key} there is the policy's namespace")
    else:
        yield Problem(path, f"there is no attribute {key}")


_ATTRIBUTES: dict[str, Callable[[Sequence[str], str], Iterator[Problem]]] = {
    "source.ip": ip_blocks,
    "remote.ip": ip_blocks,
    "source.namespace": not_empty,
    "source.serviceAccount": service_accounts,
    "source.principal": not_empty,
    "source.trustDomain": _wildcards,
    "request.auth.principal": not_empty,
    "request.auth.audiences": not_empty,
    "request.auth.presenter": not_empty,
    "destination.ip": ip_blocks,
    "destination.port": ports,
    "connection.sni": not_empty,
}
_WITH_NAME = ("request.headers", "request.auth.claims", "experimental.envoy.filters.")
