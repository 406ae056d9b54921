"""Istio's own objects beside the model, for what it has no words for and views do resolve."""

from __future__ import annotations

from random import Random
from typing import Any

import pulumi_mesh as pm


def objects(random: Random, listed: list[pm.Service], edges: list[pm.Gateway]) -> list[Any]:
    """Up to two."""
    return []
