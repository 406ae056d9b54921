"""Finding the control planes that a program installs."""

from __future__ import annotations

from pathlib import Path

import pytest

import pulumi_mesh as pm
from pulumi_mesh.errors import MeshError
from pulumi_mesh.loading import load_installation, load_program

HEAD = "import pulumi_mesh as pm\nfrom pulumi_mesh import deploy\n"
ISTIO = 'istio = pm.Istio("1.31.1")\n'


def program(folder: Path, text: str) -> str:
    file = folder / "program.py"
    file.write_text(HEAD + text)
    return str(file)


@pytest.mark.parametrize(
    "text",
    [
        ISTIO,
        f'{ISTIO}other = pm.Istio("1.31.2")\n',
        'deploy.Installation("istio", pm.Istio("1.31.1"))\n',
        'istio = pm.Istio("1.31.2")\ndeploy.Installation("istio", pm.Istio("1.31.1"))\n',
        'mesh = pm.Mesh("shop", istio=pm.Istio("1.31.1"))\n',
        'deploy.Mesh("shop", pm.Mesh("shop", istio=pm.Istio("1.31.1")))\n',
    ],
)
def test_where_it_is_found(tmp_path: Path, text: str) -> None:
    assert load_installation(program(tmp_path, text)) == (pm.Istio("1.31.1"),)


def test_several_revisions(tmp_path: Path) -> None:
    revisions = 'revisions = [pm.Istio("1.31.1", revision="a", tags=["default"]), pm.Istio("1.31.2", revision="b")]\n'
    deployed = program(tmp_path, f'{revisions}deploy.Installation("istio", revisions)\n')
    assert [each.revision for each in load_installation(deployed)] == ["a", "b"]
    assert [each.revision for each in load_installation(f"{program(tmp_path, revisions)}:revisions")] == ["a", "b"]


def test_the_mesh_beside_it_is_found_as_before(tmp_path: Path) -> None:
    both = f'{ISTIO}deploy.Installation("istio", istio)\ndeploy.Mesh("shop", pm.Mesh("shop"))\n'
    assert load_program(program(tmp_path, both)).name == "shop"


def test_in_yaml(tmp_path: Path) -> None:
    file = tmp_path / "mesh.yaml"
    file.write_text("name: shop\nistio:\n  version: 1.31.1\n  values:\n    pilot: {replicaCount: 2}\n")
    (found,) = load_installation(str(file))
    assert found.values == {"pilot": {"replicaCount": 2}}
    file.write_text("name: shop\nistio:\n  version: 1.31.1\n  values:\n    pilot: {replicaCount: two}\n")
    with pytest.raises(
        pm.InvalidError, match=r"mesh\.yaml:5: istio\.values\.pilot\.replicaCount: needs a whole number"
    ):
        load_installation(str(file))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('mesh = pm.Mesh("shop")\n', "installs no Istio"),
        ('deploy.Installation("a", pm.Istio("1.31.1"))\ndeploy.Installation("b", pm.Istio("1.31.1"))\n', "several"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(MeshError, match=said):
        load_installation(program(tmp_path, text))
