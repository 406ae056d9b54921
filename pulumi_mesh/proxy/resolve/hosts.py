"""Host names as Istio compares them: short names, wildcards, which of two is more specific."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from pulumi_mesh.manifests.host_names import fqdn

__all__ = ["fqdn", "intersection", "is_wildcard", "matches", "most_specific", "specificity", "subset_of"]

V = TypeVar("V")


def is_wildcard(host: str) -> bool:
    """Whether a host starts with ``*``."""
    return host.startswith("*")


def matches(one: str, other: str) -> bool:
    """Whether some name is covered by both hosts. Mirrors Name.Matches (pkg/config/host)."""
    return subset_of(one, other) or subset_of(other, one)


def subset_of(one: str, other: str) -> bool:
    """Whether every name that ``one`` covers is covered by ``other``. Mirrors Name.SubsetOf (pkg/config/host)."""
    if not is_wildcard(other):
        return one == other
    if is_wildcard(one):
        return len(one) >= len(other) and one.endswith(other[1:])
    return one.endswith(other[1:])


def specificity(host: str) -> tuple[bool, int, str]:
    """A sort key: exact hosts before wildcards, then longer ones first, then by alphabet.

    Mirrors MoreSpecific (pkg/config/host).
    """
    return is_wildcard(host), -len(host), host


def intersection(these: Iterable[str], those: Iterable[str]) -> tuple[str, ...]:
    """What two sets of hosts cover in common, each as the narrower of the two.

    Mirrors Names.Intersection (pkg/config/host).
    """
    others = tuple(those)
    found: dict[str, None] = {}
    for this in these:
        for other in others:
            if subset_of(this, other):
                found[this] = None
            elif subset_of(other, this):
                found[other] = None
    return tuple(found)


def most_specific(host: str, specific: Mapping[str, V], wildcard: Mapping[str, V]) -> V | None:
    """What is kept for the narrowest entry that covers a host.

    Mirrors MostSpecificHostMatch (pilot/pkg/model/config.go).
    """
    exact = (wildcard if is_wildcard(host) else specific).get(host)
    if exact is not None:
        return exact
    needle = host[1:] if is_wildcard(host) else host
    covering = [each for each in wildcard if needle.endswith(each[1:])]
    return wildcard[min(covering, key=specificity)] if covering else None
