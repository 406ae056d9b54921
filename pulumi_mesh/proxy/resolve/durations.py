"""Durations as Istio objects write them, and as Envoy's config does."""

from __future__ import annotations

from datetime import timedelta

from pulumi_mesh.manifests.durations import duration

__all__ = ["duration", "proto_json"]


def proto_json(length: timedelta) -> str:
    """A duration as proto3 JSON prints it, for what a view keeps as Envoy wrote it: seconds with no, three or six
    digits after the point."""
    seconds, rest = divmod(length, timedelta(seconds=1))
    if not rest:
        return f"{seconds}s"
    if not rest.microseconds % 1000:
        return f"{seconds}.{rest.microseconds // 1000:03d}s"
    return f"{seconds}.{rest.microseconds:06d}s"
