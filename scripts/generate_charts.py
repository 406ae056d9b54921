"""Write the values of Istio's charts as types. Run as ``python -m scripts.generate_charts``.

--check: write nothing, exit 1 when the module differs. --refresh: first renew the pinned, reduced copy of what the
charts take from Istio's Go module (needs go and a module proxy), or from --module DIR.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scripts.chartgen import charts
from scripts.chartgen.emit import source

TARGET = Path(__file__).parent.parent / "pulumi_mesh" / "model" / "charts" / "_generated" / "values.py"


def main() -> int:
    """Write, or with --check compare; the exit code."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true")
    arguments.add_argument("--refresh", action="store_true")
    arguments.add_argument("--module", type=Path, metavar="DIR")
    given = arguments.parse_args()
    if given.refresh or given.module:
        charts.PINNED.write_text(charts.dump(charts.reduce(given.module or charts.from_module())), encoding="utf-8")
    wanted = source(charts.load())
    if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == wanted:
        return 0
    print(f"{'differs' if given.check else 'written'}: {TARGET.name}")
    if not given.check:
        TARGET.write_text(wanted, encoding="utf-8")
    return 1 if given.check else 0


if __name__ == "__main__":
    sys.exit(main())
