"""Field names of proto3 JSON: Envoy writes snake_case, istiod and istioctl write camelCase."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SMALL = re.compile(r"_([a-z0-9])")
_CAPITAL = re.compile(r"(?<!^)[A-Z]")

# camelCase does not tell where a word begins with a digit; these are all such fields of Envoy's v3 API.
_WITH_DIGITS = {
    "acceptHttp10": "accept_http_10",
    "consecutive5xx": "consecutive_5xx",
    "defaultHostForHttp10": "default_host_for_http_10",
    "enforcingConsecutive5xx": "enforcing_consecutive_5xx",
    "ignoreHttp11Upgrade": "ignore_http_11_upgrade",
    "normalizePathRfc3986": "normalize_path_rfc_3986",
    "proxy100Continue": "proxy_100_continue",
    "traceId128bit": "trace_id_128bit",
}

# Maps to messages: their keys are data.
_MAPS = frozenset(
    {
        "named_endpoints",
        "per_filter_config",
        "policies",
        "providers",
        "requirement_map",
        "source_codes",
        "typed_extension_protocol_options",
        "typed_filter_metadata",
        "typed_per_filter_config",
    }
)

# Structs, and maps to text: all that is in them is data. ``match`` is one only where endpoints are told apart by it.
_DATA = frozenset(
    {
        "context_extensions",
        "filter_metadata",
        "json_format",
        "transport_socket_match_criteria",
        "typed_json_format",
    }
)
_DATA_WITHIN = frozenset({("node", "metadata"), ("transport_socket_matches", "match")})


def snake(name: str) -> str:
    """The name of a field in the .proto file: ``filterChains`` and ``filter_chains`` are ``filter_chains``."""
    if name in _WITH_DIGITS:
        return _WITH_DIGITS[name]
    return name if name.islower() else _CAPITAL.sub(lambda found: f"_{found.group().lower()}", name)


def camel(name: str) -> str:
    """The name of a field as istioctl prints it: ``filter_chains`` is ``filterChains``."""
    return _SMALL.sub(lambda found: found.group(1).upper(), name)


def in_camel_case(message: Any, within: str = "") -> Any:
    """The inverse of ``in_snake_case``: the same message as istiod's and istioctl's JSON has it."""
    if isinstance(message, list):
        return [in_camel_case(each, within) for each in message]
    if not isinstance(message, Mapping):
        return message
    made = {}
    for name, value in message.items():
        if name in _DATA or (within, name) in _DATA_WITHIN or str(message.get("@type", "")).endswith("Struct"):
            made[camel(name)] = value
        elif name in _MAPS and isinstance(value, Mapping):
            made[camel(name)] = {each: in_camel_case(item, name) for each, item in value.items()}
        else:
            made[camel(name)] = in_camel_case(value, name)
    return made


def in_snake_case(message: Any, within: str = "") -> Any:
    """A message in camelCase with the names of the .proto files at every depth; what is data stays as it is.

    within: the field that holds it. It is meant for JSON in camelCase: names in maps that are not known here change.
    """
    if isinstance(message, list):
        return [in_snake_case(each, within) for each in message]
    if not isinstance(message, Mapping):
        return message
    made = {}
    for key, value in message.items():
        name = snake(key)
        if name in _DATA or (within, name) in _DATA_WITHIN:
            made[name] = value
        elif name in _MAPS and isinstance(value, Mapping):
            made[name] = {each: in_snake_case(item, name) for each, item in value.items()}
        else:
            made[name] = in_snake_case(value, name)
    return made
