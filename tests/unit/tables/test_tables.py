"""Views as istioctl's tables."""

import pytest

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy import tables
from pulumi_mesh.proxy.tables import describe
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import Pipe, SocketAddress
from pulumi_mesh.proxy.view.clusters import Cluster, Endpoint, EndpointSet, LocalityEndpoints
from pulumi_mesh.proxy.view.listeners import (
    ChainMatch,
    FilterChain,
    HttpConnectionManager,
    Listener,
    OpaqueFilter,
    TcpProxy,
)
from pulumi_mesh.proxy.view.routes import (
    DirectResponse,
    Forward,
    PathMatch,
    Route,
    RouteConfig,
    RouteMatch,
    VirtualHost,
)
from pulumi_mesh.refs import Ref

ANY = SocketAddress("10.9.9.9", 80)
HOST = "reviews.bookinfo.svc.cluster.local"


def http(routes: str | RouteConfig) -> HttpConnectionManager:
    return HttpConnectionManager("x", routes, ())


def route(value: str, cluster: str, kind: str = "prefix", ref: Ref | None = None, config: str = "") -> Route:
    extra = {"metadata": FrozenMap({"filter_metadata": FrozenMap({"istio": FrozenMap({"config": config})})})}
    match = RouteMatch(PathMatch(kind, value))  # type: ignore[arg-type]  # of a parameter
    return Route(match, Forward(cluster), ref=ref, extra=FrozenMap(extra if config else {}))


def host(name: str, domains: tuple[str, ...], *routes: Route) -> VirtualHost:
    return VirtualHost(name, domains, routes)


@pytest.mark.parametrize(
    ("match", "text"),
    [
        (ChainMatch(), "ALL"),
        (ChainMatch(destination_port=9080), "Addr: *:9080"),
        (ChainMatch(prefix_ranges=(("110.9.9.9", 8), ("::1", 128)), destination_port=1), "Addr: 110.9.9.9/8,::1/128:1"),
        (ChainMatch(server_names=("a", "*.b"), transport_protocol="tls"), "SNI: a,*.b; Trans: tls"),
        (ChainMatch(application_protocols=("http/1.0", "http/1.1", "h2c")), "App: HTTP"),
        (
            ChainMatch(application_protocols=("istio-peer-exchange", "istio"), destination_port=2),
            "App: TCP TLS; Addr: *:2",
        ),
        (ChainMatch(application_protocols=("h2",)), "App: h2"),
    ],
)
def test_chain_match(match: ChainMatch, text: str) -> None:
    assert describe.chain_match(match) == text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (("*",), "*"),
        ((), ""),
        (("a.com", "a.com:80"), "a.com"),
        (
            ("reviews.b.svc.cluster.local", "reviews", "reviews.b.svc", "reviews.b", "10.0.0.1"),
            "reviews, reviews.b + 1 more...",
        ),
        (("[fd00:10:96::7fc7]", "[fd00:10:96::7fc7]:80", "a"), "[fd00:10:96::7fc7], a"),
    ],
)
def test_domains(given: tuple[str, ...], text: str) -> None:
    assert describe.domains(given) == text


INLINE_ONE = RouteConfig("inbound|9080||", (host("inbound|http|9080", ("*",), route("/", "inbound|9080||")),))
INLINE_TWO = RouteConfig(
    "x", (host("a", ("a", "b"), route("/a", "c", "path"), route("/b", "c", "path_separated_prefix")),)
)


@pytest.mark.parametrize(
    ("filters", "kind", "destination"),
    [
        ((http("http.80"),), "HTTP", "Route: http.80"),
        ((http(INLINE_ONE),), "HTTP", "Cluster: inbound|9080||"),
        ((http(INLINE_TWO),), "HTTP", "Inline Route: a/b /a, PathPrefix:/b"),
        ((TcpProxy("x", "PassthroughCluster"),), "TCP", "PassthroughCluster"),
        ((TcpProxy("x", f"outbound|1||{HOST}"),), "TCP", f"Cluster: outbound|1||{HOST}"),
        ((TcpProxy("x", weighted=(("a", 1), ("b", 3))),), "TCP", "Cluster: a (1), b (3)"),
        ((TcpProxy("x", "BlackHoleCluster"),), "UNKNOWN", "Non-HTTP/Non-TCP"),
        ((OpaqueFilter("x", FrozenMap()), http("a"), TcpProxy("x", "b")), "HTTP+TCP", "Route: a"),
    ],
)
def test_listener(
    filters: tuple[HttpConnectionManager | TcpProxy | OpaqueFilter, ...], kind: str, destination: str
) -> None:
    one = Listener("x", ANY, (FilterChain(filters),), additional_addresses=(SocketAddress("::", 80),))
    assert tables.listener_table([one]).rows == (("10.9.9.9,::", "80", "ALL", destination),)
    assert tables.ListenerFilter(type=kind.lower()).takes(one)
    assert not tables.ListenerFilter(type="no").takes(one)
    assert tables.ListenerFilter(address="::", port=80).takes(one)
    assert not tables.ListenerFilter(address="1.1.1.1").takes(one)
    assert not tables.ListenerFilter(port=81).takes(one)


def test_listeners_are_in_order() -> None:
    chains = (FilterChain((http("a"),), ChainMatch(destination_port=1)),)
    default = FilterChain((http("b"),))
    listeners = [
        Listener("late", SocketAddress("10.9.9.9", 15006), chains, default_filter_chain=default),
        Listener("second", SocketAddress("10.0.0.2", 80), (default,)),
        Listener("first", SocketAddress("10.0.0.1", 80), (default,)),
        Listener("pipe", Pipe("/a"), (default,)),
    ]
    assert tables.listener_table(listeners).rows == (
        ("/a", "0", "ALL", "Route: b"),
        ("10.0.0.1", "80", "ALL", "Route: b"),
        ("10.0.0.2", "80", "ALL", "Route: b"),
        ("10.9.9.9", "15006", "ALL", "Route: b"),
        ("10.9.9.9", "15006", "Addr: *:1", "Route: a"),
    )


def test_routes() -> None:
    of_route = Ref("VirtualService", "bookinfo", "reviews", "spec.http[0]")
    of_service = Ref("Service", "bookinfo", "reviews")
    config = "/apis/networking.istio.io/v1/namespaces/ns/virtual-service/vs"
    numbered = RouteConfig("9080", (host("one", ("a",), route("/", "x", ref=of_service)),))
    named = RouteConfig(
        "http.80",
        (
            host("two", ("a",), route("/a", "x", ref=of_route), route("/b", "x", ref=of_route, config=config)),
            host("three", ("*",), route("/", "PassthroughCluster")),
            host("four", ("b",)),
            host("five", ("c",), Route(RouteMatch(PathMatch("regex", ".*")), DirectResponse(404))),
        ),
    )
    view = ProxyView(
        "n",
        "c",
        (Listener("x", ANY, (FilterChain((http(INLINE_ONE),)),)),),
        (named, RouteConfig("15010", ()), numbered),
    )
    configs = tables.route_configs(view)
    assert [each.name for each in configs] == ["9080", "15010", "http.80", "inbound|9080||"]
    assert tables.route_table(configs).rows == (
        ("9080", "one", "a", "/*", ""),
        ("http.80", "two", "a", "/a*", "reviews.bookinfo"),
        ("http.80", "two", "a", "/b*", "vs.ns"),
        ("http.80", "four", "b", "/*", "404"),
        ("http.80", "five", "c", "regex .*", ""),
        ("inbound|9080||", "inbound|http|9080", "*", "/*", ""),
    )
    assert [tables.RouteFilter(name).takes(named) for name in ("", "http.80", "80")] == [True, True, False]


def test_clusters() -> None:
    rule = Ref("DestinationRule", "bookinfo", "reviews")
    clusters = [
        Cluster("PassthroughCluster", "ORIGINAL_DST"),
        Cluster(f"outbound|9081||{HOST}", "EDS"),
        Cluster(f"outbound|9080|v1|{HOST}", "EDS", ref=rule),
        Cluster(f"outbound|9080||{HOST}", "EDS", ref=Ref("Service", "bookinfo", "reviews")),
        Cluster("inbound|9080||", "ORIGINAL_DST"),
    ]
    assert tables.cluster_table(clusters).rows == (
        ("", "9080", "-", "inbound", "ORIGINAL_DST", ""),
        ("PassthroughCluster", "-", "-", "-", "ORIGINAL_DST", ""),
        (HOST, "9080", "-", "outbound", "EDS", ""),
        (HOST, "9081", "-", "outbound", "EDS", ""),
        (HOST, "9080", "v1", "outbound", "EDS", "reviews.bookinfo"),
    )


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        (tables.ClusterFilter(), 2),
        (tables.ClusterFilter(fqdn="reviews"), 2),
        (tables.ClusterFilter(fqdn="ratings"), 0),
        (tables.ClusterFilter(port=908), 0),
        (tables.ClusterFilter(port=9080), 2),
        (tables.ClusterFilter(subset="v1"), 1),
        (tables.ClusterFilter(direction="inbound"), 0),
    ],
)
def test_cluster_filter(asked: tables.ClusterFilter, count: int) -> None:
    clusters = [Cluster(f"outbound|9080|{subset}|{HOST}", "EDS") for subset in ("", "v1")]
    assert sum(map(asked.takes, clusters)) == count


def test_endpoints() -> None:
    one = Endpoint(SocketAddress("10.0.0.9", 80))
    two = Endpoint(SocketAddress("10.0.0.10", 80), health="UNHEALTHY")
    view = ProxyView(
        "n",
        "c",
        clusters=(
            Cluster("static", "STATIC", (LocalityEndpoints((Endpoint(Pipe("/s")),)),)),
            Cluster("none", "STATIC"),
        ),
        endpoints=(EndpointSet("b", (LocalityEndpoints((one, two)),)), EndpointSet("a", (LocalityEndpoints((one,)),))),
    )
    assert tables.endpoint_table(tables.endpoint_sets(view)).rows == (
        ("unix:///s", "HEALTHY", "OK", "static"),
        ("10.0.0.10:80", "UNHEALTHY", "OK", "b"),
        ("10.0.0.9:80", "HEALTHY", "OK", "a"),
        ("10.0.0.9:80", "HEALTHY", "OK", "b"),
    )
    asked = tables.EndpointFilter(address="10.0.0.9", port=80, cluster="B", status="healthy")
    assert [(each.cluster, each.localities[0].endpoints) for each in tables.endpoint_sets(view, asked)] == [
        ("b", (one,))
    ]
    assert tables.endpoint_sets(view, tables.EndpointFilter(port=1)) == ()


def test_text() -> None:
    table = tables.Table(("A", "LONG HEAD"), (("longer", "x"), ("b", "")))
    assert tables.table_text(table) == "A          LONG HEAD\nlonger     x\nb\n"
