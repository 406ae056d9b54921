"""The generator: versions, names, and schemas it must not guess about."""

from __future__ import annotations

import pytest

from scripts import generate
from scripts.typegen import crds
from scripts.typegen.emit import Module
from scripts.typegen.shapes import python_name, shapes_of

CRD = """
kind: CustomResourceDefinition
spec:
  group: example.io
  scope: Cluster
  names: {kind: Thing}
  versions:
  - {name: v1alpha1, served: true, schema: {openAPIV3Schema: {type: object, description: prose}}}
  - {name: v1beta2, served: true, schema: {openAPIV3Schema: {properties: {spec: {type: object}}}}}
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
            oneOf:
            - {description: prose, required: [description]}
            x-kubernetes-validations:
            - {rule: has(self.description), message: needed}
  - {name: v2beta1, served: true, schema: {openAPIV3Schema: {properties: {spec: {type: object}}}}}
---
kind: ValidatingAdmissionPolicy
spec: {}
"""


def test_prose_goes_and_what_differs_between_served_versions_stays() -> None:
    spec = {
        "type": "object",
        "properties": {"description": {"type": "string"}},
        "oneOf": [{"required": ["description"]}],
        "x-kubernetes-validations": [{"rule": "has(self.description)", "message": "needed"}],
    }
    other = {"properties": {"spec": {"type": "object"}}}
    assert crds.strip(CRD) == {
        "Thing": {
            "group": "example.io",
            "namespaced": False,
            "versions": ["v1", "v2beta1", "v1beta2", "v1alpha1"],
            "schemas": {
                "v1": {"properties": {"spec": spec}},
                "v2beta1": other,
                "v1beta2": other,
                "v1alpha1": {"type": "object"},
            },
        }
    }


def test_a_type_tells_the_versions_whose_schema_is_another() -> None:
    def schema(field: str) -> dict[str, object]:
        spec = {"type": "object", "properties": {field: {"type": "string"}}}
        return {"type": "object", "properties": {"spec": spec}}

    crd = {"group": "g", "namespaced": True, "versions": ["v1", "v1beta1", "v1alpha1"]}
    source = Module("Thing", {**crd, "schemas": {"v1": schema("a"), "v1alpha1": schema("b")}}).source()
    assert 'served_versions: ClassVar[tuple[str, ...]] = ("v1", "v1beta1", "v1alpha1",)' in source
    assert 'other_schemas: ClassVar[tuple[str, ...]] = ("v1alpha1",)' in source


def test_only_kinds_with_other_fields_are_written_for_the_wider_channel() -> None:
    def crd(**spec: object) -> dict[str, object]:
        schema = {"type": "object", "properties": {"spec": {"type": "object", **spec}}}
        return {"versions": ["v1"], "schemas": {"v1": schema}}

    rule = {"x-kubernetes-validations": [{"rule": "true"}]}
    standard = {"Same": crd(), "Ruled": crd(), "Wider": crd()}
    experimental = {"Same": crd(), "Ruled": crd(**rule), "Wider": crd(properties={"a": {}}), "New": crd()}
    assert generate.wider(experimental, standard).keys() == {"Wider", "New"}


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ("perTryTimeout", "per_try_timeout"),
        ("http2MaxRequests", "http2_max_requests"),
        ("consecutive5xxErrors", "consecutive_5xx_errors"),
        ("useSourceIp", "use_source_ip"),
        ("jwksURI", "jwks_uri"),
        ("mtls", "mtls"),
        ("GRPCRoute", "grpc_route"),
        ("XBackendTrafficPolicy", "x_backend_traffic_policy"),
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
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"a": field}}}}
    crd = {"group": "g", "versions": ["v1"], "namespaced": True, "schemas": {"v1": schema}}
    with pytest.raises(ValueError, match="x-new-rule"):
        Module("Thing", crd).source()
