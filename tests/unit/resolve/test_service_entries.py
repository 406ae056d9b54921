"""Clusters and endpoints of services outside the cluster, and of workloads that registries list."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pulumi_mesh import istio
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import MeshConfig, Proxy
from pulumi_mesh.manifests.registry import snapshot_of
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import Pipe, SocketAddress
from pulumi_mesh.proxy.view.clusters import Cluster
from pulumi_mesh.proxy.view.tls import PlainText, SecretRef, UpstreamTls
from tests.unit.resolve.shop import CLIENT, FAR, ROUTER

HOST = "a.example.com"
PORTS = [{"name": "http", "number": 80, "targetPort": 8080, "protocol": "HTTP"}]
DEFAULTS = MeshConfig()


def entry(**spec: Any) -> istio.ServiceEntry:
    return istio.ServiceEntry("a", namespace="shop", spec={"hosts": [HOST], "ports": PORTS, **spec})


def rule(**spec: Any) -> istio.DestinationRule:
    return istio.DestinationRule("a", namespace="shop", spec={"host": HOST, **spec})


def view(*objects: Any, proxy: Proxy = CLIENT, mesh: MeshConfig = DEFAULTS) -> ProxyView:
    return resolve(snapshot_of(objects, mesh), proxy)


def clusters(*objects: Any, proxy: Proxy = CLIENT, mesh: MeshConfig = DEFAULTS) -> dict[str, Cluster]:
    """Those of the host, by port and subset."""
    found = view(*objects, proxy=proxy, mesh=mesh).clusters
    return {each.name.removeprefix("outbound|").removesuffix(f"|{HOST}"): each for each in found if HOST in each.name}


def addresses(found: Cluster) -> list[Any]:
    return [endpoint.address for locality in found.endpoints for endpoint in locality.endpoints]


@pytest.mark.parametrize(
    ("resolution", "sidecar", "router"),
    [
        ("STATIC", "EDS", "EDS"),
        ("DNS", "STRICT_DNS", "STRICT_DNS"),
        ("DNS_ROUND_ROBIN", "LOGICAL_DNS", "LOGICAL_DNS"),
        ("NONE", "ORIGINAL_DST", "EDS"),
    ],
)
def test_types_by_resolution(resolution: str, sidecar: str, router: str) -> None:
    one = entry(resolution=resolution)
    assert clusters(one)["80|"].type == sidecar
    assert clusters(one, proxy=ROUTER)["80|"].type == router


def test_a_name_is_resolved_by_the_proxy() -> None:
    found = clusters(entry(resolution="DNS"))["80|"]
    assert addresses(found) == [SocketAddress(HOST, 8080)]
    assert (found.extra["dns_refresh_rate"], found.extra["dns_lookup_family"]) == ("60s", "V4_ONLY")
    assert found.metadata["istio"]["external"] is True


def test_endpoints_that_are_names_and_their_subsets() -> None:
    endpoints = [
        {"address": "one.example.com", "labels": {"v": "1"}},
        {"address": "two.example.com", "labels": {"v": "2"}, "ports": {"http": 99}},
    ]
    subsets = [{"name": name, "labels": {"v": name}} for name in "123"]
    found = clusters(entry(resolution="DNS", endpoints=endpoints), rule(subsets=subsets))
    assert sorted(found) == ["80|", "80|1", "80|2"]  # nothing is there for the third
    assert addresses(found["80|2"]) == [SocketAddress("two.example.com", 99)]


def test_one_name_is_all_that_round_robin_resolves() -> None:
    endpoints = [{"address": "one.example.com"}, {"address": "two.example.com"}]
    assert len(addresses(clusters(entry(resolution="DNS_ROUND_ROBIN", endpoints=endpoints))["80|"])) == 1


def test_names_are_no_endpoints_where_nothing_resolves_them() -> None:
    endpoints = [{"address": "10.1.1.1"}, {"address": "unix:///run/a"}]
    found = view(entry(resolution="STATIC", endpoints=endpoints)).endpoints
    (told,) = (each for each in found if HOST in each.cluster)
    assert [each.address for each in told.localities[0].endpoints] == [SocketAddress("10.1.1.1", 8080), Pipe("/run/a")]


def test_an_original_destination_keeps_its_port_but_where_another_is_said() -> None:
    assert clusters(entry(resolution="NONE"))["80|"].extra["original_dst_lb_config"] == {"upstream_port_override": 8080}
    same = [{"name": "http", "number": 80, "protocol": "HTTP"}]
    assert "original_dst_lb_config" not in clusters(entry(resolution="NONE", ports=same))["80|"].extra


def test_a_name_that_all_addresses_are_tried_of() -> None:
    one = istio.ServiceEntry(
        "a",
        namespace="shop",
        annotations={"istio.io/connect-strategy": "RACE_FIRST_TCP_CONNECT"},
        spec={"hosts": [HOST], "ports": PORTS, "resolution": "DNS"},
    )
    found = clusters(one)["80|"]
    assert (found.type, found.extra["dns_lookup_family"]) == ("LOGICAL_DNS", "ALL")


def test_what_is_not_exported_is_not_there() -> None:
    one = entry(resolution="DNS", exportTo=["."])
    assert "80|" in clusters(one)
    assert clusters(one, proxy=FAR) == {}


@pytest.mark.parametrize(
    ("location", "auto", "mutual"),
    [("MESH_INTERNAL", True, True), ("MESH_EXTERNAL", True, False), ("MESH_INTERNAL", False, False)],
)
def test_mutual_tls_is_for_what_is_in_the_mesh(location: str, auto: bool, mutual: bool) -> None:
    one = entry(resolution="STATIC", location=location, endpoints=[{"address": "10.1.1.1", "serviceAccount": "vm"}])
    found = clusters(one, mesh=MeshConfig(auto_mtls=auto))["80|"]
    assert bool(found.transport_matches) == mutual


@pytest.mark.parametrize(
    ("tls", "certificates", "root"),
    [
        ({"mode": "SIMPLE"}, (), "file-root:system"),
        ({"mode": "SIMPLE", "caCertificates": "/ca"}, (), "file-root:/ca"),
        ({"mode": "MUTUAL", "clientCertificate": "/c", "privateKey": "/k"}, ("file-cert:/c~/k",), "file-root:system"),
        ({"mode": "SIMPLE", "credentialName": "configmap://ca"}, (), "configmap://ca-cacert"),
    ],
)
def test_tls_to_a_server(tls: dict[str, Any], certificates: tuple[str, ...], root: str) -> None:
    found = clusters(entry(resolution="DNS", subjectAltNames=["in.example.com"]), rule(trafficPolicy={"tls": tls}))[
        "80|"
    ]
    assert isinstance(found.transport, UpstreamTls)
    assert found.transport.certificates == tuple(map(SecretRef, certificates))
    assert found.transport.validation is not None
    assert found.transport.validation.root == SecretRef(root)
    assert found.transport.validation.extra == FrozenMap(
        {"match_subject_alt_names": (FrozenMap({"exact": "in.example.com"}),)}
    )


def test_a_credential_is_not_for_every_sidecar() -> None:
    tls = rule(trafficPolicy={"tls": {"mode": "SIMPLE", "credentialName": "ca"}})
    one = entry(resolution="DNS")
    assert clusters(one, tls)["80|"].transport == PlainText()
    assert isinstance(clusters(one, tls, proxy=ROUTER)["80|"].transport, UpstreamTls)


def test_an_unknown_protocol_is_the_clients() -> None:
    one = entry(resolution="DNS", ports=[{"name": "raw", "number": 80}])
    sidecar, router = (clusters(one, proxy=each)["80|"].http for each in (CLIENT, ROUTER))
    assert sidecar is not None
    assert (sidecar.protocol, router) == ("downstream", None)


def test_endpoints_stand_by_locality_and_are_told_when_unready() -> None:
    endpoints = [
        {"address": "10.1.1.1", "locality": "r2/z"},
        {"address": "10.1.1.2", "locality": "r1/z", "weight": 4},
        {"address": "10.1.1.3", "locality": "r1/z"},
    ]
    objects = (entry(resolution="STATIC", endpoints=endpoints), rule(trafficPolicy={"outlierDetection": {}}))
    near = replace(CLIENT, locality="r2/z")
    (told,) = (each for each in view(*objects, proxy=near).endpoints if HOST in each.cluster)
    assert [(each.locality, each.weight, each.priority) for each in told.localities] == [("r1/z", 5, 1), ("r2/z", 1, 0)]


def test_defaults_of_the_mesh() -> None:
    mesh = MeshConfig(
        h2_upgrade=True,
        outbound_stat_name="%SERVICE%.%SERVICE_PORT%.%SUBSET_NAME%",
        tcp_keepalive=FrozenMap({"probes": 3}),
        other=FrozenMap(
            {"defaultTrafficPolicy": FrozenMap({"outlierDetection": FrozenMap({"consecutive5xxErrors": 4})})}
        ),
    )
    found = clusters(entry(resolution="DNS"), mesh=mesh)["80|"]
    assert found.http is not None
    assert found.outlier_detection is not None
    assert found.keepalive is not None
    assert (found.http.protocol, found.outlier_detection.consecutive_5xx, found.keepalive.probes) == ("http2", 4, 3)
    assert found.extra["alt_stat_name"] == f"{HOST}.80.;"
