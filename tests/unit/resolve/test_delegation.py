"""Virtual services that leave routes to others."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh import istio
from pulumi_mesh.manifests.facts import MeshConfig
from pulumi_mesh.manifests.snapshot import snapshot
from pulumi_mesh.proxy.resolve.virtual_services import Bound, bound_virtual_services
from pulumi_mesh.proxy.view.routes import Forward
from pulumi_mesh.refs import Ref
from tests.unit.resolve.shop import hosts_of, to, view

OPEN = MeshConfig()


def root(*http: dict[str, Any]) -> istio.VirtualService:
    return istio.VirtualService("reviews", namespace="shop", spec={"hosts": ["reviews"], "http": list(http)})


def leaf(*http: dict[str, Any], namespace: str = "team", **spec: Any) -> istio.VirtualService:
    return istio.VirtualService("part", namespace=namespace, spec={"http": list(http), **spec})


def merged(*objects: istio.VirtualService, mesh: MeshConfig = OPEN) -> Bound:
    (found,) = bound_virtual_services(snapshot(objects, mesh=mesh))
    return found


PART = {"delegate": {"name": "part", "namespace": "team"}}


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        (None, {"uri": {"prefix": "/a"}}, [{"uri": {"prefix": "/a"}}]),
        ({"uri": {"prefix": "/a"}}, None, [{"uri": {"prefix": "/a"}}]),
        ({"uri": {"prefix": "/a"}}, {"uri": {"prefix": "/a/b"}}, [{"uri": {"prefix": "/a/b"}}]),
        ({"uri": {"prefix": "/a"}}, {"uri": {"exact": "/a/b"}}, [{"uri": {"exact": "/a/b"}}]),
        ({"uri": {"prefix": "/a/b"}}, {"uri": {"prefix": "/a"}}, []),
        ({"uri": {"exact": "/a"}}, {"uri": {"exact": "/a"}}, [{"uri": {"exact": "/a"}}]),
        ({"uri": {"exact": "/a"}}, {"uri": {"prefix": "/a"}}, []),
        ({"uri": {"regex": "/a.*"}}, {"uri": {"exact": "/a"}}, []),
        ({"uri": {"prefix": "/"}}, {"uri": {"regex": "/a.*"}}, []),
        (
            {"headers": {"x": {"exact": "1"}}, "port": 80},
            {"headers": {"y": {"exact": "2"}}},
            [{"headers": {"x": {"exact": "1"}, "y": {"exact": "2"}}, "port": 80}],
        ),
        ({"headers": {"x": {"exact": "1"}}}, {"headers": {"x": {"exact": "2"}}}, []),
        ({"port": 80}, {"port": 81}, []),
        ({"ignoreUriCase": True}, {"uri": {"prefix": "/a"}}, []),
        ({"sourceNamespace": "shop"}, {"uri": {"prefix": "/a"}}, []),
        ({"sourceLabels": {"a": "1"}}, {"sourceLabels": {"a": "2"}}, []),
        (
            {"sourceLabels": {"a": "1"}},
            {"sourceLabels": {"b": "2"}},
            [{"sourceLabels": {"a": "1", "b": "2"}}],
        ),
        ({"gateways": ["mesh"]}, {"gateways": ["mesh", "public"]}, []),
        ({"gateways": ["mesh", "public"]}, {"gateways": ["team/public"]}, []),
        ({"gateways": ["mesh", "team/public"]}, {"gateways": ["public"]}, [{"gateways": ["team/public"]}]),
    ],
)
def test_matches(wide: Any, narrow: Any, expected: list[Any]) -> None:
    first = {**PART, **({"match": [wide]} if wide else {})}
    second = {"route": [to("details")], **({"match": [narrow]} if narrow else {})}
    found = [match for entry in merged(root(first), leaf(second)).http for match in entry.spec.match or ()]
    assert found == [istio.virtual_service.HttpMatch(**_python(each)) for each in expected]


def _python(match: dict[str, Any]) -> dict[str, Any]:
    names = {"sourceLabels": "source_labels"}
    return {names.get(name, name): value for name, value in match.items()}


def test_each_match_goes_with_each_of_the_root_that_it_fits_into() -> None:
    first = {**PART, "name": "all", "match": [{"uri": {"prefix": "/a"}, "name": "a"}, {"method": {"exact": "GET"}}]}
    second = {
        "name": "one",
        "route": [to("details")],
        "match": [{"uri": {"prefix": "/a/b"}}, {"uri": {"prefix": "/c"}}],
    }
    (entry,) = merged(root(first), leaf(second)).http
    assert entry.spec.name == "all-one"
    assert [(each.name, each.uri and each.uri.prefix, bool(each.method)) for each in entry.spec.match or ()] == [
        ("a", "/a/b", False),
        (None, "/a/b", True),
        (None, "/c", True),
    ]
    assert [each.path for each in entry.matches] == ["spec.http[0].match[0]"] * 2 + ["spec.http[0].match[1]"]
    assert entry.ref == Ref("VirtualService", "team", "part", "spec.http[0]")


def test_the_delegate_says_and_the_root_fills_in() -> None:
    first = {**PART, "timeout": "1s", "retries": {"attempts": 1}, "headers": {"request": {"set": {"x": "root"}}}}
    second = {"timeout": "2s", "route": [to("details", port=9080)]}
    (entry,) = merged(root(first), leaf(second)).http
    assert (entry.spec.timeout, entry.spec.retries and entry.spec.retries.attempts) == ("2s", 1)
    assert entry.spec.headers is not None
    assert [each.destination.host for each in entry.spec.route or ()] == ["details.team.svc.cluster.local"]


@pytest.mark.parametrize(
    ("export_to", "default", "seen"),
    [
        (None, ("*",), True),
        (None, (".",), False),
        (["."], ("*",), False),
        (["shop"], ("*",), True),
        (["~"], ("*",), False),
        (["*"], (".",), True),
    ],
)
def test_a_delegate_is_seen_where_it_is_exported(export_to: Any, default: tuple[str, ...], seen: bool) -> None:
    delegate = leaf({"route": [to("details")]}, **({"exportTo": export_to} if export_to else {}))
    found = merged(root(PART), delegate, mesh=MeshConfig(virtual_service_export_to=default))
    assert bool(found.http) is seen


def test_only_the_route_without_its_delegate_is_lost() -> None:
    own = {"name": "own", "route": [to("reviews")]}
    found = merged(root(PART, own))
    assert [each.spec.name for each in found.http] == ["own"]


def test_routes_of_a_sidecar() -> None:
    found = view(
        root({"delegate": {"name": "part"}, "match": [{"uri": {"prefix": "/a"}}]}, {"route": [to("reviews")]}),
        leaf({"route": [to("details")]}, namespace="shop"),
    )
    first, last = hosts_of(found, "9080")["reviews.shop.svc.cluster.local:9080"].routes
    assert isinstance(first.action, Forward)
    assert (first.match.path.value, first.action.cluster) == ("/a", "outbound|9080||details.shop.svc.cluster.local")
    assert first.ref == Ref("VirtualService", "shop", "reviews", "spec.http[0].match[0]")
    assert last.match.path.value == "/"
    assert "part" not in {each.name for each in hosts_of(found, "9080").values()}
