"""The `kubernetes` provider, the tests' own or the real one, through the real engine against a real API server."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest
from pulumi_kubernetes import Provider
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apiextensions.v1 import CustomResourceDefinition
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace, Secret

from tests.cluster.tools.engine import Engine, Stack, kubeconfig
from tests.cluster.tools.kubectl import Kubectl, RefusedError
from tests.cluster.tools.steps import FailedError

SPACE = "default"
ROUTE = "networking.istio.io/v1"


def config_map(name: str, data: Mapping[str, Any], **options: Any) -> ConfigMap:
    """A ConfigMap whose logical name is its own."""
    return ConfigMap(
        name, metadata={"name": name, "namespace": SPACE}, data=data, opts=pulumi.ResourceOptions(**options)
    )


def route(hosts: list[str], **metadata: Any) -> CustomResource:
    """A custom resource whose fields may change in place."""
    spec = {"hosts": hosts, "http": [{"route": [{"destination": {"host": "a"}}]}]}
    return CustomResource(
        "route",
        api_version=ROUTE,
        kind="VirtualService",
        metadata={"name": "a-route", "namespace": SPACE, **metadata},
        spec=spec,
    )


def held(kubectl: Kubectl, kind: str, name: str) -> Any:
    """The live object; None where there is none."""
    try:
        return kubectl.get(kind, name, f"--namespace={SPACE}")
    except RefusedError as error:
        assert "not found" in str(error)
        return None


def test_an_object_of_someone_else_is_left_alone_unless_upsert_is_asked(engine: Engine, crds: Kubectl) -> None:
    crds("create", "configmap", "theirs", f"--namespace={SPACE}", "--from-literal=owner=them")
    stack = engine.stack("dev", lambda: config_map("theirs", {"owner": "me"}))

    with pytest.raises(FailedError, match=r'configmaps "theirs" already exists') as failed:
        stack.up()
    assert failed.value.result.failed == ("theirs",)
    assert held(crds, "configmap", "theirs")["data"] == {"owner": "them"}
    assert stack.resources() == {}

    stack.configure(kubernetes__upsertExistingObjects="true", kubernetes__enablePatchForce="true")
    assert stack.up().changed == {"theirs": "create"}
    assert held(crds, "configmap", "theirs")["data"] == {"owner": "me"}
    assert stack.destroy().changed == {"theirs": "delete"}
    assert held(crds, "configmap", "theirs") is None


def test_names_and_replacement(engine: Engine, crds: Kubectl) -> None:
    def program(value: str) -> Callable[[], None]:
        def run() -> None:
            ConfigMap("given", metadata={"namespace": SPACE}, data={"key": value})
            config_map("chosen", {"key": value})

        return run

    stack = engine.stack("dev", program("one"))
    preview = stack.preview()
    assert preview.changed == {"given": "create", "chosen": "create"}
    assert held(crds, "configmap", "chosen") is None
    assert stack.up().changed == preview.changed
    first = stack.resources()["given"]["id"]
    assert re.fullmatch(rf"{SPACE}/given-[0-9a-f]{{8}}", first)
    assert stack.resources()["chosen"]["id"] == f"{SPACE}/chosen"
    assert stack.up().changed == {}

    # The values of a ConfigMap are not changed in place. Where the name is free, the new one comes first.
    steps = [
        (step.op, step.name) for step in stack.running(program("two")).up().steps if step.name in {"given", "chosen"}
    ]
    assert steps.index(("create-replacement", "given")) < steps.index(("delete-replaced", "given"))
    assert steps.index(("delete-replaced", "chosen")) < steps.index(("create-replacement", "chosen"))
    second = stack.resources()["given"]["id"]
    assert second != first
    assert held(crds, "configmap", first.removeprefix(f"{SPACE}/")) is None
    assert held(crds, "configmap", second.removeprefix(f"{SPACE}/"))["data"] == {"key": "two"}
    assert held(crds, "configmap", "chosen")["data"] == {"key": "two"}

    crds("delete", "configmap", "chosen", f"--namespace={SPACE}")
    assert stack.destroy().changed == {"given": "delete", "chosen": "delete"}
    assert held(crds, "configmap", second.removeprefix(f"{SPACE}/")) is None


def test_fields_that_others_own(engine: Engine, crds: Kubectl) -> None:
    stack = engine.stack("dev", lambda: route(["one"]))
    stack.up()

    def edit(*hosts: str, manager: str) -> None:
        patch = f'{{"spec":{{"hosts":[{",".join(f"{host!r}" for host in hosts)}]}}}}'.replace("'", '"')
        where = ("virtualservice", "a-route", f"--namespace={SPACE}", "--type=merge", f"--patch={patch}")
        crds("patch", *where, f"--field-manager={manager}")

    # An edit by hand is seen by refresh and undone by up, without a conflict.
    edit("by-hand", manager="kubectl-edit")
    assert stack.refresh().changes == {"update": 1}
    assert stack.preview().step("route").differs == {"spec.hosts[0]": "update"}
    assert stack.up().changed == {"route": "update"}
    assert held(crds, "virtualservice", "a-route")["spec"]["hosts"] == ["one"]

    # A controller's is not.
    edit("by-controller", manager="rollouts")
    with pytest.raises(FailedError, match=r'(?s)conflict.*"rollouts".*\.spec\.hosts'):
        stack.running(lambda: route(["two"])).up()
    assert held(crds, "virtualservice", "a-route")["spec"]["hosts"] == ["by-controller"]
    forced = stack.running(lambda: route(["two"], annotations={"pulumi.com/patchForce": "true"})).up()
    assert forced.changed == {"route": "update"}
    assert held(crds, "virtualservice", "a-route")["spec"]["hosts"] == ["two"]
    assert stack.up().changed == {}

    stack.running(lambda: route(["two"], name="b-route"))
    assert {step.op for step in stack.preview().steps if step.name == "route"} >= {"replace"}
    stack.up()
    assert held(crds, "virtualservice", "a-route") is None
    assert held(crds, "virtualservice", "b-route") is not None
    stack.destroy()


def test_ignored_fields_are_left_to_their_owner(engine: Engine, crds: Kubectl) -> None:
    def program(hosts: list[str], team: str) -> Callable[[], object]:
        options = pulumi.ResourceOptions(ignore_changes=["spec.hosts"])
        return lambda: CustomResource(
            "route",
            api_version=ROUTE,
            kind="VirtualService",
            metadata={"name": "ignored", "namespace": SPACE, "labels": {"team": team}},
            spec={"hosts": hosts, "http": [{"route": [{"destination": {"host": "a"}}]}]},
            opts=options,
        )

    stack = engine.stack("dev", program(["one"], "a"))
    stack.up()
    patch = '--patch={"spec":{"hosts":["theirs"]}}'
    crds(
        "patch", "virtualservice", "ignored", f"--namespace={SPACE}", "--type=merge", patch, "--field-manager=rollouts"
    )

    assert stack.running(program(["two"], "a")).up().changed == {}
    assert stack.running(program(["two"], "b")).up().changed == {"route": "update"}

    live = held(crds, "virtualservice", "ignored")
    assert live["spec"]["hosts"] == ["theirs"]
    assert live["metadata"]["labels"] == {"team": "b"}
    stack.destroy()


def test_a_preview_stores_nothing_and_needs_nothing_to_be_there(engine: Engine, crds: Kubectl) -> None:
    def program() -> None:
        schema = {"openAPIV3Schema": {"type": "object", "x_kubernetes_preserve_unknown_fields": True}}
        spec: Any = {
            "group": "tests.example.com",
            "scope": "Cluster",
            "names": {"plural": "cars", "kind": "Car"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        }
        definition = CustomResourceDefinition("cars", metadata={"name": "cars.tests.example.com"}, spec=spec)
        after = pulumi.ResourceOptions(depends_on=[definition])
        space = Namespace("space", metadata={"name": "engine-preview"})
        inside = ConfigMap("inside", metadata={"name": "inside", "namespace": space.metadata.name}, data={"a": "b"})
        background = {"pulumi.com/deletionPropagationPolicy": "background"}
        CustomResource(
            "car",
            api_version="tests.example.com/v1",
            kind="Car",
            metadata={"name": "beetle", "annotations": background},
            spec={"uid": inside.metadata.uid},
            opts=after,
        )

    stack = engine.stack("dev", program)
    everything = dict.fromkeys(("cars", "space", "inside", "car"), "create")
    assert stack.preview().changed == everything
    with pytest.raises(RefusedError, match="not found"):
        crds.get("namespace", "engine-preview")
    with pytest.raises(RefusedError, match="not found"):
        crds.get("crd", "cars.tests.example.com")

    assert stack.up().changed == everything
    inside = crds.get("configmap", "inside", "--namespace=engine-preview")
    assert crds.get("car", "beetle")["spec"] == {"uid": inside["metadata"]["uid"]}
    assert stack.up().changed == {}
    assert stack.destroy().changed == dict.fromkeys(everything, "delete")


def test_a_refused_object_is_told_in_preview_already(engine: Engine, crds: Kubectl) -> None:
    stack = engine.stack("dev", lambda: config_map("Not a name", {}))
    with pytest.raises(FailedError, match=r"metadata\.name: Invalid value"):
        stack.preview()
    with pytest.raises(FailedError, match=r"metadata\.name: Invalid value"):
        stack.up()
    assert stack.resources() == {}


def test_secrets_are_nowhere_in_the_clear(engine: Engine, crds: Kubectl) -> None:
    def program(password: str) -> Callable[[], None]:
        def run() -> None:
            Secret("secret", metadata={"name": "a-secret", "namespace": SPACE}, string_data={"password": password})
            config_map("map", {"open": "word", "hidden": pulumi.Output.secret(f"{password}-in-map")})

        return run

    stack = engine.stack("dev", program("sesame-1"))
    said = [stack.preview().output, stack.up().output]
    assert base64.b64decode(held(crds, "secret", "a-secret")["data"]["password"]) == b"sesame-1"
    assert held(crds, "configmap", "map")["data"] == {"open": "word", "hidden": "sesame-1-in-map"}
    assert stack.up().changed == {}
    said.append(stack.refresh().output)
    assert stack.up().changed == {}
    said.append(stack.running(program("sesame-2")).up().output)
    assert base64.b64decode(held(crds, "secret", "a-secret")["data"]["password"]) == b"sesame-2"

    assert "word" in stack.state_file.read_text()
    token = crds.kubeconfig.read_text().split("token: ")[1].split()[0]
    for hidden in ("sesame", base64.b64encode(b"sesame-1").decode(), base64.b64encode(b"sesame-2").decode(), token):
        assert not any(hidden in text for text in said)
        written = [path for path in stack.folder.parent.rglob("*") if path.is_file()]
        assert [path for path in written if hidden.encode() in path.read_bytes()] == []
    stack.destroy()


def test_what_does_not_become_ready_is_kept_and_told(engine: Engine, crds: Kubectl) -> None:
    def program(seconds: str) -> Callable[[], object]:
        return lambda: ConfigMap(
            "gate",
            metadata={
                "name": "gate",
                "namespace": SPACE,
                "annotations": {"pulumi.com/waitFor": "jsonpath={.metadata.labels.open}=yes"},
            },
            opts=pulumi.ResourceOptions(
                custom_timeouts=pulumi.CustomTimeouts(create=seconds, update=seconds, delete=seconds)
            ),
        )

    stack = engine.stack("dev", program("1s"))
    with pytest.raises(FailedError, match="gate"):
        stack.up()
    assert stack.resources()["gate"]["initErrors"]
    assert held(crds, "configmap", "gate") is not None

    crds("label", "configmap", "gate", "open=yes", f"--namespace={SPACE}", "--field-manager=doorman")
    assert stack.running(program("20s")).up().changed == {"gate": "update"}
    assert "initErrors" not in stack.resources()["gate"]

    # A deletion that something holds up is not taken for done.
    finalizers = '--patch={"metadata":{"finalizers":["tests.example.com/hold"]}}'
    crds("patch", "configmap", "gate", f"--namespace={SPACE}", "--type=merge", finalizers)
    stack.running(program("1s")).up()
    with pytest.raises(FailedError):
        stack.destroy()
    assert "gate" in stack.resources()
    none = '--patch={"metadata":{"finalizers":null}}'
    crds("patch", "configmap", "gate", f"--namespace={SPACE}", "--type=merge", none)
    stack.destroy()
    assert held(crds, "configmap", "gate") is None


def test_objects_that_are_there_are_read_and_taken_in(engine: Engine, crds: Kubectl) -> None:
    crds("create", "configmap", "legacy", f"--namespace={SPACE}", "--from-literal=key=value")

    def program() -> None:
        legacy = config_map("legacy", {"key": "value"}, import_=f"{SPACE}/legacy")
        root = ConfigMap.get("root", f"{SPACE}/legacy", opts=pulumi.ResourceOptions(depends_on=[legacy]))
        config_map("copy", {"of": root.data["key"]})

    stack = engine.stack("dev", program)
    assert stack.up().changed["legacy"] == "import"
    assert held(crds, "configmap", "copy")["data"] == {"of": "value"}
    assert stack.up().changed == {}

    crds("delete", "configmap", "copy", f"--namespace={SPACE}")
    assert stack.refresh().changes == {"delete": 1}
    assert stack.up().changed == {"copy": "create"}
    stack.destroy()
    assert held(crds, "configmap", "legacy") is None


def test_each_provider_of_a_program_has_its_own_settings(engine: Engine, crds: Kubectl) -> None:
    crds.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "engine-other"}})
    reader, path = kubeconfig(crds.as_user("reader")), str(crds.kubeconfig)

    def program(second: str) -> Callable[[], None]:
        def run() -> None:
            other = Provider("other", kubeconfig=second, namespace="engine-other")
            ConfigMap("first", metadata={"name": "in-default"}, data={})
            ConfigMap("second", metadata={"name": "in-other"}, data={}, opts=pulumi.ResourceOptions(provider=other))

        return run

    stack = engine.stack("dev", program(path))
    stack.up()
    assert sorted(each["id"] for each in stack.resources().values()) == ["default/in-default", "engine-other/in-other"]
    stack.destroy()

    refused = engine.stack("refused", program(reader))
    with pytest.raises(FailedError, match="forbidden"):
        refused.up()
    assert list(refused.resources()) == ["first"]
    refused.destroy()


def deleted(stack: Stack) -> list[str]:
    """The names of what was deleted, in order."""
    return stack.destroy().names("delete")


def test_deletion_goes_the_other_way_round(engine: Engine, crds: Kubectl) -> None:
    def program() -> None:
        before = config_map("before", {})
        config_map("after", {}, depends_on=[before])

    stack = engine.stack("dev", program)
    assert stack.up().names("create") == ["before", "after"]
    assert deleted(stack) == ["after", "before"]
