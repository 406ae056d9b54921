"""The component that installs Istio, under Pulumi's mocks: what the engine is asked to register."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

import pulumi_mesh as pm
from pulumi_mesh import deploy, kubernetes
from pulumi_mesh.deploy.collect import collecting

from .engine import Engine, run, secret

CHART = "kubernetes:helm.sh/v4:Chart"
INGRESS = pm.GatewayDeployment("istio-ingressgateway", namespace="istio-ingress")


def installed(istio: Any, **more: Any) -> Engine:
    return run(lambda: deploy.Installation("istio", istio, **more))


def urn(engine: Engine, name: str) -> str:
    (found,) = [each for each, resource in engine.resources.items() if resource.name == name]
    return found


def needs(engine: Engine, name: str) -> set[str]:
    return {each.rpartition("::")[2] for each in engine.named(name).dependencies}


def test_names_types_and_parents() -> None:
    engine = installed(pm.Istio("1.31.1", gateways=[INGRESS]))
    component = engine.named("istio")
    assert (component.type, component.custom) == ("mesh:index:Installation", False)
    assert {name: each.type for name, each in engine.children.items()} == {
        "istio/Namespace/istio-ingress": "kubernetes:core/v1:Namespace",
        "istio/Namespace/istio-system": "kubernetes:core/v1:Namespace",
        "istio/istio-base": CHART,
        "istio/istiod": CHART,
        "istio/istio-ingressgateway": CHART,
    }
    assert {each.parent for each in engine.children.values()} == {urn(engine, "istio")}


def test_inputs_of_charts() -> None:
    engine = installed(
        pm.Istio("1.31.1", trust_domain="example.org", values={"pilot": {"replicaCount": 2}}, gateways=[INGRESS])
    )
    base, istiod, gateway = (engine.named(f"istio/{name}") for name in ("istio-base", "istiod", INGRESS.name))
    assert base.inputs == {
        "chart": "oci://ghcr.io/istio/release/charts/base",
        "version": "1.31.1",
        "name": "istio-base",
        "namespace": "istio-system",
        "values": {"defaultRevision": "default", "base": {"validationFailurePolicy": "Fail"}},
    }
    assert istiod.inputs["chart"] == "oci://ghcr.io/istio/release/charts/istiod"
    assert istiod.inputs["values"] == {
        "base": {"validationFailurePolicy": "Fail"},
        "meshConfig": {"trustDomain": "example.org"},
        "pilot": {"replicaCount": 2},
    }
    assert gateway.inputs["namespace"] == "istio-ingress"
    assert gateway.inputs["values"] == {
        "labels": {"istio": "ingressgateway"},
        "serviceAccount": {"name": "istio-ingressgateway-service-account"},
    }


def test_order() -> None:
    engine = installed(pm.Istio("1.31.1", revision="1-31-1", tags=["stable"], gateways=[INGRESS]))
    namespaces = {"istio/Namespace/istio-ingress", "istio/Namespace/istio-system"}
    assert needs(engine, "istio/istio-base") == namespaces
    assert needs(engine, "istio/istiod-1-31-1") == namespaces | {"istio/istio-base"}
    assert needs(engine, "istio/istio-ingressgateway") == namespaces | {"istio/istiod-1-31-1"}
    tag = "istio/MutatingWebhookConfiguration/istio-revision-tag-stable"
    assert needs(engine, tag) == {"istio/istiod-1-31-1"}


def test_a_mesh_can_depend_on_it() -> None:
    def program() -> None:
        istio = deploy.Installation("istio", pm.Istio("1.31.1"))
        mesh = pm.Mesh("shop", mutual_tls=[pm.MutualTLS("STRICT")])
        deploy.Mesh("shop", mesh, opts=pulumi.ResourceOptions(depends_on=[istio]))

    engine = run(program)
    (policy,) = [name for name in engine.children if "PeerAuthentication" in name]
    assert {"istio/istio-base", "istio/istiod"} <= needs(engine, policy)


def test_what_it_depends_on_its_children_depend_on() -> None:
    def program() -> None:
        first = deploy.Object("first", kubernetes.Namespace("first"))
        opts = pulumi.ResourceOptions(depends_on=[first])
        deploy.Installation("istio", pm.Istio("1.31.1", create_namespaces=False), opts=opts)

    engine = run(program)
    assert "first/Namespace/first" in needs(engine, "istio/istio-base")
    assert not [name for name in engine.children if name.startswith("istio/Namespace")]


def test_where_charts_come_from() -> None:
    digest = f"sha256:{'0' * 64}"
    pinned = installed(
        pm.Istio("1.31.1", charts=pm.Charts("oci://registry.internal/charts/", digests={"base": digest}))
    )
    assert pinned.named("istio/istio-base").inputs["chart"] == f"oci://registry.internal/charts/base@{digest}"
    assert pinned.named("istio/istio-base").inputs["version"] == "1.31.1"
    assert pinned.named("istio/istiod").inputs["chart"] == "oci://registry.internal/charts/istiod"
    local = installed(pm.Istio("1.31.1", charts=pm.Charts(paths={"base": "charts/base"})))
    assert local.named("istio/istio-base").inputs["chart"] == "charts/base"
    assert "version" not in local.named("istio/istio-base").inputs
    repository = installed(pm.Istio("1.31.1", charts=pm.Charts("https://charts.internal/istio"))).named("istio/istiod")
    assert repository.inputs["chart"] == "istiod"
    assert repository.inputs["repositoryOpts"] == {"repo": "https://charts.internal/istio"}


def test_a_tag_moves_as_one_object() -> None:
    old, new = (pm.Istio(f"1.31.{n}", revision=f"1-31-{n}") for n in (1, 2))

    def webhook(tagged: pm.Istio, other: pm.Istio) -> Any:
        engine = installed([other, tagged])
        return engine.named("istio/MutatingWebhookConfiguration/istio-revision-tag-default").inputs

    before = webhook(pm.Istio("1.31.1", revision="1-31-1", tags=["default"]), new)
    after = webhook(pm.Istio("1.31.2", revision="1-31-2", tags=["default"]), old)
    assert before["metadata"]["labels"]["istio.io/rev"] == "1-31-1"
    assert after["metadata"]["labels"]["istio.io/rev"] == "1-31-2"
    assert {each["clientConfig"]["service"]["name"] for each in after["webhooks"]} == {"istiod-1-31-2"}


def test_outputs_stand_anywhere_in_values() -> None:
    def program() -> None:
        values: pm.IstiodValues = {
            "replicaCount": pulumi.Output.from_input(3),
            "global": {"logAsJson": pulumi.Output.from_input(True), "hub": pulumi.Output.secret("registry.internal")},
            "env": pulumi.Output.from_input({"A": "b"}),
        }
        deploy.Installation("istio", pm.Istio("1.31.1", values=values))

    values = run(program).named("istio/istiod").inputs["values"]
    assert values["replicaCount"] == 3
    assert values["global"] == {"logAsJson": True, "hub": secret("registry.internal")}
    assert values["env"] == {"A": "b"}


def test_an_output_of_the_wrong_type_is_told() -> None:
    def program() -> None:
        values: Any = {"pilot": {"replicaCount": pulumi.Output.from_input("three")}}
        deploy.Installation("istio", pm.Istio("1.31.1", values=values))

    with pytest.raises(pm.InvalidError, match=r"values\.pilot\.replicaCount: needs a whole number, not text"):
        run(program)


def test_a_secret_of_the_wrong_type_is_not_shown() -> None:
    def program() -> None:
        values: Any = {"replicaCount": pulumi.Output.secret("hunter2")}
        deploy.Installation("istio", pm.Istio("1.31.1", values=values))

    with pytest.raises(pm.InvalidError, match="a secret value does not fit here") as caught:
        run(program)
    assert "hunter2" not in str(caught.value)


def test_an_output_that_decides_webhooks_is_refused() -> None:
    def program() -> None:
        everywhere = pulumi.Output.from_input(True)
        values: pm.IstiodValues = {"sidecarInjectorWebhook": {"enableNamespacesByDefault": everywhere}}
        deploy.Installation("istio", pm.Istio("1.31.1", revision="a", tags=["default"], values=values))

    with pytest.raises(pm.OutputError, match="enableNamespacesByDefault"):
        run(program)


def test_one_that_is_there_is_refused() -> None:
    with pytest.raises(pm.InvalidError, match="is one that is there already"):
        installed(pm.Istio())


def test_it_tells_who_collects() -> None:
    istio = pm.Istio("1.31.1")
    with collecting() as found:
        installed(istio)
    assert found.installations == [(istio,)]


def test_its_output() -> None:
    engine = installed(pm.Istio("1.31.1", revision="1-31-1"))
    assert engine.outputs[urn(engine, "istio")]["releases"] == [
        {"name": "istio-base", "chart": "base", "version": "1.31.1", "namespace": "istio-system"},
        {"name": "istiod-1-31-1", "chart": "istiod", "version": "1.31.1", "namespace": "istio-system"},
    ]
