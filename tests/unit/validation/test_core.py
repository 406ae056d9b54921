"""Services and Namespaces: what the API server asks of their own fields."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh.validation.structure import structure

LABEL = "is no name: at most 63 lower-case letters, digits and '-', a letter or digit at each end"


def found(kind: str, name: str = "a", **body: Any) -> list[tuple[str, str]]:
    document = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **body}
    return [(each.path, each.message) for each in structure(document).problems]


@pytest.mark.parametrize(
    "spec",
    [
        {"ports": [{"port": 80}]},
        {"ports": [{"port": 80, "protocol": "TCP", "name": "http", "targetPort": "web-1", "appProtocol": "a.io/b"}]},
        {"ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "b", "protocol": "UDP"}], "selector": {"a": None}},
        {"clusterIP": "None"},
        {"type": "ExternalName", "externalName": "api.example.com."},
        {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30000, "targetPort": 0}], "sessionAffinity": None},
        {"type": "", "ports": [{"port": 80, "targetPort": ""}], "trafficDistribution": "PreferClose"},
    ],
)
def test_accepted(spec: dict[str, Any]) -> None:
    assert found("Service", spec=spec, status={"loadBalancer": {}}) == []


@pytest.mark.parametrize(
    ("spec", "problems"),
    [
        (None, [("spec.ports", "is required")]),
        ([], [("spec", "needs a mapping, not a list")]),
        ({}, [("spec.ports", "is required")]),
        ({"port": []}, [("spec.port", "is not a field here; did you mean ports?")]),
        ({"type": "Internal"}, [("spec.type", 'is "Internal"; one of "", "ClusterIP", "NodePort", "LoadBalancer", '
                                              '"ExternalName", null')]),
        ({"type": "ExternalName"}, [("spec.externalName", "is required")]),
        ({"type": "ExternalName", "externalName": "A b"}, [("spec.externalName", "is no host name")]),
        ({"type": "NodePort", "clusterIP": "None"}, [("spec.clusterIP", "may not be None for a NodePort service")]),
        ({"ports": [{}]}, [("spec.ports[0].port", "is required")]),
        ({"ports": [{"port": 65536}]}, [("spec.ports[0].port", "is 65536; 1 to 65535")]),
        ({"ports": [{"port": "80"}]}, [("spec.ports[0].port", "needs a whole number, not text")]),
        ({"ports": [{"port": 80, "name": "A"}]}, [("spec.ports[0].name", LABEL)]),
        ({"ports": [{"port": 80, "name": "a"}, {"port": 81}]}, [
            ("spec.ports[1].name", "is required where there are several ports"),
        ]),
        ({"ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "a"}]}, [
            ("spec.ports[1].name", "is the name of another port too"),
        ]),
        ({"ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "b", "protocol": "TCP"}]}, [
            ("spec.ports[1]", "has the protocol and number of another port: TCP 80"),
        ]),
        ({"ports": [{"port": 80, "targetPort": "80"}]}, [
            ("spec.ports[0].targetPort", "is no port's name: at most 15 lower-case letters, digits and '-'"),
        ]),
        ({"ports": [{"port": 80, "targetPort": 65536}]}, [("spec.ports[0].targetPort", "is 65536; 1 to 65535")]),
        ({"ports": [{"port": 80, "appProtocol": ""}]}, [
            ("spec.ports[0].appProtocol", "is no protocol's name, such as http or kubernetes.io/h2c"),
        ]),
        ({"ports": [{"port": 80, "nodePort": 30000}]}, [
            ("spec.ports[0].nodePort", "may not be set for a ClusterIP service"),
        ]),
        ({"ports": [{"port": 80}], "selector": {"a": "-"}}, [("spec.selector[a]", "is no label")]),
    ],
)  # fmt: skip
def test_refused(spec: Any, problems: list[tuple[str, str]]) -> None:
    assert found("Service", spec=spec) == problems


def test_names_are_dns_labels() -> None:
    for kind in ("Service", "Namespace"):
        spec = {"ports": [{"port": 80}]} if kind == "Service" else {}
        assert found(kind, "1-a", spec=spec) == []
        assert found(kind, "a.b", spec=spec) == [("metadata.name", LABEL)]
    assert found("Namespace", spec={"finalizer": []}) == [
        ("spec.finalizer", "is not a field here; did you mean finalizers?")
    ]


def test_kinds_of_other_groups_are_not_meant() -> None:
    document = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": "a.b"}, "spec": {}}
    assert structure(document).problems == ()
