"""The folder of rendered files: written, compared, pruned, and never left."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_mock import MockerFixture

import pulumi_mesh as pm
from pulumi_mesh import gitops, istio, kubernetes
from pulumi_mesh.gitops.layout import HEADER, KUSTOMIZATION
from pulumi_mesh.render import render


def texts(*names: str, priority: int = 1) -> dict[str, str]:
    """Files of a namespace and of an EnvoyFilter for each name."""
    filters = [istio.EnvoyFilter(name, namespace="n", spec={"priority": priority}) for name in names]
    return gitops.files(render(pm.Mesh("m", objects=[kubernetes.Namespace("n"), *filters])))


def there(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() or path.is_symlink()
    }


def path(name: str) -> str:
    return f"4-policy-and-routes/n/envoyfilter-{name}.yaml"


LISTING = "4-policy-and-routes/kustomization.yaml"


def test_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    changes = gitops.write(folder, texts("x"))
    assert there(folder) == texts("x")
    assert changes == gitops.Changes(written=tuple(sorted(texts("x"))), unchanged=(), pruned=())


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    gitops.write(tmp_path, texts("x"))
    before = {each: each.stat().st_mtime_ns for each in tmp_path.rglob("*")}
    changes = gitops.write(tmp_path, texts("x"))
    assert changes == gitops.Changes(written=(), unchanged=tuple(sorted(texts("x"))), pruned=())
    assert {each: each.stat().st_mtime_ns for each in tmp_path.rglob("*")} == before


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    gitops.write(tmp_path, texts("x", "y"))
    changed = {**texts("x", "y"), path("x"): texts("x", priority=2)[path("x")]}
    assert gitops.write(tmp_path, changed).written == (path("x"),)
    assert there(tmp_path) == changed


def test_stale_files_and_empty_folders_go(tmp_path: Path) -> None:
    gitops.write(tmp_path, texts("x", "y"))
    assert gitops.write(tmp_path, texts("x")) == gitops.Changes(
        written=(LISTING,),
        unchanged=tuple(sorted(texts("x").keys() - {LISTING})),
        pruned=(path("y"),),
    )
    assert gitops.write(tmp_path, texts()).pruned == (LISTING, path("x"))
    assert there(tmp_path) == texts()
    assert not (tmp_path / "4-policy-and-routes").exists()


def test_files_of_others_stay(tmp_path: Path) -> None:
    gitops.write(tmp_path, texts("x"))
    (tmp_path / "README.md").write_text("ours")
    other = tmp_path / "4-policy-and-routes" / "n" / "other.yaml"
    other.write_text("kind: Other")
    gitops.write(tmp_path, texts())
    assert there(tmp_path) == {**texts(), "README.md": "ours", "4-policy-and-routes/n/other.yaml": "kind: Other"}


def test_a_folder_of_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [a.yaml]\n")
    with pytest.raises(pm.MeshError, match="holds files that pulumi-mesh did not write"):
        gitops.write(tmp_path, texts("x"))
    assert there(tmp_path) == {"kustomization.yaml": "resources: [a.yaml]\n"}


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(pm.MeshError):
            gitops.write(folder, texts("x"))
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.parametrize(
    "name",
    ["../x.yaml", "/x.yaml", "a/../x.yaml", "a/b/c/d.yaml", "", ".x.yaml", "a//x.yaml", "X.yaml", "a\\x.yaml", "x.sh"],
)
def test_paths_that_rendering_never_makes_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(pm.MeshError, match="is no path that rendering makes"):
        gitops.write(tmp_path / "out", {**texts(), name: "x"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("link", ["4-policy-and-routes", "4-policy-and-routes/n", path("x"), KUSTOMIZATION])
def test_symbolic_links_are_not_followed(tmp_path: Path, link: str) -> None:
    folder, outside = tmp_path / "out", tmp_path / "outside"
    gitops.write(folder, texts("x"))
    place = folder / link
    place.rename(outside)
    place.symlink_to(outside)
    before = there(tmp_path)
    for change in (texts("x", priority=2), texts(), texts("x", "y")):
        with pytest.raises(pm.MeshError, match="is a symbolic link"):
            gitops.write(folder, change)
        with pytest.raises(pm.MeshError, match="is a symbolic link"):
            gitops.compare(folder, change)
    assert there(tmp_path) == before


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    gitops.write(tmp_path / "link", texts("x"))
    assert there(tmp_path / "real") == texts("x")


def test_listed_paths_outside_are_not_pruned(tmp_path: Path) -> None:
    folder, victim = tmp_path / "out", tmp_path / "victim.yaml"
    victim.write_text("mine")
    gitops.write(folder, texts("x"))
    listing = folder / LISTING
    listing.write_text(listing.read_text() + "- ../../victim.yaml\n- ../kustomization.yaml\n- n/../../../victim.yaml\n")
    assert gitops.write(folder, texts()).pruned == (LISTING, path("x"))
    assert victim.read_text() == "mine"


def test_an_object_named_kustomization_is_an_object(tmp_path: Path) -> None:
    gitops.write(tmp_path, texts("kustomization"))
    assert path("kustomization") in there(tmp_path)
    assert path("kustomization") in gitops.write(tmp_path, texts()).pruned
    assert there(tmp_path) == texts()


def test_an_error_while_reading_changes_nothing(tmp_path: Path) -> None:
    gitops.write(tmp_path, texts("x"))
    (tmp_path / path("x")).write_bytes(b"\xff")
    before = {each: each.read_bytes() for each in tmp_path.rglob("*.yaml")}
    with pytest.raises(pm.MeshError, match="is not text"):
        gitops.write(tmp_path, texts("a", "x", "y"))
    assert {each: each.read_bytes() for each in tmp_path.rglob("*.yaml")} == before


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("writes", range(5))
def test_the_next_write_mends_what_a_crash_left(
    tmp_path: Path, mocker: MockerFixture, first: bool, writes: int
) -> None:
    if not first:
        gitops.write(tmp_path, texts("x", "z"))
    replace, left = Path.replace, iter(range(writes))

    def fails(self: Path, target: Path) -> Path:
        if next(left, None) is None:
            raise OSError(28, "No space left on device", str(target))
        return replace(self, target)

    patched = mocker.patch.object(Path, "replace", autospec=True, side_effect=fails)
    try:
        gitops.write(tmp_path, texts("x", "y", priority=2))
    except pm.MeshError as error:
        assert error.message == "cannot be written: No space left on device"
    finally:
        mocker.stop(patched)
    assert not list(tmp_path.rglob(".*"))
    gitops.write(tmp_path, texts("x", "y", priority=2))
    assert there(tmp_path) == texts("x", "y", priority=2)


def test_comparing(tmp_path: Path) -> None:
    now = texts("x", "y")
    assert gitops.compare(tmp_path, now).missing == tuple(now)
    gitops.write(tmp_path, texts("x", "z"))
    (tmp_path / path("x")).write_text("edited: by hand\n")
    drift = gitops.compare(tmp_path, now)
    assert drift == gitops.Drift(
        missing=(path("y"),), different=(LISTING, path("x")), stale=(path("z"),), diff=drift.diff
    )
    assert not drift.clean
    assert f"--- {path('x')}\n+++ {path('x')}\n" in drift.diff
    assert "-edited: by hand\n" in drift.diff
    assert f"--- /dev/null\n+++ {path('y')}\n" in drift.diff
    assert f"--- {path('z')}\n+++ /dev/null\n" in drift.diff
    gitops.write(tmp_path, now)
    assert gitops.compare(tmp_path, now) == gitops.Drift((), (), (), "")
    assert gitops.compare(tmp_path, now).clean


NAMES = st.sets(st.sampled_from(["a", "b", "c.d", "kustomization", "e-f"]))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(NAMES, st.integers(1, 3)), max_size=5))
def test_after_any_history_the_folder_is_as_rendered(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[set[str], int]]
) -> None:
    folder = tmp_path_factory.mktemp("out")
    for names, priority in history:
        now = texts(*sorted(names), priority=priority)
        gitops.write(folder, now)
        assert there(folder) == now
        assert gitops.compare(folder, now).clean
        assert all(text.startswith(HEADER) for each, text in now.items() if each.endswith(f"/{KUSTOMIZATION}"))


def test_files_without_kustomizations_have_an_index(tmp_path: Path) -> None:
    """Such as Envoy's config; the folder may change from one to the other."""
    envoy = {"n/a-v1.json": "{}\n", "n/b.json": "{}\n"}
    gitops.write(tmp_path, envoy)
    assert there(tmp_path) == {**envoy, ".pulumi-mesh": f"{HEADER}- n/a-v1.json\n- n/b.json\n"}
    assert gitops.compare(tmp_path, envoy).clean
    assert gitops.compare(tmp_path, {"n/b.json": "{}\n"}).stale == ("n/a-v1.json",)
    assert gitops.write(tmp_path, {"n/b.json": "{}\n"}).pruned == ("n/a-v1.json",)
    assert gitops.write(tmp_path, texts("x")).pruned == (".pulumi-mesh", "n/b.json")
    assert there(tmp_path) == texts("x")
    gitops.write(tmp_path, envoy)
    assert there(tmp_path).keys() == {*envoy, ".pulumi-mesh"}
