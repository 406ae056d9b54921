"""The generator: versions, names, and schemas it must not guess about."""

from __future__ import annotations

import pytest

from scripts.typegen import crds
from scripts.typegen.emit import Module
from scripts.typegen.shapes import python_name, shapes_of

CRD = """
spec:
  group: example.io
  scope: Cluster
  names: {kind: Thing}
  versions:
  - {name: v1alpha1, served: true, schema: {openAPIV3Schema: {properties: {spec: {type: object}}}}}
  - {name: v1beta1, served: false, schema: {openAPIV3Schema: {properties: {spec: {type: object}}}}}
  - name: v1
    served: true
    schema:
      openAPIV3Schema:
        properties:
          spec:
            type: object
            description: prose
            properties:
              description: {type: string, description: prose}
"""


def test_the_newest_served_version_counts_and_prose_goes() -> None:
    assert crds.strip(CRD) == {
        "Thing": {
            "group": "example.io",
            "namespaced": False,
            "versions": ["v1", "v1alpha1"],
            "spec": {"type": "object", "properties": {"description": {"type": "string"}}},
        }
    }


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ("perTryTimeout", "per_try_timeout"),
        ("http2MaxRequests", "http2_max_requests"),
        ("consecutive5xxErrors", "consecutive_5xx_errors"),
        ("useSourceIp", "use_source_ip"),
        ("jwksURI", "jwks_uri"),
        ("mtls", "mtls"),
    ],
)
def test_python_names(wire: str, expected: str) -> None:
    assert python_name(wire) == expected


def test_equal_shapes_share_a_class_and_others_get_longer_names() -> None:
    match = {"type": "object", "properties": {"exact": {"type": "string"}}}
    other = {"type": "object", "properties": {"port": {"type": "integer"}}}

    def rules(inner: object) -> dict[str, object]:
        return {"type": "array", "items": {"type": "object", "properties": {"match": inner}}}

    spec = {"type": "object", "properties": {"http": rules(match), "tls": rules(match), "tcp": rules(other)}}
    names = {shape.name: shape.places for shape in shapes_of("Thing", spec).values()}
    assert names == {
        "HttpMatch": ["http[].match", "tls[].match"],
        "Http": ["http[]", "tls[]"],
        "TcpMatch": ["tcp[].match"],
        "Tcp": ["tcp[]"],
        "ThingSpec": [""],
    }


def test_a_schema_keyword_that_it_does_not_know_stops_it() -> None:
    field = {"type": "string", "x-new-rule": True}
    crd = {"group": "g", "versions": ["v1"], "namespaced": True, "spec": {"type": "object", "properties": {"a": field}}}
    with pytest.raises(ValueError, match="x-new-rule"):
        Module("Thing", crd).source()
