"""What holds for every test: each view that it resolves, Envoy accepts, and reading is the inverse of writing on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

import pulumi_mesh.proxy.resolve as resolving
from pulumi_mesh.manifests.snapshot import Proxy, Snapshot
from pulumi_mesh.proxy.view import ProxyView

_RESOLVED: list[ProxyView] = []
_resolve_all = resolving.resolve_all


def _recorded(snapshot: Snapshot, proxies: Iterable[Proxy]) -> dict[Proxy, ProxyView]:
    views = _resolve_all(snapshot, proxies)
    _RESOLVED.extend(views.values())
    return views


# Before any test module, or anything that it tests, takes the name from there; ``resolve`` itself goes through it.
resolving.resolve_all = _recorded


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
