"""The component of one typed object."""

from __future__ import annotations

from typing import Any

import pulumi

from pulumi_mesh.deploy.children import manifests, register, without_secrets
from pulumi_mesh.deploy.tokens import take
from pulumi_mesh.manifests.wire import AnyObject
from pulumi_mesh.render.result import Entry


class Object(pulumi.ComponentResource):
    """One typed object without a mesh: one child, and the output ``objects`` with its manifest, as in Mesh.

    obj: from ``pulumi_mesh.istio``, ``pulumi_mesh.gateway_api`` or ``pulumi_mesh.kubernetes``; Outputs may stand at its
    texts. Raises OutputError.
    """

    objects: pulumi.Output[list[Any]]
    resource: pulumi.Resource

    def __init__(self, name: str, obj: AnyObject, *, opts: pulumi.ResourceOptions | None = None) -> None:
        source = f'{obj.kind}("{obj.name}")'
        plain, places = take(obj, source)
        made = manifests([Entry(plain.identity, plain, f'Object("{name}")')], places)
        super().__init__("mesh:index:Object", name, {}, opts)
        self.resource = register(self, name, made, opts)[plain.identity]
        objects = [without_secrets(manifest) for _, manifest in made]
        self.objects = pulumi.Output.from_input(objects)
        self.register_outputs({"objects": objects})
