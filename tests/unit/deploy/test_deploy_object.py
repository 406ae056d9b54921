"""One typed object without a mesh, of every API: what the engine is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

import pulumi_mesh as pm
from pulumi_mesh import deploy, gateway_api, istio
from pulumi_mesh.gateway_api import experimental
from pulumi_mesh.manifests.wire import from_wire, to_wire
from pulumi_mesh.objects import Object
from tests.unit.manifests.bodies import EXPERIMENTAL, GATEWAY_API, ISTIO

from .engine import UNKNOWN, run, secret, unknown

KINDS = [
    pytest.param(getattr(package, kind), spec, id=f"{package.__name__.rpartition('.')[2]}-{kind}")
    for package, specs in ((istio, ISTIO), (gateway_api, GATEWAY_API), (experimental, EXPERIMENTAL))
    for kind, spec in specs.items()
]


@pytest.mark.parametrize(("cls", "spec"), KINDS)
def test_every_kind_becomes_one_resource_with_its_whole_manifest(cls: Any, spec: dict[str, Any]) -> None:
    made: Object = cls("x", **({"namespace": "n"} if cls.namespaced else {}), spec=spec)
    engine = run(lambda: deploy.Object("raw", made))
    child = engine.named("raw/" + (f"{cls.kind}/n/x" if cls.namespaced else f"{cls.kind}/x"))
    assert child.type == f"kubernetes:{cls.api_version}:{cls.kind}"
    inputs: Any = child.inputs
    assert from_wire(without_floats(inputs)) == from_wire(to_wire(made))
    assert engine.outputs[child.parent]["objects"] == [child.inputs]


def without_floats(value: Any) -> Any:
    """The engine's protocol has only floats; whole ones become numbers as manifests have them."""
    if isinstance(value, dict):
        return {key: without_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_floats(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def route(backend: Any, hostname: Any) -> gateway_api.HTTPRoute:
    rule = gateway_api.http_route.Rule(backend_refs=[{"name": backend, "port": 80}])
    spec = gateway_api.http_route.HTTPRouteSpec(hostnames=[hostname], rules=[rule])
    return gateway_api.HTTPRoute("shop", namespace="n", labels={"team": hostname}, spec=spec)


def plugin(image: Any, token: Any) -> istio.WasmPlugin:
    return istio.WasmPlugin("shop", namespace="n", spec={"url": image, "pluginConfig": {"token": [token]}})


def test_outputs_stand_at_the_leaves_of_gateway_api_objects() -> None:
    engine = run(lambda: deploy.Object("o", route(pulumi.Output.secret("cart-7f3a"), pulumi.Output.concat("a", ".b"))))
    inputs = engine.named("o/HTTPRoute/n/shop").inputs
    assert inputs["spec"]["rules"] == [{"backendRefs": [{"name": secret("cart-7f3a"), "port": 80}]}]
    assert inputs["spec"]["hostnames"] == ["a.b"]
    assert inputs["metadata"]["labels"] == {"team": "a.b"}


def test_outputs_stand_at_the_leaves_of_what_has_no_fields_of_its_own() -> None:
    def program() -> None:
        image = pulumi.Output.from_input("oci://registry.example.com/a:1")
        deploy.Object("o", plugin(image, pulumi.Output.secret("hush")))

    spec = run(program).named("o/WasmPlugin/n/shop").inputs["spec"]
    assert spec == {"url": "oci://registry.example.com/a:1", "pluginConfig": {"token": [secret("hush")]}}


def test_what_only_an_update_knows_is_unknown_in_the_preview() -> None:
    engine = run(lambda: deploy.Object("o", route(unknown(), "a.b")), preview=True)
    assert engine.named("o/HTTPRoute/n/shop").inputs["spec"]["rules"][0]["backendRefs"][0]["name"] == UNKNOWN


WRONG: dict[str, Callable[[pulumi.Output[Any]], object]] = {
    "name": lambda output: gateway_api.HTTPRoute(output, namespace="n"),  # type: ignore[arg-type]  # the mistake
    "enum": lambda output: gateway_api.http_route.PathMatch(type=output, value="/"),  # type: ignore[arg-type]  # as above
    "number": lambda output: gateway_api.http_route.BackendRef(name="a", port=output),  # type: ignore[arg-type]  # as above
    "list": lambda output: gateway_api.http_route.HTTPRouteSpec(hostnames=output),  # type: ignore[arg-type]  # as above
}


@pytest.mark.parametrize("case", WRONG)
def test_an_output_that_would_decide_structure_is_refused(case: str) -> None:
    with pytest.raises(pm.InvalidError, match="Output"):
        run(lambda: WRONG[case](pulumi.Output.from_input("a")))
