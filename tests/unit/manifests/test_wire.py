"""Typed objects to manifests and back."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from pulumi_mesh import gateway_api, istio, kubernetes
from pulumi_mesh.errors import InvalidError
from pulumi_mesh.gateway_api import experimental
from pulumi_mesh.manifests.canonical import dump
from pulumi_mesh.manifests.loading import load_objects
from pulumi_mesh.manifests.wire import RawObject, class_of, declared, from_wire, to_wire
from pulumi_mesh.objects import Object
from pulumi_mesh.refs import Identity
from pulumi_mesh.typed import wire_names
from tests.unit.manifests.bodies import CORE, EXPERIMENTAL, GATEWAY_API, ISTIO

BODIES = {
    istio: {kind: {"spec": spec} for kind, spec in ISTIO.items()},
    kubernetes: CORE,
    gateway_api: {kind: {"spec": spec} for kind, spec in GATEWAY_API.items()},
    experimental: {kind: {"spec": spec} for kind, spec in EXPERIMENTAL.items()},
}


def classes(package: Any) -> dict[str, type[Object]]:
    named = [getattr(package, name) for name in package.__all__]
    return {cls.kind: cls for cls in named if isinstance(cls, type) and issubclass(cls, Object)}


def manifests() -> list[Any]:
    made = []
    for package, bodies in BODIES.items():
        for kind, cls in classes(package).items():
            metadata = {"name": "x", **({"namespace": "ns"} if cls.namespaced else {}), "labels": {"a": "b"}}
            manifest = {"apiVersion": cls.api_version, "kind": kind, "metadata": metadata, **bodies[kind]}
            made.append(pytest.param(manifest, cls, id=f"{package.__name__.rpartition('.')[2]}-{kind}"))
    return made


@pytest.mark.parametrize(("manifest", "cls"), manifests())
def test_round_trip(manifest: dict[str, Any], cls: type[Object]) -> None:
    made = from_wire(manifest)
    assert type(made) is cls
    assert to_wire(made) == manifest
    assert from_wire(to_wire(made)) == made
    assert hash(made) == hash(from_wire(manifest))
    text = dump(made)
    ((again, _),) = load_objects(text)
    assert again == made
    assert dump(again) == text


@pytest.mark.parametrize(("manifest", "cls"), manifests())
def test_python_names_do_as_well(manifest: dict[str, Any], cls: Any) -> None:
    made: Any = from_wire(manifest)
    given = {name: getattr(made, name) for name, _ in wire_names(cls)}
    assert cls(**given) == made


def test_every_kind_is_tested() -> None:
    assert {package: classes(package).keys() for package in BODIES} == {p: b.keys() for p, b in BODIES.items()}


@pytest.mark.parametrize(
    ("api_version", "kind", "found"),
    [
        ("networking.istio.io/v1beta1", "Sidecar", istio.Sidecar),
        ("networking.istio.io/v2", "Sidecar", None),
        ("security.istio.io/v1", "Sidecar", None),
        ("gateway.networking.k8s.io/v1", "Gateway", gateway_api.Gateway),
        ("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", gateway_api.ReferenceGrant),
        ("gateway.networking.k8s.io/v1alpha3", "BackendTLSPolicy", gateway_api.BackendTLSPolicy),
        ("gateway.networking.k8s.io/v1alpha2", "TCPRoute", experimental.TCPRoute),
        ("gateway.networking.x-k8s.io/v1alpha1", "XMesh", experimental.XMesh),
        ("v1", "Service", kubernetes.Service),
        ("serving.knative.dev/v1", "Service", None),
        ("v1", "ServiceSpec", None),
        ("v1", "sidecar", None),
    ],
)
def test_classes_by_version_and_kind(api_version: str, kind: str, found: type[Object] | None) -> None:
    assert class_of(api_version, kind) is found


def test_older_served_versions_are_kept() -> None:
    old = {"apiVersion": "networking.istio.io/v1alpha3", "kind": "Gateway", "metadata": {"name": "g"}, "spec": {}}
    assert from_wire(old) == istio.Gateway("g", version="v1alpha3")
    assert to_wire(from_wire(old)) == old
    assert from_wire({**old, "apiVersion": "networking.istio.io/v1"}) == istio.Gateway("g")


def test_an_older_schema_is_read_as_the_newest_type_where_it_fits() -> None:
    rule = {"backendRefs": [{"name": "db", "port": 5432}]}
    old = {
        "apiVersion": "gateway.networking.k8s.io/v1alpha2",
        "kind": "TCPRoute",
        "metadata": {"name": "db"},
        "spec": {"rules": [rule]},
    }
    made = from_wire(old)
    assert type(made) is experimental.TCPRoute
    assert to_wire(made) == old
    several = {**old, "spec": {"rules": [rule, rule]}}  # which v1 does not allow
    assert isinstance(from_wire(several), RawObject)
    assert to_wire(from_wire(several)) == several


def test_a_version_that_is_not_served_is_refused() -> None:
    with pytest.raises(InvalidError, match="version: is none that is served: v1, v1beta1, v1alpha3"):
        istio.Gateway("g", version="v2")


def test_a_version_that_only_the_experimental_channel_serves_is_read_as_its_type() -> None:
    spec = GATEWAY_API["TLSRoute"]
    old = {
        "apiVersion": "gateway.networking.k8s.io/v1alpha3",
        "kind": "TLSRoute",
        "metadata": {"name": "a"},
        "spec": spec,
    }
    made = from_wire(old)
    assert type(made) is experimental.TLSRoute
    assert to_wire(made) == old


def test_names_are_read_as_they_are_and_judged_later() -> None:
    manifest = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "a_B", "namespace": "$x"},
    }
    made = from_wire(manifest)
    assert (made.name, made.namespace) == ("a_B", "$x")
    assert from_wire(to_wire(made)) == made
    with pytest.raises(InvalidError):
        istio.Gateway("a_B")


def test_what_no_channel_takes_is_said_of_the_wider_one() -> None:
    route = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "a"}}
    with pytest.raises(InvalidError) as caught:
        from_wire({**route, "spec": {"rules": [{"retries": {}}]}})
    assert caught.value.problems == [
        ('HTTPRoute("a").spec.rules[0].retries', "is not a field here; did you mean retry?")
    ]


def test_unknown_kinds_are_kept_whole() -> None:
    manifest = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "system:node", "uid": "1", "annotations": {"a": "b"}},
        "rules": [{"verbs": ["get"], "x": None}],
        "status": {"a": 1},
    }
    made = from_wire(manifest)
    assert isinstance(made, RawObject)
    assert made.identity == Identity("ClusterRole", "", "system:node")
    assert to_wire(made) == manifest
    assert len({made, from_wire(manifest)}) == 1


def test_what_the_cluster_adds_is_kept_and_not_declared() -> None:
    manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a", "namespace": "b", "uid": "u", "ownerReferences": [{"name": "o"}], "labels": None},
        "spec": {"type": "ClusterIP", "selector": None},
        "status": {"loadBalancer": {}},
    }
    kept = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a", "namespace": "b", "uid": "u", "ownerReferences": [{"name": "o"}]},
        "spec": {"type": "ClusterIP"},
    }
    assert declared(from_wire(manifest)) == kept
    assert to_wire(from_wire(manifest)) == {**kept, "status": {"loadBalancer": {}}}


def test_outputs_pass_through() -> None:
    output: Any = pulumi.Output.__new__(pulumi.Output)
    made = istio.ServiceEntry("x", annotations={"a": output}, spec={"hosts": [output]})
    assert to_wire(made)["spec"]["hosts"][0] is output
    assert to_wire(made)["metadata"]["annotations"]["a"] is output


def test_secrets_stay_out_of_reprs_and_errors() -> None:
    secret = kubernetes.Secret("s", type="kubernetes.io/tls", data={"tls.key": "hush"}, string_data={"a": "hush"})
    assert repr(secret) == "Secret('s', type='kubernetes.io/tls')"
    with pytest.raises(InvalidError) as caught:
        kubernetes.Secret("s", data={"tls.key": ["hush"]})  # type: ignore[dict-item]  # what the test is about
    assert "hush" not in str(caught.value)


GATEWAY = {"apiVersion": "networking.istio.io/v1", "kind": "Gateway"}
WRONG: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "no header": ({}, [("f:1 apiVersion", "is required, as text"), ("f:1 kind", "is required, as text")]),
    "no metadata": (GATEWAY, [("f:1 Gateway.metadata", "needs a mapping, not nothing (null)")]),
    "no name": ({**GATEWAY, "metadata": {}}, [('f:1 Gateway("").metadata.name', "is required")]),
    "label": (
        {**GATEWAY, "metadata": {"name": "g", "labels": {"a": True}}},
        [("f:1 Gateway(\"g\").metadata.labels['a']", "needs text, not a boolean; quote it")],
    ),
    "body": (
        {**GATEWAY, "metadata": {"name": "g"}, "spce": {}},
        [('f:1 Gateway("g").spce', "is not a field here; did you mean spec?")],
    ),
    "scope": (
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n", "namespace": "x"}},
        [('f:1 Namespace("n").metadata.namespace', "must be empty: a Namespace is cluster-scoped")],
    ),
    "raw name": (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "../../x"}},
        [('f:1 ConfigMap("../../x").metadata.name', "is '../../x'; a name has no '/' or '%' and is not dots alone")],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_problems_name_the_manifests_own_fields(case: str) -> None:
    manifest, problems = WRONG[case]
    with pytest.raises(InvalidError) as caught:
        from_wire(manifest, "f:1")
    assert caught.value.problems == problems
