"""Bookinfo's program through the real engine on an Istio that is there: each step leaves what it declares, no more."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from pulumi_mesh.loading import load_program
from pulumi_mesh.manifests.wire import to_wire
from pulumi_mesh.render import render
from tests.cluster.tools.engine import Engine, Stack
from tests.cluster.tools.istiod import Istiod
from tests.cluster.tools.kubectl import Key, Kubectl, RefusedError, key_of
from tests.cluster.tools.pipeline import stored
from tests.cluster.tools.programs import BOOKINFO

ROUTE = ("VirtualService", "bookinfo", "reviews")
SUBSETS = ("DestinationRule", "bookinfo", "reviews")

WEIGHTS = (0, 5, 25, 50, 100)
"""Percent of the candidate, stage by stage."""

Edit = tuple[str, str]
"""What a user changes in the program: text, and what it becomes."""

VERSIONS = '["v1", "v2"]'
CANARY_OF = 'stable="v1",\n            candidate="v2"'
THIRD_ADDED: tuple[Edit, ...] = (
    (VERSIONS, '["v1", "v2", "v3"]'),
    (
        '        pm.HTTPRoute(\n            "reviews",',
        '        pm.HTTPRoute("reviews-api", gateways=[public], hostnames=["bookinfo.example.com"], rules=['
        'pm.Rule(matches=[pm.Path("/reviews")], backends=[reviews["v3"]])]),\n'
        '        pm.HTTPRoute(\n            "reviews",',
    ),
)
WITHOUT_FIRST: tuple[Edit, ...] = (THIRD_ADDED[1], (CANARY_OF, CANARY_OF.replace("v2", "v3").replace("v1", "v2")))
FIRST_RETIRED = ((VERSIONS, '[pm.Version("v1", retired=True), "v2", "v3"]'), *WITHOUT_FIRST)
FIRST_GONE = ((VERSIONS, '["v2", "v3"]'), *WITHOUT_FIRST)


class World:
    """The program in a folder of the test, the stack that it is applied to, and the server and istiod that judge."""

    def __init__(self, folder: Path, engine: Engine, kubectl: Kubectl, kinds: list[str], istiod: Istiod) -> None:
        shutil.copytree(BOOKINFO.parent, folder)
        self.text = folder / BOOKINFO.name
        self.stack: Stack = engine.stack("dev", folder)
        self.kubectl, self.kinds, self.istiod = kubectl, kinds, istiod

    def write(self, *edits: Edit, stage: int = 0) -> None:
        """The program of the example with these edits, its canary at this stage."""
        text = BOOKINFO.read_text()
        for old, new in edits:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        self.text.write_text(text)
        self.stack.configure(mesh__stages=json.dumps({"reviews": stage}))
        self.stage = stage

    def declared(self) -> dict[Key, Any]:
        """The manifests that the program declares."""
        mesh = load_program(str(self.text)).at({"reviews": self.stage})
        return {key_of(each): each for each in map(to_wire, render(mesh).objects)}

    def versions(self) -> dict[Key, int]:
        """When the server stored each Istio object last: etcd counts all writes in one row."""
        return {key: int(version) for key, version in self.kubectl.versions(self.kinds).items()}

    def added(self) -> list[Key]:
        """What is declared and not stored yet."""
        return [key for key in self.declared() if key[0] != "Namespace" and key not in self.versions()]

    def subsets(self) -> set[str]:
        """The versions of reviews that a route could use."""
        found = self.kubectl.get("destinationrule", "reviews", "--namespace=bookinfo")
        return {each["name"] for each in found["spec"]["subsets"]}

    def holds(self) -> None:
        """The server and the state have what is declared and nothing else, and istiod works with exactly that."""
        declared = self.declared()
        assert sorted(self.stack.resources()) == sorted([*objects(*declared), "bookinfo"])
        space = declared.pop(("Namespace", "", "bookinfo"))
        live = self.kubectl.get("namespace", "bookinfo")
        assert space["metadata"]["labels"].items() <= live["metadata"]["labels"].items()
        assert stored(self.kubectl, self.kinds) == {key: each.get("spec", {}) for key, each in declared.items()}
        self.istiod_works_with_it()

    def istiod_works_with_it(self) -> None:
        """What istiod knows, a moment after it is stored, is what is stored; it refuses nothing."""
        wanted = self.versions()
        until = time.monotonic() + 30
        while (known := self._known()) != wanted and time.monotonic() < until:
            time.sleep(0.1)
        assert known == wanted
        assert self.istiod.refused() == {}

    def _known(self) -> dict[Key, int]:
        found = json.loads(self.istiod.get("/debug/configz"))
        return {key_of(each): int(each["metadata"]["resourceVersion"]) for each in found}


@pytest.fixture
def world(engine: Engine, kubectl: Kubectl, istio_kinds: list[str], istiod: Istiod, tmp_path: Path) -> World:
    """The namespace of the program may be there from the tests of another file."""
    kubectl("delete", "namespace", "bookinfo", "--ignore-not-found")
    return World(tmp_path / "bookinfo", engine, kubectl, istio_kinds, istiod)


def test_the_life_of_bookinfo(world: World) -> None:
    world.write()
    first_preview(world)
    first_up(world)
    nothing_more_to_do(world)
    for stage in range(1, 5):
        next_stage(world, stage)
    a_version_comes(world)
    a_version_goes(world)
    edited_by_hand(world)
    deleted_by_hand(world)
    destroyed(world)


def first_preview(world: World) -> None:
    """It says all, and stores nothing."""
    assert world.stack.preview().changed == dict.fromkeys(objects(*world.declared()), "create")
    assert stored(world.kubectl, world.kinds) == {}
    with pytest.raises(RefusedError, match="not found"):
        world.kubectl.get("namespace", "bookinfo")


def first_up(world: World) -> None:
    """What a route names is stored before it."""
    assert world.stack.up().changed == dict.fromkeys(objects(*world.declared()), "create")
    world.holds()
    versions = world.versions()
    rules = [version for key, version in versions.items() if key[0] == "DestinationRule"]
    assert max(rules) < min(version for key, version in versions.items() if key[0] == "VirtualService")


def nothing_more_to_do(world: World) -> None:
    """A second up writes nothing at all."""
    versions = world.versions()
    assert world.stack.preview().changed == {}
    assert world.stack.up().changes == {}
    assert world.versions() == versions


def next_stage(world: World, stage: int) -> None:
    """A stage of the canary writes one object, the route, and a preview says whose requests go elsewhere."""
    versions = world.versions()
    before = WEIGHTS[stage - 1]
    world.write(stage=stage)
    told = world.stack.preview().output
    assert f"reviews.bookinfo (v2): {before} % → {WEIGHTS[stage]} %" in told
    assert "1 class of requests: 1 changed" in told
    assert world.stack.up().changed == dict.fromkeys(objects(ROUTE), "update")
    world.holds()
    assert {key for key, version in world.versions().items() if versions[key] != version} == {ROUTE}


def a_version_comes(world: World) -> None:
    """With it a route that uses it: its subset is stored before."""
    world.write(*THIRD_ADDED)
    added = world.added()
    assert len(added) == 1
    assert world.stack.up().changed == {
        **dict.fromkeys(objects(SUBSETS, ROUTE), "update"),
        **dict.fromkeys(objects(*added), "create"),
    }
    world.holds()
    versions = world.versions()
    assert all(versions[SUBSETS] < versions[key] for key in (ROUTE, *added))


def a_version_goes(world: World) -> None:
    """In two steps: no route uses it, and its subset stays until no proxy does either."""
    world.write(*FIRST_RETIRED)
    assert world.stack.up().changed == dict.fromkeys(objects(ROUTE), "update")
    world.holds()
    assert world.subsets() == {"v1", "v2", "v3"}
    world.write(*FIRST_GONE)
    assert world.stack.up().changed == dict.fromkeys(objects(SUBSETS), "update")
    world.holds()
    assert world.subsets() == {"v2", "v3"}


def edited_by_hand(world: World) -> None:
    """refresh sees it, preview says the field, up undoes it."""
    edit = '[{"op":"replace","path":"/spec/http/0/match/0/headers/end-user/exact","value":"mallory"}]'
    world.kubectl("patch", "virtualservice", "reviews", "--namespace=bookinfo", "--type=json", f"--patch={edit}")
    assert world.stack.refresh().changes == {"update": 1}
    (name,) = objects(ROUTE)
    assert world.stack.preview().step(name).differs == {"spec.http[0].match[0].headers.end-user.exact": "update"}
    assert world.stack.up().changed == {name: "update"}
    world.holds()


def deleted_by_hand(world: World) -> None:
    """refresh sees it, up makes it again."""
    world.kubectl("delete", "virtualservice", "reviews", "--namespace=bookinfo")
    assert world.stack.refresh().changes == {"delete": 1}
    assert world.stack.up().changed == dict.fromkeys(objects(ROUTE), "create")
    world.holds()


def destroyed(world: World) -> None:
    """Routes go before the subsets that they name, and the namespace goes last. Nothing stays."""
    gone = world.stack.destroy().names("delete")
    assert sorted(gone) == sorted(objects(*world.declared()))
    kinds = [name.split("/")[1] for name in gone]
    assert max(at for at, kind in enumerate(kinds) if kind == "VirtualService") < kinds.index("DestinationRule")
    assert kinds[-1] == "Namespace"
    assert stored(world.kubectl, world.kinds) == {}
    world.istiod_works_with_it()


def objects(*keys: Key) -> list[str]:
    """Their logical names."""
    return ["/".join(part for part in ("bookinfo", *key) if part) for key in keys]
