"""In a preview: what changes for requests, against what the component registered in the last update."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import pulumi

from pulumi_mesh.deploy.collect import collects
from pulumi_mesh.deploy.tokens import Places, fill
from pulumi_mesh.errors import MeshError
from pulumi_mesh.files import read_paths
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.manifests.snapshot import snapshot as index
from pulumi_mesh.manifests.wire import from_wire
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.diff.compare import diff
from pulumi_mesh.proxy.diff.report import text_of
from pulumi_mesh.refs import Ref
from pulumi_mesh.render import render, snapshot

_LAST_OUTPUTS = "pulumi:pulumi:readStackResourceOutputs"
"""The engine's own function that gives the outputs of all resources of a stack, as the last update left them."""

Tell = Callable[[str], None]


def tell_requests(component: pulumi.Resource, mesh: Mesh, places: Places, tell: Tell, warn: Tell) -> None:
    """Tell in a preview which requests go elsewhere, as soon as all values are known; in an update do nothing.

    mesh: as it is deployed, a token for each Output. The other side is what the component's output ``objects`` held
    after the last update, or the manifests of the folder that the stack's config ``mesh:baseline`` names. warn: takes
    what fails from now on or is no longer encrypted, tell: the rest. Where nothing was deployed yet, a value is
    unknown, or one is secret, nothing is told.
    """
    if not pulumi.runtime.is_dry_run() or collects():
        return
    folder = pulumi.Config("mesh").get("baseline")

    async def compare(values: list[Any]) -> bool:
        urn, hidden, *known = values
        if hidden:
            return False
        after = fill(mesh, dict(zip(places, known, strict=True))) if places else mesh
        try:
            before = _of_folder(folder) if folder else await _of_last_update(urn)
            if before is not None:
                _told(before, after, tell, warn)
        except MeshError as error:
            tell(f"requests are not compared with those of the last update: {error}")
        return True

    async def any_secret() -> bool:
        return any([await place.output.is_secret() for place in places.values()])

    known = pulumi.Output.all(component.urn, any_secret(), *(place.output for place in places.values()))
    _compared: pulumi.Output[bool] = known.apply(compare)


def _of_folder(folder: str) -> list[Object]:
    return _objects(each.data for each in read_paths([folder]))


async def _of_last_update(urn: str) -> list[Object] | None:
    """The objects that a component registered last; None where it never did, or the engine cannot tell."""
    # An engine whose backend has no organizations names none, and takes this word for all.
    organization = pulumi.get_organization() or "organization"
    stack = f"{organization}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        found = await pulumi.runtime.invoke_async(_LAST_OUTPUTS, {"stackName": stack})
    except Exception as error:  # noqa: BLE001 - Pulumi raises no other class; a preview must not fail for this
        raise MeshError(f"the engine does not give the last outputs: {error}") from None
    resource = ((found or {}).get("outputs") or {}).get(urn) or {}
    registered = resource.get("outputs") or {}
    return _objects(registered["objects"]) if "objects" in registered else None


def _objects(manifests: Iterable[Mapping[str, Any]]) -> list[Object]:
    typed = (from_wire(each) for each in manifests if each.get("kind") != "Secret")
    return [each for each in typed if isinstance(each, Object)]


def _told(before: list[Object], after: Mesh, tell: Tell, warn: Tell) -> None:
    rendered = render(after)
    new = snapshot(after)
    found = diff(_with_objects(new, before, [entry.object for entry in rendered.entries]), new)
    sources = {entry.identity: entry.source for entry in rendered.entries}
    gone = {each.identity for each in before} - sources.keys()

    def place(ref: Ref) -> str:
        return sources.get(ref.identity, "") or (f"{ref.identity}, which goes" if ref.identity in gone else "")

    rest = tuple(each for each in found.changes if each not in found.breaks)
    for said, changes in ((warn, found.breaks), (tell, rest)):
        if changes:
            said("\n".join(["requests:", *text_of(replace(found, changes=changes), place, place)]))


def _with_objects(new: Snapshot, before: Iterable[Object], own: Iterable[Any]) -> Snapshot:
    """The snapshot with other objects of this mesh; what other meshes and the cluster have is the same."""
    ours = {(type(each), each.identity) for each in own}
    others = [each for kind in new.objects.values() for each in kind if (type(each), each.identity) not in ours]
    known = {(type(each), each.identity) for each in others}
    return index(
        [*others, *(each for each in before if (type(each), each.identity) not in known)],
        services=new.services,
        workloads=new.workloads,
        proxies=new.proxies,
        mesh=new.mesh,
    )
