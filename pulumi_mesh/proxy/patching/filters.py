"""Patches of network filters and of HTTP filters. Mirrors listener_patch.go (core/envoyfilter)."""

from __future__ import annotations

from collections.abc import Callable

from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.write.message import Json
from pulumi_mesh.proxy.patching.lists import changed
from pulumi_mesh.proxy.patching.merge import Merge
from pulumi_mesh.proxy.patching.origins import Origins
from pulumi_mesh.proxy.patching.patch import Patch, Patches

Test = Callable[[Patch], bool]


def patch_network_filters(chain: Json, patches: Patches, in_chain: Test, origins: Origins) -> None:
    """Change the filters of a chain in place. in_chain: whether a patch is for this chain of this listener."""
    filters = chain.setdefault("filters", [])
    for each in filter(in_chain, patches["NETWORK_FILTER"]):
        _place(filters, each, _network_filter(each), origins)
    for there in filters:
        for each in filter(in_chain, patches["NETWORK_FILTER"]):
            if each.operation == "MERGE" and _network_filter(each) in (None, there.get("name")):
                _merge(there, each, origins)
        if there.get("name") == names.HTTP_CONNECTION_MANAGER:
            _patch_http_filters(there, patches, in_chain, origins)


def _patch_http_filters(manager: Json, patches: Patches, in_chain: Test, origins: Origins) -> None:
    config = manager.get("typed_config", {})
    if config.get("@type") != names.HTTP_CONNECTION_MANAGER_TYPE:
        return
    meant = [
        each
        for each in filter(in_chain, patches["HTTP_FILTER"])
        if _network_filter(each) in (None, names.HTTP_CONNECTION_MANAGER)
    ]
    if not meant:
        return
    filters = config.setdefault("http_filters", [])
    for each in meant:
        _place(filters, each, _http_filter(each), origins)
    for there in filters:
        for each in meant:
            if each.operation == "MERGE" and _http_filter(each) in (None, there.get("name")):
                _merge(there, each, origins)


def _place(filters: list[Json], patch: Patch, name: str | None, origins: Origins) -> None:
    matches = (lambda there: there.get("name") == name) if name is not None else None
    changed(filters, patch.operation, lambda: origins.copied(patch.value, patch.ref), matches)


def _merge(there: Json, patch: Patch, origins: Origins) -> None:
    """A filter's name and config; one without config stays as it is."""
    if "typed_config" not in there:
        return
    if "typed_config" in patch.value:
        Merge(origins, patch.ref).any(there["typed_config"], patch.value["typed_config"])
    there["name"] = patch.value.get("name") or there.get("name", "")


def _network_filter(patch: Patch) -> str | None:
    """The name of the network filter that a patch is for; None: of any."""
    match = patch.listener
    found = match.filter_chain.filter if match and match.filter_chain else None
    return (found.name or "") if found else None


def _http_filter(patch: Patch) -> str | None:
    """The name of the HTTP filter that a patch is for; None: of any."""
    match = patch.listener
    found = match.filter_chain.filter if match and match.filter_chain else None
    return (found.sub_filter.name or "") if found and found.sub_filter else None
