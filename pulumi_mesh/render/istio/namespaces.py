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
            made = namespace_object(mesh, each)
            yield Entry(Identity("Namespace", "", each.name), made, f'namespaces["{each.name}"]')


def namespace_object(mesh: Mesh, namespace: Namespace) -> kubernetes.Namespace:
    """The Namespace with ``istio-injection`` or ``istio.io/rev``, and its own labels.

    ``istio-injection: enabled`` speaks to the default revision only, so another one is named.
    """
    labels = dict(namespace.labels)
    revision = namespace.revision or (mesh.istio.revision if namespace.injection else "")
    if revision:
        labels["istio.io/rev"] = revision
    elif namespace.injection is not None:
        labels["istio-injection"] = "enabled" if namespace.injection else "disabled"
    return kubernetes.Namespace(namespace.physical_name or namespace.name, labels=labels)
