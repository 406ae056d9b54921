"""The pytest plugin: files of route tests are collected, and Python tests get a mesh to ask.

It is loaded by every pytest run where this package is installed, so nothing heavy is imported before it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pulumi_mesh.expectations import RouteTest
    from pulumi_mesh.testing.run import Tested

_SUFFIX = "_mesh_test.yaml"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take files whose name ends in ``_mesh_test.yaml``."""
    return RouteTestFile.from_parent(parent, path=file_path) if file_path.name.endswith(_SUFFIX) else None


class RouteTestFile(pytest.File):
    """A file of route tests."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item a test. Raises CollectError for a file that cannot be read."""
        from pulumi_mesh.errors import MeshError
        from pulumi_mesh.testing.run import load_file

        try:
            tests, lines, mesh = load_file(str(self.path))
        except MeshError as error:
            raise self.CollectError(str(error)) from None
        for position, test in enumerate(tests):
            yield RouteTestItem.from_parent(self, name=test.name, test=test, mesh=mesh, line=lines(position))


class RouteTestItem(pytest.Item):
    """One route test."""

    def __init__(self, *, test: RouteTest, mesh: Tested, line: int, **rest: Any) -> None:
        super().__init__(**rest)
        self.test, self.mesh, self.line = test, mesh, line

    def runtest(self) -> None:
        """Fail unless the request ends as expected."""
        _check(self.mesh, self.test)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What differs, in place of a traceback through this package."""
        from pulumi_mesh.errors import MeshError

        if isinstance(excinfo.value, AssertionError | MeshError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the test is written."""
        return self.path, self.line - 1, self.name


@pytest.fixture(scope="session")
def load_mesh() -> Callable[..., Tested]:
    """``load_mesh(PATH..., stages={NAME: N}, mesh_config=FILE)``: a mesh of programs and manifests, loaded once."""
    from pulumi_mesh.loading.snapshot import load_snapshot
    from pulumi_mesh.testing.run import tested

    loaded: dict[Any, Tested] = {}

    def load(*paths: str | Path, stages: dict[str, int] | None = None, mesh_config: str | None = None) -> Tested:
        texts = tuple(map(str, paths))
        key = (texts, tuple(sorted((stages or {}).items())), mesh_config)
        if key not in loaded:
            loaded[key] = tested(load_snapshot(texts, stages, mesh_config))
        return loaded[key]

    return load


@pytest.fixture(scope="session")
def expect_route() -> Callable[[Tested, RouteTest], None]:
    """``expect_route(mesh, RouteTest(...))``: fails, and says how, unless the request ends as expected."""
    return _check


def _check(mesh: Tested, test: RouteTest) -> None:
    __tracebackhide__ = True
    from pulumi_mesh.testing.run import run

    result = run(test, mesh)
    if result.mismatches:
        raise AssertionError(
            "\n".join([*result.mismatches, "", "the request's path:", *(f"  {each}" for each in result.path)])
        )
