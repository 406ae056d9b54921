"""What chance decides: shares of traffic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.view.matching import Fraction


@dataclass(frozen=True, slots=True)
class Chance:
    """random: the number that Envoy would have drawn; None leaves open what is neither always nor never.

    runtime: fractions that stand in the place of the configured ones, by runtime key.
    """

    random: int | None = None
    runtime: Mapping[str, Fraction] = FrozenMap()

    def takes(self, fraction: Fraction) -> bool | None:
        """Whether a share of traffic includes the request; None when only chance knows."""
        if fraction.numerator <= 0:
            return False
        if fraction.numerator >= fraction.denominator:
            return True
        return None if self.random is None else self.random % fraction.denominator < fraction.numerator

    def runtime_fraction(self, message: Mapping[str, Any]) -> Fraction:
        """envoy.config.core.v3.RuntimeFractionalPercent, with the runtime's own value when it has one."""
        key = str(message.get("runtime_key", ""))
        return self.runtime.get(key) or raw.fraction(raw.part(message, "default_value"))
