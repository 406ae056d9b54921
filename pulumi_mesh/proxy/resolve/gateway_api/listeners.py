"""Gateways and listener sets: an Istio Gateway with one server for each listener, and who may attach to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from pulumi_mesh.gateway_api import Gateway, ListenerSet, gateway
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.gateway_api import classes, words
from pulumi_mesh.proxy.resolve.gateway_api.conflicts import Owner, conflicted
from pulumi_mesh.proxy.resolve.gateway_api.listener_tls import listener_tls
from pulumi_mesh.proxy.resolve.gateway_api.namespaces import allowed_namespaces, takes_listener_sets
from pulumi_mesh.proxy.resolve.gateway_api.references import (
    GATEWAY,
    GRPC_ROUTE,
    HTTP_ROUTE,
    LISTENER_SET,
    TCP_ROUTE,
    TLS_ROUTE,
    Grants,
    Kind,
    kind_of,
)
from pulumi_mesh.proxy.resolve.gateway_api.words import Json
from pulumi_mesh.proxy.resolve.origins import PLACES
from pulumi_mesh.proxy.resolve.virtual_services import by_age

_PROTOCOLS = ("HTTP", "HTTPS", "TLS", "TCP")


@dataclass(frozen=True, slots=True)
class Parent:
    """What a route may name as its parent: one listener, or the mesh.

    owner: the object that a reference names. name: how a virtual service names it. kinds: of routes that it takes.
    hosts: ``NAMESPACE/HOST`` that a route must fit; empty takes any. hostname: as the listener has it.
    """

    owner: Owner
    name: str
    kinds: frozenset[Kind]
    hosts: tuple[str, ...] = ()
    hostname: str = ""
    section: str = ""
    port: int = 0
    protocol: str = ""


@dataclass(frozen=True, slots=True)
class Listening:
    """A listener. gateway: the Gateway that it belongs to. manifest: an Istio Gateway; None where its listener is
    not served, though routes may still be attached to it."""

    gateway: Gateway
    port: int
    parent: Parent
    manifest: Json | None


def listeners(snapshot: Snapshot, grants: Grants) -> tuple[Listening, ...]:
    """The listeners of all Gateways that are Istio's, and of the listener sets attached to them.

    Mirrors GatewayCollection and ListenerSetCollection (gateway_collection.go).
    """
    return tuple(
        made
        for each in snapshot.of(Gateway)
        if classes.is_ours(snapshot, each)
        for made in _of_gateway(snapshot, grants, each)
    )


def attached_sets(snapshot: Snapshot, parent: Gateway) -> tuple[ListenerSet, ...]:
    """The listener sets that a Gateway takes, the oldest first."""
    return tuple(
        each
        for each in sorted(snapshot.of(ListenerSet), key=lambda each: (by_age(each)[0], each.namespace, each.name))
        if kind_of(each.spec.parent_ref.group, each.spec.parent_ref.kind, GATEWAY) == GATEWAY
        and (each.spec.parent_ref.namespace or each.namespace, each.spec.parent_ref.name)
        == (parent.namespace, parent.name)
        and takes_listener_sets(snapshot, parent, each.namespace)
    )


def listeners_of(item: Gateway | ListenerSet) -> tuple[gateway.Listener, ...]:
    """Its listeners; those of a listener set have the fields of a Gateway's."""
    return cast("tuple[gateway.Listener, ...]", item.spec.listeners)


def _of_gateway(snapshot: Snapshot, grants: Grants, parent: Gateway) -> Iterator[Listening]:
    if not classes.gateway_services(parent, snapshot.mesh.domain):
        return
    owners: list[Gateway | ListenerSet] = [parent, *attached_sets(snapshot, parent)]
    lost = conflicted((_owner(item), listener) for item in owners for listener in listeners_of(item))
    for item in owners:
        for position, listener in enumerate(listeners_of(item)):
            if (_owner(item), listener.name) in lost:
                continue
            place = f"{item.kind} {item.namespace} {item.name} spec.listeners[{position}]"
            made = _listening(snapshot, grants, parent, item, listener, place)
            # Of a listener set only what is served can be attached to.
            if made is not None and (item is parent or made.manifest is not None):
                yield made


def _owner(item: Gateway | ListenerSet) -> Owner:
    return (LISTENER_SET if isinstance(item, ListenerSet) else GATEWAY), item.namespace, item.name


def _listening(
    snapshot: Snapshot,
    grants: Grants,
    parent: Gateway,
    owner: Gateway | ListenerSet,
    listener: gateway.Listener,
    place: str,
) -> Listening | None:
    """None where TLS is asked for and not said how. Mirrors buildListener (conversion.go)."""
    tls, usable = listener_tls(snapshot, grants, owner, parent, listener)
    if tls is None and listener.protocol in ("HTTPS", "TLS"):
        return None
    hosts = _hosts(snapshot, owner.namespace, listener)
    name = words.gateway_name(owner.name, listener.name)
    server: Json = {
        "hosts": list(hosts),
        "port": {"name": "default", "number": listener.port, "protocol": listener.protocol},
    }
    if tls is not None:
        server["tls"] = tls
    made: Json = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": _metadata(snapshot, parent, owner, listener, name, place),
        "spec": {"servers": [server]},
    }
    return Listening(
        gateway=parent,
        port=listener.port,
        parent=Parent(
            owner=_owner(owner),
            name=f"{owner.namespace}/{name}",
            kinds=_kinds(listener),
            hosts=hosts,
            hostname=listener.hostname or "",
            section=listener.name,
            port=listener.port,
            protocol=listener.protocol,
        ),
        manifest=made if usable and listener.protocol in _PROTOCOLS else None,
    )


def _hosts(snapshot: Snapshot, namespace: str, listener: gateway.Listener) -> tuple[str, ...]:
    """``NAMESPACE/HOST`` for each namespace that routes may come from. Mirrors buildHostnameMatch (conversion.go)."""
    host = listener.hostname or "*"
    allowed = allowed_namespaces(snapshot, namespace, listener.allowed_routes)
    # A Gateway needs hosts; ~ is no namespace, so that no route fits.
    return tuple(f"{each}/{host}" for each in allowed) or (f"~/{host}",)


def _metadata(
    snapshot: Snapshot, parent: Gateway, owner: Gateway | ListenerSet, listener: gateway.Listener, name: str, place: str
) -> Json:
    annotations = {
        words.PARENTS: f"{owner.kind}/{owner.name}/{listener.name}.{owner.namespace}",
        words.GATEWAY_SEMANTICS: "gateway",
        words.GATEWAY_SERVICE: ",".join(classes.gateway_services(parent, snapshot.mesh.domain)),
        words.SERVICE_ACCOUNT: classes.service_account(parent),
        PLACES: place,
    }
    if owner is not parent:
        annotations[words.PARENT_NAMESPACE] = parent.namespace
    made: Json = {"name": name, "namespace": owner.namespace, "annotations": annotations}
    if created := owner.metadata.get("creationTimestamp"):
        made["creationTimestamp"] = created
    return made


def _kinds(listener: gateway.Listener) -> frozenset[Kind]:
    """The kinds of routes that a listener takes. Mirrors GenerateGatewaySupportedKinds (gatewaycommon)."""
    supported: set[Kind] = set()
    if listener.protocol in ("HTTP", "HTTPS"):
        supported = {HTTP_ROUTE, GRPC_ROUTE}
    elif listener.protocol == "TCP":
        supported = {TCP_ROUTE}
    elif listener.protocol == "TLS":
        supported = {TLS_ROUTE}
        if listener.tls is not None and listener.tls.mode != "Passthrough":
            supported.add(TCP_ROUTE)
    allowed = (listener.allowed_routes.kinds if listener.allowed_routes else None) or ()
    if allowed:
        supported &= {kind_of(each.group, each.kind, HTTP_ROUTE) for each in allowed}
    return frozenset(supported)
