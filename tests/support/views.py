"""Views in tests: every one is checked by a real Envoy, and is what reading gives of what writing wrote."""

from __future__ import annotations

import asyncio
import hashlib
import json

from pulumi_mesh.local.validate import validate
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.proxy import resolve as resolving
from pulumi_mesh.proxy.envoy.read import read_discovery, read_static
from pulumi_mesh.proxy.envoy.write import write_discovery, write_static
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.render import snapshot

_ACCEPTED: set[str] = set()


def views_of(mesh: Mesh) -> dict[str, ProxyView]:
    """The view of every proxy of a mesh by the proxy's name, each after ``accepted``."""
    taken = snapshot(mesh)
    return {proxy.name: accepted(view) for proxy, view in resolving.resolve_all(taken, taken.proxies).items()}


def accepted(view: ProxyView) -> ProxyView:
    """The view, once reading is the inverse of writing on it and Envoy takes its static form."""
    static = write_static(view)
    digest = hashlib.sha256(json.dumps(static).encode()).hexdigest()
    if digest not in _ACCEPTED:
        assert read_static(static) == view
        assert read_discovery(write_discovery(view, "xds")) == view
        asyncio.run(validate(static))
        _ACCEPTED.add(digest)
    return view
