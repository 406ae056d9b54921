"""An object that is there already, made by hand or by another stack, is never overwritten; it can be adopted."""

from __future__ import annotations

import json
from collections.abc import Callable

import pulumi
import pulumi_kubernetes
import pytest

from pulumi_mesh import deploy, istio
from pulumi_mesh.manifests.wire import to_wire
from tests.cluster.tools.engine import Engine
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.steps import FailedError

NAMESPACE = "same"
KEY = f"VirtualService/{NAMESPACE}/cart"
EXISTS = r'virtualservices\.networking\.istio\.io "cart" already exists'


def route(host: str) -> istio.VirtualService:
    return istio.VirtualService(
        "cart", namespace=NAMESPACE, spec={"hosts": [host], "http": [{"route": [{"destination": {"host": "cart"}}]}]}
    )


def program(host: str) -> Callable[[], object]:
    return lambda: deploy.Object("cart", route(host))


def hosts_and_uid(kubectl: Kubectl) -> tuple[list[str], str]:
    found = kubectl.get("virtualservice/cart", f"--namespace={NAMESPACE}")
    return found["spec"]["hosts"], found["metadata"]["uid"]


@pytest.fixture
def server(kubectl: Kubectl) -> Kubectl:
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    return kubectl


def test_a_second_stack_that_declares_the_same_object_is_stopped(engine: Engine, server: Kubectl) -> None:
    first, second = (engine.stack(name, program(f"{name}.example.com")) for name in ("first", "second"))
    first.up()
    made = hosts_and_uid(server)
    assert made[0] == ["first.example.com"]

    with pytest.raises(FailedError, match=EXISTS):
        second.up()
    assert f"cart/{KEY}" not in second.resources()
    second.destroy()
    assert hosts_and_uid(server) == made

    # Adopting it takes nothing by force either: the other stack's field is a conflict.
    second.configure(kubernetes__upsertExistingObjects="true")
    with pytest.raises(FailedError, match=r"(?s)field conflict.*pulumi-kubernetes-.*\.spec\.hosts"):
        second.up()
    assert hosts_and_uid(server) == made
    assert first.up().changed == {}


def test_an_object_made_by_hand_is_kept_until_it_is_adopted(
    engine: Engine, server: Kubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    server("create", "--filename=-", given=json.dumps(to_wire(route("hand.example.com"))))
    made = hosts_and_uid(server)

    def with_provider() -> None:
        # An explicit provider, which takes nothing of the stack's config: the SDK reads the variable.
        cluster = pulumi_kubernetes.Provider("cluster", kubeconfig=str(server.kubeconfig), cluster_identifier="test")
        deploy.Object("cart", route("cart.example.com"), opts=pulumi.ResourceOptions(provider=cluster))

    stack = engine.stack("dev", with_provider)
    with pytest.raises(FailedError, match=EXISTS):
        stack.up()
    assert hosts_and_uid(server) == made

    with monkeypatch.context() as environment:
        environment.setenv("PULUMI_K8S_UPSERT_EXISTING_OBJECTS", "true")
        with pytest.raises(FailedError, match=r'(?s)field conflict.*conflict with "kubectl-create".*\.spec\.hosts'):
            stack.up()
        assert hosts_and_uid(server) == made
        environment.setenv("PULUMI_K8S_ENABLE_PATCH_FORCE", "true")
        stack.up()
    assert hosts_and_uid(server) == (["cart.example.com"], made[1])
    assert stack.up().changed == {}
    stack.destroy()
    assert server.get("virtualservices", "--all-namespaces")["items"] == []
