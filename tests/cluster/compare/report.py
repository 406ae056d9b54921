"""What was compared, for people and as data."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.cluster.compare.comparison import Compared
from tests.cluster.compare.world import World


def text(world: World, results: Sequence[Compared]) -> str:
    """A line for a world, its notes, and every difference of its proxies."""
    differing = [each for each in results if not each.equal]
    verdict = f"{len(differing)} of {len(results)} differ" if differing else f"{len(results)} equal"
    lines = [f"{world.name}: {verdict}", *(f"  note: {each}" for each in world.notes)]
    for each in differing:
        lines.append(f"  {each.proxy}")
        lines += [f"    {line}" for found in each.differences for line in str(found).splitlines()]
    return "\n".join(lines) + "\n"


def summary(results: Sequence[Compared]) -> str:
    """``equal: N/M``: proxies whose view is istiod's, of all."""
    return f"equal: {sum(each.equal for each in results)}/{len(results)}"


def exit_code(results: Sequence[Compared]) -> int:
    """0 where something was compared and all of it is equal."""
    return 0 if results and all(each.equal for each in results) else 1


def as_json(results: Sequence[Compared]) -> str:
    """One object: the counts, and every proxy with its differences."""
    proxies = [
        {
            "mesh": each.world,
            "proxy": each.proxy,
            "equal": each.equal,
            "differences": [
                {"where": found.where, "ours": found.ours, "istiod": found.theirs} for found in each.differences
            ],
        }
        for each in results
    ]
    counts = {"equal": sum(each.equal for each in results), "compared": len(results)}
    return json.dumps({**counts, "proxies": proxies}, indent=2) + "\n"
