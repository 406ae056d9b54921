"""Istio's own charts and helm's own words, against what is written and checked here."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import pulumi_mesh as pm
from pulumi_mesh.gitops import helm_files, helm_template, write
from pulumi_mesh.manifests.wire import to_wire
from pulumi_mesh.model.charts import GatewayValues, IstiodValues, check_values
from pulumi_mesh.render.installation import installation
from tests.cluster.tools.charts import charts
from tests.cluster.tools.finding import module_folder
from tests.cluster.tools.kubectl import Key, Kubectl, key_of

VERSION = "1.31.1"
GATEWAY = pm.GatewayDeployment("istio-ingressgateway", values={"service": {"type": "ClusterIP"}})


@pytest.fixture
def helm(binary: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """helm, also on PATH."""
    found = binary("helm")
    monkeypatch.setenv("PATH", f"{found.parent}{os.pathsep}{os.environ['PATH']}")
    return found


def stored(kubectl: Kubectl, manifests: list[Mapping[str, Any]]) -> dict[Key, Any]:
    """What the server holds of each object, without its status, which controllers write, and without its version."""
    wanted = {key_of(each) for each in manifests}
    found = {}
    for live in kubectl.get("--all-namespaces", ",".join(sorted({kind for kind, _, _ in wanted})))["items"]:
        if key_of(live) in wanted:
            live.pop("status", None)
            live["metadata"].pop("resourceVersion")
            found[key_of(live)] = live
    assert found.keys() == wanted
    return found


def test_the_api_server_accepts_what_is_rendered_and_again_changes_nothing(
    helm: Path, ready_cluster: Kubectl, tmp_path: Path
) -> None:
    istio = pm.Istio(
        VERSION,
        revision="a",
        tags=["stable", "default"],
        trust_domain="example.org",
        gateways=[GATEWAY],
        charts=charts(tmp_path, VERSION),
        values={
            "pilot": {"replicaCount": 2},
            "autoscaleEnabled": False,
            "global": {"networkPolicy": {"enabled": True}},
        },
    )
    folder = tmp_path / "rendered"
    write(folder, helm_files(installation([istio]), helm_template))
    phases = sorted(each for each in folder.iterdir() if each.is_dir())
    manifests = [yaml.safe_load(each.read_text()) for phase in phases for each in sorted(phase.rglob("*-*.yaml"))]

    def apply() -> None:
        for phase in phases:
            ready_cluster("apply", "--server-side", f"--kustomize={phase}")

    apply()
    before = stored(ready_cluster, manifests)
    apply()
    assert stored(ready_cluster, manifests) == before
    kinds = {each["kind"] for each in manifests}
    assert {"CustomResourceDefinition", "Deployment", "MutatingWebhookConfiguration", "NetworkPolicy"} <= kinds
    ready_cluster("rollout", "status", "deployment/istiod-a", "--namespace=istio-system", "--timeout=60s")
    mesh = ready_cluster.get("configmap", "istio-a", "--namespace=istio-system")["data"]["mesh"]
    assert yaml.safe_load(mesh)["trustDomain"] == "example.org"


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"sidecarInjectorWebhook": {"enableNamespacesByDefault": True, "reinvocationPolicy": "IfNeeded"}},
        {"istiodRemote": {"injectionURL": "https://localhost:15017/inject"}},
        {"istiodRemote": {"injectionPath": "/inject/net/a"}, "sidecarInjectorWebhookAnnotations": {"a": "b"}},
    ],
)
@pytest.mark.parametrize("namespace", ["istio-system", "mesh"])
def test_tags_are_those_of_the_chart(helm: Path, tmp_path: Path, values: Any, namespace: str) -> None:
    given: Any = {"revision": "a", "tags": ["default", "stable"], "namespace": namespace}
    istio = pm.Istio(VERSION, charts=charts(tmp_path, VERSION), values=values, **given)
    with_tags = pm.Istio(
        VERSION, charts=istio.charts, values=values, revision="a", namespace=namespace,
        unchecked_values={"revisionTags": ["default", "stable"]},
    )  # fmt: skip
    plan = installation([with_tags])
    rendered = [
        each for each in helm_template(plan.releases[1]) if "istio.io/tag" in each["metadata"].get("labels", {})
    ]
    theirs = {(each["kind"], each["metadata"]["name"]): each for each in rendered}
    ours = {(each.kind, each.name): to_wire(each) for each in installation([istio]).tags["istiod-a"]}
    assert ours.keys() == theirs.keys()
    for key, made in ours.items():
        for part in ("webhooks", "spec"):
            assert made.get(part) == theirs[key].get(part)
        assert made["metadata"].get("annotations") == theirs[key]["metadata"].get("annotations")
        labels = made["metadata"]["labels"]
        assert labels.items() <= theirs[key]["metadata"]["labels"].items()


def test_pods_of_a_gateway_have_the_labels_that_it_asks_for(helm: Path, tmp_path: Path) -> None:
    istio = pm.Istio(VERSION, charts=charts(tmp_path, VERSION), gateways=[GATEWAY])
    (gateway,) = [each for each in installation([istio]).releases if each.chart == "gateway"]
    (deployment,) = [each for each in helm_template(gateway) if each["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]
    asks = pm.Gateway("public", listeners=[pm.Listener("http", port=80)])
    assert asks.selector.items() <= pod["metadata"]["labels"].items()
    assert pod["spec"]["serviceAccountName"] == asks.service_account


BAD: list[dict[str, Any]] = [
    {"replicaCount": "2"},
    {"replicas": 2},
    {"kind": "StatefulSet"},
    {"service": {"ports": [{"port": "80"}]}},
    {"service": {"ipFamilies": ["IPv5"]}},
    {"imagePullPolicy": "Sometimes"},
    {"podDisruptionBudget": {"minAvailable": True}},
    {"networkGatewayPorts": {"tls": {"port": "15443"}}},
    {"unprivilegedPort": "no"},
    {"imagePullSecrets": ["a"]},
    {"tolerations": {}},
]


@pytest.mark.parametrize("values", BAD, ids=str)
def test_what_helm_refuses_is_refused_here(helm: Path, values: dict[str, Any]) -> None:
    """Helm knows the schema of one chart; ours asks more, never less."""
    chart = module_folder("istio", "istio.io/istio") / "manifests" / "charts" / "gateway"
    command: list[str | Path] = [helm, "template", "a", chart, "--values=-"]
    done = subprocess.run(command, input=yaml.safe_dump(values), capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "values don't meet the specifications of the schema" in done.stderr
    (problem,) = check_values(GatewayValues, values, "values")
    (key,) = values
    assert problem[0].startswith(f"values.{key}")


def test_the_charts_own_values_are_accepted() -> None:
    folder = module_folder("istio", "istio.io/istio") / "manifests" / "charts"
    for chart, type_ in (("istio-control/istio-discovery", IstiodValues), ("gateway", GatewayValues)):
        defaults = yaml.safe_load((folder / chart / "values.yaml").read_text())["_internal_defaults_do_not_set"]
        assert list(check_values(type_, defaults, "values")) == []
