"""Which parents a route is attached to: those that it names and that take it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_mesh.gateway_api import Gateway, GatewayClass, GRPCRoute, HTTPRoute, TCPRoute, TLSRoute, http_route
from pulumi_mesh.istio import ServiceEntry
from pulumi_mesh.kubernetes import Service
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.gateway_api.conflicts import Owner
from pulumi_mesh.proxy.resolve.gateway_api.listeners import Listening, Parent
from pulumi_mesh.proxy.resolve.gateway_api.references import (
    GATEWAY,
    GRPC_ROUTE,
    HTTP_ROUTE,
    LISTENER_SET,
    SERVICE,
    SERVICE_ENTRY,
    TCP_ROUTE,
    TLS_ROUTE,
    Grants,
    Kind,
    kind_of,
)
from pulumi_mesh.proxy.resolve.gateway_api.words import MESH
from pulumi_mesh.proxy.resolve.hosts import is_wildcard, matches, subset_of

AnyRoute = HTTPRoute | GRPCRoute | TCPRoute | TLSRoute

_ROUTES = frozenset({HTTP_ROUTE, GRPC_ROUTE, TCP_ROUTE, TLS_ROUTE})
_USE_WAYPOINT = "istio.io/use-waypoint"
_USE_WAYPOINT_NAMESPACE = "istio.io/use-waypoint-namespace"
_OUR_CONTROLLERS = ("istio.io/mesh-controller", "istio.io/gateway-controller")


@dataclass(frozen=True, slots=True)
class World:
    """What routes are held against.

    parents: what may be referred to, by the object that has it. services: namespace and name of Kubernetes' own.
    hosts: namespace and host name of any service. entries: the hosts of service entries by namespace and name.
    """

    snapshot: Snapshot
    grants: Grants
    parents: Mapping[Owner, tuple[Parent, ...]]
    services: frozenset[tuple[str, str]]
    hosts: frozenset[tuple[str, str]]
    entries: Mapping[tuple[str, str], tuple[str, ...]]

    @property
    def domain(self) -> str:
        """Of the cluster's services."""
        return self.snapshot.mesh.domain


@dataclass(frozen=True, slots=True)
class Attachment:
    """A route at one of its parents. owner: the object that its reference names. port: which it asks for.

    rivals: host names of the other listeners of the parent's owner, of the same port and protocol.
    """

    parent: Parent
    owner: Owner
    port: int | None
    rivals: frozenset[str]

    @property
    def is_mesh(self) -> bool:
        """Whether it is attached to a service, for the sidecars of its clients, rather than to a listener."""
        return self.parent.name == MESH

    def allows(self, host: str) -> bool:
        """Whether requests for a host of the route come here, and not to a listener with a narrower host name.

        Mirrors hostnameAllowedByIsolation (conversion.go).
        """
        own = self.parent.hostname
        if own and not is_wildcard(own):
            return True
        if own and not matches(host, own):
            return False
        return not any(len(own) <= len(each) and subset_of(host, each) for each in self.rivals)


def world(snapshot: Snapshot, grants: Grants, listening: Iterable[Listening]) -> World:
    """Index what routes may refer to."""
    parents: dict[Owner, list[Parent]] = {}
    for each in listening:
        parents.setdefault(each.parent.owner, []).append(each.parent)
    domain = snapshot.mesh.domain
    known = {(each.namespace, each.name) for each in snapshot.of(Service)}
    known |= {
        (each.namespace, each.name)
        for each in snapshot.services
        if each.hostname == f"{each.name}.{each.namespace}.svc.{domain}"
    }
    return World(
        snapshot,
        grants,
        {owner: tuple(those) for owner, those in parents.items()},
        frozenset(known),
        frozenset((each.namespace, each.hostname) for each in snapshot.services),
        {(each.namespace, each.name): tuple(each.spec.hosts or ()) for each in snapshot.of(ServiceEntry)},
    )


def attachments(world: World, route: AnyRoute, kind: Kind, hostnames: Sequence[str]) -> tuple[Attachment, ...]:
    """Where a route is attached, in istiod's order; parents that do not take it are left out.

    Mirrors extractParentReferenceInfo, referenceAllowed and filteredReferences (conversion.go).
    """
    found: list[Attachment] = []
    for reference in sorted(_references(route), key=lambda each: _text(each, route.namespace)):
        named = kind_of(reference.group, reference.kind, GATEWAY)
        owner: Owner = (named, reference.namespace or route.namespace, reference.name)
        candidates: tuple[Parent, ...] = ()
        if named in (GATEWAY, LISTENER_SET):
            candidates = world.parents.get(owner, ())
        elif named in (SERVICE, SERVICE_ENTRY) and not _other_waypoint(world.snapshot, owner):
            candidates = (Parent(owner, MESH, _ROUTES),)
        for parent in candidates:
            if _allowed(world, parent, owner, reference, route.namespace, kind, hostnames):
                rivals = {
                    each.hostname for each in candidates if (each.port, each.protocol) == (parent.port, parent.protocol)
                }
                found.append(Attachment(parent, owner, reference.port, frozenset(rivals - {parent.hostname})))
    return tuple(sorted(found, key=lambda each: each.parent.name))


def _references(route: AnyRoute) -> tuple[http_route.ParentRef, ...]:
    """All kinds of routes have the same fields in a reference."""
    return tuple(route.spec.parent_refs or ())  # type: ignore[arg-type]  # one class a kind, with the same fields


def _text(reference: http_route.ParentRef, namespace: str) -> str:
    """What istiod orders references by. Mirrors parentRefString (conversion.go)."""
    kind = kind_of(reference.group, reference.kind, GATEWAY)
    place = f"{reference.section_name or ''}/{reference.port or 0}.{reference.namespace or namespace}"
    return f"{kind.group}/{kind.name}/{reference.name}/{place}"


def _allowed(
    world: World,
    parent: Parent,
    owner: Owner,
    reference: http_route.ParentRef,
    namespace: str,
    kind: Kind,
    hostnames: Sequence[str],
) -> bool:
    """Mirrors referenceAllowed (conversion.go)."""
    if owner[0] == SERVICE:
        return owner[1:] in world.services and kind in parent.kinds
    if owner[0] == SERVICE_ENTRY:
        return owner[1:] in world.entries and kind in parent.kinds
    if reference.port is not None and reference.port != parent.port:
        return False
    if reference.section_name is not None and reference.section_name != parent.section:
        return False
    return _fits(parent.hosts, namespace, hostnames or ("*",)) and kind in parent.kinds


def _fits(hosts: Sequence[str], namespace: str, hostnames: Sequence[str]) -> bool:
    """Whether a route of a namespace has a host name in common with a listener that takes that namespace."""
    for entry in hosts:
        owner, _, host = entry.partition("/")
        if owner in ("*", namespace) and any(matches(host, each) for each in hostnames):
            return True
    return not hosts


def _other_waypoint(snapshot: Snapshot, owner: Owner) -> bool:
    """Whether a service's traffic goes through the waypoint of another mesh.

    Mirrors waypointManagedByAnotherController (conversion.go).
    """
    kind, namespace, name = owner
    items: Iterable[Service | ServiceEntry] = snapshot.of(Service if kind == SERVICE else ServiceEntry)
    item = next((each for each in items if (each.namespace, each.name) == (namespace, name)), None)
    if item is None:
        return False
    labels: Mapping[str, Any] = item.labels
    if _USE_WAYPOINT not in labels:
        labels = snapshot.namespaces.get(namespace, {})
    waypoint = str(labels.get(_USE_WAYPOINT, ""))
    if not waypoint or waypoint.lower() == "none":
        return False
    place = (labels.get(_USE_WAYPOINT_NAMESPACE) or namespace, waypoint)
    found = next((each for each in snapshot.of(Gateway) if (each.namespace, each.name) == place), None)
    if found is None:
        return False
    given = next((each for each in snapshot.of(GatewayClass) if each.name == found.spec.gateway_class_name), None)
    return given is not None and given.spec.controller_name not in _OUR_CONTROLLERS
