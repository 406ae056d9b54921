"""What a check says of a mesh: stable code, severity, place, reason, fix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pulumi_mesh.refs import Ref

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a user should know before the mesh is applied.

    code: stable name, such as ``unknown-subset``; never reused for another meaning.
    severity: ``error`` stops every effect; ``warning`` and ``info`` do not.
    message: what is wrong. fix: what would be right.
    refs: the places concerned, the most telling first.
    also: the code that another tool gives the same thing, such as Istio's ``IST0101`` or Kiali's ``KIA1107``.
    """

    code: str
    severity: Severity
    message: str
    refs: tuple[Ref, ...] = ()
    fix: str = ""
    also: str = ""
