"""Our view of each proxy is what istiod tells it: for the examples, for generated meshes, for a folder of manifests.

``make compare-istiod`` does the same for many more meshes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import pulumi_mesh as pm
from pulumi_mesh.frozen import freeze
from pulumi_mesh.loading import load_program
from pulumi_mesh.manifests.snapshot import snapshot as index
from pulumi_mesh.proxy.envoy.read import read_config_dump
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import Pipe
from pulumi_mesh.proxy.view.clusters import Endpoint, EndpointSet, LocalityEndpoints
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager, Listener
from pulumi_mesh.proxy.view.routes import RouteConfig, VirtualHost
from pulumi_mesh.proxy.view.telemetry import Tracing
from pulumi_mesh.validation.judge import judge
from tests.cluster.compare.cluster import Cluster
from tests.cluster.compare.comparison import Compared, compare
from tests.cluster.compare.differences import Difference, differences
from tests.cluster.compare.folder import of_documents, of_folder
from tests.cluster.compare.generate import generated, generated_with_canaries
from tests.cluster.compare.generate.features import all_features, features_of
from tests.cluster.compare.generate.manifests import generated_manifests
from tests.cluster.compare.programs import examples
from tests.cluster.compare.report import as_json, exit_code, summary, text
from tests.cluster.compare.transforms import comparable
from tests.cluster.compare.world import World, of_mesh
from tests.cluster.conftest import BinaryOf
from tests.cluster.tools.pilot_agent import proxies
from tests.cluster.tools.pipeline import render
from tests.cluster.tools.process import free_ports
from tests.cluster.tools.programs import BOOKINFO, CASES

SEEDS = range(4)
MANIFESTS = sorted(Path(__file__).with_name("compare").joinpath("manifests").glob("*.yaml"))
EVERY_FEATURE = range(100)
EVERY_MANIFEST = range(200)
"""Those of `make compare-istiod`."""

SHOP = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  selector: {app: cart}
  ports:
  - {name: http-web, port: 80, targetPort: 8080}
  - {name: db, port: 3306, appProtocol: tcp}
---
apiVersion: v1
kind: Service
metadata: {name: each-cart, namespace: shop}
spec:
  clusterIP: None
  selector: {app: cart}
  ports:
  - {name: grpc, port: 9090}
  - {name: tcp-peers, port: 7000}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: api, namespace: shop}
spec:
  gatewayClassName: istio
  listeners:
  - {name: http, port: 80, protocol: HTTP, hostname: "*.example.com"}
  - {name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}
  - {name: db, port: 3306, protocol: TCP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart, namespace: shop}
spec:
  parentRefs: [{name: api}, {name: cart, kind: Service, group: ""}]
  hostnames: [cart.example.com]
  rules:
  - matches: [{path: {value: /old/}, method: GET, headers: [{name: x-old, value: "1"}]}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]
    backendRefs: [{name: cart, port: 80}, {name: nobody, port: 80, weight: 3}]
    timeouts: {request: 2s}
  - matches: [{path: {value: /away, type: Exact}}]
    filters: [{type: RequestRedirect, requestRedirect: {hostname: away.example.com}}]
  - {}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: cart, namespace: shop}
spec:
  parentRefs: [{name: api}]
  hostnames: [cart.example.com]
  rules: [{backendRefs: [{name: cart, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: db, namespace: shop}
spec:
  parentRefs: [{name: api, sectionName: db}]
  rules: [{backendRefs: [{name: cart, port: 3306}]}]
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: {name: cart, namespace: shop}
spec: {targetRefs: [{group: "", kind: Service, name: cart}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart-v1, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart, version: v1}}
    spec: {serviceAccountName: cart, containers: [{name: cart, image: cart}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: edge, namespace: shop}
spec:
  selector: {matchLabels: {istio: edge}}
  template:
    metadata: {labels: {istio: edge, sidecar.istio.io/inject: "true"}}
    spec: {containers: [{name: istio-proxy, image: auto}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  selector: {istio: edge}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  hosts: [shop.example.com]
  gateways: [edge]
  http: [{route: [{destination: {host: cart, port: {number: 80}}}], timeout: 3s}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
"""


@pytest.fixture(autouse=True)
def _every_view_is_accepted() -> None:
    """istiod judges the views of this file; to have Envoy start for each as well would take most of the time."""


def assert_equal(cluster: Cluster, world: World) -> tuple[Compared, ...]:
    """Fails with every difference."""
    results = compare(cluster, world)
    assert results
    if not all(each.equal for each in results):
        pytest.fail(f"{summary(results)}\n{text(world, results)}", pytrace=False)
    return results


EXAMPLES = dict(examples())


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(comparison: Cluster, name: str) -> None:
    assert_equal(comparison, of_mesh(name, EXAMPLES[name]))


def test_every_field_of_the_model(comparison: Cluster) -> None:
    program, _ = CASES["every field"]
    # Its objects are of kinds that views are not resolved from.
    assert_equal(comparison, of_mesh("every field", load_program(str(program)).replace(objects=())))


@pytest.mark.parametrize("seed", SEEDS)
def test_generated_mesh(comparison: Cluster, seed: int) -> None:
    assert_equal(comparison, of_mesh(f"seed {seed}", generated(seed)))


@pytest.mark.parametrize("seed", SEEDS)
def test_generated_manifests(comparison: Cluster, seed: int) -> None:
    assert_equal(comparison, of_documents(f"manifests {seed}", generated_manifests(seed)))


@pytest.mark.parametrize("file", [pytest.param(each, id=each.stem) for each in MANIFESTS])
def test_manifests(comparison: Cluster, file: Path, tmp_path: Path) -> None:
    """What a mesh of the model has no words for."""
    shutil.copy(file, tmp_path)
    assert_equal(comparison, of_folder(tmp_path))


def test_folder_with_services_and_workloads(comparison: Cluster, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    world = of_folder(tmp_path)
    results = assert_equal(comparison, world)
    assert world.notes == ("not applied, as its kind is not there: XBackendTrafficPolicy shop/cart",)
    assert [each.proxy for each in results] == ["router shop/edge", "sidecar shop/cart-v1", "router shop/api-istio"]
    assert (summary(results), exit_code(results), exit_code(())) == ("equal: 3/3", 0, 1)


def test_folder_that_was_rendered(comparison: Cluster, tmp_path: Path) -> None:
    render(BOOKINFO, tmp_path, stages={"reviews": 1})
    world = of_folder(tmp_path)
    results = assert_equal(comparison, world)
    assert {each.proxy.partition(" ")[0] for each in results} == {"router", "sidecar"}
    assert "implied, as the folder has no Service for it: reviews.bookinfo.svc.cluster.local" in world.notes


def test_what_differs_is_told(comparison: Cluster) -> None:
    """A view without the route of the mesh is not istiod's, and the report names the place."""
    world = of_mesh("bookinfo", EXAMPLES["bookinfo, reviews at stage 1"])
    known = world.snapshot
    kept = [each for held in known.objects.values() for each in held if each.kind != "VirtualService"]
    poorer = index(kept, services=known.services, workloads=known.workloads, proxies=known.proxies, mesh=known.mesh)
    results = compare(comparison, replace(world, snapshot=poorer))
    assert not any(each.equal for each in results)
    told = text(world, results)
    assert "bookinfo: 6 of 6 differ" in told
    assert "routes['9080'].virtual_hosts['reviews.bookinfo.svc.cluster.local:9080'].routes" in told
    assert json.loads(as_json(results))["equal"] == 0
    assert (summary(results), exit_code(results)) == ("equal: 0/6", 1)


def test_what_istiod_refuses_is_a_difference(comparison: Cluster) -> None:
    world = of_mesh("smallest", EXAMPLES["smallest"])
    hosts = {"hosts": ["a.example.com", "*.example.com"], "gateways": ["public"], "http": [{"redirect": {"uri": "/"}}]}
    refused = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "refused", "namespace": "default"},
        "spec": hosts,
    }
    results = compare(comparison, replace(world, manifests=(*world.manifests, refused)))
    assert all("duplicate hosts in virtual service" in each.differences[0].theirs for each in results)


def test_the_dump_of_a_real_envoy_is_the_same(comparison: Cluster, binary: BinaryOf, tmp_path: Path) -> None:
    """istiod's debug page, which the other tests read, stands for what Envoy's own admin page says."""
    with free_ports(1) as (port,):
        bookinfo = EXAMPLES["bookinfo, reviews at stage 2"]
        edge = replace(bookinfo.gateways[0], listeners=(pm.Listener("http", port=port),))
        routes = [replace(each, gateways=(edge,), hostnames=()) if each.gateways else each for each in bookinfo.routes]
        world = of_mesh("bookinfo", bookinfo.replace(gateways=[edge], routes=routes))
    assert_equal(comparison, world)
    router = world.snapshot.proxy("public")
    assert router is not None
    account = {"apiVersion": "v1", "kind": "ServiceAccount"}
    comparison.kubectl.apply({**account, "metadata": {"name": router.service_account, "namespace": router.namespace}})
    with proxies(tmp_path, binary, comparison.kubectl, comparison.istiod, [router]) as started:
        (envoy,) = started.values()
        dump = envoy.config_dump()
        for each in dump["configs"]:
            for name in [name for name in each if name.startswith("static_")]:
                del each[name]  # what is static is the agent's bootstrap
        told = comparable(read_config_dump(comparison.discovery.told(router)))
    held = comparable(read_config_dump(dump))
    ours = comparable(resolve(world.snapshot, router))
    found = [*differences(held, told), *differences(ours, held)]
    assert not found, "\n".join(map(str, found))


def test_a_seed_gives_one_mesh_in_every_process() -> None:
    digests = set()
    for hash_seed in ("1", "2"):
        code = (
            "import hashlib; from tests.cluster.compare.generate import generated;"
            "from tests.cluster.compare.generate.manifests import generated_manifests as manifests;"
            f"made = [(generated(each), manifests(each)) for each in {[*SEEDS]}];"
            "print(hashlib.sha256(repr(made).encode()).hexdigest())"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout)
    assert len(digests) == 1


def test_every_feature_of_the_model_occurs() -> None:
    wanted = all_features()
    assert {"HTTPRoute.rules", "Path.kind=regex", "TrafficPolicy.load_balancer=RANDOM", "Port.protocol=TLS"} <= wanted
    for seed in EVERY_FEATURE:
        wanted -= set(features_of(generated_with_canaries(seed)))
    assert not wanted


IN_MANIFESTS = [
    *(
        (kind, "")
        for kind in ("ServiceEntry", "WorkloadEntry", "Sidecar", "PeerAuthentication", "RequestAuthentication")
    ),
    *(
        (kind, "")
        for kind in ("Telemetry", "Ingress", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "ReferenceGrant")
    ),
    *(("VirtualService", text) for text in ("'delegate'", "'tcp'", "'tls'", "'exportTo'", "'subset'", "'mirror'")),
    *(("AuthorizationPolicy", f"'{action}'") for action in ("ALLOW", "DENY", "AUDIT", "CUSTOM")),
    *(("Gateway", f"'{mode}'") for mode in ("SIMPLE", "MUTUAL", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL")),
    *(("Gateway", f"'{mode}'") for mode in ("PASSTHROUGH", "AUTO_PASSTHROUGH", "Passthrough")),
    *(("ServiceEntry", f"'{resolution}'") for resolution in ("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN")),
    *(
        ("EnvoyFilter", f"'{kind}'")
        for kind in ("HTTP_FILTER", "NETWORK_FILTER", "LISTENER", "LISTENER_FILTER", "FILTER_CHAIN")
    ),
    *(("EnvoyFilter", f"'{kind}'") for kind in ("ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE", "CLUSTER")),
    *(
        ("EnvoyFilter", text)
        for text in ("'workloadSelector'", "'priority'", "'proxyVersion'", "'MERGE_AND_REPLACE_LIST'")
    ),
    *(("DestinationRule", text) for text in ("'consistentHash'", "'localityLbSetting'", "'tunnel'", "'exportTo'")),
    ("Sidecar", "'ingress'"),
    ("Service", "detected"),
    ("Service", "networking.istio.io/exportTo"),
    ("Deployment", "TPROXY"),
    ("ConfigMap", "REGISTRY_ONLY"),
    ("ConfigMap", "extensionProviders"),
]
"""A kind, and a text in the object."""


def test_every_feature_of_manifests_occurs() -> None:
    made = [generated_manifests(seed) for seed in EVERY_MANIFEST]
    assert all(judge(document, "experimental").accepted for each in made for document in each)
    texts = [[(document["kind"], str(document)) for document in each] for each in made]
    rare = [
        (kind, text)
        for kind, text in IN_MANIFESTS
        if sum(any(kind == found and text in held for found, held in each) for each in texts) < 2
    ]
    assert not rare


@pytest.mark.parametrize(
    ("tracing", "taken"),
    [
        (Tracing(random_sampling=1, extra=freeze({"client_sampling": {"value": 100}})), True),
        (Tracing(random_sampling=5), False),
        (Tracing("zipkin", random_sampling=1), False),
    ],
)
def test_only_the_default_tracing_is_taken_out(tracing: Tracing, taken: bool) -> None:
    manager = HttpConnectionManager("s", "r", (), tracing=tracing)
    view = ProxyView("", "", listeners=(Listener("l", Pipe("p"), (FilterChain((manager,)),)),))
    (left,) = comparable(view).listeners[0].filter_chains[0].filters
    assert isinstance(left, HttpConnectionManager)
    assert left.tracing == (None if taken else tracing)


@pytest.mark.parametrize(
    ("table", "hosts", "left"),
    [
        ("http_proxy", ("a:80", "a:90"), (("a:80",), ("a:90",))),
        ("http_proxy", ("a:80", "b:90"), (("a", "a:80"), ("b", "b:90"))),
        ("80", ("a:80", "a:90"), (("a", "a:80"), ("a", "a:90"))),
    ],
)
def test_only_names_of_several_ports_are_taken_out(
    table: str, hosts: tuple[str, ...], left: tuple[tuple[str, ...], ...]
) -> None:
    made = tuple(VirtualHost(each, (each.partition(":")[0], each), ()) for each in hosts)
    (found,) = comparable(ProxyView("", "", routes=(RouteConfig(table, made),))).routes
    assert tuple(each.domains for each in found.virtual_hosts) == left


@pytest.mark.parametrize(
    ("extra", "left"),
    [
        ({"metadata": {"filter_metadata": {"istio": {"workload": "w"}}}}, {}),
        ({"metadata": {"filter_metadata": {"istio": {"workload": "w", "other": 1}}}}, {"metadata"}),
        ({"metadata": {"filter_metadata": {"istio": {"workload": "w"}, "more": {}}}}, {"metadata"}),
        ({"endpoint": {"health_check_config": {}}}, {}),
        ({"endpoint": {"health_check_config": {"port_value": 1}}}, {"endpoint"}),
    ],
)
def test_only_what_is_named_is_taken_out_of_endpoints(extra: dict[str, Any], left: set[str]) -> None:
    endpoint = Endpoint(Pipe("p"), extra=freeze(extra))
    view = ProxyView("", "", endpoints=(EndpointSet("c", (LocalityEndpoints((endpoint,)),)),))
    assert set(comparable(view).endpoints[0].localities[0].endpoints[0].extra) == set(left)


def test_differences_are_the_narrowest_places() -> None:
    world = of_mesh("smallest", EXAMPLES["smallest"])
    view = resolve(world.snapshot, world.snapshot.proxies[0])
    first = view.clusters[0]
    other = replace(view, clusters=(replace(first, bind_address="127.0.0.1"), *view.clusters[1:]))
    assert differences(view, view) == ()
    assert differences(view, other) == (Difference(f"clusters['{first.name}'].bind_address", "''", "'127.0.0.1'"),)
