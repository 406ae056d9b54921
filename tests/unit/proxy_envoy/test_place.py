"""Placing changes addresses, ports, capture and certificate paths, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_mesh.errors import MeshError
from pulumi_mesh.frozen import freeze
from pulumi_mesh.proxy.envoy.names import ORIGINAL_DST, TLS_INSPECTOR
from pulumi_mesh.proxy.envoy.write import write_static
from pulumi_mesh.proxy.place import VIRTUAL_INBOUND, Placement, place
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import Address, Pipe, SocketAddress
from pulumi_mesh.proxy.view.clusters import Cluster, Endpoint, EndpointSet, LoadBalancing, LocalityEndpoints
from pulumi_mesh.proxy.view.listeners import (
    ChainMatch,
    FilterChain,
    HttpConnectionManager,
    Listener,
    OpaqueFilter,
    RouterFilter,
    TcpProxy,
)
from pulumi_mesh.proxy.view.rbac import (
    AllOf,
    Always,
    AnyOf,
    DestinationPort,
    HttpRbac,
    NetworkRbac,
    Not,
    Policy,
    Rules,
)
from pulumi_mesh.proxy.view.routes import Forward, PathMatch, Route, RouteConfig, RouteMatch, VirtualHost
from pulumi_mesh.proxy.view.tls import DownstreamTls, SecretRef, UpstreamTls, Validation

from .strategies import linked_views
from .test_envoy_accepts import refused

HERE = SocketAddress("127.0.0.1", 20001)
ANYWHERE = "0.0.0.0"  # noqa: S104  # nothing listens: these are views


def _rules(*ports: int) -> Rules:
    nested = AllOf((Not(AnyOf(tuple(DestinationPort(port) for port in ports))),))
    return Rules("DENY", (Policy("p", (nested, DestinationPort(ports[0])), (Always(),)),))


def _inbound(rules: Rules, secret: SecretRef, root: SecretRef) -> FilterChain:
    hosts = (VirtualHost("v", ("*",), (Route(RouteMatch(PathMatch("prefix", "/")), Forward("inbound|9080||")),)),)
    manager = HttpConnectionManager("h", RouteConfig("in", hosts), (HttpRbac(rules, rules), RouterFilter()))
    return FilterChain(
        (NetworkRbac(rules, "t."), manager),
        ChainMatch(destination_port=9080),
        DownstreamTls((secret,), Validation(root)),
    )


SIDECAR = ProxyView(
    "sidecar~1",
    "reviews.bookinfo",
    listeners=(
        Listener(
            "virtualOutbound",
            SocketAddress(ANYWHERE, 15001),
            (FilterChain((TcpProxy("t", "PassthroughCluster"),)),),
            use_original_dst=True,
        ),
        Listener(
            VIRTUAL_INBOUND,
            SocketAddress(ANYWHERE, 15006),
            (_inbound(_rules(9080, 9443), SecretRef("default"), SecretRef("ROOTCA")),),
            listener_filters=(
                ORIGINAL_DST,
                TLS_INSPECTOR,
                OpaqueFilter(
                    "envoy.filters.listener.http_inspector",
                    freeze(
                        {
                            "filter_disabled": {
                                "or_match": {
                                    "rules": [
                                        {"destination_port_range": {"start": 9080, "end": 9081}},
                                        {"destination_port_range": {"start": 15006, "end": 15007}},
                                    ]
                                }
                            },
                            "typed_config": {
                                "@type": "type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3"
                                ".HttpInspector"
                            },
                        }
                    ),
                ),
            ),
        ),
        Listener(
            "0.0.0.0_9080",
            SocketAddress(ANYWHERE, 9080),
            (FilterChain((HttpConnectionManager("o", "9080", (RouterFilter(),)),)),),
            bind_to_port=False,
        ),
        Listener(
            "10.0.0.9_5432",
            SocketAddress("10.0.0.9", 5432),
            (FilterChain((TcpProxy("t", "db"),)),),
            bind_to_port=False,
        ),
    ),
    routes=(RouteConfig("9080", ()),),
    clusters=(
        Cluster(
            "inbound|9080||",
            "ORIGINAL_DST",
            load_balancing=LoadBalancing("CLUSTER_PROVIDED"),
            bind_address="127.0.0.6",
            extra=freeze({"original_dst_lb_config": {"use_http_header": True}}),
        ),
        Cluster(
            "outbound|9080||x",
            "EDS",
            transport=UpstreamTls((SecretRef("default"),), Validation(SecretRef("ROOTCA"))),
        ),
    ),
    endpoints=(
        EndpointSet(
            "outbound|9080||x",
            (
                LocalityEndpoints(
                    (Endpoint(SocketAddress("10.0.0.7", 9080)), Endpoint(SocketAddress("10.0.0.8", 9080)))
                ),
            ),
        ),
    ),
)
PLACEMENT = Placement(
    addresses={SocketAddress("10.0.0.7", 9080): SocketAddress("127.0.0.1", 21001)},
    listeners={VIRTUAL_INBOUND: (HERE, SocketAddress("127.0.0.1", 20002)), "0.0.0.0_9080": (Pipe("/run/o.sock"),)},
    inbound_ports={9080: 20001, 9443: 20002},
    apps={"inbound|9080||": Pipe("/run/app.sock")},
    secrets={"default": "/c/default.json", "ROOTCA": "/c/root.json"},
)


def test_sidecar_here() -> None:
    placed = place(SIDECAR, PLACEMENT)
    inbound, outbound = placed.listeners
    disabled = freeze(
        {
            "or_match": {
                "rules": [
                    {"destination_port_range": {"start": 20001, "end": 20002}},
                    {"destination_port_range": {"start": 15006, "end": 15007}},
                ]
            }
        }
    )
    inspector = SIDECAR.listeners[1].listener_filters[2]
    assert isinstance(inspector, OpaqueFilter)
    chain = _inbound(_rules(20001, 20002), SecretRef("default", "/c/default.json"), SecretRef("ROOTCA", "/c/root.json"))
    assert inbound == Listener(
        VIRTUAL_INBOUND,
        HERE,
        (replace(chain, match=ChainMatch(destination_port=20001)),),
        additional_addresses=(SocketAddress("127.0.0.1", 20002),),
        listener_filters=(
            TLS_INSPECTOR,
            replace(inspector, config=freeze({**inspector.config, "filter_disabled": disabled})),
        ),
    )
    assert outbound == replace(SIDECAR.listeners[2], address=Pipe("/run/o.sock"), bind_to_port=True)
    app, upstream = placed.clusters
    assert app == Cluster("inbound|9080||", "STATIC", (LocalityEndpoints((Endpoint(Pipe("/run/app.sock")),)),))
    assert upstream.transport == UpstreamTls(
        (SecretRef("default", "/c/default.json"),), Validation(SecretRef("ROOTCA", "/c/root.json"))
    )
    assert placed.endpoints == (
        EndpointSet(
            "outbound|9080||x",
            (
                LocalityEndpoints(
                    (Endpoint(SocketAddress("127.0.0.1", 21001)), Endpoint(SocketAddress("10.0.0.8", 9080)))
                ),
            ),
        ),
    )


def test_envoy_takes_it(tmp_path: Path) -> None:
    for name in ("default.json", "root.json"):
        (tmp_path / name).write_text("{}")
    files = {"default": str(tmp_path / "default.json"), "ROOTCA": str(tmp_path / "root.json")}
    assert refused(write_static(place(SIDECAR, replace(PLACEMENT, secrets=files))), tmp_path) == ""


def test_gateway_ports_follow_the_listener() -> None:
    chain = FilterChain((HttpConnectionManager("h", "80", (HttpRbac(_rules(8080, 1)),)),))
    gateway = ProxyView("g", "g", (Listener("0.0.0.0_8080", SocketAddress(ANYWHERE, 8080), (chain,)),))
    placed = place(gateway, Placement(listeners={"0.0.0.0_8080": (HERE,)}))
    (manager,) = placed.listeners[0].filter_chains[0].filters
    assert isinstance(manager, HttpConnectionManager)
    assert manager.http_filters == (HttpRbac(_rules(20001, 1)),)
    assert place(gateway, Placement()) == gateway


@pytest.mark.parametrize(
    "placement",
    [
        Placement(listeners={"nobody": (HERE,)}),
        Placement(apps={"nobody": HERE}),
        Placement(listeners={VIRTUAL_INBOUND: ()}),
    ],
)
def test_places_that_cannot_be(placement: Placement) -> None:
    with pytest.raises(MeshError):
        place(SIDECAR, placement)


BLANK: dict[type, Callable[[Any], Any]] = {
    Endpoint: lambda each: replace(each, address=HERE),
    ChainMatch: lambda each: replace(each, destination_port=None),
    DestinationPort: lambda each: DestinationPort(0),
    SecretRef: lambda each: replace(each, path=""),
    Listener: lambda each: replace(
        each,
        address=HERE,
        additional_addresses=(),
        bind_to_port=True,
        use_original_dst=False,
        listener_filters=tuple(one for one in each.listener_filters if one != ORIGINAL_DST),
    ),
}
"""By class, the fields that placing may change, made the same."""


def blank(value: Any, apps: frozenset[str]) -> Any:
    """``value`` without anything that placing may change, at every depth."""
    if isinstance(value, tuple):
        return tuple(blank(each, apps) for each in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    value = replace(value, **{each.name: blank(getattr(value, each.name), apps) for each in fields(value)})
    if isinstance(value, Cluster) and value.name in apps:
        balancing = replace(value.load_balancing, policy="ROUND_ROBIN")
        return replace(value, type="STATIC", endpoints=(), load_balancing=balancing, bind_address="")
    return BLANK.get(type(value), lambda each: each)(value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(linked_views(), st.data())
def test_nothing_else_differs(view: ProxyView, data: st.DataObject) -> None:
    inbound: bool = data.draw(st.booleans())
    if view.listeners and inbound:
        view = replace(view, listeners=(replace(view.listeners[0], name=VIRTUAL_INBOUND), *view.listeners[1:]))
    listeners: dict[str, tuple[Address, ...]] = {
        each.name: (HERE, Pipe("/p")) for each in view.listeners if data.draw(st.booleans())
    }
    apps: dict[str, Address] = {each.name: HERE for each in view.clusters if data.draw(st.booleans())}
    placement = Placement(
        addresses=data.draw(st.dictionaries(st.builds(SocketAddress, st.just("a"), st.integers(0, 3)), st.just(HERE))),
        listeners=listeners,
        inbound_ports=data.draw(st.dictionaries(st.integers(0, 9), st.integers(1, 9))),
        apps=apps,
        secrets={"default": "/d"},
    )
    placed = place(view, placement)
    stay = {each.name for each in placed.listeners}
    expected = replace(
        view,
        listeners=tuple(each for each in view.listeners if each.name in stay),
        endpoints=tuple(each for each in view.endpoints if each.cluster not in apps),
    )
    assert set(listeners) <= stay
    assert blank(placed, frozenset(apps)) == blank(expected, frozenset(apps))
