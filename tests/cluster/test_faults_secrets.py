"""What is secret stays so: not in the state or its history, in what is printed, in errors, or in rendered files."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pulumi
import pytest

import pulumi_mesh as pm
from pulumi_mesh import deploy, gitops, kubernetes
from pulumi_mesh.errors import MeshError
from pulumi_mesh.render import render
from tests.cluster.tools.engine import Engine
from tests.cluster.tools.faulty_server import FaultyServer, Refuse, creates, first
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.steps import FailedError

NAMESPACE = "secretive"
KEY, TOKEN, HOST = "kept-key-4711", "kept-token-4712", "kept-host-4713.example.com"
LATER, WRONG = "kept-token-4714", "Kept Host 4715!"


def hidden() -> list[bytes]:
    """The values, and what they look like in base64."""
    texts = [KEY, TOKEN, HOST, LATER, WRONG]
    return [form for text in texts for form in (text.encode(), base64.b64encode(text.encode()))]


def credential(kind: str = "Opaque") -> kubernetes.Secret:
    """A Secret of plain text, which a program may have read from anywhere."""
    return kubernetes.Secret("credential", namespace=NAMESPACE, type=kind, string_data={"key": KEY})


def program(token: str, host: str = HOST, kind: str = "Opaque") -> Callable[[], object]:
    def run() -> None:
        cart = pm.Service("cart", namespace=NAMESPACE, port=8080)
        public = pm.Gateway("public", namespace=NAMESPACE, listeners=[pm.Listener("http", port=80)])
        rule = pm.Rule(
            backends=[cart],
            rewrite=pm.Rewrite(hostname=pulumi.Output.secret(host)),
            request_headers=pm.HeaderChanges(
                set={"authorization": pulumi.Output.secret(token).apply("Bearer {}".format)}
            ),
        )
        route = pm.HTTPRoute("cart", gateways=[public], hostnames=["cart.example.com"], rules=[rule])
        objects = [credential(kind)]
        deploy.Mesh("shop", pm.Mesh("shop", services=[cart], gateways=[public], routes=[route], objects=objects))

    return run


def test_nothing_secret_is_written_or_said(
    engine: Engine,
    kubectl: Kubectl,
    faulty: FaultyServer,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capfd: pytest.CaptureFixture[str],
) -> None:
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    stack = engine.stack("dev", program(TOKEN), kubeconfig=faulty.kubeconfig)
    said = [stack.preview(diff=True).output]
    with faulty.having(first(1, Refuse(500), creates("secrets"))), pytest.raises(FailedError) as failed:
        stack.up()
    said += [str(failed.value), failed.value.result.output]
    with pytest.raises(FailedError, match=r"data\[tls\.crt\]: Required value") as failed:
        stack.running(program(TOKEN, kind="kubernetes.io/tls")).up()
    said += [str(failed.value), failed.value.result.output]
    said += [stack.running(program(TOKEN)).up().output]

    # It did arrive: otherwise there would be nothing to hide.
    route = kubectl.get("virtualservice/cart", f"--namespace={NAMESPACE}")["spec"]["http"][0]
    assert route["headers"]["request"]["set"] == {"authorization": f"Bearer {TOKEN}"}
    assert route["rewrite"] == {"authority": HOST}
    stored = kubectl.get("secret/credential", f"--namespace={NAMESPACE}")["data"]["key"]
    assert base64.b64decode(stored).decode() == KEY

    # A difference, on either side, is shown as one between secrets.
    kubectl(
        "patch",
        "secret/credential",
        f"--namespace={NAMESPACE}",
        "--type=merge",
        '--patch={"stringData": {"key": "by hand"}}',
    )
    said += [stack.refresh().output, stack.running(program(LATER)).preview(diff=True).output]
    assert "[secret]" in said[-1]
    said += [stack.up().output]
    with pytest.raises(FailedError, match="a secret value does not fit here") as failed:
        stack.running(program(LATER, WRONG)).up()
    said += [str(failed.value), failed.value.result.output]
    said += [*capfd.readouterr()]

    for text in hidden():
        assert text.decode() not in "\n".join(said)
        assert [path for path, content in written(tmp_path) if text in content] == []
        assert [log for log in tmp_path_factory.getbasetemp().rglob("*.log") if text in log.read_bytes()] == []
    assert sum(1 for _ in written(tmp_path)) > 10
    assert [*tmp_path_factory.getbasetemp().rglob("kube-apiserver.log")]


def written(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file of the engine: state, its history and backups, settings, logs. The program is in none of them."""
    return ((path, path.read_bytes()) for path in folder.rglob("*") if path.is_file())


def test_rendering_to_files_refuses_what_is_secret() -> None:
    with pytest.raises(MeshError, match="a Secret's values would be written in plain text") as refused:
        gitops.files(render(pm.Mesh("shop", objects=[credential()])))
    assert KEY not in str(refused.value)
    assert KEY not in repr(credential())
