"""Reading Envoy's statistics (admin ``/stats?format=json``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Stats = Mapping[str, int | str]
"""Counters and gauges as numbers, text readouts as text; histograms are left out."""


def parse(document: Mapping[str, Any]) -> dict[str, int | str]:
    """The answer of ``/stats?format=json`` as one name to one value."""
    return {entry["name"]: entry["value"] for entry in document["stats"] if "name" in entry}


def rejected(stats: Stats) -> dict[str, int]:
    """What an Envoy refused: each ``update_rejected`` and failed listener that is not zero."""
    ends = ("update_rejected", "listener_manager.listener_create_failure")
    return {
        name: value for name, value in sorted(stats.items()) if name.endswith(ends) and isinstance(value, int) and value
    }


def stat_name(name: str) -> str:
    """``name`` as it stands inside a statistic's name (Envoy's ``sanitizeStatsName``)."""
    return name.replace("://", "_").replace(":/", "_").replace(":", "_").replace("\0", "_")
