"""Which Sidecar holds for a proxy."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_mesh.istio import Sidecar
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot, selects
from pulumi_mesh.proxy.resolve.virtual_services import by_age


def sidecar_of(snapshot: Snapshot, proxy: Proxy) -> Sidecar | None:
    """The Sidecar of a workload: one of its namespace that selects it, else one that selects nothing, else that of the
    root namespace; of several the oldest. None for a gateway, which no Sidecar holds for.

    Mirrors initSidecarScopes and doGetSidecarScope (pilot/pkg/model/push_context.go).
    """
    if proxy.kind == "router":
        return None
    oldest_first = sorted(snapshot.of(Sidecar), key=by_age)
    own = [each for each in oldest_first if each.namespace == proxy.namespace]
    selecting = _first(each for each in own if each.spec.workload_selector and _selects(each, proxy))
    root = (each for each in oldest_first if each.namespace == snapshot.mesh.root_namespace)
    return selecting or _first(map(_unselective, own)) or _first(map(_unselective, root))


def _selects(sidecar: Sidecar, proxy: Proxy) -> bool:
    selector = sidecar.spec.workload_selector
    return selector is None or selects(selector.labels or {}, proxy.labels)


def _unselective(sidecar: Sidecar) -> Sidecar | None:
    return None if sidecar.spec.workload_selector else sidecar


def _first(sidecars: Iterable[Sidecar | None]) -> Sidecar | None:
    return next((each for each in sidecars if each is not None), None)
