"""Rules of VirtualServices: what they are called, where they count, and which matches take every request."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import TypeAlias

from pulumi_mesh.istio import virtual_service
from pulumi_mesh.proxy.resolve.full_names import gateway_name

Rule: TypeAlias = virtual_service.Http | virtual_service.Tls | virtual_service.Tcp
Match: TypeAlias = virtual_service.HttpMatch | virtual_service.TlsMatch | virtual_service.TcpMatch


@cache
def anything() -> virtual_service.HttpMatch:
    """The match of a rule that has none."""
    return virtual_service.HttpMatch()


@cache
def _any_path() -> tuple[virtual_service.StringMatch, ...]:
    text = virtual_service.StringMatch
    return text(prefix="/"), text(prefix=""), text(regex=".*")


def rule_name(kind: str, rules: tuple[Rule, ...], position: int) -> str:
    """A rule for people: by its name where it has one, else by its position."""
    name = getattr(rules[position], "name", None)
    return f"{kind} rule {name!r}" if name else f"{kind} rule {position}"


def bare(match: Match) -> Match:
    """The match without what it is called."""
    if isinstance(match, virtual_service.HttpMatch):
        return dataclasses.replace(match, name=None, stat_prefix=None)
    return match


def takes_all(match: Match) -> bool:
    """Mirrors IsCatchAllRoute (pilot/pkg/networking/core/route/route.go)."""
    if not isinstance(match, virtual_service.HttpMatch):
        return False
    rest = dataclasses.replace(match, uri=None, ignore_uri_case=None)
    return rest == anything() and (match.uri is None or match.uri in _any_path())


def matches_at(rule: virtual_service.Http, gateway: str, namespace: str) -> tuple[Match, ...]:
    """A rule's matches that count at a gateway (``mesh`` or ``NAMESPACE/NAME``), without their gateways;
    ``anything()`` where the rule has none.

    Mirrors sourceMatchHTTP (pilot/pkg/networking/core/route/route.go).
    """
    return tuple(
        bare(dataclasses.replace(each, gateways=None))
        for each in rule.match or (anything(),)
        if not each.gateways or gateway in [gateway_name(name, namespace) for name in each.gateways]
    )
