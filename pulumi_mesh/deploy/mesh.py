"""The component of a mesh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from pulumi_mesh.checks import check
from pulumi_mesh.deploy.children import manifests, register, without_secrets
from pulumi_mesh.deploy.collect import collect
from pulumi_mesh.deploy.judge import in_words, judge_later, judged
from pulumi_mesh.deploy.requests import tell_requests
from pulumi_mesh.deploy.tokens import take
from pulumi_mesh.errors import InvalidError
from pulumi_mesh.findings import Finding
from pulumi_mesh.model import mesh as model
from pulumi_mesh.refs import Identity
from pulumi_mesh.render import Rendered, render, snapshot
from pulumi_mesh.render.ignored import IgnoreChanges, ignored
from pulumi_mesh.validation.objects import refusals


class Mesh(pulumi.ComponentResource):
    """A mesh as Pulumi resources: one child for each rendered object, applied before what refers to it.

    mesh: what to apply; Outputs may stand at its texts.
    stages: canary name to stage; default: the stack's config ``mesh:stages``, an object such as ``{"reviews": 2}``.
    ignore_changes: fields of objects that are declared once and then left to whoever changes them, such as a rollout
        controller: ``{"VirtualService/bookinfo/reviews": ["spec.http"]}``. A later change to them in the program is
        not applied either.
    opts: the component's; children take its provider, and depend on what it depends on.

    Outputs: ``objects``, the manifests without the values of Secrets (an Output that is secret stays secret), and
    ``stages``, where each canary stands. ``resources`` has the children by identity.

    A preview also tells which requests go elsewhere, against what ``objects`` held after the last update, or against
    the manifests of the folder that the stack's config ``mesh:baseline`` names.

    Everything is checked before the component is registered, and what an Output decides as soon as its value is known.
    Raises InvalidError, OutputError or FindingsError; warnings go to Pulumi's log.
    """

    objects: pulumi.Output[list[Any]]
    stages: pulumi.Output[dict[str, int]]
    resources: Mapping[Identity, pulumi.Resource]

    def __init__(
        self,
        name: str,
        mesh: model.Mesh,
        *,
        stages: Mapping[str, int] | None = None,
        ignore_changes: IgnoreChanges | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        stages = _configured_stages() if stages is None else stages
        collect(mesh, stages)
        plain, places = take(mesh, f'Mesh("{mesh.name}")')
        with in_words(places):
            staged = plain.at(stages)
            rendered = render(staged)
            left = ignored(rendered.entries, ignore_changes or {})
        warnings = judged(_findings(staged, rendered))
        made = manifests(rendered.entries, places)
        super().__init__("mesh:index:Mesh", name, {}, opts)

        def tell(warning: str) -> None:
            pulumi.log.warn(warning, resource=self)

        for warning in warnings:
            tell(warning)
        judge_later(staged, places, lambda known: _findings(known, render(known)), warnings, tell)
        tell_requests(self, staged, places, lambda text: pulumi.log.info(text, resource=self), tell)
        self.resources = register(self, name, made, opts, left)
        objects = [without_secrets(manifest) for _, manifest in made]
        reached = {canary.name: stages.get(canary.name, 0) for canary in mesh.canaries}
        self.objects = pulumi.Output.from_input(objects)
        self.stages = pulumi.Output.from_input(reached)
        self.register_outputs({"objects": objects, "stages": reached})


def _findings(mesh: model.Mesh, rendered: Rendered) -> tuple[Finding, ...]:
    refused = refusals(entry.object for entry in rendered.entries)
    return (*rendered.findings, *refused, *check(snapshot(mesh)))


def _configured_stages() -> Mapping[str, int]:
    found = pulumi.Config("mesh").get_object("stages")
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise InvalidError([("config mesh:stages", 'needs canaries and their stages, such as {"reviews": 2}')])
    return {str(name): stage for name, stage in found.items()}
