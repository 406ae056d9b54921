"""JSON text by Python's own reader: quicker than as YAML, and with JSON's own escapes."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from pulumi_mesh.manifests.events import MAX_DEPTH

NOT_JSON: Final = object()
"""What ``read_json`` returns for a text that is no JSON, or that no manifest may hold."""


def read_json(text: str) -> Any:
    """The value of a JSON text; NOT_JSON for what is to be read, or refused with its line, as YAML.

    That is also: a key given twice, too deep nesting, numbers that Go has no type for, text that no file can hold.
    """
    try:
        value = json.loads(text, object_pairs_hook=_mapping, parse_int=_int, parse_float=_float, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return NOT_JSON
    return value if _shallow(value) else NOT_JSON


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key twice")
    return made


def _int(digits: str) -> int:
    value = int(digits)
    if not -(2**63) <= value < 2**64:
        raise ValueError("more than 64 bits")
    return value


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("no such float")
    return value


def _refuse(word: str) -> Any:
    raise ValueError(word)


def _shallow(value: Any) -> bool:
    """Whether nothing nests deeper than MAX_DEPTH and all text is of whole characters."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                if not all(map(_whole, each)):
                    return False
                below += each.values()
            elif isinstance(each, list):
                below += each
            elif isinstance(each, str) and not _whole(each):
                return False
        if not below:
            return True
        level = below
    return False


def _whole(text: str) -> bool:
    """Whether no half of a surrogate pair stands alone."""
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)
