"""Finding the mesh of a program, and telling its mistakes in its own lines."""

import subprocess
import sys
from pathlib import Path

import pytest

import pulumi_mesh as pm
from pulumi_mesh.loading import load_program

HEAD = "import pulumi_mesh as pm\n"
COMPONENT = """
import pulumi
from pulumi_mesh.deploy.collect import collect

class Component(pulumi.ComponentResource):
    def __init__(self, name, mesh):
        collect(mesh, {})
        super().__init__("mesh:index:Mesh", name)
        pulumi.CustomResource("kubernetes:core/v1:Namespace", name, {"a": "b"}, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})
"""


def write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("anything = pm.Mesh('one')", "one"),
        ("mesh = pm.Mesh('one'); other = pm.Mesh('two')", "one"),
        ("platform = pm.Mesh('platform'); shop = pm.Mesh('shop', uses=[platform])", "shop"),
        ("a = b = pm.Mesh('one')", "one"),
        ("import helper_of_this_program\nm = pm.Mesh(helper_of_this_program.NAME)", "helped"),
    ],
)
def test_python_file(tmp_path: Path, text: str, name: str) -> None:
    write(tmp_path / "helper_of_this_program.py", "NAME = 'helped'\n")
    before = list(sys.path), set(sys.modules)
    assert load_program(write(tmp_path / "program.py", HEAD + text)).name == name
    assert sys.path == before[0]
    assert "helper_of_this_program" not in sys.modules


def test_named_mesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "meshes_of_tests.py", HEAD + "a = pm.Mesh('one'); b = pm.Mesh('two'); c = 5")
    monkeypatch.chdir(tmp_path)
    assert load_program("meshes_of_tests.py:b").name == "two"
    assert load_program("meshes_of_tests:b").name == "two"
    with pytest.raises(pm.MeshError, match="c is a int, not a mesh; meshes there: a, b"):
        load_program("meshes_of_tests:c")
    with pytest.raises(pm.MeshError, match="there is no d; meshes there: a, b"):
        load_program("meshes_of_tests.py:d")
    with pytest.raises(pm.MeshError, match="several meshes: one, two; call one of them mesh, or name it"):
        load_program("meshes_of_tests.py")


@pytest.mark.parametrize("file", ["shop_of_tests/__init__.py", "shop_of_tests.py"])
def test_named_mesh_of_a_module_beside_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    write(tmp_path / "shop_of_tests" / "mesh.yaml", "name: another\n")
    write(tmp_path / file, HEAD + "a = pm.Mesh('one')")
    monkeypatch.chdir(tmp_path)
    assert load_program("shop_of_tests:a").name == "one"


def test_a_folder_that_holds_no_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "folder_of_tests" / "notes.txt", "")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pm.MeshError, match=r"has no Pulumi\.yaml"):
        load_program("folder_of_tests:a")


def test_a_project_that_is_a_package_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "both_of_tests" / "Pulumi.yaml", "name: shop\nruntime: python\n")
    write(tmp_path / "both_of_tests" / "__main__.py", HEAD + "a = pm.Mesh('project')")
    write(tmp_path / "both_of_tests" / "__init__.py", HEAD + "a = pm.Mesh('package')")
    monkeypatch.chdir(tmp_path)
    assert load_program("both_of_tests:a").name == "project"


def test_yaml_file(tmp_path: Path) -> None:
    assert load_program(write(tmp_path / "mesh.yaml", "name: shop\n")) == pm.Mesh("shop")
    target = write(tmp_path / "bad.yml", "name: shop\nservices: [x]\n")
    with pytest.raises(pm.InvalidError) as raised:
        load_program(target)
    assert str(raised.value) == f"{target}:2: services[0]: needs Service or a mapping, not text"


@pytest.mark.parametrize("main", ["", "main: program", "main: program/__main__.py"])
def test_pulumi_project(tmp_path: Path, main: str) -> None:
    folder = tmp_path / ("program" if main else "")
    write(tmp_path / "Pulumi.yaml", f"name: shop\nruntime: {{name: python}}\n{main}\n")
    write(folder / "beside.txt", "shop")
    write(
        folder / "__main__.py",
        HEAD
        + COMPONENT
        + "assert pulumi.get_project() == 'shop' and __name__ == '__main__'\n"
        + "host = pulumi.Output.from_input('api.example.com')\n"
        + "api = pm.Service('api', namespace='n', port=80).external(hostname=host)\n"
        + "print('to standard error')\n"
        + "Component('x', pm.Mesh(__import__('pathlib').Path('beside.txt').read_text(), services=[api]))\n"
        + "pulumi.export('host', host)\n",
    )
    mesh = load_program(str(tmp_path))
    assert (mesh.name, [each.name for each in mesh.services]) == ("shop", ["api"])
    assert load_program(str(tmp_path / "Pulumi.yaml")).name == "shop"


def test_output_of_a_program_does_not_mix_with_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load_program(write(tmp_path / "program.py", HEAD + "print('hello'); mesh = pm.Mesh('m')"))
    assert capsys.readouterr() == ("", "hello\n")


def test_a_project_whose_module_has_a_mesh(tmp_path: Path) -> None:
    write(tmp_path / "Pulumi.yaml", "name: shop\nruntime: python\n")
    write(tmp_path / "__main__.py", HEAD + "mesh = pm.Mesh('m')")
    assert load_program(str(tmp_path)) == pm.Mesh("m")


def test_two_components(tmp_path: Path) -> None:
    program = HEAD + COMPONENT + "Component('a', pm.Mesh('one'))\nComponent('b', pm.Mesh('NAME'))\n"
    assert load_program(write(tmp_path / "same.py", program.replace("NAME", "one"))).name == "one"
    with pytest.raises(pm.MeshError, match="several meshes: one, two; give each to a program of its own"):
        load_program(write(tmp_path / "two.py", program.replace("NAME", "two")))


def test_a_mesh_with_findings_is_loaded(tmp_path: Path) -> None:
    text = "from pulumi_mesh.deploy.collect import collect\ncollect(pm.Mesh('m'), {})\nraise pm.FindingsError('no', ())"
    assert load_program(write(tmp_path / "program.py", HEAD + text)).name == "m"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1 +\n", "program.py:1: SyntaxError: invalid syntax"),
        ("\ndef f():\n  return 1 / 0\nf()\n", "program.py:3: ZeroDivisionError: division by zero"),
        ("\nimport json\njson.loads('[')\n", "program.py:3: JSONDecodeError: "),
        ("import no_such_thing\n", "program.py:1: ModuleNotFoundError: No module named 'no_such_thing'"),
        ("import sys\nsys.exit(3)\n", "program.py:2: the program ends itself: exit(3)"),
        (HEAD + "pm.Service('x', namespace='n', port=0)", 'program.py:2: Service("x").port: 0 is not a port'),
        (HEAD + "pm.Mesh('m').gateway('g')", "program.py:2: Mesh(\"m\"): no gateway is named 'g'"),
        ("x = 1\n", "program.py: holds no mesh; make one at the top of the module"),
    ],
)
def test_mistakes_in_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str) -> None:
    write(tmp_path / "program.py", text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pm.MeshError) as raised:
        load_program("program.py")
    assert str(raised.value).startswith(message)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nothing.py", "nothing.py: there is no such file; a program is a folder with Pulumi.yaml, a Python file,"),
        ("nothing.py:mesh", "nothing.py: there is no such file"),
        ("nothing.yaml", "nothing.yaml: cannot be read: No such file or directory"),
        ("nothing_of_that_name", "nothing_of_that_name: there is no such module, file or folder"),
        ("nothing.of.that.name:mesh", "nothing.of.that.name: there is no such module, file or folder"),
        ("no/such/folder", "no/such/folder: there is no such program"),
        ("json", "json: holds no mesh"),
        (".", ".: has no Pulumi.yaml; name a folder that has one, a Python file, or a YAML file"),
    ],
)
def test_targets_that_are_no_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pm.MeshError) as raised:
        load_program(target)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("project", "message"),
    [
        ("name: a\nruntime: nodejs\n", "Pulumi.yaml: its runtime is nodejs; only programs in Python hold a mesh"),
        ("name: a\nruntime: python\n", "Pulumi.yaml: its program __main__.py is not there"),
        ("name: a\nruntime: python\nmain: 5\n", "Pulumi.yaml: main is not text"),
        ("- a\n", "Pulumi.yaml: a project is a mapping with name and runtime"),
    ],
)
def test_projects_that_cannot_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: str, message: str) -> None:
    write(tmp_path / "Pulumi.yaml", project)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pm.MeshError) as raised:
        load_program(".")
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(("text", "loaded"), [("", False), ("import pulumi; pulumi.get_stack()", True)])
def test_pulumi_is_loaded_only_by_a_program_that_imports_it(tmp_path: Path, text: str, loaded: bool) -> None:
    target = write(tmp_path / "program.py", f"{HEAD}{text}\nmesh = pm.Mesh('m')")
    code = f"import sys; from pulumi_mesh.loading import load_program; load_program({target!r})"
    code += "; print('pulumi' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == f"{loaded}\n"
