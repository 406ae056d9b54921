"""Labels and annotations as plain text: in a snapshot tokens stand for Outputs."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_mesh.frozen import FrozenMap


def texts(given: Mapping[str, object] | None) -> FrozenMap[str, str]:
    """Labels or annotations, with every value as text."""
    return FrozenMap({str(key): str(value) for key, value in (given or {}).items()})
