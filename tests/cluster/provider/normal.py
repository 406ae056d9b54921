"""Objects of Kubernetes' own kinds as its types would print them, so that two ways to say the same do not differ."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

_QUANTITIES = frozenset({"limits", "requests", "capacity", "allocatable"})
_FREE = frozenset({"annotations", "data", "labels", "matchLabels", "stringData"})
_QUANTITY = re.compile(r"([+-]?\d+(?:\.\d*)?)([numkMGTPE]|[KMGTPE]i)?")
_SCALES = {
    "": Fraction(1),
    **{unit: Fraction(1000) ** power for power, unit in enumerate("num", -3)},
    **{unit: Fraction(1000) ** power for power, unit in enumerate("kMGTPE", 1)},
    **{f"{unit}i": Fraction(1024) ** power for power, unit in enumerate("KMGTPE", 1)},
}


def normal(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in which quantities are numbers, and empty texts and labels are left out; others' kinds as they are."""
    group = str(manifest.get("apiVersion", "")).rpartition("/")[0]
    if "." in group and not group.endswith(".k8s.io"):
        return dict(manifest)
    made: dict[str, Any] = _normal(manifest)
    return made


def _normal(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _field(key, each) for key, each in value.items() if each != "" and not _says_nothing(key, each)}
    return [_normal(each) for each in value] if isinstance(value, list) else value


def _says_nothing(name: str, value: Any) -> bool:
    return name in _FREE and value == {}


def _field(name: str, value: Any) -> Any:
    if name in _FREE:
        return value
    if name in _QUANTITIES and isinstance(value, Mapping):
        return {key: _quantity(each) for key, each in value.items()}
    return _normal(value)


def _quantity(value: Any) -> Any:
    """The number that a quantity says, as text; anything else as it is."""
    found = _QUANTITY.fullmatch(str(value))
    return str(Fraction(found[1]) * _SCALES[found[2] or ""]) if found else value
