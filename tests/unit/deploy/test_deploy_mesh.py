"""The component of a mesh, under Pulumi's mocks: what the engine is asked to register."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pulumi
import pytest
from pulumi.runtime import set_all_config

import pulumi_mesh as pm
from pulumi_mesh import deploy, istio, kubernetes
from pulumi_mesh.refs import Identity

from .engine import Engine, run
from .examples import bookinfo

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack"
MESH = f"{STACK}$mesh:index:Mesh::bookinfo"
NETWORKING, SECURITY = "networking.istio.io/v1", "security.istio.io/v1"


def host(service: str) -> str:
    return f"{service}.bookinfo.svc.cluster.local"


def destination(service: str, **more: Any) -> dict[str, Any]:
    return {"host": host(service), "port": {"number": 9080}, **more}


def rule(service: str, *versions: str) -> dict[str, Any]:
    return {
        "host": host(service),
        "subsets": [{"name": version, "labels": {"version": version}} for version in versions],
    }


# Logical name: type, the phase's number, metadata.name, metadata.namespace, spec. Names are a promise: URNs hold them.
CHILDREN: dict[str, tuple[str, int, str, str, dict[str, Any] | None]] = {
    "bookinfo/Namespace/bookinfo": ("core/v1:Namespace", 0, "bookinfo", "", None),
    "bookinfo/Gateway/istio-system/public": (
        f"{NETWORKING}:Gateway",
        1,
        "public",
        "istio-system",
        {
            "selector": {"istio": "ingressgateway"},
            "servers": [
                {
                    "name": "http",
                    "port": {"number": 80, "name": "http", "protocol": "HTTP"},
                    "hosts": ["bookinfo.example.com"],
                }
            ],
        },
    ),
    **{
        f"bookinfo/DestinationRule/bookinfo/{service}": (
            f"{NETWORKING}:DestinationRule",
            2,
            service,
            "bookinfo",
            rule(service, *versions),
        )
        for service, versions in {
            "details": ["v1"],
            "productpage": ["v1"],
            "ratings": ["v1"],
            "reviews": ["v1", "v2"],
        }.items()
    },
    "bookinfo/AuthorizationPolicy/bookinfo/ratings-from-reviews": (
        f"{SECURITY}:AuthorizationPolicy",
        3,
        "ratings-from-reviews",
        "bookinfo",
        {
            "selector": {"matchLabels": {"app": "ratings"}},
            "action": "ALLOW",
            "rules": [
                {
                    "from": [{"source": {"principals": ["cluster.local/ns/bookinfo/sa/bookinfo-reviews"]}}],
                    "to": [{"operation": {"methods": ["GET"]}}],
                }
            ],
        },
    ),
    "bookinfo/PeerAuthentication/istio-system/default": (
        f"{SECURITY}:PeerAuthentication",
        3,
        "default",
        "istio-system",
        {"mtls": {"mode": "STRICT"}},
    ),
    "bookinfo/VirtualService/bookinfo/productpage": (
        f"{NETWORKING}:VirtualService",
        3,
        "productpage",
        "bookinfo",
        {
            "hosts": ["bookinfo.example.com"],
            "gateways": ["istio-system/public"],
            "http": [
                {
                    "match": [{"uri": {"prefix": path}} for path in ("/productpage", "/static", "/api/v1/products")],
                    "route": [{"destination": destination("productpage")}],
                    "timeout": "10s",
                    "retries": {"attempts": 0},
                }
            ],
        },
    ),
    "bookinfo/VirtualService/bookinfo/reviews": (
        f"{NETWORKING}:VirtualService",
        3,
        "reviews",
        "bookinfo",
        {
            "hosts": [host("reviews")],
            "http": [
                {
                    "name": "test-user",
                    "match": [{"headers": {"end-user": {"exact": "jason"}}}],
                    "route": [{"destination": destination("reviews", subset="v2")}],
                },
                {
                    "name": "everyone",
                    "route": [
                        {"destination": destination("reviews", subset="v1"), "weight": 100},
                        {"destination": destination("reviews", subset="v2"), "weight": 0},
                    ],
                    "retries": {"attempts": 0},
                },
            ],
        },
    ),
}


@pytest.fixture(scope="module")
def deployed() -> Engine:
    return run(lambda: deploy.Mesh("bookinfo", bookinfo()))


def test_the_component_has_these_children_and_no_others(deployed: Engine) -> None:
    assert deployed.children.keys() == CHILDREN.keys()
    assert deployed.resources[MESH].type == "mesh:index:Mesh"
    assert not deployed.resources[MESH].custom
    assert len(deployed.resources) == len(CHILDREN) + 1


@pytest.mark.parametrize("name", CHILDREN)
def test_type_parent_and_inputs_of_each_child(deployed: Engine, name: str) -> None:
    token, _, object_name, namespace, spec = CHILDREN[name]
    child = deployed.children[name]
    assert child.type == f"kubernetes:{token}"
    assert child.custom
    assert child.parent == MESH
    api_version, _, kind = token.removeprefix("core/").rpartition(":")
    metadata: dict[str, Any] = {"name": object_name}
    if namespace:
        metadata["namespace"] = namespace
    else:
        metadata["labels"] = {"istio-injection": "enabled"}
    expected = {"apiVersion": api_version, "kind": kind, "metadata": metadata}
    assert child.inputs == (expected if spec is None else {**expected, "spec": spec})


@pytest.mark.parametrize("name", CHILDREN)
def test_each_child_depends_on_all_of_the_phase_before(deployed: Engine, name: str) -> None:
    phase = CHILDREN[name][1]
    before = {other for other, (_, number, *_) in CHILDREN.items() if number == phase - 1}
    assert {urn.rpartition("::")[2] for urn in deployed.children[name].dependencies} == before


def test_children_are_registered_in_the_order_of_phases(deployed: Engine) -> None:
    phases = [CHILDREN[each.name][1] for each in deployed.resources.values() if each.name in CHILDREN]
    assert phases == sorted(phases)


def test_outputs_are_the_objects_and_the_stages(deployed: Engine) -> None:
    outputs = deployed.outputs[MESH]
    assert outputs["stages"] == {"reviews": 0}
    assert sorted(outputs["objects"], key=json.dumps) == sorted(
        (each.inputs for each in deployed.children.values()), key=json.dumps
    )


def test_a_phase_without_objects_is_skipped() -> None:
    mesh = pm.Mesh("m", namespaces=[pm.Namespace("a")], mutual_tls=[pm.MutualTLS("STRICT", namespace="a")])
    child = run(lambda: deploy.Mesh("m", mesh)).named("m/PeerAuthentication/a/default")
    assert {urn.rpartition("::")[2] for urn in child.dependencies} == {"m/Namespace/a"}


def weights(engine: Engine) -> list[float]:
    rules = engine.named("bookinfo/VirtualService/bookinfo/reviews").inputs["spec"]["http"]
    return [each["weight"] for each in rules[1]["route"]]


@pytest.mark.parametrize(("stage", "seen"), [(0, [100, 0]), (1, [95, 5]), (3, [50, 50]), (4, [0, 100])])
def test_stages_are_weights(stage: int, seen: list[float]) -> None:
    engine = run(lambda: deploy.Mesh("bookinfo", bookinfo(), stages={"reviews": stage}))
    assert weights(engine) == seen
    assert engine.outputs[MESH]["stages"] == {"reviews": stage}


def configured(value: str) -> Engine:
    def program() -> None:
        set_all_config({"mesh:stages": value})
        try:
            deploy.Mesh("bookinfo", bookinfo())
        finally:
            set_all_config({})

    return run(program)


def test_stages_come_from_the_config_of_the_stack() -> None:
    assert weights(configured('{"reviews": 2}')) == [75, 25]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("[1]", 'config mesh:stages: needs canaries and their stages, such as {"reviews": 2}'),
        ('{"reviews": "two"}', "it has stages 0 to 4, not 'two'"),
        ('{"reviews": 5}', "it has stages 0 to 4, not 5"),
        ('{"review": 1}', "no canary is named 'review'; known: reviews"),
    ],
)
def test_wrong_stages_are_refused(value: str, message: str) -> None:
    with pytest.raises(pm.InvalidError) as raised:
        configured(value)
    assert message in str(raised.value)


def test_children_take_the_provider_and_the_dependencies_of_the_component() -> None:
    class Cluster(pulumi.ProviderResource):
        def __init__(self) -> None:
            super().__init__("kubernetes", "cluster", {})

    class Chart(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("test:index:Chart", "istio")

    def program() -> None:
        chart = pulumi.CustomResource("test:index:Release", "istio", {})
        opts = pulumi.ResourceOptions(provider=Cluster(), depends_on=[chart])
        deploy.Mesh("bookinfo", bookinfo(), opts=opts)

    engine = run(program)
    for child in engine.children.values():
        assert "::cluster::" in child.provider
        assert "istio" in {urn.rpartition("::")[2] for urn in child.dependencies}


def test_children_ask_for_the_provider_version_that_pulumi_kubernetes_asks_for() -> None:
    import pulumi_kubernetes

    engine = run(
        lambda: (pulumi_kubernetes.core.v1.ConfigMap("c"), deploy.Object("o", kubernetes.Namespace("x"))),
    )
    assert engine.named("o/Namespace/x").version == engine.named("c").version != ""


def test_children_are_found_by_identity() -> None:
    found: list[deploy.Mesh] = []
    run(lambda: found.append(deploy.Mesh("bookinfo", bookinfo())))
    assert len(found[0].resources) == len(CHILDREN)
    assert Identity("Gateway", "istio-system", "public") in found[0].resources


def test_an_object_without_a_mesh() -> None:
    made = istio.EnvoyFilter("lua", namespace="bookinfo", spec={"priority": 10})
    engine = run(lambda: deploy.Object("raw", made))
    assert {each.type for each in engine.resources.values()} == {
        "mesh:index:Object",
        "kubernetes:networking.istio.io/v1alpha3:EnvoyFilter",
    }
    child = engine.named("raw/EnvoyFilter/bookinfo/lua")
    assert child.parent == f"{STACK}$mesh:index:Object::raw"
    assert child.inputs == {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": {"name": "lua", "namespace": "bookinfo"},
        "spec": {"priority": 10},
    }
    assert engine.outputs[child.parent]["objects"] == [child.inputs]


def test_importing_deploy_does_not_import_pulumi_kubernetes() -> None:
    code = "import sys, pulumi_mesh.deploy; sys.exit('pulumi_kubernetes' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
