"""What a cluster would refuse stops a program in preview, before anything is registered."""

from __future__ import annotations

import pulumi
import pytest

import pulumi_mesh as pm
from pulumi_mesh import deploy, istio

from .engine import run, unknown

BAD = {"hosts": ["*"], "http": [{"route": [{"destination": {"host": "a"}}]}]}


def test_a_listed_object_of_a_mesh() -> None:
    bad = istio.VirtualService("v", namespace="n", spec=BAD)
    with pytest.raises(pm.FindingsError) as raised:
        run(lambda: deploy.Mesh("m", pm.Mesh("m", objects=[bad])))
    assert [(each.code, str(each.refs[0])) for each in raised.value.findings if each.severity == "error"] == [
        ("webhook", "VirtualService n/v spec.hosts[0]")
    ]


def test_an_object_alone() -> None:
    with pytest.raises(pm.FindingsError, match=r"spec\.hosts\[0\]"):
        run(lambda: deploy.Object("o", istio.VirtualService("v", namespace="n", spec=BAD)))


def test_what_an_output_decides_is_judged_when_it_is_known() -> None:
    def program(host: str) -> None:
        spec = {**BAD, "hosts": [pulumi.Output.from_input(host)]}
        deploy.Object("o", istio.VirtualService("v", namespace="n", spec=spec))

    run(lambda: program("shop"))
    with pytest.raises(pm.FindingsError, match=r"spec\.hosts\[0\]"):
        run(lambda: program("*"))


def test_a_value_that_is_not_known_is_not_judged() -> None:
    def program() -> None:
        spec = {**BAD, "hosts": [unknown()]}
        deploy.Object("o", istio.VirtualService("v", namespace="n", spec=spec))

    run(program, preview=True)
