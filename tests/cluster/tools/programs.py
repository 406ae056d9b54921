"""The programs whose meshes are applied, each at some stages of its canaries."""

from __future__ import annotations

from pathlib import Path

_TESTS = Path(__file__).parents[1]
EXAMPLES = _TESTS.parents[1] / "examples"
BOOKINFO = EXAMPLES / "bookinfo" / "mesh.py"
SMALLEST = EXAMPLES / "smallest" / "mesh.py"

CASES: dict[str, tuple[Path, dict[str, int]]] = {
    "smallest": (SMALLEST, {}),
    "bookinfo": (BOOKINFO, {}),
    "bookinfo at its second stage": (BOOKINFO, {"reviews": 2}),
    "bookinfo at its last stage": (BOOKINFO, {"reviews": 4}),
    "every field": (_TESTS / "programs" / "every_field.py", {}),
}
