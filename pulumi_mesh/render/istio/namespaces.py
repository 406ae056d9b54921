"""Namespaces: the labels that make Istio inject sidecars."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_mesh import kubernetes
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.model.namespace import Namespace
from pulumi_mesh.refs import Identity
from pulumi_mesh.render.result import Entry


def namespaces(mesh: Mesh) -> Iterator[Entry]:
    """One Namespace for each that the mesh owns."""
    for each in mesh.namespaces:
        if each.owner == "mesh":
            yield Entry(Identity("Namespace", "", each.name), namespace_object(each), f'namespaces["{each.name}"]')


def namespace_object(namespace: Namespace) -> kubernetes.Namespace:
    """The Namespace with ``istio-injection`` or ``istio.io/rev``, and its own labels."""
    labels = dict(namespace.labels)
    if namespace.injection is not None:
        labels["istio-injection"] = "enabled" if namespace.injection else "disabled"
    if namespace.revision:
        labels["istio.io/rev"] = namespace.revision
    return kubernetes.Namespace(namespace.physical_name or namespace.name, labels=labels)
