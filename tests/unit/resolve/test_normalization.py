"""Paths in one form before anything looks at them."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh.manifests.facts import KnownService, MeshConfig, Proxy, ServicePort
from pulumi_mesh.manifests.snapshot import snapshot
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.view.listeners import HttpConnectionManager

PROXY = Proxy("sidecar", "a", "shop", "10.0.0.1")
SERVICE = KnownService("a.shop.svc.cluster.local", "a", "shop", (ServicePort("http", 80, 80, "HTTP"),), "10.1.0.1")


@pytest.mark.parametrize(
    ("normalization", "dots", "slashes", "escaped"),
    [
        ("DEFAULT", True, False, "KEEP_UNCHANGED"),
        ("BASE", True, False, "KEEP_UNCHANGED"),
        ("NONE", False, False, "KEEP_UNCHANGED"),
        ("MERGE_SLASHES", True, True, "KEEP_UNCHANGED"),
        ("DECODE_AND_MERGE_SLASHES", True, True, "UNESCAPE_AND_FORWARD"),
    ],
)
def test_on_every_listener(normalization: Any, dots: bool, slashes: bool, escaped: str) -> None:
    mesh = MeshConfig(path_normalization=normalization)
    view = resolve(snapshot([], services=[SERVICE], proxies=[PROXY], mesh=mesh), PROXY)
    managers = [
        each
        for listener in view.listeners
        for chain in listener.filter_chains
        for each in chain.filters
        if isinstance(each, HttpConnectionManager)
    ]
    assert len({each.stat_prefix for each in managers}) > 1
    found = {(each.normalize_path, each.merge_slashes, each.path_with_escaped_slashes_action) for each in managers}
    assert found == {(dots, slashes, escaped)}
