"""What the cluster would say of one object: accepted or not, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from pulumi_mesh.findings import Finding, Severity

Stage = Literal["structure", "cel", "webhook"]
"""Who refuses: the API server by the schema, by the schema's CEL rules, or Istio's validating webhook."""


class Problem(NamedTuple):
    """Something wrong at a path of one object, such as ``spec.http[0].route[1].weight``.

    What the stages yield: a tuple is made far faster than a finding, and gets its stage and object later.
    """

    path: str
    message: str
    severity: Severity = "error"


def warning(path: str, message: str) -> Problem:
    """What is accepted, and told to the user."""
    return Problem(path, message, "warning")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The findings of the stages that ran, in the cluster's order; the first stage with an error is the last one.

    A finding's code is its stage: ``structure``, ``cel`` or ``webhook``.
    """

    findings: tuple[Finding, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the cluster would store the object: warnings do not stop it."""
        return not any(each.severity == "error" for each in self.findings)
