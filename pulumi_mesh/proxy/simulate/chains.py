"""Which filter chain of a listener takes a connection: Envoy's own order of tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_network
from typing import TypeVar

from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.simulate.connection import Connection
from pulumi_mesh.proxy.simulate.networks import contains, is_loopback
from pulumi_mesh.proxy.view.listeners import ChainMatch, FilterChain, Listener

K = TypeVar("K")


def chains_for(listener: Listener, connection: Connection) -> tuple[FilterChain, ...]:
    """The filter chains that take a connection: one; none; or several, a listener that Envoy refuses.

    Test by test, the most specific value that any chain left names wins, and the others are out: there is no way
    back when a later test fails. Mirrors FilterChainManagerImpl::findFilterChain (Envoy's
    source/common/listener_manager).
    """
    left: Sequence[FilterChain] = listener.filter_chains
    for keys, order in _TESTS:
        left = _sieve(left, keys, order(connection))
    if not left and listener.default_filter_chain is not None:
        return (listener.default_filter_chain,)
    return tuple(left)


def _sieve(
    chains: Sequence[FilterChain], keys: Callable[[ChainMatch], Iterable[K]], order: Callable[[Iterable[K]], K | None]
) -> Sequence[FilterChain]:
    named = [(chain, frozenset(keys(chain.match))) for chain in chains]
    chosen = order(key for _, own in named for key in own)
    return [chain for chain, own in named if chosen in own] if chosen is not None else []


def _first(*wanted: K) -> Callable[[Iterable[K]], K | None]:
    """The first of the wanted values that is there."""

    def choose(there: Iterable[K]) -> K | None:
        known = frozenset(there)
        return next((each for each in wanted if each in known), None)

    return choose


def _longest(address: str) -> Callable[[Iterable[tuple[str, int]]], tuple[str, int] | None]:
    """The longest range that holds the address; the one that is named by no prefix holds every address."""

    def choose(there: Iterable[tuple[str, int]]) -> tuple[str, int] | None:
        holding = [each for each in there if each == _ANYWHERE or contains(*each, address)]
        return max(holding, key=lambda each: (each[1], each), default=None)

    return choose


_ANYWHERE = ("", 0)


def _ports(match: ChainMatch) -> tuple[int, ...]:
    return (match.destination_port or 0,)


def _destinations(match: ChainMatch) -> Iterable[tuple[str, int]]:
    return _ranges(match.prefix_ranges)


def _names(match: ChainMatch) -> Iterable[str]:
    return (name.removeprefix("*").lower() for name in match.server_names) if match.server_names else ("",)


def _name_order(connection: Connection) -> Callable[[Iterable[str]], str | None]:
    name = connection.server_name
    ends = [index for index, char in enumerate(name) if char == "." and index > 0]
    return _first(name, *(name[index:] for index in ends if index < len(name) - 1), "")


def _transports(match: ChainMatch) -> tuple[str, ...]:
    return (match.transport_protocol,)


def _protocols(match: ChainMatch) -> tuple[str, ...]:
    return match.application_protocols or ("",)


def _direct_sources(match: ChainMatch) -> Iterable[tuple[str, int]]:
    return _ranges(tuple(map(raw.network, raw.each(match.extra, "direct_source_prefix_ranges"))))


def _sources(match: ChainMatch) -> Iterable[tuple[str, int]]:
    return _ranges(tuple(map(raw.network, raw.each(match.extra, "source_prefix_ranges"))))


def _source_types(match: ChainMatch) -> tuple[str, ...]:
    return (str(match.extra.get("source_type", "ANY")),)


def _source_type_order(connection: Connection) -> Callable[[Iterable[str]], str | None]:
    same = is_loopback(connection.source) or (connection.source != "" and connection.source == connection.address)
    return _first("SAME_IP_OR_LOOPBACK" if same else "EXTERNAL", "ANY")


def _source_ports(match: ChainMatch) -> tuple[int, ...]:
    # The client's port is nobody's choice: a chain that wants a certain one is not taken.
    return (-1,) if match.extra.get("source_ports") else (0,)


def _ranges(ranges: Iterable[tuple[str, int]]) -> Iterable[tuple[str, int]]:
    return [_range(*each) for each in ranges] or (_ANYWHERE,)


def _range(prefix: str, length: int) -> tuple[str, int]:
    try:
        network = ip_network(f"{prefix}/{length}", strict=False)
    except ValueError:
        return prefix, length
    return str(network.network_address), network.prefixlen


_TESTS = (
    (_ports, lambda connection: _first(connection.port, 0)),
    (_destinations, lambda connection: _longest(connection.address)),
    (_names, _name_order),
    (_transports, lambda connection: _first(connection.transport, "")),
    (_protocols, lambda connection: _first(*connection.protocols, "")),
    (_direct_sources, lambda connection: _longest(connection.source)),
    (_source_types, _source_type_order),
    (_sources, lambda connection: _longest(connection.source)),
    (_source_ports, lambda _: _first(0)),
)
"""Destination port, destination address, server name, transport protocol, application protocol, then the source."""
