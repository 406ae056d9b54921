"""What holds for every test.

Each view that it resolves, Envoy accepts, and reading is the inverse of writing on it. Each object that a renderer
makes, a cluster would accept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import settings

import pulumi_mesh.gitops.installation as installation_files
import pulumi_mesh.proxy.resolve as resolving
import pulumi_mesh.render.istio as istio_renderer
import pulumi_mesh.render.revision_tags as tags
from pulumi_mesh.kubernetes import Service
from pulumi_mesh.manifests import canonical
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.manifests.wire import AnyObject, RawObject, from_wire
from pulumi_mesh.model.control_plane import Istio
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.render.result import Entry

pytest_plugins = ("pytester",)

settings.register_profile("any time", deadline=None)  # how long an example takes is no finding
settings.load_profile("any time")

_RESOLVED: list[ProxyView] = []
_resolve_all = resolving.resolve_all
_RENDERED: list[AnyObject] = []
_entries = istio_renderer.entries
_tag_webhook, _tag_service = tags._webhook, tags._service
_dump = canonical.dump


def _recorded(snapshot: Snapshot, proxies: Iterable[Proxy]) -> dict[Proxy, ProxyView]:
    views = _resolve_all(snapshot, proxies)
    _RESOLVED.extend(views.values())
    return views


def _recorded_entries(mesh: Mesh) -> list[Entry]:
    entries = _entries(mesh)
    _RENDERED.extend(entry.object for entry in entries)
    return entries


def _recorded_webhook(istio: Istio, tag: str, values: Mapping[str, Any]) -> RawObject:
    made = _tag_webhook(istio, tag, values)
    _RENDERED.append(made)
    return made


def _recorded_service(istio: Istio, tag: str, values: Mapping[str, Any]) -> Service:
    made = _tag_service(istio, tag, values)
    _RENDERED.append(made)
    return made


def _recorded_manifest(manifest: AnyObject | Mapping[str, Any]) -> str:
    _RENDERED.append(from_wire(manifest) if isinstance(manifest, Mapping) else manifest)
    return _dump(manifest)


# Before any test module, or anything that it tests, takes the name from there; ``resolve`` itself goes through it.
resolving.resolve_all = _recorded
istio_renderer.entries = _recorded_entries
tags._webhook, tags._service = _recorded_webhook, _recorded_service
vars(installation_files)["dump"] = _recorded_manifest


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

    accepted(_RENDERED)
