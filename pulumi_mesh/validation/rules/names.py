"""Names of hosts, labels and ports, as Istio's webhook reads them (pkg/config/{labels,host,validation/agent}).

Istio's DNS labels may hold upper case, and a label's wildcard may be followed by text: both differ from Kubernetes.
A function whose name is a thing returns what is wrong with it, or None.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import lru_cache

from pulumi_mesh.validation.verdict import Problem

MAX_LABEL = 63
MAX_NAME = 255
MAX_PREFIX = 253

_LABEL = r"[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?"
_QUALIFIED = r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_is_label = re.compile(_LABEL).fullmatch
_is_wildcard_label = re.compile(rf"\*|(?:\*|\*-)?{_LABEL}").fullmatch
_key_parts = re.compile(rf"({_LABEL}(?:\.{_LABEL})*/)?({_QUALIFIED})").fullmatch
_is_label_value = re.compile(rf"(?:{_QUALIFIED})?").fullmatch


@lru_cache(maxsize=1 << 14)
def is_dns_label(text: str) -> bool:
    """At most 63 letters, digits and dashes, no dash at either end."""
    return len(text) <= MAX_LABEL and _is_label(text) is not None


@lru_cache(maxsize=1 << 16)
def fqdn(name: str) -> str | None:
    """A domain name without wildcard; a last dot is allowed, a last label of digits is not."""
    return _length(name) or _labels(name)


@lru_cache(maxsize=1 << 16)
def wildcard_domain(name: str) -> str | None:
    """A domain name whose first label may be or begin with ``*``."""
    if problem := _length(name):
        return problem
    first, dot, rest = name.partition(".")
    if len(first) > MAX_LABEL or _is_wildcard_label(first) is None:
        return f"domain name {name!r}: the label {first!r} is not one"
    return _labels(rest) if dot else None


def _length(name: str) -> str | None:
    size = len(name.encode())
    if size > MAX_NAME:
        return f"a domain name may have {MAX_NAME} bytes, this one has {size}"
    return None if size else "a domain name is empty"


def _labels(name: str) -> str | None:
    labels = name.split(".")
    last = labels[-1]
    digits = last.lstrip("+-") if last[:2] not in {"++", "--", "+-", "-+"} else ""
    if digits.isascii() and digits.isdigit() and int(digits) < 1 << 63:
        return f"domain name {name!r}: the last label may not be a number"
    if not last:  # "istio.io." says that no search domain is to be added
        labels.pop()
    for label in labels:
        if not is_dns_label(label):
            return f"domain name {name!r}: the label {label!r} is not one"
    return None


def partial_wildcard(name: str) -> str | None:
    """A wildcard stands for whole labels: ``*`` or ``*.example.com``, not ``*a.example.com``."""
    if "*" in name and len(name) != 1 and not name.startswith("*."):
        return f"the wildcard of {name!r} stands for a part of a label"
    return None


@lru_cache(maxsize=1 << 14)
def sni_domain(name: str) -> str | None:
    """A domain name, or the server name of a gateway that passes through: ``outbound_.80_._.reviews.shop.svc``."""
    if not name.startswith("outbound_"):
        return wildcard_domain(name)
    if problem := _length(name):
        return problem
    form = f"{name!r} does not have the form outbound_.PORT_._.HOST"
    parts = name.split("_")
    if len(parts) < 4:
        return form
    port, host = parts[1].strip("."), parts[3].strip(".")
    has_digit = re.search(r"[0-9]", port)
    has_letter = re.search(r"[a-zA-Z]", host)
    return None if has_digit and has_letter else form


def overlapping(hosts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Each host whose names another one has too, and that other: their positions. Either may begin with a wildcard.

    By lookups, not pair by pair: a list may be long.
    """
    first: dict[str, int] = {}
    for index, host in enumerate(hosts):
        first.setdefault(host, index)
    for index, host in enumerate(hosts):
        if first[host] != index:
            yield index, first[host]
            continue
        other = next((first[each] for each in _wider(host) if first.get(each, index) != index), None)
        if other is not None:
            yield index, other


def covered(host: str, hosts: Container[str]) -> bool:
    """Whether each name that fits the host fits one of ``hosts``."""
    return host in hosts or any(each in hosts for each in _wider(host))


def _wider(host: str) -> Iterator[str]:
    """Every wildcard that takes all names of the host, the narrowest first; of a wildcard that is itself too."""
    return (f"*{host[cut:]}" for cut in range(1 if host[:1] == "*" else 0, len(host) + 1))


def labels(pairs: Mapping[str, str] | None, path: str) -> Iterator[Problem]:
    """Labels of Kubernetes: ``example.com/name: value``."""
    for key, value in (pairs or {}).items():
        if problem := _label_key(key):
            yield Problem(path, problem)
        if not _is_label_text(value):
            yield Problem(path, f"label {key}: the value {value!r} is not one")


@lru_cache(maxsize=1 << 12)
def _label_key(key: str) -> str | None:
    match = _key_parts(key)
    if match is None:
        return f"label key {key!r} is not one"
    if match[1] and len(match[1]) - 1 > MAX_PREFIX:
        return f"label key {key!r}: more than {MAX_PREFIX} characters before the slash"
    return f"label key {key!r}: more than {MAX_LABEL} characters" if len(match[2]) > MAX_LABEL else None


@lru_cache(maxsize=1 << 12)
def _is_label_text(value: str) -> bool:
    return _is_label_value(value) is not None


def port_name(name: str, path: str) -> Iterator[Problem]:
    """A port's name is a DNS label."""
    if not is_dns_label(name):
        yield Problem(path, f"port name {name!r} is not a DNS label")
