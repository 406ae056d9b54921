"""The features of the model, read from its types, and those that a mesh uses."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import pulumi_mesh as pm
from pulumi_mesh.frozen import FrozenMap

NOT_GENERATED = {
    "Mesh.istio": "one istiod runs, with its defaults",
    "Telemetry.metrics": "a filter of Istio's own Envoy counts, which a stock one lacks",
    "JWTRule.jwks_uri": "istiod fetches the keys; where it cannot, it makes one up that nobody has",
    "Namespace.physical_name": "a name, which each namespace has in any case",
}
"""Fields that no generated mesh sets, and why."""


def all_features() -> set[str]:
    """``CLASS.FIELD`` of every field that can be left away, and ``CLASS.FIELD=WORD`` for each word of a choice."""
    found: set[str] = set()
    waiting: list[Any] = [pm.Mesh]
    seen: set[Any] = set()
    while waiting:
        cls = waiting.pop()
        if cls in seen or cls.__name__ == "Istio":
            continue
        seen.add(cls)
        hints = typing.get_type_hints(cls, include_extras=True)
        for field in dataclasses.fields(cls):
            name = f"{cls.__name__}.{field.name}"
            if name in NOT_GENERATED:
                continue
            found.add(name)
            for part in _parts(hints[field.name]):
                if typing.get_origin(part) is Literal:
                    found |= {f"{name}={word}" for word in typing.get_args(part) if word is not None}
                elif dataclasses.is_dataclass(part) and part.__module__.startswith("pulumi_mesh.model"):
                    waiting.append(part)
    return found


def features_of(value: Any) -> Iterator[str]:
    """Those that a mesh uses: fields that are not as they are by default, and the words that stand in them."""
    if isinstance(value, tuple):
        for each in value:
            yield from features_of(each)
    elif isinstance(value, Mapping):
        yield from features_of(tuple(value.values()))
    elif dataclasses.is_dataclass(value) and type(value).__module__.startswith("pulumi_mesh.model"):
        for field in dataclasses.fields(value):
            held = getattr(value, field.name)
            name = f"{type(value).__name__}.{field.name}"
            words = held if isinstance(held, tuple) else held.values() if isinstance(held, Mapping) else (held,)
            yield from (f"{name}={word}" for word in words if isinstance(word, str | int))
            if held is not None and held not in ((), FrozenMap(), "", False):
                yield name
            yield from features_of(held)


def _parts(hint: Any) -> Iterator[Any]:
    """A type, and all that it is made of."""
    yield hint
    if typing.get_origin(hint) is not Literal:
        for each in typing.get_args(hint):
            yield from _parts(each)
