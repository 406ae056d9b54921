"""Which patches of which EnvoyFilters are for a proxy, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pulumi_mesh.errors import MeshError
from pulumi_mesh.istio import EnvoyFilter, envoy_filter
from pulumi_mesh.manifests.facts import MeshConfig, Proxy
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of, selects
from pulumi_mesh.proxy.regex import compiled
from pulumi_mesh.proxy.resolve.attachment import names_gateway

if TYPE_CHECKING:
    from pulumi_mesh.proxy.patching.patch import Patch

_INSERTS = frozenset({"INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST"})
_ORDERED = frozenset({"LISTENER_FILTER", "NETWORK_FILTER", "HTTP_FILTER", "HTTP_ROUTE"})
"""What has an order that patches may choose a place in; elsewhere to insert is to add."""
_LONGEST_PATTERN = 1024


def patches_for(snapshot: Snapshot, proxy: Proxy) -> tuple[Patch, ...]:
    """The patches for a proxy: of the root namespace and of its own, by priority, then the root namespace's, then the
    older object's. What istiod cannot read is left out.

    Mirrors PushContext.EnvoyFilters and convertToEnvoyFilterWrapper (pilot/pkg/model).
    """
    root = snapshot.mesh.root_namespace
    chosen = [
        each
        for each in snapshot.of(EnvoyFilter)
        if each.namespace in (root, proxy.namespace) and _attached(each, proxy)
    ]
    chosen.sort(key=lambda each: _order(each, root))
    return tuple(patch for each in chosen for patch in _patches(each, proxy, snapshot.mesh))


def _order(item: EnvoyFilter, root: str) -> tuple[int, bool, str, str]:
    created = str(item.metadata.get("creationTimestamp", ""))
    return item.spec.priority or 0, item.namespace != root, created, f"{item.name}.{item.namespace}"


def _attached(item: EnvoyFilter, proxy: Proxy) -> bool:
    if item.spec.target_refs:
        return item.namespace == proxy.namespace and any(names_gateway(each, proxy) for each in item.spec.target_refs)
    selector = item.spec.workload_selector
    return selects((selector.labels if selector else None) or {}, proxy.labels)


def _patches(item: EnvoyFilter, proxy: Proxy, mesh: MeshConfig) -> Iterator[Patch]:
    from pulumi_mesh.proxy.envoy.schema import PATCHED
    from pulumi_mesh.proxy.patching.patch import Patch
    from pulumi_mesh.proxy.patching.values import UnreadableError, read_message

    for index, each in enumerate(item.spec.config_patches or ()):
        applies_to, match = each.apply_to or "INVALID", each.match
        if each.patch is None or applies_to not in PATCHED or not _proxy_matches(match, proxy, mesh):
            continue
        try:
            value = read_message(PATCHED[applies_to], each.patch.value or {})
        except UnreadableError:
            continue
        operation = each.patch.operation or "INVALID"
        if operation in _INSERTS and applies_to not in _ORDERED:
            operation = "ADD"
        yield Patch(
            applies_to=applies_to,
            context=(match.context if match else None) or "ANY",
            operation=operation,
            value=value,
            listener=match.listener if match else None,
            routes=match.route_configuration if match else None,
            cluster=match.cluster if match else None,
            ref=ref_of(item, f"spec.configPatches[{index}]"),
        )


def _proxy_matches(match: envoy_filter.Match | None, proxy: Proxy, mesh: MeshConfig) -> bool:
    """Whether a proxy is of the version and has the metadata that a patch is for. Mirrors proxyMatch."""
    wanted = match.proxy if match else None
    if wanted is None:
        return True
    if wanted.proxy_version and not _version_matches(wanted.proxy_version, proxy.version):
        return False
    known = _metadata(proxy, mesh)
    return all(known.get(key) == value for key, value in (wanted.metadata or {}).items())


def _version_matches(pattern: str, version: str) -> bool:
    if not version or len(pattern) > _LONGEST_PATTERN:
        return False
    try:
        return compiled(pattern).search(version) is not None
    except MeshError:
        return True  # istiod goes on without a pattern that it cannot read


def _metadata(proxy: Proxy, mesh: MeshConfig) -> Mapping[str, object]:
    """What a proxy's agent tells of it as text: what is known here, and what ``proxyMetadata`` adds for all."""
    given = mesh.default_config.get("proxyMetadata")
    added = given if isinstance(given, Mapping) else {}
    return {
        "CLUSTER_ID": proxy.cluster,
        "INTERCEPTION_MODE": proxy.interception,
        "ISTIO_VERSION": proxy.version,
        "NAME": proxy.name,
        "NAMESPACE": proxy.namespace,
        "NETWORK": proxy.network,
        "SERVICE_ACCOUNT": proxy.service_account,
        **{key.removeprefix("ISTIO_META_"): value for key, value in added.items() if key.startswith("ISTIO_META_")},
    }
