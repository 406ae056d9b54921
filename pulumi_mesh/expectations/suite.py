"""A file of route tests: which mesh, and what is expected of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY
from typing import Any

from pulumi_mesh.errors import InvalidError, MeshError
from pulumi_mesh.expectations.expectation import RouteTest
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.reading import line_of, load_yaml
from pulumi_mesh.typed import FieldError, MapOf, OptionalMany, Parts, PlainText, build, default, kind_of, typed


@typed
class Suite:
    """Route tests of one mesh.

    tests: in their order, each with a name of its own. mesh: programs and manifests, each relative to the suite's
    folder; default: what the command is given. stages: where the canaries stand, by name; default: before their first
    stage. mesh_config: a file with Istio's MeshConfig, relative to the folder.
    """

    _: KW_ONLY
    tests: Parts[RouteTest]
    mesh: OptionalMany[PlainText] = default(None)
    stages: MapOf[int] = default(FrozenMap())
    mesh_config: PlainText = default("", wire="meshConfig")

    def __post_init__(self) -> None:
        names = [each.name for each in self.tests]
        for position, name in enumerate(names):
            if name in names[:position]:
                raise FieldError("tests", f"two tests are called {name!r}")


def read_suite(text: str, file: str) -> tuple[Suite, Callable[[int], int]]:
    """The suite of a YAML text, and the line on which each of its tests begins.

    Raises MeshError, or InvalidError with every problem, each with file and line.
    """
    data = load_yaml(text, file)
    if not isinstance(data, Mapping):
        raise MeshError(f"a file of route tests is a mapping with tests; this is {kind_of(data)}", where=file)
    try:
        suite: Suite = build(Suite, data)
    except InvalidError as error:
        raise InvalidError([_placed(text, file, *each) for each in error.problems]) from None
    return suite, lambda position: line_of(text, 0, f"tests[{position}]")


def _placed(text: str, file: str, path: str, message: str) -> tuple[str, Any]:
    return f"{file}:{line_of(text, 0, path)}: {path}", message
