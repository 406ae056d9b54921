"""What the installation example becomes: files for Argo CD and for Flux. Names and paths are a promise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_mesh.checks import check
from pulumi_mesh.gitops import argocd_files, flux_files
from pulumi_mesh.loading import load_installation, load_program
from pulumi_mesh.render import snapshot
from pulumi_mesh.render.installation import Installation, installation
from tests.support.golden import compare

HERE = Path(__file__).parent
PROGRAM = str(HERE.parents[1] / "examples" / "installation" / "__main__.py")


@pytest.mark.parametrize(("backend", "files"), [("argocd", argocd_files), ("flux", flux_files)])
def test_files(backend: str, files: Callable[[Installation], dict[str, str]], request: pytest.FixtureRequest) -> None:
    made = {path.replace("/", "."): text for path, text in files(installation(load_installation(PROGRAM))).items()}
    compare(HERE / "installation" / backend, made, refresh=request.config.getoption("--refresh"))


def test_the_mesh_under_it_is_clean() -> None:
    mesh = load_program(PROGRAM)
    assert check(snapshot(mesh)) == ()
    (istio,) = load_installation(PROGRAM)
    (deployed,) = istio.gateways
    (public,) = mesh.gateways
    assert public.selector.items() <= deployed.labels.items()
