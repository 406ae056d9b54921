"""``make conformance``: how often we say what other projects say, set by set.

A set is a module of ``sets`` with ``disagreement(case) -> str | None``, and a line in SETS.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from tests.conformance.cases import CORPORA, Case, cases, corpora

SETS = {
    "istio-validation": "istio_validation",
    "gateway-api": "gateway_api",
    "samples": "samples",
}
"""The folder of a set, and its module."""
RECORDED = Path(__file__).with_name("recorded.json")
"""The percentage that each set had when it was last recorded."""


def main(arguments: list[str]) -> int:
    """Run the sets; returns 1 when one falls below what is recorded for it."""
    parser = argparse.ArgumentParser(prog="make conformance", description="Agreement with other projects' cases.")
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"which ({', '.join(SETS)}); all without one")
    parser.add_argument("--record", action="store_true", help="record the figures, to be fallen below no more")
    parser.add_argument("--folder", type=Path, default=Path(".conformance"), help="where disagreements are written")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.sets if name not in SETS]:
        parser.error(f"no such set: {', '.join(unknown)}")
    if not corpora().is_dir():
        _print(f"conformance: skipped, there are no cases; ${CORPORA} names their folder")
        return 0
    recorded: dict[str, float] = json.loads(RECORDED.read_text("utf-8"))
    figures: dict[str, float] = {}
    for name in given.sets or SETS:
        if (corpora() / name / "index.json").is_file():
            figures[name] = _run(name, given.folder)
        else:
            _print(f"{name}: skipped, {corpora()} has no such folder")
    if given.record:
        RECORDED.write_text(json.dumps({**recorded, **figures}, indent=2) + "\n", "utf-8")
        return 0
    fallen = [name for name, figure in figures.items() if figure < recorded.get(name, 0)]
    for name in fallen:
        _print(f"{name}: {figures[name]}% is less than the {recorded[name]}% of tests/conformance/recorded.json")
    return 1 if fallen else 0


def _run(name: str, folder: Path) -> float:
    """Print how often we agree with a set and write down where not; returns the percentage."""
    disagreement: Callable[[Case], str | None] = import_module(f"tests.conformance.sets.{SETS[name]}").disagreement
    all_cases = cases(corpora() / name)
    differing = [(case.id, said) for case in all_cases if (said := _tried(disagreement, case)) is not None]
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{name}.txt"
    place.write_text("".join(f"{case}\n    {said}\n" for case, said in differing), "utf-8")
    agreeing = len(all_cases) - len(differing)
    percent = int(10_000 * agreeing / len(all_cases)) / 100 if all_cases else 100.0
    _print(f"{name}: {agreeing}/{len(all_cases)} ({percent:.2f}%)" + (f"  see {place}" if differing else ""))
    return percent


def _tried(disagreement: Callable[[Case], str | None], case: Case) -> str | None:
    try:
        return disagreement(case)
    except Exception:  # noqa: BLE001 - what breaks us is a disagreement, and the other cases still count
        return "broke: " + traceback.format_exc(limit=-3).replace("\n", "\n    ")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
