"""``python -m tests.cluster.compare``: our view of every proxy against istiod's config, on real istiod.

Without arguments: every example at every stage of its canaries, and generated meshes. With ``--manifests``: a folder.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from pulumi_mesh.errors import MeshError
from tests.cluster.compare.cluster import NotTakenError, running
from tests.cluster.compare.comparison import Compared, compare
from tests.cluster.compare.folder import of_documents, of_folder
from tests.cluster.compare.generate import generated
from tests.cluster.compare.generate.manifests import generated_manifests
from tests.cluster.compare.programs import examples
from tests.cluster.compare.report import as_json, exit_code, summary, text
from tests.cluster.compare.world import World, of_mesh
from tests.cluster.tools.finding import find
from tests.cluster.tools.process import NotReadyError


def main(arguments: list[str] | None = None) -> int:
    """Compare, print, and return the exit code: 1 when not all are equal."""
    given = _parser().parse_args(arguments)
    try:
        worlds = [of_folder(given.manifests)] if given.manifests else _all(given.seed, given.meshes)
        results = _compared(worlds, say=given.output == "text")
    except (MeshError, NotReadyError, NotTakenError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(as_json(results) if given.output == "json" else f"{summary(results)}\n")
    return exit_code(results)


def _all(first: int, count: int) -> Iterator[World]:
    yield from (of_mesh(name, mesh) for name, mesh in examples())
    for seed in range(first, first + count):
        yield of_mesh(f"seed {seed}", generated(seed))
        yield of_documents(f"manifests {seed}", generated_manifests(seed))


def _compared(worlds: Iterable[World], *, say: bool) -> list[Compared]:
    found: list[Compared] = []
    with tempfile.TemporaryDirectory(prefix="compare-istiod-") as folder, running(Path(folder), _find) as cluster:
        for world in worlds:
            results = compare(cluster, world)
            found += results
            if say:
                sys.stdout.write(text(world, results))
                sys.stdout.flush()
    return found


def _find(name: str) -> Path:
    return find(name, say=_note)


def _note(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.cluster.compare", description=__doc__)
    parser.add_argument("--manifests", type=Path, metavar="DIR", help="compare this folder of manifests, nothing else")
    parser.add_argument("--meshes", type=int, default=200, metavar="N", help="generated meshes (200)")
    parser.add_argument("--seed", type=int, default=0, metavar="FIRST", help="the first one's seed (0)")
    parser.add_argument("--output", choices=["text", "json"], default="text")
    return parser


if __name__ == "__main__":
    sys.exit(main())
