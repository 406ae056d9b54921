"""What holds for every test.

Each view that it resolves, Envoy accepts, and reading is the inverse of writing on it. Each object that a renderer
makes, a cluster would accept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

import pulumi_mesh.proxy.resolve as resolving
import pulumi_mesh.render.istio as istio_renderer
from pulumi_mesh.manifests.snapshot import Proxy, Snapshot
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.render.result import Entry

_RESOLVED: list[ProxyView] = []
_resolve_all = resolving.resolve_all
_RENDERED: list[Entry] = []
_entries = istio_renderer.entries


def _recorded(snapshot: Snapshot, proxies: Iterable[Proxy]) -> dict[Proxy, ProxyView]:
    views = _resolve_all(snapshot, proxies)
    _RESOLVED.extend(views.values())
    return views


def _recorded_entries(mesh: Mesh) -> list[Entry]:
    entries = _entries(mesh)
    _RENDERED.extend(entries)
    return entries


# Before any test module, or anything that it tests, takes the name from there; ``resolve`` itself goes through it.
resolving.resolve_all = _recorded
istio_renderer.entries = _recorded_entries


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--refresh`` writes golden files anew and removes those that no test reads."""
    parser.addoption("--refresh", action="store_true", help="write golden files anew, and prune those no test reads")


@pytest.fixture(autouse=True)
def _every_view_is_accepted() -> Iterator[None]:
    """Fails a test that resolved a view which Envoy refuses, or which is not read as it was written."""
    _RESOLVED.clear()
    yield
    from tests.support.views import accepted

    for view in _RESOLVED:
        accepted(view)


@pytest.fixture(autouse=True)
def _every_rendered_object_is_accepted() -> Iterator[None]:
    """Fails a test that rendered an object which a cluster would refuse."""
    _RENDERED.clear()
    yield
    from tests.support.verdicts import accepted

    accepted([entry.object for entry in _RENDERED])
