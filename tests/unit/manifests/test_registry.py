"""What istiod's registries make of objects: services, their ports and protocols, workloads and proxies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import KnownService, Proxy, Workload
from pulumi_mesh.manifests.reading import load_yaml
from pulumi_mesh.manifests.registry import snapshot_of
from pulumi_mesh.manifests.registry.protocols import of_service_port, parse
from pulumi_mesh.manifests.snapshot import Snapshot, answers_for
from pulumi_mesh.manifests.wire import from_wire

KINDS = {
    "ConfigMap": "v1",
    "Deployment": "apps/v1",
    "EndpointSlice": "discovery.k8s.io/v1",
    "Endpoints": "v1",
    "Gateway": "networking.istio.io/v1",
    "Namespace": "v1",
    "Node": "v1",
    "Pod": "v1",
    "Service": "v1",
    "ServiceEntry": "networking.istio.io/v1",
    "VirtualService": "networking.istio.io/v1",
    "DestinationRule": "networking.istio.io/v1",
    "WorkloadEntry": "networking.istio.io/v1",
}
CLUSTER_SCOPED = ("Namespace", "Node")


def known(text: str, **options: bool) -> Snapshot:
    """The snapshot of objects, each ``KIND NAME:`` with what the manifest holds beside its kind and name."""
    given: Mapping[str, Any] = load_yaml(text)
    objects = []
    for title, body in given.items():
        kind, name = title.split()
        metadata = {"name": name, **body.pop("metadata", {})}
        if kind not in CLUSTER_SCOPED:
            metadata.setdefault("namespace", "shop")
        objects.append(from_wire({"apiVersion": KINDS[kind], "kind": kind, "metadata": metadata, **body}))
    return snapshot_of(objects, **options)


def service(found: Snapshot, hostname: str) -> KnownService:
    known_service = found.service(hostname)
    assert known_service is not None
    return known_service


@pytest.mark.parametrize(
    ("number", "name", "transport", "app_protocol", "protocol"),
    [
        (80, "http", "TCP", None, "HTTP"),
        (80, "http-web", "TCP", None, "HTTP"),
        (80, "HTTP2-web", "TCP", None, "HTTP2"),
        (80, "grpc-web", "TCP", None, "GRPC_WEB"),
        (80, "grpc-web-api", "TCP", None, "GRPC_WEB"),
        (80, "grpc-api", "TCP", None, "GRPC"),
        (80, "web", "TCP", None, "UNSUPPORTED"),
        (80, "httpweb", "TCP", None, "UNSUPPORTED"),
        (80, "", "TCP", None, "UNSUPPORTED"),
        (80, "http", "UDP", None, "UDP"),
        (80, "http", "TCP", "tcp", "TCP"),
        (80, "http", "TCP", "", "UNSUPPORTED"),
        (80, "x", "TCP", "kubernetes.io/h2c", "HTTP2"),
        (80, "x", "TCP", "kubernetes.io/ws", "HTTP"),
        (80, "x", "TCP", "kubernetes.io/wss", "HTTPS"),
        (3306, "db", "TCP", None, "TCP"),
        (3306, "http", "TCP", None, "HTTP"),
        (27017, "", "TCP", None, "TCP"),
        (3307, "mysql", "TCP", None, "MYSQL"),
    ],
)
def test_protocol_of_a_service_port(
    number: int, name: str, transport: str, app_protocol: str | None, protocol: str
) -> None:
    assert of_service_port(number, name, transport, app_protocol) == protocol


@pytest.mark.parametrize(
    ("word", "protocol"), [("HTTP", "HTTP"), ("Mongo", "MONGO"), ("HTTP_PROXY", "HTTP_PROXY"), ("", "UNSUPPORTED")]
)
def test_protocol_of_a_word(word: str, protocol: str) -> None:
    assert parse(word) == protocol


@pytest.mark.parametrize(
    ("spec", "addresses", "resolution", "alias"),
    [
        ({"clusterIP": "10.96.0.1"}, ("10.96.0.1",), "STATIC", ""),
        ({"clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1", "fd00::1"]}, ("10.96.0.1", "fd00::1"), "STATIC", ""),
        ({"clusterIP": "None"}, (), "NONE", ""),
        ({}, ("240.240.0.1",), "STATIC", ""),
        ({"type": "ExternalName", "externalName": "a.example.com"}, (), "STATIC", "a.example.com"),
    ],
)
def test_addresses_of_a_service(spec: dict[str, Any], addresses: tuple[str, ...], resolution: str, alias: str) -> None:
    found = service(known(f"Service web: {{spec: {spec}}}"), "web.shop.svc.cluster.local")
    assert (found.addresses, found.resolution, found.alias_of) == (addresses, resolution, alias)
    assert found.headless == (resolution == "NONE")


def test_a_service_keeps_that_it_has_no_address_where_nobody_allocates() -> None:
    assert service(known("Service web: {spec: {}}", addresses=False), "web.shop.svc.cluster.local").addresses == ()


def test_what_annotations_of_a_service_say() -> None:
    found = service(
        known("""
Service web:
  metadata:
    creationTimestamp: "2024-05-01T00:00:00Z"
    annotations:
      networking.istio.io/exportTo: ".,far"
      alpha.istio.io/kubernetes-serviceaccounts: web,api
  spec: {internalTrafficPolicy: Local, trafficDistribution: PreferClose}
"""),
        "web.shop.svc.cluster.local",
    )
    assert found.export_to == (".", "far")
    assert found.subject_alt_names == ("spiffe://cluster.local/ns/shop/sa/web", "spiffe://cluster.local/ns/shop/sa/api")
    assert (found.node_local, found.traffic_distribution, found.created) == (
        True,
        "PreferClose",
        "2024-05-01T00:00:00Z",
    )


def test_a_target_by_name_is_each_pods_own() -> None:
    found = known("""
Service web: {spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: main}]}}
Pod a: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, ports: [{name: main, containerPort: 8080}]}]}}
Pod b: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, ports: [{name: main, containerPort: 8081}]}]}}
Pod c: {metadata: {labels: {app: web}}, spec: {containers: [{name: c}]}}
Pod d: {metadata: {labels: {app: other}}, spec: {}}
""")
    web = service(found, "web.shop.svc.cluster.local")
    assert [each.name for each in found.workloads_of(web)] == ["a", "b", "c"]
    proxies = {each.name: each for each in snapshot_proxies(found)}
    assert {name: [target for _, _, target in found.targets_of(each)] for name, each in proxies.items()} == {
        "a": [8080],
        "b": [8081],
        "c": [],
        "d": [],
    }


def snapshot_proxies(found: Snapshot) -> list[Proxy]:
    """A sidecar for each workload, in the mesh or not."""
    return [Proxy("sidecar", each.name, each.namespace, each.address, each.labels) for each in found.workloads]


def test_pods_have_their_places_from_their_nodes() -> None:
    found = known("""
Namespace istio-system: {metadata: {labels: {topology.istio.io/network: west}}}
Node one: {metadata: {labels: {topology.kubernetes.io/region: r, topology.kubernetes.io/zone: z}}}
Pod a: {spec: {nodeName: one}, status: {podIP: 10.0.0.1, conditions: [{type: Ready, status: "False"}]}}
Pod b: {metadata: {labels: {istio-locality: x.y.z, topology.istio.io/network: east}}, spec: {nodeName: one}}
Pod c: {spec: {}, status: {phase: Succeeded}}
""")
    assert [(each.name, each.locality, each.network, each.healthy) for each in found.workloads] == [
        ("a", "r/z/", "west", False),
        ("b", "x/y/z", "east", True),
    ]
    assert found.workloads[0].address == "10.0.0.1"


@pytest.mark.parametrize(
    ("namespace", "pod", "mesh"),
    [
        ({}, {}, False),
        ({"istio-injection": "enabled"}, {}, True),
        ({"istio.io/rev": "stable"}, {}, True),
        ({"istio-injection": "enabled"}, {"sidecar.istio.io/inject": "false"}, False),
        ({}, {"sidecar.istio.io/inject": "true"}, True),
        ({"istio-injection": "disabled"}, {"sidecar.istio.io/inject": "true"}, False),
        ({}, {"security.istio.io/tlsMode": "istio"}, True),
    ],
)
def test_which_workloads_are_in_the_mesh(namespace: dict[str, str], pod: dict[str, str], mesh: bool) -> None:
    found = known(f"""
Namespace shop: {{metadata: {{labels: {namespace}}}}}
Deployment web: {{spec: {{template: {{metadata: {{labels: {pod}}}, spec: {{serviceAccountName: web}}}}}}}}
""")
    assert [(each.name, each.service_account, each.mesh) for each in found.workloads] == [("web", "web", mesh)]
    assert [each.kind for each in found.proxies] == (["sidecar"] if mesh else [])


def test_a_template_is_nothing_beside_its_pods() -> None:
    found = known("""
Deployment web: {spec: {template: {metadata: {labels: {app: web}}, spec: {}}}}
Pod web-1: {metadata: {labels: {app: web, hash: a}}, spec: {}}
Pod web-2: {metadata: {labels: {app: web, hash: a}}, spec: {}}
""")
    assert [each.name for each in found.workloads] == ["web-1", "web-2"]


def test_listed_endpoints_take_the_place_of_the_selector() -> None:
    found = known("""
Service web: {spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}}
Pod a: {metadata: {labels: {app: web}}, spec: {serviceAccountName: a}, status: {podIP: 10.0.0.1}}
Pod b: {metadata: {labels: {app: web}}, spec: {}, status: {podIP: 10.0.0.2}}
EndpointSlice web-x:
  metadata: {labels: {kubernetes.io/service-name: web}}
  addressType: IPv4
  ports: [{name: http, port: 9090}]
  endpoints:
  - {addresses: [10.0.0.1], targetRef: {kind: Pod, name: a}, conditions: {ready: true}}
  - {addresses: [10.9.9.9], conditions: {ready: false}}
""")
    web = service(found, "web.shop.svc.cluster.local")
    ports = FrozenMap({"http": 9090})
    assert web.listed
    told = sorted((each.address, each.service_account, each.ports, each.healthy) for each in found.workloads_of(web))
    assert told == [("10.0.0.1", "a", ports, True), ("10.9.9.9", "", ports, False)]


def test_endpoints_count_where_there_are_no_slices() -> None:
    found = known("""
Service web: {spec: {ports: [{name: http, port: 80}]}}
Endpoints web:
  subsets: [{addresses: [{ip: 10.0.0.1}], notReadyAddresses: [{ip: 10.0.0.2}], ports: [{name: http, port: 81}]}]
""")
    web = service(found, "web.shop.svc.cluster.local")
    assert sorted((each.address, each.healthy) for each in found.workloads_of(web)) == [
        ("10.0.0.1", True),
        ("10.0.0.2", False),
    ]


def test_a_service_entry_is_a_service_for_each_host() -> None:
    found = known("""
ServiceEntry out:
  metadata: {labels: {team: a}}
  spec:
    hosts: [a.example.com, b.example.com]
    addresses: [10.0.0.0/8, 10.1.1.1/32, nonsense]
    resolution: STATIC
    subjectAltNames: [x]
    exportTo: ["."]
    ports: [{name: http, number: 80, targetPort: 8080, protocol: http}, {name: raw, number: 81}]
    endpoints: [{address: 10.2.0.1, ports: {raw: 99}, locality: r/z, weight: 3, serviceAccount: vm}]
""")
    one = service(found, "a.example.com")
    assert (one.addresses, one.registry, one.external, one.export_to) == (
        ("10.0.0.0/8", "10.1.1.1"),
        "External",
        True,
        (".",),
    )
    assert [(each.number, each.target_port, each.protocol) for each in one.ports] == [
        (80, 8080, "HTTP"),
        (81, 81, "UNSUPPORTED"),
    ]
    (endpoint, _) = found.workloads_of(service(found, "b.example.com"))  # once for each of its two addresses
    assert (endpoint.address, endpoint.ports, endpoint.locality, endpoint.weight, endpoint.mesh) == (
        "10.2.0.1",
        FrozenMap({"http": 8080, "raw": 99}),
        "r/z",
        3,
        True,
    )


@pytest.mark.parametrize(
    ("resolution", "addresses"), [("DNS", ["x.example.com"]), ("DNS_ROUND_ROBIN", ["x.example.com"]), ("NONE", [])]
)
def test_a_host_that_clients_resolve_is_its_own_endpoint(resolution: str, addresses: list[str]) -> None:
    found = known(f"""
ServiceEntry out: {{spec: {{hosts: [x.example.com], resolution: {resolution}, ports: [{{name: http, number: 80}}]}}}}
""")
    assert [each.address for each in found.workloads_of(service(found, "x.example.com"))] == addresses


def test_workload_entries_and_pods_are_selected_alike() -> None:
    found = known("""
Service web: {spec: {clusterIP: 10.96.0.1, selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}}
Service bare: {spec: {clusterIP: None, selector: {app: web}, ports: [{name: http, port: 80}]}}
ServiceEntry se:
  spec:
    {hosts: [web.example.com], resolution: STATIC, ports: [{name: http, number: 80}],
     workloadSelector: {labels: {app: web}}}
WorkloadEntry vm:
  metadata: {labels: {app: web}}
  spec: {address: 10.5.0.1, labels: {app: old}, ports: {http: 7070}, serviceAccount: vm}
WorkloadEntry name: {spec: {address: vm.example.com, labels: {app: web}}}
Pod a: {metadata: {labels: {app: web}}, spec: {}, status: {podIP: 10.0.0.1}}
""")
    hosts = ("web.shop.svc.cluster.local", "bare.shop.svc.cluster.local", "web.example.com")
    names = {host: [each.name for each in found.workloads_of(service(found, host))] for host in hosts}
    assert names == {hosts[0]: ["a", "vm"], hosts[1]: ["a"], hosts[2]: ["a", "vm"]}
    vm = found.proxy("vm")
    assert vm is not None
    ports = {target.hostname: number for target, _, number in found.targets_of(vm)}
    assert ports == {hosts[0]: 7070, hosts[2]: 7070}


def test_without_workloads_a_service_has_one_that_is_implied() -> None:
    found = known("""
Service web: {spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: main}]}}
Service nobody: {spec: {ports: [{name: http, port: 80}]}}
""")
    assert [(each.name, each.labels, each.ports) for each in found.workloads] == [
        ("web-1", FrozenMap({"app": "web"}), FrozenMap({"main": 80}))
    ]


def test_services_and_subsets_of_destinations_are_implied_on_request() -> None:
    text = """
VirtualService web: {spec: {hosts: [web], http: [{route: [{destination: {host: web, port: {number: 9080}}}]}]}}
DestinationRule web: {spec: {host: web, subsets: [{name: v1, labels: {version: v1}}]}}
"""
    assert known(text).services == ()
    found = known(text, implied=True)
    assert [each.number for each in service(found, "web.shop.svc.cluster.local").ports] == [9080]
    assert [(each.name, each.labels) for each in found.workloads] == [
        (f"web-v1-{number}", FrozenMap({"app": "web", "version": "v1"})) for number in (1, 2)
    ]


def test_gateways_are_the_workloads_that_they_select_or_implied() -> None:
    found = known("""
Gateway one: {spec: {selector: {istio: edge}}}
Gateway two: {spec: {selector: {istio: edge}}}
Gateway three: {spec: {selector: {istio: inner}}}
Pod edge-1: {metadata: {labels: {istio: edge, sidecar.istio.io/inject: "true"}}, spec: {serviceAccountName: edge}}
Pod web-1: {metadata: {labels: {app: web, sidecar.istio.io/inject: "true"}}, spec: {}}
""")
    assert [(each.kind, each.name, each.service_account) for each in found.proxies] == [
        ("router", "edge-1", "edge"),
        ("router", "three", "default"),
        ("sidecar", "web-1", "default"),
    ]


def test_mesh_config_is_read_from_its_config_map() -> None:
    found = known("""
ConfigMap istio:
  metadata: {namespace: mesh}
  data:
    meshNetworks: "networks: {east: {}}"
    mesh: |
      trustDomain: td
      outboundTrafficPolicy: {mode: REGISTRY_ONLY}
      enableAutoMtls: false
      connectTimeout: 500ms
      defaultServiceExportTo: ["."]
      localityLbSetting: {enabled: false}
      meshMTLS: {minProtocolVersion: TLSV1_3}
      extensionProviders: [{name: prometheus, prometheus: {}}, {name: authz, envoyExtAuthzHttp: {service: a, port: 80}}]
      defaultProviders: {accessLogging: [authz]}
      defaultConfig: {proxyMetadata: {ISTIO_META_HTTP10: "1"}}
      somethingNew: {a: 1}
""").mesh
    assert (found.trust_domain, found.root_namespace, found.outbound, found.auto_mtls) == (
        "td",
        "mesh",
        "REGISTRY_ONLY",
        False,
    )
    assert (found.connect_timeout.total_seconds(), found.service_export_to) == (0.5, (".",))
    assert (found.locality_lb_setting, found.mtls_minimum_version, found.http10) == (None, "TLSV1_3", True)
    assert [(each.name, each.kind) for each in found.extension_providers] == [("authz", "envoyExtAuthzHttp")]
    assert found.access_log_providers == ("authz",)
    assert (found.other["somethingNew"], "east" in found.mesh_networks) == (FrozenMap({"a": 1}), True)


def test_addresses_follow_the_first() -> None:
    assert KnownService("a", "a", "b", (), address="1.1.1.1").addresses == ("1.1.1.1",)
    assert KnownService("a", "a", "b", (), addresses=("1.1.1.1", "2.2.2.2")).address == "1.1.1.1"
    assert KnownService("a", "a", "b", ()).addresses == ()


def test_a_workload_that_is_listed_answers_for_nothing_else() -> None:
    web = KnownService("web.shop", "web", "shop", (), selector=FrozenMap({"app": "web"}))
    listed = Workload("a", "shop", "10.0.0.1", FrozenMap({"app": "web"}), hostname="other.shop")
    assert not answers_for(listed, web)


@pytest.mark.parametrize(
    ("spec", "labels", "address"),
    [
        ({"resolution": "DNS"}, {}, "240.240.0.7"),
        ({"resolution": "NONE"}, {}, ""),
        ({"resolution": "DNS", "addresses": ["10.0.0.1"]}, {}, ""),
        ({"resolution": "DNS"}, {"networking.istio.io/enable-autoallocate-ip": "false"}, ""),
    ],
)
def test_the_address_that_istiod_allocated(spec: dict[str, Any], labels: dict[str, str], address: str) -> None:
    found = known(
        f"""
ServiceEntry out:
  metadata: {{labels: {labels}}}
  spec: {{hosts: [x.example.com], ports: [{{name: http, number: 80}}], **spec}}
  status:
    addresses: [{{host: x.example.com, value: "2001:2::7"}}, {{host: x.example.com, value: 240.240.0.7}}]
""".replace("**spec", str(spec)[1:-1])
    )
    assert service(found, "x.example.com").automatic_address == address


@pytest.mark.parametrize(
    ("checked", "status", "there"), [("true", "False", False), ("true", "True", True), ("false", "False", True)]
)
def test_a_machine_that_is_not_healthy(checked: str, status: str, there: bool) -> None:
    found = known(f"""
WorkloadEntry vm:
  metadata: {{annotations: {{proxy.istio.io/health-checks-enabled: "{checked}"}}}}
  spec: {{address: 10.5.0.1}}
  status: {{conditions: [{{type: Healthy, status: "{status}"}}]}}
""")
    assert bool(found.workloads) == there
