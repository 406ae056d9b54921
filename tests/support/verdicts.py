"""What holds for everything that a renderer makes in any test: a cluster would take it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pulumi_mesh.validation.objects import judge_object


def accepted(objects: Sequence[Any]) -> None:
    """Fail unless the verdict on each object is to accept it."""
    refused = [
        f"{finding.refs[0]}: {finding.code}: {finding.message}"
        for obj in objects
        for finding in judge_object(obj).findings
        if finding.severity == "error"
    ]
    assert not refused, "rendered, and a cluster would refuse it:\n" + "\n".join(refused)
