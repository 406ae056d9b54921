"""``pulumi-mesh render --to argocd|flux|helm``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from pulumi_mesh.cli.render import command
from pulumi_mesh.errors import MeshError, OutputError

PROGRAM = """
import pulumi_mesh as pm
istio = pm.Istio("1.31.1", gateways=[pm.GatewayDeployment("edge", namespace="edge")])
"""


def render(folder: Path, *arguments: str, program: str = PROGRAM) -> Result:
    file = folder / "program.py"
    file.write_text(program)
    return CliRunner().invoke(command, [str(file), *arguments], standalone_mode=False)


def test_to_standard_output_in_the_order_of_application(tmp_path: Path) -> None:
    done = render(tmp_path, "--to", "argocd")
    found = [(each["kind"], each["metadata"]["name"]) for each in yaml.safe_load_all(done.stdout)]
    assert found == [
        ("Namespace", "edge"),
        ("Namespace", "istio-system"),
        ("Application", "istio-base"),
        ("Application", "istiod"),
        ("Application", "edge"),
    ]
    as_json = json.loads(render(tmp_path, "--to", "argocd", "--output", "json").stdout)
    assert [(each["kind"], each["metadata"]["name"]) for each in as_json] == found


def test_into_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "istio"
    arguments = ("--to", "flux", "--namespace", "gitops", "--output-dir", str(folder))
    assert render(tmp_path, *arguments).return_value == 0
    assert (folder / "3-istiod" / "gitops" / "helmrelease-istiod.yaml").is_file()
    assert render(tmp_path, *arguments, "--check").return_value == 0
    other = PROGRAM.replace("1.31.1", "1.31.2")
    assert render(tmp_path, *arguments, "--check", program=other).return_value == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--namespace", "a"), "--namespace goes with"),
        (("--to", "helm", "--namespace", "a"), "--namespace goes with"),
        (("--to", "flux", "--stage", "a=1"), "an installation has no stages"),
        (("--to", "flux", "--proxy", "a"), "--proxy goes with"),
    ],
)
def test_options_that_do_not_go_together(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    assert said in str(render(tmp_path, *arguments).exception)


def test_without_helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = render(tmp_path, "--to", "helm")
    assert isinstance(done.exception, MeshError)
    assert "helm is not on PATH" in str(done.exception)


def test_a_file_takes_no_output(tmp_path: Path) -> None:
    program = """
import pulumi
import pulumi_mesh as pm
istio = pm.Istio("1.31.1", values={"global": {"hub": pulumi.Output.from_input("registry.internal")}})
"""
    done = render(tmp_path, "--to", "flux", program=program)
    assert isinstance(done.exception, OutputError)
    assert "istio[0].values['global']['hub']" in str(done.exception)
