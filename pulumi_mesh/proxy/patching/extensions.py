"""Filters that a proxy gets by their name (ECDS): patches of EXTENSION_CONFIG are what it gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pulumi_mesh.proxy.envoy.read.listeners import http_filter
from pulumi_mesh.proxy.envoy.read.message import Message
from pulumi_mesh.proxy.patching.patch import Patch
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager, HttpFilter, Listener, OpaqueFilter

_DISCOVERY = "config_discovery"


def with_extensions(listeners: tuple[Listener, ...], patches: Iterable[Patch]) -> tuple[Listener, ...]:
    """The listeners, their HTTP filters with the config that the proxy is told when it asks; one that nobody adds stays
    a name. Mirrors InsertedExtensionConfigurations (core/envoyfilter)."""
    named = {
        each.value.get("name", ""): each
        for each in patches
        if each.applies_to == "EXTENSION_CONFIG" and each.operation == "ADD" and "typed_config" in each.value
    }
    return tuple(_listener(each, named) for each in listeners) if named else listeners


def _listener(listener: Listener, named: Mapping[str, Patch]) -> Listener:
    default = listener.default_filter_chain
    return replace(
        listener,
        filter_chains=tuple(_chain(each, named) for each in listener.filter_chains),
        default_filter_chain=_chain(default, named) if default else None,
    )


def _chain(chain: FilterChain, named: Mapping[str, Patch]) -> FilterChain:
    filters = tuple(
        replace(each, http_filters=tuple(_filter(one, named) for one in each.http_filters))
        if isinstance(each, HttpConnectionManager)
        else each
        for each in chain.filters
    )
    return replace(chain, filters=filters)


def _filter(filter: HttpFilter, named: Mapping[str, Patch]) -> HttpFilter:
    if not isinstance(filter, OpaqueFilter) or _DISCOVERY not in filter.config or filter.name not in named:
        return filter
    patch = named[filter.name]
    others = {key: value for key, value in filter.config.items() if key != _DISCOVERY}
    message = {**others, "name": filter.name, "typed_config": patch.value["typed_config"]}
    found = http_filter(Message(message, ""))
    return replace(found, ref=patch.ref) if isinstance(found, OpaqueFilter) else found
