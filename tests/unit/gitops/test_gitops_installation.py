"""An installation as files for Argo CD, Flux, and of what helm renders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import pulumi_mesh as pm
from pulumi_mesh.gitops import argocd_files, compare, flux_files, helm_files, helm_template, write
from pulumi_mesh.render.installation import Release, installation

DIGEST = f"sha256:{'0' * 64}"
EDGE = pm.GatewayDeployment("edge", namespace="edge")


def istio(**more: Any) -> pm.Istio:
    return pm.Istio("1.31.1", revision="a", tags=["stable"], gateways=[EDGE], **more)


def objects(files: dict[str, str]) -> dict[str, Any]:
    return {path: yaml.safe_load(text) for path, text in files.items() if not path.endswith("kustomization.yaml")}


def test_applications_of_argo_cd() -> None:
    found = objects(argocd_files(installation([istio()]), namespace="gitops", project="mesh"))
    assert sorted(found) == [
        "1-namespaces/namespace-edge.yaml",
        "1-namespaces/namespace-istio-system.yaml",
        "2-base/gitops/application-istio-base.yaml",
        "3-istiod/gitops/application-istiod-a.yaml",
        "4-revision-tags/istio-system/service-istiod-revision-tag-stable.yaml",
        "4-revision-tags/mutatingwebhookconfiguration-istio-revision-tag-stable.yaml",
        "5-gateways/gitops/application-edge.yaml",
    ]
    for path, each in found.items():
        assert each["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] == path[0]
    istiod = found["3-istiod/gitops/application-istiod-a.yaml"]
    assert istiod["metadata"]["namespace"] == "gitops"
    assert istiod["spec"]["project"] == "mesh"
    assert istiod["spec"]["destination"]["namespace"] == "istio-system"
    assert istiod["spec"]["source"] == {
        "repoURL": "ghcr.io/istio/release/charts",  # Argo CD has the scheme of a registry left away
        "chart": "istiod",
        "targetRevision": "1.31.1",
        "helm": {
            "releaseName": "istiod-a",
            "valuesObject": {"revision": "a", "base": {"validationFailurePolicy": "Fail"}},
        },
    }
    assert "ServerSideApply=true" in istiod["spec"]["syncPolicy"]["syncOptions"]


def test_an_application_with_a_digest_takes_the_artifact() -> None:
    charts = pm.Charts("oci://registry.internal/charts", digests={"istiod": DIGEST})
    found = objects(argocd_files(installation([istio(charts=charts)])))
    source = found["3-istiod/argocd/application-istiod-a.yaml"]["spec"]["source"]
    assert (source["repoURL"], source["targetRevision"]) == ("oci://registry.internal/charts/istiod", DIGEST)
    assert source["path"] == "."
    assert found["2-base/argocd/application-istio-base.yaml"]["spec"]["source"]["chart"] == "base"


def test_releases_of_flux_from_a_registry() -> None:
    charts = pm.Charts(digests={"gateway": DIGEST})
    found = objects(flux_files(installation([istio(charts=charts)])))
    release = found["5-gateways/flux-system/helmrelease-edge.yaml"]["spec"]
    assert release["chartRef"] == {"kind": "OCIRepository", "name": "edge"}
    assert release["dependsOn"] == [{"name": "istiod-a"}]
    assert (release["targetNamespace"], release["storageNamespace"]) == ("edge", "edge")
    assert release["values"]["labels"] == {"istio": "edge"}
    repository = found["5-gateways/flux-system/ocirepository-edge.yaml"]["spec"]
    assert repository["url"] == "oci://ghcr.io/istio/release/charts/gateway"
    assert repository["ref"] == {"digest": DIGEST}
    assert found["3-istiod/flux-system/ocirepository-istiod-a.yaml"]["spec"]["ref"] == {"tag": "1.31.1"}
    assert "dependsOn" not in found["2-base/flux-system/helmrelease-istio-base.yaml"]["spec"]


def test_releases_of_flux_from_a_chart_repository() -> None:
    charts = pm.Charts("https://charts.internal/istio")
    found = objects(flux_files(installation([istio(charts=charts)])))
    assert found["2-base/flux-system/helmrelease-istio-base.yaml"]["spec"]["chart"]["spec"] == {
        "chart": "base",
        "version": "1.31.1",
        "sourceRef": {"kind": "HelmRepository", "name": "istio-base"},
    }
    assert found["2-base/flux-system/helmrepository-istio-base.yaml"]["spec"]["url"] == "https://charts.internal/istio"


@pytest.mark.parametrize("made", [argocd_files, flux_files])
def test_a_chart_on_this_machine_is_refused(made: Any) -> None:
    with pytest.raises(pm.MeshError, match=r"charts\.paths\['base'\]: .* cannot take a chart from this machine"):
        made(installation([istio(charts=pm.Charts(paths={"base": "charts/base"}))]))


def test_what_helm_renders(tmp_path: Path) -> None:
    def render(release: Release) -> list[dict[str, Any]]:
        metadata = {"name": release.name, "namespace": release.namespace}
        return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"chart": release.chart}}]

    files = helm_files(installation([istio()]), render)
    assert "5-gateways/edge/configmap-edge.yaml" in files
    folders = ["1-namespaces", "2-base", "3-istiod", "4-revision-tags", "5-gateways"]
    assert yaml.safe_load(files["kustomization.yaml"])["resources"] == folders
    write(tmp_path, files)
    fewer = helm_files(installation([pm.Istio("1.31.1", revision="a")]), render)
    assert "5-gateways/edge/configmap-edge.yaml" in compare(tmp_path, fewer).stale
    write(tmp_path, fewer)
    assert not (tmp_path / "5-gateways").exists()
    assert compare(tmp_path, fewer).clean


def test_a_secret_of_a_chart_is_not_written() -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "key", "namespace": "a"},
        "data": {"a": "Yg=="},
    }
    with pytest.raises(pm.MeshError, match="a Secret would be written in plain text") as caught:
        helm_files(installation([istio()]), lambda _: [secret])
    assert "Yg==" not in str(caught.value)


def test_without_helm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pm.MeshError, match="helm is not on PATH"):
        helm_template(installation([istio()]).releases[0])


def test_what_helm_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    helm = tmp_path / "helm"
    helm.write_text(
        "#!/bin/sh\n"
        'printf "apiVersion: v1\\nkind: Asked\\nmetadata:\\n  name: helm\\ndata:\\n"\n'
        'for each; do case "$each" in --values=*) cat "${each#--values=}" >&2;; *) echo "- $each";; esac; done\n'
    )
    helm.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    charts = pm.Charts(digests={"base": DIGEST})
    base, istiod, _ = installation([istio(charts=charts)]).releases
    assert [each["data"] for each in helm_template(base)] == [
        ["template", "istio-base", f"oci://ghcr.io/istio/release/charts/base@{DIGEST}", "--version=1.31.1",
         "--namespace=istio-system", "--include-crds"],
    ]  # fmt: skip
    assert helm_template(istiod)[0]["data"][2] == "oci://ghcr.io/istio/release/charts/istiod"
    helm.write_text("#!/bin/sh\necho 'Error: no such chart' >&2\nexit 1\n")
    with pytest.raises(pm.MeshError, match="istio-base: helm template: Error: no such chart"):
        helm_template(base)
