"""Conditions of role-based access control, and Envoy's matchers of metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.simulate.exchange import Exchange
from pulumi_mesh.proxy.simulate.header_tests import header_matches
from pulumi_mesh.proxy.simulate.networks import contains
from pulumi_mesh.proxy.simulate.templates import template_matches
from pulumi_mesh.proxy.simulate.texts import text_matches
from pulumi_mesh.proxy.view.matching import (
    EitherMatch,
    ListMatch,
    MetadataMatch,
    PresentMatch,
    StringMatch,
    ValueMatch,
)
from pulumi_mesh.proxy.view.rbac import (
    AllOf,
    Always,
    AnyOf,
    Authenticated,
    Condition,
    DestinationAddress,
    DestinationPort,
    Header,
    Metadata,
    Not,
    PathTemplate,
    RequestedServerName,
    SourceAddress,
    UrlPath,
)


def holds(condition: Condition, exchange: Exchange) -> bool:
    """Whether a condition is true; one that is not known is false."""
    peer = exchange.peer
    match condition:
        case Always():
            return True
        case AllOf(conditions):
            return all(holds(each, exchange) for each in conditions)
        case AnyOf(conditions):
            return any(holds(each, exchange) for each in conditions)
        case Not(inner):
            return not holds(inner, exchange)
        case Header(match):
            return header_matches(match, exchange.headers)
        case UrlPath(match):
            return text_matches(match, exchange.path)
        case PathTemplate(template):
            return template_matches(template, exchange.path)
        case Metadata(match):
            return noted(match, exchange.metadata)
        case DestinationAddress(prefix, length):
            return contains(prefix, length, peer.connection.address)
        case DestinationPort(port):
            return port == peer.connection.port
        case RequestedServerName(match):
            return text_matches(match, peer.connection.server_name)
        case Authenticated(name):
            return peer.proved and (name is None or text_matches(name, peer.principal))
        case SourceAddress(kind, prefix, length):
            return contains(prefix, length, peer.connection.source if kind == "direct_remote_ip" else peer.remote)
        case _:
            return _raw_holds(condition.config, exchange)


def noted(match: MetadataMatch, metadata: Mapping[str, object]) -> bool:
    """Whether what filters noted is as a test wants it."""
    value: object = metadata.get(match.filter)
    for key in match.path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return _value_matches(match.value, value) != match.invert


def _value_matches(test: ValueMatch, value: object) -> bool:
    match test:
        case StringMatch():
            return isinstance(value, str) and text_matches(test, value)
        case ListMatch(item):
            return isinstance(value, list | tuple) and any(_value_matches(item, each) for each in value)
        case EitherMatch(tests):
            return any(_value_matches(each, value) for each in tests)
        case PresentMatch(present):
            return (value is not None) == present


def metadata_matches(message: Mapping[str, Any], metadata: Mapping[str, object]) -> bool:
    """envoy.type.matcher.v3.MetadataMatcher as it was read."""
    test = metadata_match(message)
    return test is not None and noted(test, metadata)


def metadata_match(message: Mapping[str, Any]) -> MetadataMatch | None:
    """The same, typed; None when it holds no test that is known."""
    path = tuple(str(each.get("key", "")) for each in raw.each(message, "path"))
    test = _raw_value(raw.part(message, "value"))
    invert = bool(message.get("invert"))
    return MetadataMatch(str(message.get("filter", "")), path, test, invert) if test is not None else None


def _raw_value(message: Mapping[str, Any]) -> ValueMatch | None:
    if "string_match" in message:
        return raw.string_match(raw.part(message, "string_match"))
    if "list_match" in message:
        item = _raw_value(raw.part(message, "list_match", "one_of"))
        return ListMatch(item) if item else None
    if "or_match" in message:
        tests = map(_raw_value, raw.each(raw.part(message, "or_match"), "value_matchers"))
        return EitherMatch(tuple(each for each in tests if each is not None))
    return PresentMatch(bool(message["present_match"])) if "present_match" in message else None


def _raw_holds(message: Mapping[str, Any], exchange: Exchange) -> bool:
    """A permission or a principal that the view keeps as it was read."""
    peer = exchange.peer
    for name in ("metadata", "sourced_metadata"):
        if name in message:
            inner = raw.part(message, name)
            return metadata_matches(raw.part(inner, "metadata_matcher") or inner, exchange.metadata)
    if "destination_port_range" in message:
        ports = raw.part(message, "destination_port_range")
        return int(ports.get("start", 0)) <= peer.connection.port < int(ports.get("end", 0))
    if "source_ip" in message:
        return contains(*raw.network(raw.part(message, "source_ip")), peer.remote)
    return False
