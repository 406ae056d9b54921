"""Patches of listeners and of their filter chains. Mirrors listener_patch.go (core/envoyfilter)."""

from __future__ import annotations

from collections.abc import Callable

from pulumi_mesh.proxy.envoy.schema import PATCHED
from pulumi_mesh.proxy.envoy.write.message import Json
from pulumi_mesh.proxy.patching.filters import patch_network_filters
from pulumi_mesh.proxy.patching.lists import changed
from pulumi_mesh.proxy.patching.merge import Merge
from pulumi_mesh.proxy.patching.origins import Origins
from pulumi_mesh.proxy.patching.patch import Patch, Patches
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.listeners import Listener

_VIRTUAL = frozenset({"virtualInbound", "virtualOutbound"})
KINDS = ("LISTENER", "LISTENER_FILTER", "FILTER_CHAIN", "NETWORK_FILTER", "HTTP_FILTER")
"""What patches change in a listener."""


def concerned(listener: Listener, patches: Patches) -> bool:
    """Whether a patch may change something of a listener."""
    port = listener.address.port if isinstance(listener.address, SocketAddress) else None
    return any(_matches(listener.name, port, each) for kind in KINDS for each in patches[kind])


def patch_listener(listener: Json, patches: Patches, origins: Origins) -> bool:
    """Change a listener in place. False: it is removed."""
    for each in patches["LISTENER"]:
        if not _listener_matches(listener, each):
            continue
        if each.operation == "REMOVE":
            return False
        if each.merges:
            merge = Merge(origins, each.ref, replace_lists=each.replaces_lists)
            merge.into(PATCHED["LISTENER"], listener, each.value)
    _patch_listener_filters(listener, patches, origins)
    _patch_chains(listener, patches, origins)
    return True


def _patch_listener_filters(listener: Json, patches: Patches, origins: Origins) -> None:
    filters = listener.setdefault("listener_filters", [])
    for each in patches["LISTENER_FILTER"]:
        if not _listener_matches(listener, each):
            continue
        name = each.listener.listener_filter if each.listener else None
        matches = _named(name) if name else None
        if each.operation == "MERGE":
            # Istiod tries all filters once a patch names one, and gives up at the first of another type.
            for there in filters if matches else ():
                if "typed_config" in there and "typed_config" in each.value:
                    Merge(origins, each.ref).any(there["typed_config"], each.value["typed_config"])
        else:
            changed(filters, each.operation, _maker(each, origins), matches)
    if not filters:
        del listener["listener_filters"]


def _patch_chains(listener: Json, patches: Patches, origins: Origins) -> None:
    chains = [
        each
        for each in listener.get("filter_chains", [])
        if each.get("filters") and _patch_chain(listener, each, patches, origins)
    ]
    default = listener.get("default_filter_chain")
    if default is not None and default.get("filters") and not _patch_chain(listener, default, patches, origins):
        del listener["default_filter_chain"]
    chains.extend(
        origins.copied(each.value, each.ref)
        for each in patches["FILTER_CHAIN"]
        if each.operation == "ADD" and _listener_matches(listener, each) and each.value.get("filters")
    )
    listener["filter_chains"] = chains
    if not chains:
        del listener["filter_chains"]


def _patch_chain(listener: Json, chain: Json, patches: Patches, origins: Origins) -> bool:
    """Change a filter chain in place. False: it is removed, or has no filters left."""
    for each in patches["FILTER_CHAIN"]:
        if not _listener_matches(listener, each) or not _chain_matches(listener, chain, each):
            continue
        if each.operation == "REMOVE":
            return False
        if each.merges and not _merge_transport_socket(chain, each, origins):
            merge = Merge(origins, each.ref, replace_lists=each.replaces_lists)
            merge.into(PATCHED["FILTER_CHAIN"], chain, each.value)

    def matches(patch: Patch) -> bool:
        return _listener_matches(listener, patch) and _chain_matches(listener, chain, patch)

    patch_network_filters(chain, patches, matches, origins)
    return bool(chain.get("filters"))


def _merge_transport_socket(chain: Json, patch: Patch, origins: Origins) -> bool:
    """Merge the config of a transport socket of the same name; then nothing else of the patch counts."""
    there, given = chain.get("transport_socket"), patch.value.get("transport_socket")
    if there is None or given is None or there.get("name") != given.get("name"):
        return False
    if "typed_config" in there and "typed_config" in given:
        Merge(origins, patch.ref).any(there["typed_config"], given["typed_config"])
    return True


def _listener_matches(listener: Json, patch: Patch) -> bool:
    port = listener.get("address", {}).get("socket_address", {}).get("port_value")
    return _matches(listener.get("name", ""), port, patch)


def _matches(name: str, port: int | None, patch: Patch) -> bool:
    """Of the two listeners that get all traffic the port is not theirs but that of a filter chain."""
    match = patch.listener
    if match is None:
        return True
    if match.name and match.name != name:
        return False
    any_port = patch.applies_to != "LISTENER" and name in _VIRTUAL
    return not match.port_number or any_port or port == match.port_number


def _chain_matches(listener: Json, chain: Json, patch: Patch) -> bool:
    match = patch.listener
    if match is None:
        return True
    taken = chain.get("filter_chain_match", {})
    port = taken.get("destination_port")
    if listener.get("name") in _VIRTUAL and match.port_number and port != match.port_number:
        return False
    wanted = match.filter_chain
    if wanted is None:
        return True
    protocols = wanted.application_protocols
    return (
        (not wanted.name or wanted.name == chain.get("name"))
        and (not wanted.sni or wanted.sni in taken.get("server_names", ()))
        and (not wanted.transport_protocol or wanted.transport_protocol == taken.get("transport_protocol"))
        and (not protocols or set(protocols.split(",")) <= set(taken.get("application_protocols", ())))
        and (not wanted.destination_port or wanted.destination_port == port)
    )


def _named(name: str) -> Callable[[Json], bool]:
    return lambda there: there.get("name") == name


def _maker(patch: Patch, origins: Origins) -> Callable[[], Json]:
    return lambda: origins.copied(patch.value, patch.ref)
