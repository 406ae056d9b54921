"""Backends of a rule, as Istio's destinations."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_mesh.gateway_api import grpc_route, http_route, tcp_route, tls_route
from pulumi_mesh.proxy.resolve.gateway_api.attachments import World
from pulumi_mesh.proxy.resolve.gateway_api.references import (
    HOSTNAME,
    SERVICE,
    SERVICE_IMPORT,
    Kind,
    kind_of,
)
from pulumi_mesh.proxy.resolve.gateway_api.words import Json

BackendRef = http_route.BackendRef | grpc_route.BackendRef | tcp_route.BackendRef | tls_route.BackendRef
AnyRef = BackendRef | http_route.MirrorBackendRef | grpc_route.MirrorBackendRef

NOWHERE: Json = {"host": ""}
"""The destination of a backend that may not be used: a cluster that no proxy has, so that its requests fail."""


class RefusedError(Exception):
    """What istiod does not convert at all: the route has no rules then. It never leaves this package."""


def destination(world: World, reference: AnyRef, namespace: str, kind: Kind, *, granted: bool) -> tuple[Json, bool]:
    """The destination of a backend, and whether it may be used and is known; an unknown service keeps its host.

    granted: whether a backend in another namespace needs a ReferenceGrant: not in the mesh, where a client may call it.
    Mirrors buildDestination (conversion.go). Raises RefusedError.
    """
    target = kind_of(reference.group, reference.kind, SERVICE)
    place = reference.namespace or namespace
    if granted and place != namespace and not world.grants.allow(kind, namespace, target, place, reference.name):
        return NOWHERE, False
    if target in (SERVICE, SERVICE_IMPORT):
        if target == SERVICE and "." in reference.name:
            raise RefusedError
        host = f"{reference.name}.{place}.svc.{world.domain}"
        known = (place, reference.name) in world.services
    elif target == HOSTNAME:
        if reference.namespace is not None:
            raise RefusedError
        host = reference.name
        known = (namespace, host) in world.hosts
    else:
        return NOWHERE, False
    if reference.port is None:
        raise RefusedError
    return {"host": host, "port": {"number": reference.port}}, known


def weight_sum(references: Sequence[BackendRef] | None) -> int:
    """The sum of weights; one that is not given is 1."""
    return sum(_weight(each) for each in references or ())


def weighted(references: Sequence[BackendRef] | None) -> list[tuple[BackendRef, int]]:
    """The backends that get requests, each with its weight; a single one needs none, which is 0.

    Mirrors buildHTTPDestination and buildTCPDestination (conversion.go).
    """
    counted = [(each, weight) for each in references or () if (weight := _weight(each))]
    return [(counted[0][0], 0)] if len(counted) == 1 else counted


def _weight(reference: BackendRef) -> int:
    return 1 if reference.weight is None else reference.weight
