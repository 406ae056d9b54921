"""What chance decides: shares of traffic."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_mesh.proxy.view.matching import Fraction


@dataclass(frozen=True, slots=True)
class Chance:
    """random: the number that Envoy would have drawn; None leaves open what is neither always nor never."""

    random: int | None = None

    def takes(self, fraction: Fraction) -> bool | None:
        """Whether a share of traffic includes the request; None when only chance knows."""
        if fraction.numerator <= 0:
            return False
        if fraction.numerator >= fraction.denominator:
            return True
        return None if self.random is None else self.random % fraction.denominator < fraction.numerator
