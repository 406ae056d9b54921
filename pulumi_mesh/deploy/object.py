"""The component of one typed object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from pulumi_mesh.deploy.children import manifests, register, without_secrets
from pulumi_mesh.deploy.judge import judge_later, judged
from pulumi_mesh.deploy.tokens import take
from pulumi_mesh.manifests.wire import AnyObject
from pulumi_mesh.render.ignored import ignored, key_of
from pulumi_mesh.render.result import Entry
from pulumi_mesh.validation.objects import refusals


class Object(pulumi.ComponentResource):
    """One typed object without a mesh: one child, and the output ``objects`` with its manifest, as in Mesh.

    obj: from ``pulumi_mesh.istio``, ``pulumi_mesh.gateway_api`` or ``pulumi_mesh.kubernetes``; Outputs may stand at its
    texts. ignore_changes: fields that are declared once and then left to whoever changes them, such as
    ``["spec.http"]``. Raises OutputError, InvalidError for a field that cannot be left alone, and FindingsError for
    what a cluster would refuse: at once, and where an Output decides, as soon as its value is known.
    """

    objects: pulumi.Output[list[Any]]
    resource: pulumi.Resource

    def __init__(
        self,
        name: str,
        obj: AnyObject,
        *,
        ignore_changes: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        source = f'{obj.kind}("{obj.name}")'
        plain, places = take(obj, source)
        entries = [Entry(plain.identity, plain, f'Object("{name}")')]
        left = ignored(entries, {key_of(plain.identity): ignore_changes} if ignore_changes else {})
        warnings = judged(refusals([plain]))
        made = manifests(entries, places)
        super().__init__("mesh:index:Object", name, {}, opts)

        def tell(warning: str) -> None:
            pulumi.log.warn(warning, resource=self)

        for warning in warnings:
            tell(warning)
        judge_later(plain, places, lambda known: refusals([known]), warnings, tell)
        self.resource = register(self, name, made, opts, left)[plain.identity]
        objects = [without_secrets(manifest) for _, manifest in made]
        self.objects = pulumi.Output.from_input(objects)
        self.register_outputs({"objects": objects})
