"""Which AuthorizationPolicies hold for a proxy."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_mesh.istio import AuthorizationPolicy
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.attachment import attached


def policies_for(snapshot: Snapshot, proxy: Proxy) -> tuple[AuthorizationPolicy, ...]:
    """The policies of the root namespace, then of the proxy's own, that hold for it.

    Mirrors ListAuthorizationPolicies (pilot/pkg/model/authorization.go).
    """
    spaces = dict.fromkeys((snapshot.mesh.root_namespace, proxy.namespace))
    return tuple(
        each for space in spaces for each in _of(snapshot, space) if attached(each.spec, each.namespace, proxy)
    )


def _of(snapshot: Snapshot, namespace: str) -> Iterator[AuthorizationPolicy]:
    return (each for each in snapshot.of(AuthorizationPolicy) if each.namespace == namespace)
