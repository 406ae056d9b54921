"""An installation's life: the real engine, a cluster as a new one is, and istiod in the place of the installed one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.automation import PulumiCommand

import pulumi_mesh as pm
from pulumi_mesh import deploy
from tests.cluster.tools.charts import charts
from tests.cluster.tools.engine import Engine
from tests.cluster.tools.installed import installed, values_for, webhook_port
from tests.cluster.tools.kubectl import Kubectl, RefusedError
from tests.cluster.tools.steps import FailedError

# Definitions are most of what an engine has to carry here, and one more does nothing that these do not.
LEFT_OUT: Sequence[str] = [
    *(f"{kind}.extensions.istio.io" for kind in ("trafficextensions", "wasmplugins")),
    *(f"{kind}.networking.istio.io" for kind in ("destinationrules", "envoyfilters", "proxyconfigs", "serviceentries")),
    *(f"{kind}.networking.istio.io" for kind in ("sidecars", "virtualservices", "workloadentries", "workloadgroups")),
    "telemetries.telemetry.istio.io",
]
SHOP = pm.Mesh("shop", namespaces=[pm.Namespace("shop", revision="stable")], mutual_tls=[pm.MutualTLS("STRICT")])
GATEWAY = pm.GatewayDeployment("istio-ingressgateway", namespace="edge", values={"service": {"type": "ClusterIP"}})
WEBHOOKS = "mutatingwebhookconfigurations,validatingwebhookconfigurations"
TAG = "istio/MutatingWebhookConfiguration/istio-revision-tag-stable"

Program = Callable[[], None]


def program(*control_planes: pm.Istio) -> Program:
    """Istio and a mesh in one program."""

    def run() -> None:
        istio = deploy.Installation("istio", control_planes)
        deploy.Mesh("shop", SHOP, opts=pulumi.ResourceOptions(depends_on=[istio]))

    return run


def names(kubectl: Kubectl, kinds: str) -> set[str]:
    return {each["metadata"]["name"] for each in kubectl.get("--all-namespaces", kinds)["items"]}


@pytest.fixture
def new_engine(
    ready_cluster: Kubectl,
    provider_port: int | None,
    pulumi: PulumiCommand,
    binary: Callable[[str], Path],
    tmp_path: Path,
) -> Engine:
    """The engine, with the new cluster as its own."""
    return Engine(binary("pulumi"), pulumi, tmp_path / "pulumi", provider_port, ready_cluster)


def test_an_installations_life(
    new_engine: Engine, ready_cluster: Kubectl, binary: Callable[[str], Path], tmp_path: Path
) -> None:
    kubectl = ready_cluster
    with webhook_port() as port:
        istiod, base = values_for(port)

        def revision(version: str, name: str, *, quiet: bool = False, **more: Any) -> pm.Istio:
            """quiet: nothing is validated, for as long as no istiod answers."""
            policy = {"validationFailurePolicy": "Ignore"} if quiet else {}
            return pm.Istio(
                version,
                revision=name,
                charts=charts(tmp_path, version),
                values={**istiod, "base": {**istiod["base"], **policy}, "autoscaleEnabled": False},  # type: ignore[typeddict-item]
                base_values={"base": {**base["base"], **policy, "excludedCRDs": LEFT_OUT}},  # type: ignore[typeddict-item]
                **more,
            )

        # A cluster without Istio's kinds: preview and the first update of a program that brings and uses them.
        stack = new_engine.stack("dev", program(revision("1.31.1", "a", quiet=True, tags=["stable"])))
        assert stack.preview().changes["create"] > 20
        assert not names(kubectl, "crd")
        stack.up()
        deployment = kubectl.get("deployment", "istiod-a", "--namespace=istio-system")
        assert deployment["status"]["readyReplicas"] == deployment["spec"]["replicas"] == 1
        assert kubectl.get("peerauthentication", "default", "--namespace=istio-system")["spec"] == {
            "mtls": {"mode": "STRICT"}
        }
        assert stack.up().changed == {}

        with installed(tmp_path / "istiod", binary("pilot-discovery"), kubectl, port, "a"):
            # istiod has put its authority into the webhooks, and what it serves is validated.
            stack.running(program(revision("1.31.1", "a", tags=["stable"], gateways=[GATEWAY]))).up()
            assert stack.up().changed == {}
            hooks = [hook for each in kubectl.get(WEBHOOKS)["items"] for hook in each["webhooks"]]
            assert {hook["failurePolicy"] for hook in hooks} == {"Fail"}
            assert all(hook["clientConfig"]["caBundle"] for hook in hooks)
            with pytest.raises(RefusedError, match="denied the request"):
                kubectl.apply(without_provider())
            (pod,) = kubectl.get("pods", "--namespace=edge", "--selector=istio=ingressgateway")["items"]
            assert "proxyv2" in pod["spec"]["containers"][0]["image"]  # istiod's, in place of the chart's `auto`
            assert pod["spec"]["serviceAccountName"] == GATEWAY.service_account

            # A new version in place: of each object one change, none of which takes a field from istiod.
            newer = revision("1.31.2", "a", tags=["stable"], gateways=[GATEWAY])
            upgraded = stack.running(program(newer)).up()
            assert not set(upgraded.changed.values()) & {"create", "delete"}
            crd = kubectl.get("crd", "peerauthentications.security.istio.io")
            assert crd["metadata"]["labels"]["app.kubernetes.io/version"] == "1.31.2"

            # Another revision beside it takes a tag over, in one step; then the first one goes.
            older = revision("1.31.2", "a", tags=["default"], gateways=[GATEWAY])
            beside = stack.running(program(older, revision("1.31.3", "b", tags=["stable"]))).up()
            assert beside.changed[TAG] == "update"
            assert not beside.names("delete")
            tag = kubectl.get("mutatingwebhookconfiguration", "istio-revision-tag-stable")
            assert tag["metadata"]["labels"]["istio.io/rev"] == "b"
            alone = stack.running(program(revision("1.31.3", "b", tags=["stable", "default"]))).up()
            assert TAG not in alone.changed
            gone = {name.split(":")[0] for name in alone.names("delete") if ":" in name}
            assert gone == {"istio/istiod-a", "istio/istio-ingressgateway"}
            assert "istio-sidecar-injector-a" not in names(kubectl, WEBHOOKS)

            stack.destroy()  # while istiod runs: it is asked when the last writer of the mesh's objects lets go of them
        assert not names(kubectl, WEBHOOKS)
        assert not names(kubectl, "namespaces") & {"edge", "istio-system", "shop"}
        assert "peerauthentications.security.istio.io" in names(kubectl, "crd")  # with it all objects would have gone

        # The definitions that stayed are no one's; a provider that may take what is there takes them back.
        stack.configure(kubernetes__upsertExistingObjects="true")
        again = stack.running(program(revision("1.31.3", "b", quiet=True, tags=["stable", "default"]))).up()
        assert "istio/istio-base:peerauthentications.security.istio.io" in again.names("create")


def without_provider() -> dict[str, Any]:
    """What the definition takes, and istiod refuses: someone else is to decide, and nobody says who."""
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "asks", "namespace": "shop"},
        "spec": {"action": "CUSTOM", "rules": [{}]},
    }


def test_values_that_helm_refuses_stop_a_preview(new_engine: Engine, tmp_path: Path) -> None:
    gateway = pm.GatewayDeployment("edge", unchecked_values={"replicas": 2})
    base: pm.BaseValues = {"base": {"excludedCRDs": LEFT_OUT}}
    istio = pm.Istio("1.31.1", charts=charts(tmp_path, "1.31.1"), gateways=[gateway], base_values=base)
    stack = new_engine.stack("bad", lambda: deploy.Installation("istio", istio))
    with pytest.raises(FailedError, match="additional properties 'replicas' not allowed"):
        stack.preview()
