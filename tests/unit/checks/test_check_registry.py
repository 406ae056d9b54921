"""What holds of all checks together: names, files, order, documentation; and that the examples are clean."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from examples.bookinfo.mesh import mesh as bookinfo
from examples.smallest.mesh import mesh as smallest
from pulumi_mesh import Mesh, checks
from pulumi_mesh.checks import CHECKS, Check, check
from pulumi_mesh.checks.table import markdown
from pulumi_mesh.manifests.snapshot import snapshot as index
from pulumi_mesh.render import snapshot
from pulumi_mesh.typed import TOKEN_END, TOKEN_START
from tests.unit.checks.known import known, peer, route, rule, to

FOLDER = Path(checks.__file__).parent
ROOT = FOLDER.parent.parent


def name_of(each: Check) -> str:
    return cast("ModuleType", each).__name__.rpartition(".")[2]


def test_codes_are_unique_and_kebab_case() -> None:
    codes = [each.ABOUT.code for each in CHECKS]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)


def test_one_check_a_file_named_by_its_code() -> None:
    shared = {"table"}
    files = {path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_")} - shared
    assert {name_of(each) for each in CHECKS} == files
    assert [name_of(each) for each in CHECKS] == [each.ABOUT.code.replace("-", "_") for each in CHECKS]


@pytest.mark.parametrize("each", CHECKS, ids=name_of)
def test_metadata(each: Check) -> None:
    about = each.ABOUT
    assert about.severities == tuple(sorted(set(about.severities), key=["error", "warning", "info"].index))
    assert about.title
    assert not about.title.endswith(".")
    assert re.fullmatch(r"((IST|KIA)\d{4}(, |$))*", about.also)


def test_the_table_is_current() -> None:
    assert (ROOT / "docs" / "findings.md").read_text() == markdown()


@pytest.mark.parametrize("mesh", [bookinfo, smallest], ids=["bookinfo", "smallest"])
def test_examples_are_clean(mesh: Mesh) -> None:
    assert check(snapshot(mesh)) == ()


def test_findings_do_not_depend_on_the_order_of_objects() -> None:
    objects = [
        route(to(subset="x"), to("nowhere"), gateways=["edge/none"]),
        route(to(subset="y"), name="other"),
        rule("v1"),
        peer("STRICT", "a"),
        peer("STRICT", "b"),
    ]
    found = check(index(objects))
    assert found == check(index(reversed(objects)))
    codes = [each.code for each in found]
    order = [each.ABOUT.code for each in CHECKS]
    assert codes == sorted(codes, key=order.index)
    assert len(set(codes)) > 3


def test_what_would_show_a_token_waits() -> None:
    namespace = f"{TOKEN_START}1{TOKEN_END}"
    assert check(known(peer("STRICT", "a", namespace=namespace), peer("STRICT", "b", namespace=namespace))) == ()
