"""Rendered objects to the texts of files. Pure: nothing is read or written here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_mesh.errors import InvalidError, MeshError, OutputError
from pulumi_mesh.gitops.layout import KUSTOMIZATION, is_kustomization, kustomization, path_of, phase_folder
from pulumi_mesh.manifests.canonical import dump
from pulumi_mesh.manifests.wire import declared
from pulumi_mesh.refs import Identity
from pulumi_mesh.render.result import Entry, Rendered

_WAVE = "argocd.argoproj.io/sync-wave"


def files(
    rendered: Rendered, *, allow_secrets: bool = False, sync_waves: bool = False, flux: bool = False
) -> dict[str, str]:
    """Relative path to text, sorted: a folder for each phase, a file for each object, and kustomizations.

    The folder of a phase stands on its own, so that Flux can order them by ``dependsOn``; the top kustomization lists
    them all. allow_secrets: write Secrets with their values, which are refused otherwise.
    sync_waves: annotate objects with Argo CD's sync wave, the number of their phase, unless they have one.
    flux: double the dollar of ``${``, which Flux replaces by variables where ``postBuild`` is set.

    Raises OutputError where an Output or its token stands, MeshError for a Secret, and InvalidError for names that no
    file can have or that two objects would share.
    """
    made: dict[str, str] = {}
    sources: dict[str, Entry] = {}
    folders: dict[str, list[str]] = {}
    for entry in rendered.entries:
        folder, name = phase_folder(entry.phase), path_of(entry.identity, entry.source)
        path = f"{folder}/{name}"
        if path in sources:
            problem = f"{entry.identity} would be the same file as {sources[path].identity}: {path}"
            raise InvalidError([(entry.source, problem)])
        sources[path] = entry
        folders.setdefault(folder, []).append(name)
        made[path] = _text(entry, allow_secrets=allow_secrets, sync_waves=sync_waves, flux=flux)
    for folder, names in folders.items():
        made[f"{folder}/{KUSTOMIZATION}"] = kustomization(names)
    made[KUSTOMIZATION] = kustomization(folders)
    return dict(sorted(made.items()))


def stream(given: Mapping[str, str]) -> str:
    """The objects of ``files`` as one YAML stream in the order of phases; no kustomizations."""
    return "---\n".join(given[path] for path in sorted(given) if not is_kustomization(path))


def _text(entry: Entry, *, allow_secrets: bool, sync_waves: bool, flux: bool) -> str:
    manifest = declared(entry.object)
    if not allow_secrets and _holds_secret(entry.identity, manifest):
        raise MeshError(
            "a Secret's values would be written in plain text; allow_secrets=True writes them", where=entry.source
        )
    if sync_waves:
        annotations = manifest["metadata"].get("annotations", {})
        manifest["metadata"]["annotations"] = {_WAVE: str(int(entry.phase)), **annotations}
    try:
        text = dump(manifest)
    except OutputError as error:
        raise OutputError(error.message, where=f"{entry.source}: {error.where}") from None
    return text.replace("${", "$${") if flux else text


def _holds_secret(identity: Identity, manifest: Mapping[str, Any]) -> bool:
    return identity.kind == "Secret" and any(manifest.get(key) for key in ("data", "stringData"))
