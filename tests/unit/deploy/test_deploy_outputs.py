"""Outputs in a mesh: known, unknown, secret; where they may stand, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

import pulumi_mesh as pm
from pulumi_mesh import deploy, istio, kubernetes
from pulumi_mesh.render import render

from .engine import UNKNOWN, Engine, run, secret, unknown


def shop(namespace: Any, hostname: Any, certificate: Any) -> pm.Mesh:
    """A mesh with the three Outputs that programs have most: another stack's names."""
    spaces = [pm.Namespace("shop", injection=True, physical_name=namespace)]
    cart = pm.Service("cart", namespace="shop", port=8080, versions=["v1"])
    payments = pm.Service("payments", namespace="shop", port=443).external(hostname=hostname)
    listener = pm.Listener("https", port=443, protocol="HTTPS", certificate=certificate)
    public = pm.Gateway("public", namespace="shop", listeners=[listener])
    return pm.Mesh(
        "shop",
        namespaces=spaces,
        services=[cart],
        gateways=[public],
        routes=[
            pm.HTTPRoute(
                "front",
                gateways=[public],
                rules=[
                    pm.Rule(matches=[pm.Path("/pay")], backends=[payments], rewrite=pm.Rewrite(hostname=hostname)),
                    pm.Rule(backends=[cart]),
                ],
            )
        ],
        mutual_tls=[pm.MutualTLS("STRICT", namespace="shop")],
        authorization=[
            pm.AuthorizationPolicy("cart", target=cart, rules=[pm.AuthorizationRule(principals=[public])]),
        ],
    )


VALUES = ("shop-7f3a", "pay.example.com", "cert-2026")


def deployed(make: Callable[[str], Any], *, preview: bool = False) -> Engine:
    """The mesh with each of the values made an Output."""
    return run(lambda: deploy.Mesh("shop", shop(*map(make, VALUES))), preview=preview)


def known(value: str) -> pulumi.Output[str]:
    return pulumi.Output.from_input(value)


def marked(value: Any) -> Any:
    """What the engine gets for a secret: text that holds one of the values is marked as a whole."""
    if isinstance(value, dict):
        return {key: marked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [marked(item) for item in value]
    return secret(value) if isinstance(value, str) and any(each in value for each in VALUES) else value


def hidden(value: Any) -> Any:
    """What the engine gets for a value that is not known yet."""
    if isinstance(value, dict):
        return {key: hidden(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hidden(item) for item in value]
    return UNKNOWN if isinstance(value, str) and any(each in value for each in VALUES) else value


def as_text(manifest: dict[str, Any]) -> str:
    return json.dumps(manifest, sort_keys=True)


def inputs(engine: Engine) -> dict[str, Any]:
    return {name: child.inputs for name, child in engine.children.items()}


def test_known_outputs_give_what_plain_text_gives() -> None:
    plain = deployed(lambda value: value)
    assert inputs(deployed(known)) == inputs(plain)
    spec = inputs(plain)["shop/VirtualService/shop/front"]["spec"]
    assert spec["gateways"] == ["shop-7f3a/public"]
    assert spec["http"][0]["rewrite"] == {"authority": "pay.example.com"}
    assert inputs(plain)["shop/Namespace/shop"]["metadata"]["name"] == "shop-7f3a"
    assert inputs(plain)["shop/Gateway/shop/public"]["spec"]["servers"][0]["tls"]["credentialName"] == "cert-2026"


def test_secret_outputs_stay_secret() -> None:
    engine = deployed(pulumi.Output.secret)
    assert inputs(engine) == marked(inputs(deployed(known)))
    component = engine.named("shop")
    outputs = next(outputs for urn, outputs in engine.outputs.items() if urn.endswith("mesh:index:Mesh::shop"))
    assert component.inputs == {}
    # Children of one phase are registered at once, so the engine sees them in any order.
    registered = [child.inputs for child in engine.children.values()]
    assert sorted(outputs["objects"], key=as_text) == sorted(registered, key=as_text)


def test_unknown_outputs_stay_unknown() -> None:
    assert inputs(deployed(lambda _: unknown(), preview=True)) == hidden(inputs(deployed(known)))


def test_nothing_becomes_text_by_accident() -> None:
    for engine in (deployed(known), deployed(pulumi.Output.secret), deployed(lambda _: unknown(), preview=True)):
        text = json.dumps([*inputs(engine).values(), *engine.outputs.values()])
        assert "Output" not in text
        assert "__str__" not in text
        assert not any(mark in text for mark in ("\\ue000", "\\ue001"))
        assert engine.warnings == []


def test_an_output_that_was_formatted_into_text_is_refused() -> None:
    texts: list[str] = []
    run(lambda: texts.append(f"{pulumi.Output.from_input('x')}"))
    (text,) = texts
    with pytest.raises(pm.InvalidError, match="an Output was formatted into this text"):
        pm.Path(f"/{text}")
    mesh = pm.Mesh("m", namespaces=[pm.Namespace("a", labels={"team": text})])
    raw = istio.VirtualService("v", namespace="a", spec={"hosts": [text]})
    place = """Mesh("m").namespaces["a"].labels['team']"""
    for make, path in (
        (lambda: render(mesh), place),
        (lambda: run(lambda: deploy.Mesh("m", mesh)), place),
        (lambda: run(lambda: deploy.Object("v", raw)), 'VirtualService("v").spec.hosts[0]'),
    ):
        with pytest.raises(pm.OutputError, match="an Output was formatted into this text") as raised:
            make()
        assert raised.value.where == path


def test_names_are_of_the_model_not_of_outputs() -> None:
    assert inputs(deployed(known)).keys() == {
        "shop/Namespace/shop",
        "shop/Gateway/shop/public",
        "shop/DestinationRule/shop/cart",
        "shop/AuthorizationPolicy/shop/cart",
        "shop/PeerAuthentication/shop/default",
        "shop/VirtualService/shop/front",
    }


def test_a_resource_that_an_output_comes_from_is_depended_on() -> None:
    def program() -> None:
        made = pulumi.CustomResource("test:index:Thing", "thing", {"name": "x"})
        mesh = pm.Mesh("m", namespaces=[pm.Namespace("a", physical_name=made.urn.apply(lambda _: "a-1"))])
        deploy.Mesh("m", mesh)

    child = run(program).named("m/Namespace/a")
    assert {urn.rpartition("::")[2] for urn in child.dependencies} == {"thing"}
    assert child.inputs["metadata"]["name"] == "a-1"


Build = Callable[[Any], object]
SERVICE = pm.Service("s", namespace="n", port=80, versions=["v1"])

FORBIDDEN: dict[str, tuple[Build, str]] = {
    "mesh name": (pm.Mesh, "Mesh.name"),
    "service name": (lambda o: pm.Service(o, namespace="n", port=80), "Service.name"),
    "service namespace": (lambda o: pm.Service("s", namespace=o, port=80), 'Service("s").namespace'),
    "version name": (pm.Version, "Version.name"),
    "version in a service": (
        lambda o: pm.Service("s", namespace="n", port=80, versions=[pm.Version("v1"), o]),
        'Service("s").versions[1]',
    ),
    "port": (pm.Port, "Port.number"),
    "namespace name": (pm.Namespace, "Namespace.name"),
    "revision": (lambda o: pm.Namespace("n", revision=o), 'Namespace("n").revision'),
    "listener host name": (lambda o: pm.Listener("l", port=80, hostnames=[o]), 'Listener("l").hostnames[0]'),
    "listener protocol": (lambda o: pm.Listener("l", port=80, protocol=o), 'Listener("l").protocol'),
    "route host name": (
        lambda o: pm.HTTPRoute("r", services=[SERVICE], hostnames=[o], rules=[pm.Rule(backends=[SERVICE])]),
        'HTTPRoute("r").hostnames[0]',
    ),
    "weight": (lambda o: pm.Backend(SERVICE, weight=o), "Backend.weight"),
    "timeout": (lambda o: pm.Rule(backends=[SERVICE], timeout=o), "Rule.timeout"),
    "mode": (pm.MutualTLS, "MutualTLS.mode"),
    "policy name": (lambda o: pm.AuthorizationPolicy(o, namespace="n"), "AuthorizationPolicy.name"),
    "key of labels": (
        lambda o: pm.Namespace("n", labels={o: "x"}),
        'Namespace("n").labels',
    ),
    "object name": (lambda o: istio.VirtualService(o, spec={}), "VirtualService.name"),
    "object namespace": (lambda o: istio.VirtualService("v", namespace=o, spec={}), 'VirtualService("v").namespace'),
}


@pytest.mark.parametrize("place", FORBIDDEN)
@pytest.mark.parametrize("make", [known, pulumi.Output.secret])
def test_an_output_that_decides_structure_is_refused_with_its_path(place: str, make: Callable[[str], Any]) -> None:
    build, path = FORBIDDEN[place]
    raised: list[pm.InvalidError] = []

    def program() -> None:
        with pytest.raises(pm.InvalidError) as caught:
            build(make("value"))
        raised.append(caught.value)

    assert not run(program).resources
    where, message = raised[0].problems[0]
    assert where.startswith(path)
    assert "Output" in message
    assert "__str__" not in str(raised[0])
    assert "value" not in message.replace("the value", "")


def test_a_text_with_token_characters_is_refused() -> None:
    mesh = pm.Mesh("m", namespaces=[pm.Namespace("a", labels={"x": "\ue0000\ue001"})])
    with pytest.raises(pm.InvalidError) as raised:
        run(lambda: deploy.Mesh("m", mesh))
    assert str(raised.value).startswith("""Mesh("m").namespaces["a"].labels['x']: holds the private character""")


def one_namespace(output: Any) -> Callable[[], object]:
    return lambda: deploy.Mesh("m", pm.Mesh("m", namespaces=[pm.Namespace("a", physical_name=output())]))


def test_a_value_is_validated_once_it_is_known() -> None:
    with pytest.raises(pm.InvalidError) as raised:
        run(one_namespace(lambda: known("Not A Name")))
    assert str(raised.value).startswith("Namespace(\"a\").physical_name: 'Not A Name' is not a name")


def test_a_secret_value_that_does_not_fit_is_not_shown() -> None:
    with pytest.raises(pm.InvalidError) as raised:
        run(one_namespace(lambda: pulumi.Output.secret("Not A Name")))
    assert str(raised.value) == 'Mesh("m").namespaces["a"].physical_name: a secret value does not fit here'


@pytest.mark.parametrize(("value", "kind"), [(None, "nothing (null)"), (5, "a number"), (["a"], "a list")])
def test_a_value_inside_a_text_must_be_text(value: Any, kind: str) -> None:
    spec = {"hosts": ["x"], "http": [{"route": [{"destination": {"host": "x"}}]}]}
    made = istio.VirtualService("v", namespace="n", spec=spec, annotations={"a": "b"})

    def program() -> None:
        output: pulumi.Output[Any] = pulumi.Output.from_input(value)
        cart = pm.Service("cart", namespace="shop", port=80, versions=["v1"])
        spaces = [pm.Namespace("shop", physical_name=output).external()]
        deploy.Mesh("m", pm.Mesh("m", namespaces=spaces, services=[cart], objects=[made]))

    with pytest.raises(pm.MeshError) as raised:
        run(program)
    assert raised.value.where in ('Mesh("m").namespaces["shop"].physical_name', 'Namespace("shop").physical_name')
    assert kind in raised.value.message


def test_outputs_of_any_kind_may_stand_in_opaque_fields() -> None:
    def program() -> None:
        patch = {"operation": "MERGE", "value": {"port": pulumi.Output.from_input(8443), "on": known("yes")}}
        spec = {"configPatches": [{"applyTo": "CLUSTER", "patch": patch}]}
        deploy.Object("o", istio.EnvoyFilter("f", namespace="n", spec=spec))

    patch = run(program).named("o/EnvoyFilter/n/f").inputs["spec"]["configPatches"][0]["patch"]
    assert patch == {"operation": "MERGE", "value": {"port": 8443, "on": "yes"}}


def test_the_values_of_a_secret_are_secret_and_not_among_the_outputs() -> None:
    made = kubernetes.Secret("cert", namespace="n", type="kubernetes.io/tls", data={"tls.key": "c2VjcmV0"})
    engine = run(lambda: deploy.Mesh("m", pm.Mesh("m", objects=[made])))
    child = engine.named("m/Secret/n/cert")
    assert child.inputs["data"] == secret({"tls.key": "c2VjcmV0"})
    assert child.secret_outputs == ("data", "stringData")
    assert "c2VjcmV0" not in json.dumps(list(engine.outputs.values()))
    assert "c2VjcmV0" not in repr(made)


def test_the_same_output_in_two_places_is_one() -> None:
    """Two services that are equal stay equal, or the mesh would hold two declarations of one."""

    def program() -> None:
        output: Any = known("db.example.com")
        one = pm.Service("db", namespace="n", port=80).external(hostname=output)
        two = pm.Service("db", namespace="n", port=80).external(hostname=output)
        route = pm.HTTPRoute("r", services=[one], rules=[pm.Rule(backends=[two])])
        deploy.Mesh("m", pm.Mesh("m", routes=[route]))

    spec = run(program).named("m/VirtualService/n/r").inputs["spec"]
    assert spec["hosts"] == ["db.example.com"]
    assert spec["http"][0]["route"][0]["destination"]["host"] == "db.example.com"
