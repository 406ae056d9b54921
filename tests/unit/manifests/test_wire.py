"""Typed objects to manifests and back."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from pulumi_mesh import istio, kubernetes
from pulumi_mesh.errors import InvalidError
from pulumi_mesh.manifests.canonical import dump
from pulumi_mesh.manifests.loading import load_objects
from pulumi_mesh.manifests.wire import RawObject, class_of, from_wire, to_wire
from pulumi_mesh.objects import Object
from pulumi_mesh.refs import Identity

ISTIO: dict[str, dict[str, Any]] = {
    "VirtualService": {
        "hosts": ["reviews"],
        "gateways": ["mesh", "ns/public"],
        "exportTo": [],
        "http": [
            {
                "match": [{"uri": {"regex": "/v[12]/.*"}, "queryParams": {"a": {"exact": "y"}}, "port": 80}],
                "fault": {"abort": {"httpStatus": 503, "percentage": {"value": 0.5}}},
                "mirror": {"host": "copy", "port": {"number": 8080}},
                "headers": {"request": {"set": {"x": "1"}, "remove": ["y"]}},
                "route": [{"destination": {"host": "reviews", "subset": "v1"}, "weight": 90}],
                "corsPolicy": {},
            },
            {"redirect": {"uri": "/", "redirectCode": 308, "derivePort": "FROM_REQUEST_PORT"}},
        ],
        "tls": [{"match": [{"sniHosts": ["a"], "port": 443}], "route": [{"destination": {"host": "a"}}]}],
    },
    "DestinationRule": {
        "host": "reviews",
        "subsets": [{"name": "v1", "labels": {"version": "v1"}}],
        "trafficPolicy": {
            "loadBalancer": {"consistentHash": {"httpHeaderName": "user", "ringHash": {"minimumRingSize": 5}}},
            "outlierDetection": {"consecutive5xxErrors": 3, "maxEjectionPercent": 100},
            "connectionPool": {"tcp": {"maxConnections": 1}, "http": {"http2MaxRequests": 2}},
            "tls": {"mode": "ISTIO_MUTUAL"},
        },
    },
    "Gateway": {
        "selector": {"istio": "ingress"},
        "servers": [
            {
                "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
                "hosts": ["*.example.com"],
                "tls": {"mode": "SIMPLE", "credentialName": "cert"},
            }
        ],
    },
    "ServiceEntry": {
        "hosts": ["api.example.com"],
        "ports": [{"number": 443, "name": "tls", "protocol": "TLS"}],
        "location": "MESH_EXTERNAL",
        "resolution": "STATIC",
        "endpoints": [{"address": "192.0.2.1", "ports": {"tls": 8443}, "labels": {"a": "b"}, "weight": 3}],
    },
    "WorkloadEntry": {"address": "192.0.2.7", "serviceAccount": "vm", "labels": {"app": "vm"}},
    "PeerAuthentication": {
        "selector": {"matchLabels": {"app": "a"}},
        "mtls": {"mode": "STRICT"},
        "portLevelMtls": {"8080": {"mode": "DISABLE"}},
    },
    "AuthorizationPolicy": {
        "action": "DENY",
        "rules": [
            {
                "from": [{"source": {"principals": ["cluster.local/ns/a/sa/b"]}}],
                "to": [{"operation": {"methods": ["GET"], "ports": ["80"]}}],
                "when": [{"key": "request.headers[x]", "values": ["1"]}],
            },
            {},
        ],
    },
    "Sidecar": {"egress": [{"hosts": ["./*", "istio-system/*"]}], "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}},
    "EnvoyFilter": {
        "configPatches": [
            {
                "applyTo": "HTTP_FILTER",
                "match": {"context": "SIDECAR_OUTBOUND", "listener": {"portNumber": 8080}},
                "patch": {"operation": "INSERT_BEFORE", "value": {"name": "lua", "typed_config": {"a": [1, None, {}]}}},
            }
        ]
    },
    "Telemetry": {
        "metrics": [
            {"overrides": [{"match": {"metric": "REQUEST_COUNT"}, "tagOverrides": {"a": {"operation": "REMOVE"}}}]}
        ],
        "tracing": [{"randomSamplingPercentage": 12.5, "customTags": {"t": {"literal": {"value": "v"}}}}],
    },
    "RequestAuthentication": {
        "jwtRules": [{"issuer": "https://a", "jwksUri": "https://a/k", "fromHeaders": [{"name": "x", "prefix": "B "}]}]
    },
}  # fmt: skip

CORE: dict[str, dict[str, Any]] = {
    "Namespace": {"spec": {"finalizers": ["kubernetes"]}},
    "ServiceAccount": {"automountServiceAccountToken": False, "imagePullSecrets": [{"name": "a"}]},
    "Secret": {"type": "kubernetes.io/tls", "data": {"tls.crt": "YQ==", "tls.key": "Yg=="}},
    "Service": {
        "spec": {
            "clusterIP": "None",
            "selector": {"app": "a"},
            "ports": [{"port": 80, "targetPort": "http", "appProtocol": "http2"}, {"port": 81, "targetPort": 8081}],
        }
    },
}


def classes() -> list[type[Object]]:
    named = [getattr(package, name) for package in (istio, kubernetes) for name in package.__all__]
    return [cls for cls in named if isinstance(cls, type) and issubclass(cls, Object)]


def manifests() -> list[dict[str, Any]]:
    made = []
    for cls in classes():
        metadata = {"name": "x", **({"namespace": "ns"} if cls.namespaced else {}), "labels": {"a": "b"}}
        body = {"spec": ISTIO[cls.kind]} if cls.kind in ISTIO else CORE[cls.kind]
        made.append({"apiVersion": cls.api_version, "kind": cls.kind, "metadata": metadata, **body})
    return made


@pytest.mark.parametrize("manifest", manifests(), ids=lambda m: m["kind"])
def test_round_trip(manifest: dict[str, Any]) -> None:
    made = from_wire(manifest)
    assert type(made).__name__ == manifest["kind"]
    assert to_wire(made) == manifest
    assert from_wire(to_wire(made)) == made
    assert hash(made) == hash(from_wire(manifest))
    text = dump(made)
    ((again, _),) = load_objects(text)
    assert again == made
    assert dump(again) == text


@pytest.mark.parametrize("manifest", manifests(), ids=lambda m: m["kind"])
def test_python_names_do_as_well(manifest: dict[str, Any]) -> None:
    made: Any = from_wire(manifest)
    given = {name: getattr(made, name) for name in type(made).__pydantic_fields__}
    assert type(made)(**given) == made


def test_every_kind_is_tested() -> None:
    assert {cls.kind for cls in classes()} == ISTIO.keys() | CORE.keys()


@pytest.mark.parametrize(
    ("api_version", "kind", "found"),
    [
        ("networking.istio.io/v1beta1", "Sidecar", istio.Sidecar),
        ("networking.istio.io/v2", "Sidecar", None),
        ("security.istio.io/v1", "Sidecar", None),
        ("gateway.networking.k8s.io/v1", "Gateway", None),
        ("v1", "Service", kubernetes.Service),
        ("serving.knative.dev/v1", "Service", None),
        ("v1", "ServiceSpec", None),
        ("v1", "sidecar", None),
    ],
)
def test_classes_by_version_and_kind(api_version: str, kind: str, found: type[Object] | None) -> None:
    assert class_of(api_version, kind) is found


def test_older_served_versions_become_the_newest() -> None:
    old = {"apiVersion": "networking.istio.io/v1alpha3", "kind": "Gateway", "metadata": {"name": "g"}, "spec": {}}
    assert from_wire(old) == istio.Gateway("g")
    assert to_wire(from_wire(old))["apiVersion"] == "networking.istio.io/v1"


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


def test_what_the_cluster_adds_is_kept_or_left_out() -> None:
    manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a", "namespace": "b", "uid": "u", "ownerReferences": [{"name": "o"}], "labels": None},
        "spec": {"type": "ClusterIP", "selector": None},
        "status": {"loadBalancer": {}},
    }
    assert to_wire(from_wire(manifest)) == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a", "namespace": "b", "uid": "u", "ownerReferences": [{"name": "o"}]},
        "spec": {"type": "ClusterIP"},
    }


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
