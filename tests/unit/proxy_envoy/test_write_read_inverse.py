"""Reading gives back what was written, whatever the view; and what was written is the same every time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from pulumi_mesh.proxy.envoy.read import read_discovery, read_static
from pulumi_mesh.proxy.envoy.write import write_discovery, write_static
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import SocketAddress
from tests.support.golden import compare

from .rich import RICH
from .strategies import linked_views

GOLDEN = Path(__file__).parents[2] / "golden" / "envoy"
ANY_VIEW = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@ANY_VIEW
@given(linked_views())
def test_static_form_is_read_back(view: ProxyView) -> None:
    assert read_static(json.loads(json.dumps(write_static(view)))) == view


@ANY_VIEW
@given(linked_views())
def test_discovery_form_is_read_back(view: ProxyView) -> None:
    assert read_discovery(json.loads(json.dumps(write_discovery(view, "/xds")))) == view


def test_rich_view_is_read_back() -> None:
    assert read_static(write_static(RICH, admin=SocketAddress("127.0.0.1", 0))) == RICH
    assert read_discovery(write_discovery(RICH, "/xds")) == RICH


def test_rich_view_is_written_as_before(request: pytest.FixtureRequest) -> None:
    files = {"rich.json": json.dumps(write_static(RICH), indent=2) + "\n"}
    compare(GOLDEN, files, refresh=request.config.getoption("--refresh"))


def test_same_bytes_under_any_hash_seed() -> None:
    program = (
        "import json; from proxy_envoy.rich import RICH;"
        "from pulumi_mesh.proxy.envoy.write import write_discovery;"
        "print(json.dumps(write_discovery(RICH, '/xds')))"
    )
    path = os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parents[3])])
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(printed) == 1


def test_rich_view_sets_every_field() -> None:
    """Else the inverse and Envoy's own check would say less than they seem to."""
    seen: dict[tuple[type, str], bool] = {}
    for value in _instances(RICH):
        for field in fields(value):  # type: ignore[arg-type]  # only dataclasses are yielded
            key = (type(value), field.name)
            seen[key] = seen.get(key, False) or getattr(value, field.name) != field.default
    unset = {f"{kind.__name__}.{name}" for (kind, name), found in seen.items() if not found and name != "ref"}
    assert sorted(unset) == []


def _instances(value: object) -> Iterator[object]:
    if isinstance(value, tuple):
        for each in value:
            yield from _instances(each)
    elif is_dataclass(value) and not isinstance(value, type):
        yield value
        for field in fields(value):
            yield from _instances(getattr(value, field.name))


@pytest.mark.parametrize("name", ["a/b", "..", ".", "../../x", "outbound|80||x", "é", "a" * 400])
def test_files_stay_in_their_folder(name: str) -> None:
    view = replace(RICH, routes=(replace(RICH.routes[0], name=name),))
    (file,) = [each for each in write_discovery(view, "/xds") if each.startswith("rds/")]
    inside = file.removeprefix("rds/")
    assert "/" not in inside
    assert not inside.startswith(".")
    assert len(inside.encode()) <= 255
