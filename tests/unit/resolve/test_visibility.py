"""Which services a proxy knows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, ServicePort
from pulumi_mesh.proxy.resolve.visibility import aliases_of, exported_to, from_one_namespace, is_visible, one_a_host

HTTP = ServicePort("http", 80, 80, "HTTP")
TCP = ServicePort("tcp", 81, 81, "TCP")


def service(namespace: str, *export_to: str, host: str = "a.example.com", port: ServicePort = HTTP) -> KnownService:
    """A host of a ServiceEntry."""
    return KnownService(host, host, namespace, (port,), registry="External", export_to=export_to)


@pytest.mark.parametrize(
    ("export_to", "default", "own", "other"),
    [
        ((), ("*",), True, True),
        ((), (".",), True, False),
        ((), ("~",), False, False),
        ((".",), ("*",), True, False),
        (("shop",), ("*",), True, False),
        (("far",), ("*",), False, True),
        (("~",), ("*",), False, False),
        ((".", "*"), ("~",), True, True),
    ],
)
def test_export_to(export_to: tuple[str, ...], default: tuple[str, ...], own: bool, other: bool) -> None:
    mesh = MeshConfig(service_export_to=default)
    one = service("shop", *export_to)
    assert (is_visible(one, "shop", mesh), is_visible(one, "far", mesh)) == (own, other)
    assert (exported_to([one], "shop", mesh), exported_to([one], "far", mesh)) == ((one,) * own, (one,) * other)


def test_what_is_for_one_namespace_comes_first() -> None:
    public, narrow = service("a"), service("b", "shop")
    assert exported_to([public, narrow], "shop", MeshConfig()) == (narrow, public)


def test_a_host_is_taken_from_one_namespace() -> None:
    first, second, mine = service("a"), service("b"), service("shop")
    assert from_one_namespace([first, second], "shop") == (first,)
    assert from_one_namespace([first, second, mine], "shop") == (mine,)
    cluster = replace(second, registry="Kubernetes")
    assert from_one_namespace([first, cluster], "shop") == (cluster,)
    assert from_one_namespace([mine, cluster], "shop") == (mine,)


def test_services_of_one_host_are_joined_where_they_are_alike() -> None:
    one, two = service("shop"), service("shop", port=TCP)
    (joined,) = one_a_host([one, two])
    assert joined.ports == (HTTP, TCP)
    assert one_a_host([one, replace(two, labels=FrozenMap({"a": "b"}))]) == (one,)
    assert one_a_host([one, service("far", port=TCP)]) == (one,)
    cluster = replace(two, registry="Kubernetes")
    assert one_a_host([one, cluster]) == (cluster,)


def test_aliases_over_steps_and_in_circles() -> None:
    def alias(name: str, of: str) -> KnownService:
        return KnownService(name, name, "shop", (), alias_of=of)

    steps = alias("one", "two"), alias("two", "Real"), alias("x", "y"), alias("y", "x")
    assert {host: [each.name for each in those] for host, those in aliases_of(steps).items()} == {
        "real": ["one", "two"]
    }
