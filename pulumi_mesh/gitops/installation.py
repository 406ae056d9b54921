"""An installation of Istio as files: for Argo CD, for Flux, or the manifests that helm renders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pulumi_mesh.errors import InvalidError, MeshError
from pulumi_mesh.frozen import thaw
from pulumi_mesh.gitops.layout import INSTALLATION_FOLDERS, KUSTOMIZATION, kustomization, path_of
from pulumi_mesh.manifests.canonical import dump
from pulumi_mesh.manifests.wire import declared
from pulumi_mesh.refs import Identity
from pulumi_mesh.render.installation import Installation, Release

Manifest = Mapping[str, Any]

_NAMESPACES, _BASE, _ISTIOD, _TAGS, _GATEWAYS = INSTALLATION_FOLDERS
_FOLDER_OF = {"base": _BASE, "istiod": _ISTIOD, "gateway": _GATEWAYS}
_WAVE = "argocd.argoproj.io/sync-wave"
_INTERVAL = "1h"
_CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

# What istiod fills in once it runs.
_ISTIODS_OWN = [
    {
        "group": "admissionregistration.k8s.io",
        "kind": kind,
        "jqPathExpressions": [".webhooks[].clientConfig.caBundle", *more],
    }
    for kind, more in (
        ("MutatingWebhookConfiguration", []),
        ("ValidatingWebhookConfiguration", [".webhooks[].failurePolicy"]),
    )
]


def argocd_files(found: Installation, *, namespace: str = "argocd", project: str = "default") -> dict[str, str]:
    """An Argo CD Application for each release, in sync waves; relative path to text, sorted.

    namespace: of the Applications. project: of Argo CD. They are to be synced by an Application that reads the folder;
    its waves wait for each other where Argo CD judges the health of Applications (``resource.customizations``).
    A chart with a digest is taken as an OCI artifact, which Argo CD 3.1 can. Raises MeshError for a local chart.
    """

    def manifests(release: Release) -> list[Manifest]:
        return [_application(release, namespace, project)]

    return _files(found, manifests, waves=True)


def flux_files(found: Installation, *, namespace: str = "flux-system") -> dict[str, str]:
    """A HelmRelease of Flux for each release with the source of its chart, ordered by ``dependsOn``; path to text.

    namespace: of those objects. Each folder stands on its own, so that a Kustomization of Flux for each can order them
    with ``dependsOn`` and ``wait``. Raises MeshError for a local chart.
    """

    def manifests(release: Release) -> list[Manifest]:
        return [_source(release, namespace), _helm_release(release, namespace)]

    return _files(found, manifests)


def helm_files(found: Installation, render: Callable[[Release], Iterable[Manifest]]) -> dict[str, str]:
    """What helm renders of each release, an object a file, in folders to be applied one after the other.

    render: the manifests of a release, such as ``helm_template``. Raises MeshError for a Secret, and what it raises.
    """
    return _files(found, render)


def _files(
    found: Installation, manifests_of: Callable[[Release], Iterable[Manifest]], *, waves: bool = False
) -> dict[str, str]:
    placed: list[tuple[str, Manifest]] = [
        (_NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": each}})
        for each in found.namespaces
    ]
    for release in found.releases:
        placed += [(_FOLDER_OF[release.chart], each) for each in manifests_of(release)]
    placed += [(_TAGS, declared(each)) for objects in found.tags.values() for each in objects]
    made: dict[str, str] = {}
    folders: dict[str, list[str]] = {}
    for folder, manifest in placed:
        name = path_of(_identity(manifest), "istio")
        if f"{folder}/{name}" in made:
            raise InvalidError([("istio", f"{folder}/{name} would be the file of two objects")])
        folders.setdefault(folder, []).append(name)
        made[f"{folder}/{name}"] = dump(_in_wave(manifest, folder) if waves else manifest)
    for folder, names in folders.items():
        made[f"{folder}/{KUSTOMIZATION}"] = kustomization(names)
    made[KUSTOMIZATION] = kustomization(folders)
    return dict(sorted(made.items()))


def _identity(manifest: Manifest) -> Identity:
    metadata = manifest["metadata"]
    if manifest["kind"] == "Secret":
        raise MeshError("a Secret would be written in plain text", where=f'Secret("{metadata["name"]}")')
    return Identity(manifest["kind"], metadata.get("namespace", ""), metadata["name"])


def _in_wave(manifest: Manifest, folder: str) -> dict[str, Any]:
    annotations = {_WAVE: folder.partition("-")[0], **manifest["metadata"].get("annotations", {})}
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": annotations}}


def _application(release: Release, namespace: str, project: str) -> Manifest:
    _refuse_local(release, "an Application of Argo CD")
    helm = {"releaseName": release.name, "valuesObject": thaw(release.values)}
    if release.digest:
        source = {"repoURL": release.url, "targetRevision": release.digest, "path": ".", "helm": helm}
    else:
        repository = release.charts.repository.removeprefix("oci://")
        source = {"repoURL": repository, "chart": release.chart, "targetRevision": release.version, "helm": helm}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": release.name, "namespace": namespace},
        "spec": {
            "project": project,
            "destination": {"server": "https://kubernetes.default.svc", "namespace": release.namespace},
            "source": source,
            "ignoreDifferences": _ISTIODS_OWN,
            # Some definitions are larger than an annotation may be, which a client-side apply would need.
            "syncPolicy": {"automated": {}, "syncOptions": ["ServerSideApply=true", "RespectIgnoreDifferences=true"]},
        },
    }


def _source(release: Release, namespace: str) -> Manifest:
    _refuse_local(release, "a HelmRelease of Flux")
    metadata = {"name": release.name, "namespace": namespace}
    if not release.charts.repository.startswith("oci://"):
        return {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "HelmRepository",
            "metadata": metadata,
            "spec": {"interval": _INTERVAL, "url": release.charts.repository},
        }
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": metadata,
        "spec": {
            "interval": _INTERVAL,
            "url": release.url,
            "ref": {"digest": release.digest} if release.digest else {"tag": release.version},
            "layerSelector": {"mediaType": _CHART_LAYER, "operation": "copy"},
        },
    }


def _helm_release(release: Release, namespace: str) -> Manifest:
    if release.charts.repository.startswith("oci://"):
        chart: dict[str, Any] = {"chartRef": {"kind": "OCIRepository", "name": release.name}}
    else:
        source = {"kind": "HelmRepository", "name": release.name}
        chart = {"chart": {"spec": {"chart": release.chart, "version": release.version, "sourceRef": source}}}
    needs = [{"name": each} for each in release.needs]
    return {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": release.name, "namespace": namespace},
        "spec": {
            **chart,
            **({"dependsOn": needs} if needs else {}),
            "interval": _INTERVAL,
            "releaseName": release.name,
            "storageNamespace": release.namespace,
            "targetNamespace": release.namespace,
            "values": thaw(release.values),
        },
    }


def _refuse_local(release: Release, what: str) -> None:
    if release.path:
        raise MeshError(
            f"{what} cannot take a chart from this machine; render it with helm, or give a repository",
            where=f"charts.paths[{release.chart!r}]",
        )
