"""Running route tests: the mesh loaded once, each request simulated on its way, and held against what is expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from pulumi_mesh.errors import MeshError
from pulumi_mesh.expectations.expectation import RouteTest
from pulumi_mesh.expectations.mismatches import mismatches
from pulumi_mesh.expectations.seen import seen_on
from pulumi_mesh.expectations.suite import read_suite
from pulumi_mesh.files import ROUTE_TESTS, read_file
from pulumi_mesh.loading.proxies import find_proxy
from pulumi_mesh.loading.snapshot import Loaded, load_snapshot
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.proxy.journey import journey
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.simulate.outcome import Step
from pulumi_mesh.proxy.simulate.url import request_of
from pulumi_mesh.proxy.view import ProxyView

PATTERN = f"*{ROUTE_TESTS}"
"""The name of a file of route tests, as a folder is searched for it."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a test. where: its ``file:line``. mismatches: none when it passed. path: the request's, in steps."""

    test: RouteTest
    where: str
    mismatches: tuple[str, ...]
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tested:
    """A mesh whose requests are simulated. view_of: the view of each proxy, resolved once."""

    loaded: Loaded
    view_of: Callable[[Proxy], ProxyView]


def tested(loaded: Loaded) -> Tested:
    """A mesh made ready for many requests."""
    return Tested(loaded, cache(partial(resolve, loaded.snapshot)))


def run_files(files: Sequence[str], mesh: Sequence[str] = ()) -> Iterator[Result]:
    """The results of all tests of all files, in order, as they come.

    files: YAML files, or folders, in which every ``*_mesh_test.yaml`` counts. mesh: what is tested in place of what the
    files name. Raises MeshError for what cannot be read, before the tests of its file.
    """
    for file in _found(files):
        tests, lines, mesh_of_file = load_file(file, mesh)
        for position, test in enumerate(tests):
            yield run(test, mesh_of_file, f"{file}:{lines(position)}")


def load_file(file: str, mesh: Sequence[str] = ()) -> tuple[tuple[RouteTest, ...], Callable[[int], int], Tested]:
    """The tests of a file, the line of each, and the mesh that they are of. Raises MeshError."""
    suite, lines = read_suite(read_file(file), file)
    folder = Path(file).parent
    paths = list(mesh) or [str(folder / each) for each in suite.mesh or ()]
    if not paths:
        raise MeshError("names no mesh; add mesh: [PATH], or give one with --mesh PATH", where=file)
    config = str(folder / suite.mesh_config) if suite.mesh_config else None
    return suite.tests, lines, tested(load_snapshot(paths, dict(suite.stages), config))


def run(test: RouteTest, mesh: Tested, where: str = "") -> Result:
    """Simulate a test's request and hold what becomes of it against what is expected.

    Raises MeshError for a request that is none, a source that is not known, or a mesh without any gateway to come by.
    """
    try:
        source = find_proxy(mesh.loaded.snapshot, test.source) if test.source else None
        request = request_of(test.url, test.method, test.headers.items(), claims=test.claims)
        travelled = journey(mesh.loaded.snapshot, request, source, view_of=mesh.view_of)
    except MeshError as error:
        raise MeshError(f"{test.name}: {error.message}", where=where) from None
    seen = seen_on(travelled, mesh.view_of, test.answer)
    path = tuple(f"{step.text}{_place(mesh.loaded, step)}" for step in seen.why)
    return Result(test, where, mismatches(test.expect, seen), path)


def _place(loaded: Loaded, step: Step) -> str:
    place = loaded.place(step.ref) if step.ref else ""
    return f"  ({place})" if place else ""


def _found(files: Sequence[str]) -> Iterator[str]:
    for each in files:
        path = Path(each)
        if not path.is_dir():
            yield each
            continue
        inside = sorted(str(found) for found in path.rglob(PATTERN))
        if not inside:
            raise MeshError(f"holds no route tests: no file in it is called {PATTERN}", where=each)
        yield from inside
