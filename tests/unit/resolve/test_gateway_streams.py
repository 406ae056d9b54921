"""What a gateway does with connections that it does not read as HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh import istio
from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.manifests.facts import MeshConfig
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager, Listener, OpaqueFilter, TcpProxy
from pulumi_mesh.proxy.view.rbac import NetworkRbac
from pulumi_mesh.proxy.view.tls import SecretRef
from tests.unit.resolve.shop import DEFAULTS, ROUTER, to, view

SELECTOR = {"istio": "ingress"}
MULTI = "multi.shop.svc.cluster.local"
DETAILS = "details.shop.svc.cluster.local"


def gateway(protocol: str, *hosts: str, number: int = 9000, tls: dict[str, Any] | None = None, **more: Any) -> Object:
    server: dict[str, Any] = {
        "port": {"number": number, "protocol": protocol, "name": "it"},
        "hosts": list(hosts or ("*",)),
        **more,
    }
    if tls:
        server["tls"] = tls
    return istio.Gateway("public", namespace="edge", spec={"selector": SELECTOR, "servers": [server]})


def routes(*hosts: str, name: str = "it", namespace: str = "shop", **spec: Any) -> Object:
    given = {"hosts": list(hosts or ("*",)), "gateways": ["edge/public"], **spec}
    return istio.VirtualService(name, namespace=namespace, spec=given)


def listeners(*objects: Object, mesh: MeshConfig = DEFAULTS) -> tuple[Listener, ...]:
    return view(*objects, proxy=ROUTER, mesh=mesh).listeners


def chains(*objects: Object) -> tuple[FilterChain, ...]:
    (listener,) = listeners(*objects)
    return listener.filter_chains


def summary(found: tuple[FilterChain, ...]) -> list[tuple[tuple[str, ...], str]]:
    """Names, and where connections go."""
    made = []
    for each in found:
        proxy = each.filters[-1]
        assert isinstance(proxy, TcpProxy)
        made.append((each.match.server_names, proxy.cluster or "/".join(f"{c}={w}" for c, w in proxy.weighted)))
    return made


@pytest.mark.parametrize(
    ("tcp", "cluster"),
    [
        pytest.param([{"route": [to("details")]}], f"outbound|9080||{DETAILS}", id="the only port of a service"),
        pytest.param([{"route": [to("multi")]}], f"outbound|9000||{MULTI}", id="else the server's"),
        pytest.param(
            [{"match": [{"port": 1}], "route": [to("details")]}, {"route": [to("multi", port=3306)]}],
            f"outbound|3306||{MULTI}",
            id="by port",
        ),
        pytest.param(
            [
                {"match": [{"gateways": ["edge/other"]}], "route": [to("details")]},
                {"match": [{"port": 1}, {"port": 9000, "gateways": ["edge/public"]}], "route": [to("multi", port=80)]},
            ],
            f"outbound|80||{MULTI}",
            id="by gateway",
        ),
        pytest.param(
            [{"route": [to("multi", port=80, weight=1), to("details", weight=3), to("reviews", weight=0)]}],
            f"outbound|80||{MULTI}=1/outbound|9080||{DETAILS}=3",
            id="shares",
        ),
    ],
)
def test_tcp(tcp: list[dict[str, Any]], cluster: str) -> None:
    assert summary(chains(gateway("TCP"), routes(tcp=tcp))) == [((), cluster)]


def test_no_route_no_listener() -> None:
    assert listeners(gateway("TCP")) == ()
    assert listeners(gateway("TCP", "a.com"), routes("b.com", tcp=[{"route": [to("details")]}])) == ()
    assert listeners(gateway("TCP", "far/*"), routes(tcp=[{"route": [to("details")]}])) == ()
    assert listeners(gateway("TLS", tls={"mode": "PASSTHROUGH"})) == ()


def test_the_oldest_route_counts() -> None:
    first = routes("*.a.com", name="a", tcp=[{"route": [to("details")]}])
    second = routes("b.a.com", name="b", tcp=[{"route": [to("multi")]}])
    assert summary(chains(gateway("TCP", "shop/b.a.com"), second, first)) == [((), f"outbound|9080||{DETAILS}")]


def test_mongo() -> None:
    (chain,) = chains(gateway("MONGO"), routes(tcp=[{"route": [to("details")]}]))
    codec, proxy = chain.filters
    assert isinstance(codec, OpaqueFilter)
    assert isinstance(proxy, TcpProxy)
    assert (codec.name, codec.config["stat_prefix"]) == ("envoy.filters.network.mongo_proxy", proxy.stat_prefix)


def test_policy_comes_first() -> None:
    policy = istio.AuthorizationPolicy("deny", namespace="istio-system", spec={"action": "DENY", "rules": [{}]})
    (chain,) = chains(gateway("TCP"), routes(tcp=[{"route": [to("details")]}]), policy)
    assert isinstance(chain.filters[0], NetworkRbac)


def test_tls_ends_here() -> None:
    server = gateway("TLS", "shop/b.com", "a.com", tls={"mode": "SIMPLE", "credentialName": "c"})
    (listener,) = listeners(server, routes(tcp=[{"route": [to("details")]}]))
    (chain,) = listener.filter_chains
    assert chain.tls is not None
    assert (chain.match.server_names, chain.tls.certificates) == (("a.com", "b.com"), (SecretRef("kubernetes://c"),))
    assert [getattr(each, "name", each) for each in listener.listener_filters] == [
        "envoy.filters.listener.tls_inspector"
    ]


def test_tls_routes_count_for_tls_that_ends_here_only_if_they_are_of_the_gateway_api() -> None:
    server = gateway("TLS", "a.com", tls={"mode": "SIMPLE", "credentialName": "c"})
    tls = [{"match": [{"sniHosts": ["a.com"]}], "route": [to("details")]}]
    spec = {"hosts": ["a.com"], "gateways": ["edge/public"], "tls": tls}
    notes = {"internal.istio.io/parents": "TLSRoute/it.shop"}
    assert listeners(server, routes("a.com", tls=tls)) == ()
    made = istio.VirtualService("it", namespace="shop", annotations=notes, spec=spec)
    assert summary(chains(server, made)) == [(("a.com",), f"outbound|9080||{DETAILS}")]


def by_name(host: str, *matches: dict[str, Any]) -> dict[str, Any]:
    return {"match": list(matches), "route": [to(host)]}


def test_passthrough_by_name() -> None:
    found = chains(
        gateway("TLS", "*.a.com", "b.com", tls={"mode": "PASSTHROUGH"}),
        routes(
            "*.a.com",
            name="a",
            tls=[
                by_name("details", {"sniHosts": ["y.a.com", "x.a.com"]}, {"port": 1, "sniHosts": ["z.a.com"]}),
                by_name("reviews", {"sniHosts": ["z.a.com", "x.a.com"]}),
                by_name("reviews", {"sniHosts": ["*.a.com"]}),
            ],
        ),
        routes("b.com", name="b", tls=[by_name("details", {"sniHosts": ["b.com"]})]),
        routes("c.com", name="c", tls=[by_name("details", {"sniHosts": ["c.com"]})]),
    )
    assert summary(found) == [
        (("x.a.com", "y.a.com"), f"outbound|9080||{DETAILS}"),
        (("*.a.com",), "outbound|9080||reviews.shop.svc.cluster.local"),
        (("b.com",), f"outbound|9080||{DETAILS}"),
    ]
    assert all(each.tls is None for each in found)


def test_across_clusters() -> None:
    rule = istio.DestinationRule(
        "reviews",
        namespace="shop",
        spec={"host": "reviews", "subsets": [{"name": "v1", "labels": {"version": "v1"}}]},
    )
    found = view(gateway("TLS", "reviews.shop.svc.cluster.local", tls={"mode": "AUTO_PASSTHROUGH"}), rule, proxy=ROUTER)
    names = [f"outbound_.9080_.{each}_.reviews.shop.svc.cluster.local" for each in ("", "v1")]
    chains = found.listeners[0].filter_chains
    assert summary(chains) == [((each,), each) for each in names]
    assert all(each.match.application_protocols[:2] == ("istio", "istio-peer-exchange") for each in chains)
    passing = {each.name: each for each in found.clusters if each.name in names}
    assert all(not each.transport_matches for each in passing.values())
    hosts = {each.cluster: each for each in found.endpoints if each.cluster.startswith("outbound_")}
    assert sorted({*passing} & {*hosts}) == sorted(names)
    # Of the workloads only those that take mutual TLS.
    assert [len(each.localities[0].endpoints) for each in (hosts[names[0]], hosts[names[1]])] == [2, 1]
    details = next(each for name, each in hosts.items() if name.endswith(DETAILS))
    assert [each.endpoints for each in details.localities] == [()]


def test_behind_other_proxies() -> None:
    topology = {"numTrustedProxies": 2, "forwardClientCertDetails": "FORWARD_ONLY", "proxyProtocol": FrozenMap()}
    mesh = MeshConfig(default_config=FrozenMap({"gatewayTopology": FrozenMap(topology)}))
    (listener,) = listeners(gateway("HTTP"), mesh=mesh)
    (manager,) = listener.filter_chains[0].filters
    assert isinstance(manager, HttpConnectionManager)
    assert (manager.forward_client_cert, manager.client_cert_details) == ("FORWARD_ONLY", ())
    assert manager.extra["xff_num_trusted_hops"] == 2
    assert [getattr(each, "name", each) for each in listener.listener_filters] == [
        "envoy.filters.listener.proxy_protocol"
    ]


def test_the_mesh_has_defaults_for_tls() -> None:
    mesh = MeshConfig(
        tls_defaults=freeze(
            {
                "minProtocolVersion": "TLSV1_3",
                "cipherSuites": ["ECDHE-RSA-AES128-GCM-SHA256"],
                "ecdhCurves": ["P-256"],
            }
        )
    )
    (listener,) = listeners(gateway("HTTPS", tls={"mode": "SIMPLE", "credentialName": "c"}), mesh=mesh)
    tls = listener.filter_chains[0].tls
    assert tls is not None
    assert (tls.minimum_version, tls.cipher_suites) == ("TLSv1_3", ("ECDHE-RSA-AES128-GCM-SHA256",))
    assert tls.extra == freeze({"common_tls_context": {"tls_params": {"ecdh_curves": ["P-256"]}}})
    (mutual,) = listeners(gateway("HTTPS", tls={"mode": "ISTIO_MUTUAL"}), mesh=mesh)
    assert mutual.filter_chains[0].tls is not None
    assert mutual.filter_chains[0].tls.extra == FrozenMap()


@pytest.mark.parametrize(
    ("credential", "secret"),
    [
        ("c", "kubernetes://c"),
        ("kubernetes-gateway://ns/c", "kubernetes-gateway://ns/c"),
        ("configmap://ns/c", "configmap://ns/c"),
        ("builtin://", "default"),
        ("invalid://anything", "invalid://"),
        ("sds://c", "kubernetes://c"),
    ],
)
def test_credentials(credential: str, secret: str) -> None:
    (chain,) = chains(gateway("HTTPS", tls={"mode": "SIMPLE", "credentialName": credential}))
    assert chain.tls is not None
    assert chain.tls.certificates == (SecretRef(secret),)
