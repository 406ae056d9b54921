"""Patches of clusters. Mirrors cluster_patch.go (core/envoyfilter)."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_mesh.proxy.envoy.schema import PATCHED
from pulumi_mesh.proxy.envoy.write.message import Json
from pulumi_mesh.proxy.patching.merge import Merge
from pulumi_mesh.proxy.patching.origins import Origins
from pulumi_mesh.proxy.patching.patch import Patch, Patches
from pulumi_mesh.proxy.view.clusters import Cluster
from pulumi_mesh.words.cluster_names import ClusterName, parsed


def hosts_of(cluster: Cluster) -> tuple[str, ...]:
    """The services that a cluster notes that it is for."""
    noted = cluster.metadata.get("istio")
    services = noted.get("services", ()) if isinstance(noted, Mapping) else ()
    return tuple(each["host"] for each in services)


def concerned(name: str, patches: Patches, hosts: tuple[str, ...]) -> bool:
    """Whether a patch may change the cluster of that name. hosts: those of ``hosts_of``."""
    return any(_matches(name, each, hosts) for each in patches["CLUSTER"] if each.merges or each.operation == "REMOVE")


def patch_cluster(cluster: Json, patches: Patches, hosts: tuple[str, ...], origins: Origins) -> bool:
    """Change a cluster in place. hosts: those of ``hosts_of``. False: it is removed."""
    for each in patches["CLUSTER"]:
        if not _matches(cluster.get("name", ""), each, hosts):
            continue
        if each.operation == "REMOVE":
            return False
        if each.merges and not _merge_transport_socket(cluster, each, origins):
            merge = Merge(origins, each.ref, replace_lists=each.replaces_lists)
            merge.into(PATCHED["CLUSTER"], cluster, each.value)
    return True


def _merge_transport_socket(cluster: Json, patch: Patch, origins: Origins) -> bool:
    """A patch with a transport socket changes that, and nothing else: the one of its name, or the one that is there.
    Where sockets are chosen by endpoint, one of another name is left out."""
    given = patch.value.get("transport_socket")
    if given is None:
        return False
    choices = [each["transport_socket"] for each in cluster.get("transport_socket_matches", ())]
    if not choices and "transport_socket" in cluster:
        there = cluster["transport_socket"] if cluster["transport_socket"].get("name") == given.get("name") else None
    else:
        there = next((each for each in choices if each.get("name") == given.get("name")), None)
        if choices and there is None:
            return True
    if there is None:
        cluster["transport_socket"] = origins.copied(given, patch.ref)
    elif "typed_config" in there and "typed_config" in given:
        Merge(origins, patch.ref).any(there["typed_config"], given["typed_config"])
    return True


def _matches(name: str, patch: Patch, hosts: tuple[str, ...]) -> bool:
    match = patch.cluster
    if match is None:
        return True
    if match.name:
        return match.name == name
    named = parsed(name) or ClusterName("", 0)
    meant = hosts if named.direction == "inbound" and hosts else (named.host,)
    return (
        (not match.subset or match.subset == named.subset)
        and (not match.service or match.service in meant)
        and (not match.port_number or match.port_number == named.port)
    )
