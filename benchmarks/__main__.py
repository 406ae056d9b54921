"""``make benchmark``: ``pulumi-mesh validate`` and ``istioctl validate`` on the same files, turn by turn."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Cost, peak_memory, run
from benchmarks.services import KINDS, write
from tests.cluster.tools.finding import find


def main(arguments: list[str]) -> int:
    """Print a table; returns 0."""
    parser = argparse.ArgumentParser(prog="make benchmark", description="validate against istioctl validate.")
    parser.add_argument("--services", type=int, nargs="+", default=[1000, 4000], help="how many, smallest first")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each, of which the median counts")
    given = parser.parse_args(arguments)
    istioctl = find("istioctl", say=_print)
    ours = Path(sys.executable).with_name("pulumi-mesh")
    _print(f"{_processors()} processors, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f} before")
    _print("| services | objects | MB | | wall s (least-most) | processor s | peak MB |")
    _print("|---|---|---|---|---|---|---|")
    medians: dict[tuple[str, int], float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for services in given.services:
            place = Path(folder) / str(services)
            size = write(place, services)
            commands = {
                "istioctl": [str(istioctl), "validate", "-f", str(place)],
                "pulumi-mesh": [str(ours), "validate", str(place)],
            }
            costs: dict[str, list[Cost]] = {name: [] for name in commands}
            for _ in range(given.rounds):  # in turn, so that what else the machine does meets both
                for name, command in commands.items():
                    costs[name].append(run(command))
            for name, command in commands.items():
                walls = sorted(cost.wall for cost in costs[name])
                medians[name, services] = statistics.median(walls)
                processor = statistics.median(cost.processor for cost in costs[name])
                _print(
                    f"| {services} | {services * len(KINDS)} | {size / 1e6:.1f} | {name} "
                    f"| {medians[name, services]:.2f} ({walls[0]:.2f}-{walls[-1]:.2f}) | {processor:.2f} "
                    f"| {peak_memory(command) / 1e6:.0f} |"
                )
    for services in given.services:
        ratio = medians["pulumi-mesh", services] / medians["istioctl", services]
        _print(f"{services} services: pulumi-mesh takes {ratio:.2f} of istioctl's time")
    first, last = given.services[0], given.services[-1]
    for name in ("istioctl", "pulumi-mesh"):
        growth = medians[name, last] / medians[name, first]
        _print(f"{name}: {last / first:.1f} times as many services take {growth:.1f} times as long")
    return 0


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
