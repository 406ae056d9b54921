"""What the API server asks of ``metadata``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pulumi_mesh.validation.structure import structure

OK = {"apiVersion": "networking.istio.io/v1", "kind": "Sidecar", "metadata": {"name": "a"}, "spec": {}}


def found(document: Mapping[str, Any], **options: Any) -> list[tuple[str, str]]:
    return [(each.path, each.message) for each in structure(document, **options).problems]


NAMES = "is no name: lower-case letters, digits, '-' and '.', a letter or digit at both ends of each part"
KEY = "1 to 63 letters, digits, '-', '_' and '.', a letter or digit at each end"


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ({}, None),
        ({"name": "", "generateName": "a-"}, None),
        ({"name": "a..b"}, ("metadata.name", NAMES)),
        ({"name": "a_b"}, ("metadata.name", NAMES)),
        ({"name": "a" * 254}, ("metadata.name", "is 254 characters long; at most 253")),
        ({"name": ""}, ("metadata.name", "is required")),
        ({"name": "", "generateName": "A"}, ("metadata.generateName", NAMES)),
        ({"namespace": "a.b"}, ("metadata.namespace", "is no namespace's name: at most 63 lower-case letters, digits "
                                "and '-', a letter or digit at each end")),
        ({"foo": 1}, ("metadata.foo", "is not a field here")),
        ({"labels": {"a": None, "b.c/d": "E_f"}, "annotations": {"A.B/c": "any text"}}, None),
        ({"labels": {"a": 1}}, ("metadata.labels[a]", "needs text, not a number; quote it")),
        ({"labels": {"a": "-"}}, ("metadata.labels[a]", "is no label's value: at most 63 letters, digits, '-', '_' and "
                                  "'.', a letter or digit at each end")),
        ({"labels": {"a b": ""}}, ("metadata.labels", f"has the key 'a b'; {KEY}")),
        ({"labels": {"A/b": ""}}, ("metadata.labels", "has the key 'A/b', whose part before '/' is no DNS subdomain in "
                                   "lower case")),
        ({"annotations": {"a": "é" * 131072}}, ("metadata.annotations", "are 262145 bytes in all; at most 262144")),
        ({"creationTimestamp": None, "generation": -1}, None),
        ({"creationTimestamp": "2020-01-01"}, ("metadata.creationTimestamp", 'is "2020-01-01"; must be a time as RFC '
                                               "3339 writes it, such as 2006-01-02T15:04:05Z")),
        ({"creationTimestamp": "2020-01-01t00:00:00z"}, (
            "metadata.creationTimestamp", "is 2020-01-01t00:00:00z; 'T' and 'Z' are upper-case letters")),
        ({"finalizers": ["a b"]}, ("metadata.finalizers[0]", f"has the key 'a b'; {KEY}")),
        ({"finalizers": ["orphan", "foregroundDeletion"]}, (
            "metadata.finalizers", "holds orphan and foregroundDeletion, which exclude each other")),
        ({"ownerReferences": [{"apiVersion": "v1", "kind": "A", "name": "a", "uid": "b", "controller": True}]}, None),
        ({"ownerReferences": [{"apiVersion": "v1", "kind": "A", "name": "a"}]}, ("metadata.ownerReferences[0].uid",
                                                                                 "is required")),
        ({"ownerReferences": [{"apiVersion": "a/b/c", "kind": "A", "name": "a", "uid": "b"}]}, (
            "metadata.ownerReferences[0].apiVersion", "is no GROUP/VERSION")),
        ({"ownerReferences": [{"apiVersion": "v1", "kind": "A", "name": "a", "uid": "b", "controller": True}] * 2}, (
            "metadata.ownerReferences", "has 2 controllers; at most one")),
    ],
)  # fmt: skip
def test_metadata(metadata: dict[str, Any], problem: tuple[str, str] | None) -> None:
    document = {**OK, "metadata": {"name": "a", **metadata}}
    assert found(document) == ([problem] if problem else [])
    assert found(document, metadata=False) == []


def test_kinds_that_are_not_known_may_have_other_names() -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "system:node"}}
    assert found(role) == []
    assert found({**role, "metadata": {"name": "a/b"}}) == [
        ("metadata.name", "is no name: it holds '/' or '%', or is '.' or '..'")
    ]
