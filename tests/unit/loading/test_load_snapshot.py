"""One snapshot of programs and manifests, and where each object was written."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import pulumi_mesh as pm
from pulumi_mesh import istio
from pulumi_mesh.loading.snapshot import load_snapshot
from pulumi_mesh.refs import Ref

PROGRAM = """
import pulumi_mesh as pm
a = pm.Service("a", namespace="shop", port=80, versions=["v1", "v2"])
public = pm.Gateway("public", listeners=[pm.Listener("http", port=80)])
mesh = pm.Mesh("one", services=[a], gateways=[public], routes=[
    pm.HTTPRoute("a", services=[a], rules=[pm.Rule(backends=[a])])],
    canaries=[pm.Canary(a, stable="v1", candidate="v2", stages=[pm.Stage(weight=30)])])
"""
MESH = """
name: two
services:
- {name: c, namespace: shop, port: 80}
- {name: b, namespace: shop, port: 80}
routes:
- name: b
  services: [b]
  rules: [{backends: [b]}]
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: s, namespace: shop}
spec:
  selector: {app: s}
  ports: [{name: http, port: 80}]
"""
OTHER = SERVICE.replace("port: 80", "port: 81")
ROUTE = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: s
  namespace: shop
spec:
  hosts: [s]
  http:
  - route:
    - destination: {host: s}
"""
CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    trustDomain: of.map
"""


def write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def test_all_kinds_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = write(tmp_path / "program.py", PROGRAM)
    mesh = write(tmp_path / "mesh.yaml", MESH)
    write(tmp_path / "folder" / "deep" / "service.yaml", SERVICE)
    stdin = io.TextIOWrapper(io.BytesIO(f"# first\n---\n{ROUTE}".encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    loaded = load_snapshot([program, str(tmp_path / "folder"), mesh, "-"], {"a": 1})
    snapshot = loaded.snapshot
    assert [each.name for each in loaded.meshes] == ["one", "two"]
    assert [each.name for each in snapshot.services] == ["a", "b", "c", "s"]
    assert [each.name for each in snapshot.of(istio.VirtualService)] == ["a", "b", "s"]
    assert [each.name for each in snapshot.workloads_of(snapshot.services[-1])] != []
    (shares,) = [each.spec.http[0].route for each in snapshot.of(istio.VirtualService) if each.name == "a"]
    assert [each.weight for each in shares] == [70, 30]
    assert loaded.place(Ref("VirtualService", "shop", "a", "spec.http[0]")) == f'{program}: routes["a"]'
    assert loaded.place(Ref("Service", "shop", "a")) == f'{program}: services["a"]'
    assert loaded.place(Ref("VirtualService", "shop", "b")) == f"{mesh}:7"
    assert loaded.place(Ref("Service", "shop", "b")) == f"{mesh}:5"
    assert loaded.place(Ref("Service", "shop", "s", "spec.ports[0]")) == f"{tmp_path}/folder/deep/service.yaml:7"
    assert loaded.place(Ref("VirtualService", "shop", "s", "spec.http[0].route[0].destination")) == "-:13"
    assert loaded.place(Ref("VirtualService", "shop", "s", "spec.http[7]")) == "-:11"
    assert loaded.place(Ref("VirtualService", "shop", "s")) == "-:4"
    assert loaded.place(Ref("VirtualService", "shop", "nobody")) == ""


def test_addresses_differ(tmp_path: Path) -> None:
    program = write(tmp_path / "program.py", PROGRAM)
    service = write(tmp_path / "service.yaml", SERVICE)
    snapshot = load_snapshot([program, service]).snapshot
    addresses = [each.address for each in (*snapshot.services, *snapshot.workloads)]
    addresses += [each.address for each in snapshot.proxies if each.kind == "router"]
    assert len(set(addresses)) == len(addresses)
    sidecars = {each.address for each in snapshot.proxies if each.kind == "sidecar"}
    assert sidecars == {each.address for each in snapshot.workloads}


def test_a_service_that_a_program_and_manifests_know(tmp_path: Path) -> None:
    program = write(tmp_path / "program.py", PROGRAM)
    service = write(tmp_path / "service.yaml", SERVICE.replace("name: s,", "name: a,").replace("app: s", "app: a"))
    alone = load_snapshot([program]).snapshot
    both = load_snapshot([program, service]).snapshot
    assert (both.services, both.workloads, both.proxies) == (alone.services, alone.workloads, alone.proxies)


def test_rendered_objects_alone(tmp_path: Path) -> None:
    """Where nothing but Istio's objects is given, what they send to is taken to be there."""
    snapshot = load_snapshot([write(tmp_path / "route.yaml", ROUTE)]).snapshot
    assert [each.hostname for each in snapshot.services] == ["s.shop.svc.cluster.local"]
    write(tmp_path / "other.yaml", SERVICE.replace("name: s,", "name: other,"))
    assert [each.name for each in load_snapshot([str(tmp_path)]).snapshot.services] == ["other"]


def test_without_a_namespace_it_is_default(tmp_path: Path) -> None:
    snapshot = load_snapshot([write(tmp_path / "s.yaml", SERVICE.replace(", namespace: shop", ""))]).snapshot
    assert [each.hostname for each in snapshot.services] == ["s.default.svc.cluster.local"]


def test_mesh_config(tmp_path: Path) -> None:
    program = write(tmp_path / "program.py", PROGRAM)
    service = write(tmp_path / "service.yaml", SERVICE)
    config = write(tmp_path / "config.yaml", CONFIG)
    file = write(tmp_path / "file.txt", "trustDomain: of.file\n")
    assert load_snapshot([program]).snapshot.mesh.trust_domain == "cluster.local"
    assert load_snapshot([program, service, config]).snapshot.mesh.trust_domain == "of.map"
    assert load_snapshot([program, service, config], mesh_config=file).snapshot.mesh.trust_domain == "of.file"
    assert load_snapshot([program], mesh_config=file).snapshot.mesh.trust_domain == "of.file"
    with pytest.raises(pm.MeshError, match="a MeshConfig is a mapping"):
        load_snapshot([program], mesh_config=write(tmp_path / "bad.yaml", "- a\n"))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "there is no manifest and no mesh in what was named"),
        ({"mesh.py": "x = 1\n"}, r"in what was named; a program is named by its file: .*folder/mesh\.py$"),
        ({"a.yaml": "# nothing\n"}, "there is no manifest and no mesh in what was named"),
        (
            {"a.yaml": SERVICE, "b.yaml": OTHER},
            "b.yaml:2: Service shop/s is declared otherwise in",
        ),
        (
            {"a.yaml": SERVICE.replace("selector: ", "selektor: ")},
            r"a.yaml:6: Service\(\"s\"\).spec.selektor",
        ),
        ({"a.yaml": "kind: Service\n"}, "a.yaml:1: "),
        ({"a.yaml": "name: x\nservices: 5\n"}, "a.yaml:2: services"),
    ],
)
def test_errors(tmp_path: Path, files: dict[str, str], message: str) -> None:
    (tmp_path / "folder").mkdir()
    for name, text in files.items():
        write(tmp_path / "folder" / name, text)
    with pytest.raises(pm.MeshError, match=message):
        load_snapshot([str(tmp_path / "folder")])


def test_same_declaration_twice_is_one(tmp_path: Path) -> None:
    files = [write(tmp_path / name, SERVICE) for name in ("a.yaml", "b.yaml")]
    assert len(load_snapshot(files).snapshot.services) == 1


def test_errors_of_paths_and_stages(tmp_path: Path) -> None:
    program = write(tmp_path / "program.py", PROGRAM)
    other = write(tmp_path / "route.yaml", ROUTE.replace("name: s\n", "name: a\n"))
    with pytest.raises(pm.MeshError, match=r"VirtualService shop/a: is declared in two of the paths, and differs"):
        load_snapshot([program, other])
    with pytest.raises(pm.MeshError, match="no canary is named 'b'; there are: a"):
        load_snapshot([program], {"b": 1})
    with pytest.raises(pm.MeshError, match="there is no such program"):
        load_snapshot([str(tmp_path / "nothing-here")])
