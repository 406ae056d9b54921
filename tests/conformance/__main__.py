"""``make conformance``: how often we say what other projects say, set by set.

A set is a module of ``sets`` with ``disagreement(case) -> str | None``, and a line in SETS.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

from tests.conformance.cases import CORPORA, Case, cases, corpora

SETS = {
    "istio-validation": "istio_validation",
    "gateway-api": "gateway_api",
    "samples": "samples",
    "istio-simulation": "istio_simulation",
    "router-check": "router_check",
    "gateway-conformance-routes": "gateway_conformance_routes",
}
"""The folder of a set, and its module."""
RECORDED = Path(__file__).with_name("recorded.json")
"""What each set had when it was last recorded."""


@dataclass(frozen=True, slots=True)
class Figure:
    """How many of a set's cases agree. cases: tells these cases from others of the same set."""

    agree: int
    total: int
    cases: str


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
    recorded = {name: Figure(**figure) for name, figure in json.loads(RECORDED.read_text("utf-8")).items()}
    figures: dict[str, Figure] = {}
    for name in given.sets or SETS:
        if (corpora() / name / "index.json").is_file():
            figures[name] = _run(name, given.folder)
        else:
            _print(f"{name}: skipped, {corpora()} has no such folder")
    if given.record:
        kept = {name: asdict(figure) for name, figure in {**recorded, **figures}.items()}
        RECORDED.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
        return 0
    return 1 if [name for name, figure in figures.items() if _fell(name, figure, recorded.get(name))] else 0


def _fell(name: str, figure: Figure, recorded: Figure | None) -> bool:
    """Whether a set has less than is recorded of the same cases; says what was compared if not all is well."""
    if recorded is None or recorded.cases != figure.cases:
        _print(f"{name}: these are not the recorded cases, so no figure is held against them")
        return False
    if figure.agree < recorded.agree:
        _print(f"{name}: fell from the {recorded.agree} of tests/conformance/recorded.json")
        return True
    return False


def _run(name: str, folder: Path) -> Figure:
    """Print how often we agree with a set and write down where not."""
    disagreement: Callable[[Case], str | None] = import_module(f"tests.conformance.sets.{SETS[name]}").disagreement
    all_cases = cases(corpora() / name)
    differing = [(case.id, said) for case in all_cases if (said := _tried(disagreement, case)) is not None]
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{name}.txt"
    place.write_text("".join(f"{case}\n    {said}\n" for case, said in differing), "utf-8")
    total, agree = len(all_cases), len(all_cases) - len(differing)
    percent = int(10_000 * agree / total) / 100 if total else 100.0  # rounded down: 100 is all of them
    _print(f"{name}: {agree}/{total} ({percent:.2f}%)" + (f"  see {place}" if differing else ""))
    ids = "\n".join(sorted(case.id for case in all_cases))
    return Figure(agree, total, hashlib.sha256(ids.encode()).hexdigest()[:16])


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
