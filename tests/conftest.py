"""What holds for every test: each view that it resolves, Envoy accepts, and reading is the inverse of writing on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import pulumi_mesh.proxy.resolve as resolving
from pulumi_mesh.manifests.snapshot import Proxy, Snapshot
from pulumi_mesh.proxy.view import ProxyView

_RESOLVED: list[ProxyView] = []
_resolve = resolving.resolve


def _recorded(snapshot: Snapshot, proxy: Proxy) -> ProxyView:
    view = _resolve(snapshot, proxy)
    _RESOLVED.append(view)
    return view


# Before any test module, or anything that it tests, takes the name from there.
resolving.resolve = _recorded


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
