"""Custom resources that are missing, partly there, or installed by the program that uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from pulumi_mesh import deploy
from pulumi_mesh.deploy.children import Manifested
from tests.cluster.tools import api_server as servers
from tests.cluster.tools.engine import Engine
from tests.cluster.tools.finding import module_folder
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.shop import KINDS, keys, shop, stored
from tests.cluster.tools.steps import FailedError

NAMESPACE = "bare"
KEYS = keys(NAMESPACE)
NO_MATCH = 'no matches for kind "{}" in version "networking.istio.io/v1"'


@pytest.fixture(scope="module")
def bare(binary: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """An API server of its own, without any custom resource."""
    with servers.api_server(tmp_path_factory.mktemp("bare"), binary) as kubectl:
        kubectl("create", "namespace", NAMESPACE)
        yield kubectl


@pytest.fixture
def definitions(bare: Kubectl) -> Iterator[list[Any]]:
    """The custom resources that the mesh uses, in the order of its phases; the server has none of them.

    With the version that the mesh uses alone: all of them are half a megabyte, which takes the engine seconds.
    """
    file = module_folder("istio", "istio.io/api") / "kubernetes" / "customresourcedefinitions.gen.yaml"
    found = {each["metadata"]["name"]: each for each in yaml.safe_load_all(file.read_text()) if each}
    yield [only_v1(found[kind]) for kind in KINDS]
    bare("delete", "crd", "--all")


def only_v1(definition: Any) -> Any:
    (v1,) = (each for each in definition["spec"]["versions"] if each["name"] == "v1")
    return {**definition, "spec": {**definition["spec"], "versions": [{**v1, "storage": True}]}}


def install(kubectl: Kubectl, *definitions: Any) -> None:
    """Install definitions and wait until their kinds are served."""
    kubectl("create", "--filename=-", given=yaml.safe_dump_all(definitions))
    kubectl.await_definitions()


def program() -> None:
    deploy.Mesh("shop", shop(NAMESPACE))


def test_a_preview_needs_none_and_an_up_takes_up_where_one_was_missing(
    engine: Engine, bare: Kubectl, definitions: list[Any]
) -> None:
    gateways, destination_rules, virtual_services = definitions
    stack = engine.stack("dev", program, kubeconfig=bare.kubeconfig)
    assert sorted(stack.preview().names("create")) == sorted(f"shop/{key}" for key in KEYS)

    with pytest.raises(FailedError, match=NO_MATCH.format("Gateway")):
        stack.up()
    assert list(stack.resources()) == ["shop"]

    install(bare, gateways, destination_rules)
    with pytest.raises(FailedError, match=NO_MATCH.format("VirtualService")):
        stack.up()
    assert sorted(stack.resources()) == ["shop", *sorted(f"shop/{key}" for key in KEYS[:3])]

    install(bare, virtual_services)
    assert sorted(stack.up().changed) == sorted(f"shop/{key}" for key in KEYS[3:])
    assert list(stored(bare, NAMESPACE)) == KEYS
    assert stack.up().changed == {}


def test_a_program_may_install_what_its_mesh_uses(engine: Engine, bare: Kubectl, definitions: list[Any]) -> None:
    def with_definitions() -> None:
        installed = [Manifested(each["metadata"]["name"], each, pulumi.ResourceOptions()) for each in definitions]
        deploy.Mesh("shop", shop(NAMESPACE), opts=pulumi.ResourceOptions(depends_on=installed))

    stack = engine.stack("dev", with_definitions, kubeconfig=bare.kubeconfig)
    assert len(stack.preview().names("create")) == len(KINDS) + len(KEYS)

    stack.up()
    assert list(stored(bare, NAMESPACE)) == KEYS
    assert stack.up().changed == {}
