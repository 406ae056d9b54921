"""Two ways to the server, one end: files that a pipeline applies with kubectl, and ``pulumi up``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_mesh import deploy
from pulumi_mesh.loading import load_program
from tests.cluster.tools.engine import Engine
from tests.cluster.tools.kubectl import Key, Kubectl, key_of
from tests.cluster.tools.pipeline import KUSTOMIZATION, apply, manifests, render
from tests.cluster.tools.programs import CASES

# The server's own, and who wrote which field: what the two ways are to differ in.
_METADATA = {"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"}


@pytest.mark.parametrize("case", ["bookinfo at its second stage", "every field"])
def test_files_and_pulumi_end_in_the_same_objects(
    case: str, engine: Engine, kubectl: Kubectl, istio_kinds: list[str], tmp_path: Path
) -> None:
    program, stages = CASES[case]
    mesh, files = load_program(str(program)), tmp_path / "files"
    render(program, files, stages=stages)
    apply(kubectl, files)
    by_files = everything(kubectl, istio_kinds, files)
    assert len(by_files) == len(manifests(files))
    written = [path for path in sorted(files.rglob("*.yaml"), reverse=True) if path.name != KUSTOMIZATION]
    kubectl("delete", *(f"--filename={path}" for path in written))
    assert everything(kubectl, istio_kinds, files) == {}

    stack = engine.stack("dev", lambda: deploy.Mesh("mesh", mesh, stages=stages))
    stack.up()
    assert everything(kubectl, istio_kinds, files) == by_files

    # Nor does the one find anything to change in what the other did.
    apply(kubectl, files)
    assert everything(kubectl, istio_kinds, files) == by_files
    assert stack.up().changed == {}
    stack.destroy()


def everything(kubectl: Kubectl, kinds: list[str], files: Path) -> dict[Key, Any]:
    """All Istio objects, and the namespaces of the files, without what is the server's."""
    declared = {key for key in manifests(files) if key[0] == "Namespace"}
    found = kubectl.get("--all-namespaces", ",".join([*kinds, "namespaces"]))["items"]
    return {
        key_of(each): {**each, "metadata": {k: v for k, v in each["metadata"].items() if k not in _METADATA}}
        for each in found
        if each["kind"] != "Namespace" or key_of(each) in declared
    }
