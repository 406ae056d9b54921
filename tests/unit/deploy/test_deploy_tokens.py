"""Tokens that stand for Outputs while pure functions run, and findings that meet them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pytest_mock import MockerFixture

import pulumi_mesh as pm
from pulumi_mesh import deploy, istio
from pulumi_mesh.deploy.tokens import fill, put_back, take
from pulumi_mesh.refs import Ref
from pulumi_mesh.typed import is_output

from .engine import run


def in_program(look: Callable[[pulumi.Output[str]], None]) -> None:
    """Call with an Output; it needs a program to be in."""
    run(lambda: look(pulumi.Output.from_input("value")))


def test_what_holds_no_output_stays_the_same_object() -> None:
    mesh = pm.Mesh("m", namespaces=[pm.Namespace("a", labels={"x": "y"})])
    plain, places = take(mesh, "m")
    assert plain is mesh
    assert not places


def test_a_token_tells_nothing_of_the_value_and_its_place_is_known() -> None:
    def look(output: pulumi.Output[str]) -> None:
        namespace = pm.Namespace("a", labels={"x": output, "y": output})
        plain, places = take(namespace, "N")
        assert plain.labels == {"x": "\ue0000\ue001", "y": "\ue0000\ue001"}
        assert [place.path for place in places.values()] == ["N.labels['x']"]
        assert fill(plain, {"\ue0000\ue001": "known"}).labels == {"x": "known", "y": "known"}

    in_program(look)


def test_outputs_come_back_where_they_were() -> None:
    def look(output: pulumi.Output[str]) -> None:
        _, places = take(pm.Namespace("a", physical_name=output), "N")
        (token,) = places
        made = put_back({"one": token, "in": [f"a.{token}.b", "plain", 5, None, True]}, places, "x")
        assert made["one"] is output
        assert is_output(made["in"][0])
        assert made["in"][1:] == ["plain", 5, None, True]

    in_program(look)


@pytest.mark.parametrize(
    ("spoil", "where"),
    [
        (lambda token: {token: 1}, "x.a"),
        (lambda token: [{f"key-{token}": "value"}], "x.a[0]"),
        (lambda token: token[:-1], "x.a"),
        (lambda token: f"{token} and {token[:2]}", "x.a"),
        (lambda token: "\ue0007\ue001", "x.a"),
    ],
)
def test_a_token_in_a_key_or_in_pieces_is_refused(spoil: Callable[[str], Any], where: str) -> None:
    def look(output: pulumi.Output[str]) -> None:
        _, places = take(pm.Namespace("a", physical_name=output), "N")
        with pytest.raises(pm.OutputError) as raised:
            put_back({"a": spoil(next(iter(places)))}, places, "x")
        assert raised.value.where == where
        assert "\ue000" not in str(raised.value)

    in_program(look)


def finding(severity: Any, message: str) -> pm.Finding:
    return pm.Finding("some-code", severity, message, refs=(Ref("VirtualService", "n", "r", "spec"),), fix="mend it")


def test_an_error_stops_before_anything_is_registered(mocker: MockerFixture) -> None:
    found = (finding("error", "first"), finding("warning", "second"), finding("error", "third"))
    mocker.patch("pulumi_mesh.deploy.mesh._findings", return_value=found)
    registered: list[object] = []

    def program() -> None:
        with pytest.raises(pm.FindingsError) as raised:
            deploy.Mesh("m", pm.Mesh("m", namespaces=[pm.Namespace("a")]))
        registered.append(raised.value)
        assert raised.value.findings == found
        assert str(raised.value).splitlines() == [
            "2 errors found in the mesh:",
            "VirtualService n/r spec: some-code: first (mend it)",
            "VirtualService n/r spec: some-code: third (mend it)",
        ]

    assert not run(program).resources
    assert len(registered) == 1


def test_checks_across_objects_stop_a_deployment_too() -> None:
    cart = pm.Service("cart", namespace="shop", port=80, versions=["v1"])
    routes = [{"route": [{"destination": {"host": "cart.shop.svc.cluster.local", "subset": "v9"}}]}]
    raw = istio.VirtualService(
        "cart", namespace="shop", spec={"hosts": ["cart.shop.svc.cluster.local"], "http": routes}
    )

    def program() -> None:
        with pytest.raises(pm.FindingsError, match="v9"):
            deploy.Mesh("m", pm.Mesh("m", services=[cart], objects=[raw]))

    assert not run(program).resources


def test_warnings_are_logged(mocker: MockerFixture) -> None:
    mocker.patch("pulumi_mesh.deploy.mesh._findings", return_value=(finding("warning", "odd"), finding("info", "fyi")))
    engine = run(lambda: deploy.Mesh("m", pm.Mesh("m", namespaces=[pm.Namespace("a")])))
    assert engine.warnings == ["VirtualService n/r spec: some-code: odd (mend it)"]
    assert "m/Namespace/a" in engine.children


def of_names(severity: Any) -> Callable[[pm.Mesh, object], tuple[pm.Finding, ...]]:
    """A check with something to say of every namespace's name in the cluster."""
    return lambda mesh, _: tuple(finding(severity, f"named {each.physical_name}") for each in mesh.namespaces)


def named(output: Callable[[], Any]) -> Callable[[], object]:
    return lambda: deploy.Mesh("m", pm.Mesh("m", namespaces=[pm.Namespace("a", physical_name=output())]))


def test_a_finding_that_touches_an_output_waits_for_its_value(mocker: MockerFixture) -> None:
    mocker.patch("pulumi_mesh.deploy.mesh._findings", side_effect=of_names("warning"))
    engine = run(named(lambda: pulumi.Output.from_input("a-1")))
    assert engine.warnings == ["VirtualService n/r spec: some-code: named a-1 (mend it)"]
    assert run(named(lambda: pulumi.Output.secret("a-1"))).warnings == []
    assert run(named(lambda: pulumi.Output.from_input(pulumi.UNKNOWN)), preview=True).warnings == []


def test_an_error_that_touches_an_output_comes_with_its_value(mocker: MockerFixture) -> None:
    mocker.patch("pulumi_mesh.deploy.mesh._findings", side_effect=of_names("error"))
    with pytest.raises(pm.FindingsError, match="named a-1"):
        run(named(lambda: pulumi.Output.from_input("a-1")))
    with pytest.raises(pm.InvalidError) as raised:
        run(named(lambda: pulumi.Output.secret("a-1")))
    assert "a-1" not in str(raised.value)


def test_an_error_from_rendering_names_the_place_of_an_output() -> None:
    def program() -> None:
        output = pulumi.Output.from_input("a-1")
        with pytest.raises(pm.InvalidError) as raised:
            mesh = pm.Mesh("m", namespaces=[pm.Namespace("a", physical_name=output)])
            deploy.Mesh("m", mesh.replace(objects=[istio.Telemetry("t", namespace="a", spec={})]), stages={"x": 1})
        assert "\ue000" not in str(raised.value)

    assert not run(program).resources
