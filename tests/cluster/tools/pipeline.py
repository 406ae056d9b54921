"""What a pipeline does with a folder that ``pulumi-mesh render --output-dir`` wrote, with kubectl alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

from pulumi_mesh.cli import cli
from tests.cluster.tools.kubectl import Key, Kubectl, key_of

KUSTOMIZATION = "kustomization.yaml"


def render(program: Path, folder: Path, *, stages: dict[str, int] | None = None) -> dict[str, list[str]]:
    """Run ``pulumi-mesh render``; returns the paths that were written, left unchanged and pruned."""
    chosen = [f"--stage={name}={stage}" for name, stage in (stages or {}).items()]
    arguments = ["render", str(program), *chosen, "--output-dir", str(folder), "--output", "json"]
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    changes: dict[str, list[str]] = json.loads(done.stdout)
    return changes


def apply(kubectl: Kubectl, folder: Path) -> str:
    """Apply the phases in their order, server-side, as a manager that takes nothing from another by force."""
    return "".join(
        kubectl("apply", "--server-side", "--field-manager=pipeline", f"--kustomize={phase}")
        for phase in sorted(folder.iterdir())
        if phase.is_dir()
    )


def prune(kubectl: Kubectl, before: Path, pruned: list[str]) -> str:
    """Delete what the files say that the last render pruned, the last phase first: routes before what they use.

    before: the folder as it was before that render, which a pipeline has in Git.
    """
    stale = [path for path in sorted(pruned, reverse=True) if not path.endswith(KUSTOMIZATION)]
    return "".join(kubectl("delete", f"--filename={before / path}") for path in stale)


def manifests(folder: Path) -> dict[Key, Any]:
    """The objects of the folder."""
    found = [yaml.safe_load(path.read_text()) for path in folder.rglob("*.yaml") if path.name != KUSTOMIZATION]
    return {key_of(each): each for each in found}


def declared(folder: Path) -> dict[Key, Any]:
    """The spec of every Istio object of the folder."""
    return {key: each.get("spec", {}) for key, each in manifests(folder).items() if key[0] != "Namespace"}


def stored(kubectl: Kubectl, kinds: list[str]) -> dict[Key, Any]:
    """The spec of every object of these kinds that the API server holds."""
    return {key_of(each): each.get("spec", {}) for each in kubectl.get("--all-namespaces", ",".join(kinds))["items"]}
