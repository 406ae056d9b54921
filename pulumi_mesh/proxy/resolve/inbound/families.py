"""Addresses by the IP families of a proxy: with both, IPv4 counts where one must be chosen."""

from __future__ import annotations

import ipaddress
from typing import Literal

from pulumi_mesh.manifests.facts import Proxy

Family = Literal[4, 6]

WILDCARDS: dict[Family, str] = {4: "0.0.0.0", 6: "::"}  # noqa: S104 - what istiod binds listeners to
LOOPBACKS: dict[Family, str] = {4: "127.0.0.1", 6: "::1"}
BINDS: dict[Family, str] = {4: "127.0.0.6", 6: "::6"}
"""Where connections to the workload come from: the capture rules let those through."""


def families_of(proxy: Proxy) -> tuple[Family, ...]:
    """The families of a proxy's addresses, IPv4 first.

    Mirrors DiscoverIPMode (pkg/model/proxy.go) and getWildcardsAndLocalHost
    (pilot/pkg/networking/core/listener_address.go).
    """
    found = {_family(each) for each in proxy.addresses}
    return tuple(family for family in WILDCARDS if family in found)


def wildcard_of(proxy: Proxy) -> str:
    """The address that stands for all of a proxy's.

    One at which both families arrive takes ISTIO_DUAL_STACK, which istiod has off.
    """
    return WILDCARDS[families_of(proxy)[0]]


def own_address(proxy: Proxy) -> str:
    """The first address that others can reach, else the wildcard.

    Mirrors getSidecarInboundBindIPs (listener_address.go).
    """
    return next(filter(_is_reachable, proxy.addresses), wildcard_of(proxy))


def address_of(proxy: Proxy, family: Family) -> str | None:
    """The first address of a family."""
    return next((each for each in proxy.addresses if _family(each) == family), None)


def _is_reachable(address: str) -> bool:
    """Go's IsGlobalUnicast; what is no address counts as unreachable, as in Istio."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (found.is_unspecified or found.is_loopback or found.is_multicast or found.is_link_local)


def _family(address: str) -> Family:
    return 6 if ":" in address else 4
