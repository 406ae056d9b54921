"""Fields that are left to others: what the engine is told, and what is refused before anything is registered."""

from __future__ import annotations

import pytest

from pulumi_mesh import deploy, istio
from pulumi_mesh.errors import InvalidError
from pulumi_mesh.render.ignored import IgnoreChanges

from .engine import run
from .examples import bookinfo

REVIEWS = "VirtualService/bookinfo/reviews"


def deployed(ignore_changes: IgnoreChanges) -> dict[str, tuple[str, ...]]:
    """What is left alone, by logical name."""
    engine = run(lambda: deploy.Mesh("bookinfo", bookinfo(), ignore_changes=ignore_changes))
    return {name: each.ignore_changes for name, each in engine.children.items() if each.ignore_changes}


def test_the_engine_is_told_which_fields_of_which_object() -> None:
    asked = {
        REVIEWS: ["spec.http"],
        "Namespace/bookinfo": ["metadata.labels"],
        "Gateway/istio-system/public": ["spec.servers", "spec.selector"],
    }
    assert deployed(asked) == {f"bookinfo/{key}": tuple(fields) for key, fields in asked.items()}


def test_by_default_nothing_is_left_alone() -> None:
    assert deployed({}) == {}


@pytest.mark.parametrize(
    ("key", "fields", "said"),
    [
        (
            REVIEWS,
            ["spec.http[*].route[*].weight"],
            "goes into a list, which has one owner as a whole; leave spec.http",
        ),
        (REVIEWS, ["spec.tcp"], "declares no spec.tcp"),
        (REVIEWS, ["spec.http", "spec.htp"], "declares no spec.htp"),
        (REVIEWS, ["spec.hosts.x"], "declares no spec.hosts.x"),
        (REVIEWS, ["metadata.name"], "'metadata.name' is no field that can be left alone"),
        (REVIEWS, [""], "'' is no field that can be left alone"),
        (REVIEWS, "spec.http", "needs a list of fields"),
        (REVIEWS, [], "needs a list of fields"),
        ("VirtualService/reviews", ["spec.http"], f"no such object is rendered; there are: .*{REVIEWS}"),
    ],
)
def test_what_would_not_be_left_alone_is_refused(key: str, fields: list[str], said: str) -> None:
    with pytest.raises(InvalidError, match=said) as raised:
        deployed({key: fields})
    assert [where for where, _ in raised.value.problems] == [f"ignore_changes[{key!r}]"]


def test_all_problems_come_together() -> None:
    with pytest.raises(InvalidError) as raised:
        deployed({REVIEWS: ["spec.tcp", "spec.http[0]"], "Gateway/public": ["spec"]})
    assert len(raised.value.problems) == 3


def test_fields_of_a_single_object() -> None:
    entry = istio.ServiceEntry("api", namespace="shop", spec={"hosts": ["api.example.com"]})
    engine = run(lambda: deploy.Object("api", entry, ignore_changes=["spec.hosts"]))
    assert engine.named("api/ServiceEntry/shop/api").ignore_changes == ("spec.hosts",)
    assert run(lambda: deploy.Object("api", entry)).named("api/ServiceEntry/shop/api").ignore_changes == ()
    with pytest.raises(InvalidError, match=r"declares no spec\.ports"):
        run(lambda: deploy.Object("api", entry, ignore_changes=["spec.ports"]))
