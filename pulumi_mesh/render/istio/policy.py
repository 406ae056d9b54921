"""Policy: mutual TLS becomes PeerAuthentication, authorization becomes AuthorizationPolicy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_mesh import istio
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.model.security import AuthorizationRule, MutualTLS
from pulumi_mesh.model.service import Destination
from pulumi_mesh.refs import Identity
from pulumi_mesh.render.istio.names import labels_of, principals_of
from pulumi_mesh.render.result import Entry


def mutual_tls(mesh: Mesh) -> Iterator[Entry]:
    """One PeerAuthentication for each mode: named ``default`` for the mesh and for a namespace, else as the service.

    Clients need no rule of their own: Istio's auto mTLS follows the mode of each endpoint.
    """
    for position, each in enumerate(mesh.mutual_tls):
        namespace, name = _place(mesh, each)
        spec: dict[str, Any] = {"mtls": {"mode": each.mode}}
        if each.service is not None:
            spec = {"selector": {"matchLabels": labels_of(each.service)}, **spec}
        made = istio.PeerAuthentication(name, namespace=mesh.physical_namespace(namespace), spec=spec)
        yield Entry(Identity("PeerAuthentication", namespace, name), made, f"mutual_tls[{position}]")


def _place(mesh: Mesh, each: MutualTLS) -> tuple[str, str]:
    if each.service is None:
        return each.namespace or mesh.istio.root_namespace, "default"
    if isinstance(each.service, Destination):
        parts = [each.service.service.name, each.service.version]
        return each.service.service.namespace, "-".join(part for part in parts if part)
    return each.service.namespace, each.service.name


def authorization(mesh: Mesh) -> Iterator[Entry]:
    """One AuthorizationPolicy for each of the model."""
    for each in mesh.authorization:
        spec: dict[str, Any] = {"action": each.action}
        if each.target is not None:
            spec = {"selector": {"matchLabels": labels_of(each.target)}, **spec}
        if each.rules:
            spec["rules"] = [_rule(mesh, rule) for rule in each.rules]
        made = istio.AuthorizationPolicy(each.name, namespace=mesh.physical_namespace(each.namespace), spec=spec)
        yield Entry(Identity("AuthorizationPolicy", each.namespace, each.name), made, f'authorization["{each.name}"]')


def _rule(mesh: Mesh, rule: AuthorizationRule) -> dict[str, Any]:
    source: dict[str, Any] = {}
    if rule.principals:
        known = dict.fromkeys(each for who in rule.principals for each in principals_of(mesh, who))
        source["principals"] = list(known)
    if rule.namespaces:
        source["namespaces"] = [mesh.physical_namespace(each) for each in rule.namespaces]
    operation: dict[str, Any] = {}
    if rule.methods:
        operation["methods"] = list(rule.methods)
    if rule.paths:
        operation["paths"] = list(rule.paths)
    if rule.ports:
        operation["ports"] = [str(each) for each in rule.ports]
    made: dict[str, Any] = {}
    if source:
        made["from"] = [{"source": source}]
    if operation:
        made["to"] = [{"operation": operation}]
    return made
