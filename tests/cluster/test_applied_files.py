"""Rendered files, applied to a real API server phase by phase: accepted, stored as written, changed by nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from pulumi_mesh.loading import load_program
from pulumi_mesh.manifests.wire import to_wire
from pulumi_mesh.render import render as render_mesh
from tests.cluster.tools.istiod import NAMESPACE
from tests.cluster.tools.kubectl import Kubectl, RefusedError, key_of
from tests.cluster.tools.pipeline import apply, declared, manifests, prune, render, stored
from tests.cluster.tools.programs import BOOKINFO, CASES, SMALLEST

TWO_ROUTES = """
import pulumi_mesh as pm
hello = pm.Service("hello", namespace="default", port=8080)
public = pm.Gateway("public", listeners=[pm.Listener("http", port=80)])
def route(name, host):
    return pm.HTTPRoute(name, gateways=[public], hostnames=[host], rules=[pm.Rule(backends=[hello])])
mesh = pm.Mesh("hello", services=[hello], gateways=[public], routes=[
    route("kept", "kept.example.com"),
    route("dropped", "dropped.example.com"),
])
"""


@pytest.mark.parametrize("case", CASES)
def test_the_server_holds_what_an_example_declares_and_nothing_else(
    case: str, kubectl: Kubectl, istio_kinds: list[str], tmp_path: Path
) -> None:
    program, stages = CASES[case]
    render(program, tmp_path, stages=stages)
    apply(kubectl, tmp_path)

    assert stored(kubectl, istio_kinds) == declared(tmp_path)
    # Files are one way to the server, objects in a program the other: both hold the same.
    assert set(manifests(tmp_path)) == {
        key_of(to_wire(each)) for each in render_mesh(load_program(str(program)).at(stages)).objects
    }


@pytest.mark.parametrize("case", CASES)
def test_a_second_apply_changes_nothing(case: str, kubectl: Kubectl, istio_kinds: list[str], tmp_path: Path) -> None:
    program, stages = CASES[case]
    render(program, tmp_path, stages=stages)
    apply(kubectl, tmp_path)
    before = kubectl.versions([*istio_kinds, "namespaces"])

    assert render(program, tmp_path, stages=stages)["written"] == []
    apply(kubectl, tmp_path)

    assert kubectl.versions([*istio_kinds, "namespaces"]) == before


def test_a_canary_stage_changes_its_route_alone(kubectl: Kubectl, istio_kinds: list[str], tmp_path: Path) -> None:
    for stage in range(5):
        render(BOOKINFO, tmp_path, stages={"reviews": stage})
        before = kubectl.versions([*istio_kinds, "namespaces"])
        apply(kubectl, tmp_path)
        after = kubectl.versions([*istio_kinds, "namespaces"])
        if stage:
            changed = {key for key in after.keys() | before.keys() if after.get(key) != before.get(key)}
            assert changed == {("VirtualService", "bookinfo", "reviews")}
        assert stored(kubectl, istio_kinds) == declared(tmp_path)


def test_a_stale_object_is_pruned_and_no_other(kubectl: Kubectl, istio_kinds: list[str], tmp_path: Path) -> None:
    program, folder, before = tmp_path / "shop.py", tmp_path / "files", tmp_path / "before"
    program.write_text(TWO_ROUTES)
    render(program, folder)
    apply(kubectl, folder)
    foreign = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "foreign", "namespace": "default"},
        "spec": {"hosts": ["foreign.example.com"], "http": [{"route": [{"destination": {"host": "foreign"}}]}]},
    }
    kubectl.apply(foreign)
    assert ("VirtualService", "default", "dropped") in stored(kubectl, istio_kinds)

    shutil.copytree(folder, before)
    program.write_text(TWO_ROUTES.replace('    route("dropped", "dropped.example.com"),\n', ""))
    changes = render(program, folder)
    apply(kubectl, folder)
    prune(kubectl, before, changes["pruned"])

    expected = {**declared(folder), ("VirtualService", "default", "foreign"): foreign["spec"]}
    assert stored(kubectl, istio_kinds) == expected
    assert ("VirtualService", "default", "dropped") not in expected


def test_a_hand_edit_is_undone_and_another_managers_field_is_kept(
    kubectl: Kubectl, istio_kinds: list[str], tmp_path: Path
) -> None:
    render(BOOKINFO, tmp_path)
    apply(kubectl, tmp_path)
    path = next(tmp_path.rglob("virtualservice-reviews.yaml"))
    edited = yaml.safe_load(path.read_text())
    edited["spec"]["http"][1]["route"][0]["weight"] = 1
    kubectl.apply(edited)
    kubectl("label", "virtualservice/reviews", "--namespace=bookinfo", "team=shop")

    with pytest.raises(RefusedError, match="conflict"):
        apply(kubectl, tmp_path)
    kubectl("apply", "--server-side", "--field-manager=pipeline", "--force-conflicts", f"--filename={path}")

    assert stored(kubectl, istio_kinds) == declared(tmp_path)
    labels = kubectl.get("virtualservice/reviews", "--namespace=bookinfo")["metadata"]["labels"]
    assert labels == {"team": "shop"}


def test_one_without_rights_is_refused(kubectl: Kubectl, tmp_path: Path) -> None:
    render(SMALLEST, tmp_path)
    with pytest.raises(RefusedError, match="forbidden"):
        apply(kubectl.as_user("reader"), tmp_path)
    with pytest.raises(RefusedError, match="not found"):
        kubectl.get("gateway.networking.istio.io/public", f"--namespace={NAMESPACE}")
