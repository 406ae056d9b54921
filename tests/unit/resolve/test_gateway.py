"""A gateway's listeners and route tables."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh import istio
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import KnownService, ServicePort
from pulumi_mesh.manifests.snapshot import snapshot
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.resolve.http import WILDCARD
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.listeners import HttpConnectionManager, OpaqueFilter
from pulumi_mesh.proxy.view.rbac import HttpRbac
from pulumi_mesh.proxy.view.routes import VirtualHost
from pulumi_mesh.proxy.view.tls import DownstreamTls, SecretRef, Validation
from pulumi_mesh.refs import Ref
from tests.unit.resolve.shop import ROUTER, hosts_of, to, view

SELECTOR = {"istio": "ingress"}


def server(number: int, protocol: str, *hosts: str, name: str = "", **more: Any) -> dict[str, Any]:
    port = {"number": number, "protocol": protocol, "name": name or f"{protocol.lower()}-{number}"}
    return {"port": port, "hosts": list(hosts), **more}


def gateway(*servers: dict[str, Any], name: str = "public", selector: dict[str, str] | None = None) -> istio.Gateway:
    spec = {"selector": SELECTOR if selector is None else selector, "servers": list(servers)}
    return istio.Gateway(name, namespace="istio-system", spec=spec)


def virtual_service(name: str, *hosts: str, namespace: str = "shop", **more: Any) -> istio.VirtualService:
    spec = {
        "hosts": list(hosts),
        "gateways": ["istio-system/public"],
        "http": [{"name": name, "match": [{"uri": {"prefix": f"/{name}"}}], "route": [to("details")]}],
        **more,
    }
    return istio.VirtualService(name, namespace=namespace, spec=spec)


def simple(credential: str) -> dict[str, Any]:
    return {"tls": {"mode": "SIMPLE", "credentialName": credential}}


def hosts(*objects: Object, table: str = "http.80") -> dict[str, VirtualHost]:
    return hosts_of(view(*objects, proxy=ROUTER), table)


def summary(found: dict[str, VirtualHost]) -> dict[str, tuple[tuple[str, ...], list[str]]]:
    return {name: (host.domains, [each.name for each in host.routes]) for name, host in found.items()}


def test_plain_http() -> None:
    found = view(gateway(server(80, "HTTP", "*")), proxy=ROUTER)
    (listener,) = found.listeners
    assert (listener.name, listener.address) == ("0.0.0.0_80", SocketAddress(WILDCARD, 80))
    assert listener.ref == Ref("Gateway", "istio-system", "public", "spec.servers[0]")
    (manager,) = listener.filter_chains[0].filters
    assert isinstance(manager, HttpConnectionManager)
    assert (manager.routes, manager.use_remote_address, manager.server_name) == ("http.80", True, "istio-envoy")
    assert hosts_of(found, "http.80") == {"blackhole:80": VirtualHost("blackhole:80", ("*",), ())}


def test_https_by_server_name() -> None:
    found = view(
        gateway(
            server(443, "HTTPS", "b.com", "shop/a.com", name="one", **simple("cert")),
            server(443, "HTTPS", "*", name="two", **simple("kubernetes-gateway://ns/other")) | {"name": "second"},
            server(443, "HTTPS", "b.com", name="again", **simple("lost")),
        ),
        proxy=ROUTER,
    )
    (listener,) = found.listeners
    assert isinstance(listener.listener_filters[0], OpaqueFilter)
    one, two = listener.filter_chains
    assert (one.match.server_names, two.match.server_names) == (("a.com", "b.com"), ())
    assert one.tls == DownstreamTls((SecretRef("kubernetes://cert"),), alpn=("h2", "http/1.1"))
    assert two.tls is not None
    assert two.tls.certificates == (SecretRef("kubernetes-gateway://ns/other"),)
    prefixes = [
        each.filters[0].stat_prefix for each in (one, two) if isinstance(each.filters[0], HttpConnectionManager)
    ]
    assert prefixes == ["outbound_0.0.0.0_443;", "second"]
    assert [each.name for each in found.routes] == [
        "https.443.one.public.istio-system",
        "https.443.two.public.istio-system",
    ]


@pytest.mark.parametrize(
    ("tls", "made"),
    [
        (
            {
                "mode": "MUTUAL",
                "credentialName": "c",
                "subjectAltNames": ["x"],
                "minProtocolVersion": "TLSV1_2",
                "maxProtocolVersion": "TLSV1_3",
                "cipherSuites": ["ECDHE-RSA-AES128-GCM-SHA256"],
            },
            DownstreamTls(
                (SecretRef("kubernetes://c"),),
                Validation(
                    SecretRef("kubernetes://c-cacert"),
                    extra=FrozenMap({"match_subject_alt_names": (FrozenMap({"exact": "x"}),)}),
                ),
                require_client_certificate=True,
                alpn=("h2", "http/1.1"),
                minimum_version="TLSv1_2",
                maximum_version="TLSv1_3",
                cipher_suites=("ECDHE-RSA-AES128-GCM-SHA256",),
            ),
        ),
        (
            {"mode": "OPTIONAL_MUTUAL", "credentialName": "c", "caCertCredentialName": "ca"},
            DownstreamTls(
                (SecretRef("kubernetes://c"),), Validation(SecretRef("kubernetes://ca")), alpn=("h2", "http/1.1")
            ),
        ),
        (
            {"mode": "ISTIO_MUTUAL"},
            DownstreamTls(
                (SecretRef("default"),),
                Validation(SecretRef("ROOTCA")),
                require_client_certificate=True,
                alpn=("h2", "http/1.1"),
            ),
        ),
        (
            {"mode": "SIMPLE", "serverCertificate": "/c", "privateKey": "/k"},
            DownstreamTls((SecretRef("file-cert:/c~/k"),), alpn=("h2", "http/1.1")),
        ),
    ],
)
def test_tls_modes(tls: dict[str, Any], made: DownstreamTls) -> None:
    found = view(gateway(server(443, "HTTPS", "*", tls=tls)), proxy=ROUTER)
    assert found.listeners[0].filter_chains[0].tls == made


def test_hosts_in_common() -> None:
    found = hosts(
        gateway(server(80, "HTTP", "*.a.com", "b.com", "./c.com", "shop/d.com")),
        virtual_service("one", "x.a.com", "b.com", "c.com", "D.com", "e.com"),
        virtual_service("two", "*"),
    )
    assert summary(found) == {
        "x.a.com:80": (("x.a.com",), ["one"]),
        "b.com:80": (("b.com",), ["one", "two"]),
        "d.com:80": (("d.com", "*.a.com"), ["two"]),
    }


def test_hosts_with_the_same_routes_are_one() -> None:
    found = hosts(gateway(server(80, "HTTP", "*")), virtual_service("one", "a.com", "long.com", "*.wild.com"))
    assert summary(found) == {"long.com:80": (("long.com", "a.com", "*.wild.com"), ["one"])}


def test_catch_alls_come_last() -> None:
    everything = [{"name": "all", "route": [to("details")]}]
    found = hosts(
        gateway(server(80, "HTTP", "*")),
        virtual_service("a", "a.com", http=everything),
        virtual_service("b", "a.com"),
    )
    assert summary(found) == {"a.com:80": (("a.com",), ["b", "all"])}


def test_https_redirect() -> None:
    redirecting: dict[str, Any] = {"tls": {"httpsRedirect": True}}
    found = hosts(
        gateway(server(80, "HTTP", "a.com", "b.com", **redirecting), server(80, "HTTP", "c.com")),
        virtual_service("one", "a.com", "c.com"),
    )
    assert {name: (host.require_tls, len(host.routes)) for name, host in found.items()} == {
        "a.com:80": ("ALL", 1),
        "b.com:80": ("ALL", 0),
        "c.com:80": ("", 1),
    }


def test_gateways_share_a_port() -> None:
    found = view(
        gateway(server(80, "HTTP", "a.com")),
        gateway(server(80, "HTTP2", "b.com"), server(8080, "HTTP", "c.com"), name="second", selector={}),
        gateway(server(80, "HTTP", "d.com"), name="elsewhere", selector={"istio": "other"}),
        gateway(server(80, "HTTPS", "e.com", **simple("c")), name="unfit"),
        virtual_service("one", "a.com", "b.com", "d.com"),
        virtual_service("two", "b.com", gateways=["istio-system/second"]),
        proxy=ROUTER,
    )
    assert [each.name for each in found.listeners] == ["0.0.0.0_80", "0.0.0.0_8080"]
    assert summary(hosts_of(found, "http.80")) == {
        "a.com:80": (("a.com",), ["one"]),
        "b.com:80": (("b.com",), ["two"]),
    }


def test_behind_a_service_the_gateway_listens_on_the_target_port() -> None:
    ports = (ServicePort("http", 80, 8080, "HTTP"), ServicePort("https", 443, 8443, "TLS"))
    own = KnownService("ingress", "ingress", "istio-system", ports, "10.96.9.9", FrozenMap(SELECTOR))
    found = resolve(
        snapshot(
            [
                gateway(server(80, "HTTP", "*"), server(443, "HTTPS", "*", **simple("c")), server(90, "HTTP", "*")),
                virtual_service("one", "a.com"),
            ],
            services=[own],
            proxies=[ROUTER],
        ),
        ROUTER,
    )
    assert [each.name for each in found.listeners] == ["0.0.0.0_8080", "0.0.0.0_8443", "0.0.0.0_90"]
    assert [(each.name, each.virtual_hosts[0].name) for each in found.routes] == [
        ("http.8080", "a.com:80"),
        ("http.90", "a.com:90"),
        ("https.443.https-443.public.istio-system", "a.com:443"),
    ]


def test_matches_of_a_gateway() -> None:
    found = hosts(
        gateway(server(80, "HTTP", "*")),
        virtual_service(
            "one",
            "a.com",
            gateways=["istio-system/public", "mesh"],
            http=[
                {"name": "mesh", "match": [{"gateways": ["mesh"], "uri": {"exact": "/"}}], "route": [to("details")]},
                {
                    "name": "here",
                    "match": [{"gateways": ["istio-system/public"], "port": 80, "uri": {"exact": "/"}}],
                    "route": [to("multi"), to("reviews", weight=1)],
                },
                {"name": "port", "match": [{"port": 443, "uri": {"exact": "/"}}], "route": [to("details")]},
                {"name": "single", "route": [to("details")]},
            ],
        ),
    )
    here, single = found["a.com:80"].routes
    assert (here.name, single.name) == ("here", "single")
    assert here.decorator == "one:80/"
    assert single.decorator == "details.shop.svc.cluster.local:9080/*"


def test_authorization_comes_first() -> None:
    policy = istio.AuthorizationPolicy(
        "deny", namespace="istio-system", spec={"action": "DENY", "selector": {"matchLabels": SELECTOR}, "rules": [{}]}
    )
    found = view(gateway(server(80, "HTTP", "*")), policy, proxy=ROUTER)
    (manager,) = found.listeners[0].filter_chains[0].filters
    assert isinstance(manager, HttpConnectionManager)
    assert isinstance(manager.http_filters[0], HttpRbac)


def test_no_gateway() -> None:
    found = view(proxy=ROUTER)
    assert (found.listeners, found.routes) == ((), ())
    assert found.service_cluster == "ingress.istio-system"
