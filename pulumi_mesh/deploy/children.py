"""The children of a component: rendered objects as Pulumi resources."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import pulumi

from pulumi_mesh.deploy.tokens import Places, put_back
from pulumi_mesh.errors import OutputError
from pulumi_mesh.manifests.wire import declared
from pulumi_mesh.refs import Identity
from pulumi_mesh.render.ignored import key_of
from pulumi_mesh.render.result import Entry
from pulumi_mesh.typed import has_token

Manifest = Mapping[str, Any]

_SECRET_FIELDS = ("data", "stringData")


class Manifested(pulumi.CustomResource):
    """One Kubernetes object, all of its manifest as inputs, with the provider's own type token for its kind.

    pulumi_kubernetes' CustomResource takes ``spec`` alone, and would drop what else a kind has; its classes of the
    core kinds cost a second to import.
    """

    def __init__(self, name: str, manifest: Manifest, opts: pulumi.ResourceOptions) -> None:
        inputs = dict(manifest)
        if manifest["kind"] == "Secret":
            inputs |= {key: pulumi.Output.secret(inputs[key]) for key in _SECRET_FIELDS if key in inputs}
            opts = merged(opts, pulumi.ResourceOptions(additional_secret_outputs=list(_SECRET_FIELDS)))
        # The version that pulumi_kubernetes' resources ask for, so that all share one default provider.
        opts = merged(pulumi.ResourceOptions(version=_provider_version()), opts)
        super().__init__(type_token(manifest["apiVersion"], manifest["kind"]), name, inputs, opts)


def type_token(api_version: str, kind: str) -> str:
    """Such as ``kubernetes:networking.istio.io/v1:VirtualService``; the core group is called ``core``."""
    return f"kubernetes:{api_version if '/' in api_version else f'core/{api_version}'}:{kind}"


def logical_name(component: str, identity: Identity) -> str:
    """``COMPONENT/KIND/NAMESPACE/NAME``, without NAMESPACE for cluster-scoped objects.

    A promise, since URNs hold it. No part holds a slash, so two objects never share a name.
    """
    return f"{component}/{key_of(identity)}"


def manifests(entries: Iterable[Entry], places: Places) -> list[tuple[Entry, Manifest]]:
    """Each entry with its manifest, Outputs in their places. Raises OutputError, before anything is registered."""
    made = []
    for entry in entries:
        identity = entry.identity
        where = f'{entry.source}: {identity.kind}("{identity.name}")'
        if any(map(has_token, (identity.cluster, identity.kind, identity.namespace, identity.name))):
            raise OutputError("an object's identity may not come from an Output", where=entry.source)
        made.append((entry, put_back(declared(entry.object), places, where)))
    return made


def register(
    parent: pulumi.ComponentResource,
    component: str,
    made: Iterable[tuple[Entry, Manifest]],
    opts: pulumi.ResourceOptions | None,
    ignore_changes: Mapping[Identity, tuple[str, ...]] = MappingProxyType({}),
) -> dict[Identity, pulumi.Resource]:
    """One child for each object; each depends on all of the nearest phase before its own that has any.

    That phase depends on the one before it, so the order holds for all phases with fewer edges, and Pulumi deletes
    in reverse: routes go before the destinations that they name. What the component itself depends on, its children
    do too: otherwise deletion would not wait for them. ignore_changes: fields that are left alone.
    """
    inherited = pulumi.ResourceOptions(depends_on=opts.depends_on if opts else None)
    phases: dict[int, dict[Identity, pulumi.Resource]] = {}
    for entry, manifest in made:
        earlier = max((phase for phase in phases if phase < entry.phase), default=None)
        before = [] if earlier is None else list(phases[earlier].values())
        left = list(ignore_changes.get(entry.identity, ()))
        own = pulumi.ResourceOptions(parent=parent, depends_on=before, ignore_changes=left)
        child_opts = merged(inherited, own)
        child = Manifested(logical_name(component, entry.identity), manifest, child_opts)
        phases.setdefault(entry.phase, {})[entry.identity] = child
    return {identity: child for phase in phases.values() for identity, child in phase.items()}


def without_secrets(manifest: Manifest) -> dict[str, Any]:
    """The manifest as a component's output: a Secret's values left out; secret Outputs stay secret by themselves."""
    if manifest["kind"] != "Secret":
        return dict(manifest)
    return {
        key: dict.fromkeys(value, "[secret]") if key in _SECRET_FIELDS and isinstance(value, Mapping) else value
        for key, value in manifest.items()
    }


def merged(one: pulumi.ResourceOptions, other: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """Both; where both say something that is no list, ``other`` counts."""
    merged: pulumi.ResourceOptions = pulumi.ResourceOptions.merge(one, other)
    return merged


@cache
def _provider_version() -> str:
    plugin = resources.files("pulumi_kubernetes").joinpath("pulumi-plugin.json").read_text("utf-8")
    return str(json.loads(plugin)["version"])
