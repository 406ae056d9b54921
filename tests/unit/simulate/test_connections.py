"""Which listener and which filter chain take a connection, and whether TLS comes about."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh.frozen import freeze
from pulumi_mesh.proxy.simulate import Request, simulate
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.listeners import FilterChain, Listener, OpaqueFilter, TcpProxy
from pulumi_mesh.proxy.view.matching import StringMatch
from pulumi_mesh.proxy.view.rbac import Always, Authenticated, NetworkRbac, Policy, Rules, SourceAddress
from pulumi_mesh.proxy.view.tls import DownstreamTls, SecretRef, UpstreamTls, Validation
from tests.unit.simulate.made import (
    ANYWHERE,
    HTTP_INSPECTOR,
    MUTUAL,
    ORIGINAL_DST,
    SIMPLE,
    TLS_INSPECTOR,
    chain,
    cluster,
    listener,
    manager,
    view,
)


def _of_sidecar() -> tuple[Listener, ...]:
    capture = listener(
        chain("blackhole", destination_port=15001),
        chain("catchall"),
        port=15001,
        name="virtualOutbound",
        traffic_direction="OUTBOUND",
        use_original_dst=True,
    )
    handed: dict[str, Any] = {"traffic_direction": "OUTBOUND", "bind_to_port": False}
    one = Listener("10.0.0.9_80", SocketAddress("10.0.0.9", 80), (chain("one"),), **handed)
    wild = listener(chain("wild"), name="0.0.0.0_80", **handed)
    inbound = listener(
        chain("seen", destination_port=80),
        chain("other"),
        port=15006,
        name="virtualInbound",
        traffic_direction="INBOUND",
        listener_filters=(ORIGINAL_DST,),
    )
    bound = listener(chain("bound"), port=15090, name="bound")
    return capture, one, wild, inbound, bound


@pytest.mark.parametrize(
    ("request_", "listener_name", "chain_name"),
    [
        (Request(direction="outbound", address="10.0.0.9"), "10.0.0.9_80", "one"),
        (Request(direction="outbound", address="10.0.0.8"), "0.0.0.0_80", "wild"),
        (Request(direction="outbound"), "0.0.0.0_80", "wild"),
        (Request(direction="outbound", port=81), "virtualOutbound", "catchall"),
        (Request(direction="outbound", port=15001), "virtualOutbound", "blackhole"),
        (Request(direction="inbound", address="10.0.0.9"), "virtualInbound", "seen"),
        (Request(direction="inbound", port=81), "virtualInbound", "other"),
        (Request(port=15090), "bound", "bound"),
        (Request(port=80), "", ""),
    ],
)
def test_listeners(request_: Request, listener_name: str, chain_name: str) -> None:
    outcome = simulate(view(*_of_sidecar()), request_)
    assert (outcome.listener, outcome.filter_chain) == (listener_name, chain_name)
    assert outcome.error == ("" if listener_name else "no listener matched")


SERVED = (
    chain("a", server_names=("a.test",), transport_protocol="tls"),
    chain("wild", server_names=("*.test",), transport_protocol="tls"),
    chain("deep", server_names=("*.b.test",), application_protocols=("h2",)),
    chain("tls", transport_protocol="tls"),
    chain("plain", transport_protocol="raw_buffer", application_protocols=("http/1.1", "h2c")),
    chain("bytes"),
)


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        ({"tls": "tls", "sni": "A.test"}, "a"),
        ({"tls": "tls", "sni": "b.test"}, "wild"),
        ({"tls": "tls", "sni": "x.y.test"}, "wild"),
        ({"tls": "tls", "sni": "x.b.test", "protocol": "http2"}, "deep"),
        # The most specific name has won, and its protocol does not fit: there is no way back.
        ({"tls": "tls", "sni": "x.b.test"}, ""),
        ({"tls": "tls", "sni": "other"}, "tls"),
        ({"host": "a.test"}, "plain"),
        ({"host": "a.test", "protocol": "http2"}, "plain"),
        ({"protocol": "tcp"}, ""),
    ],
)
def test_chains_by_name_and_protocol(asked: dict[str, Any], taken: str) -> None:
    served = listener(*SERVED, listener_filters=(TLS_INSPECTOR, HTTP_INSPECTOR))
    outcome = simulate(view(served), Request(**asked))
    assert outcome.filter_chain == taken
    assert outcome.error == ("" if taken else "no filter chains matched")


def test_default_filter_chain() -> None:
    served = listener(chain("other", destination_port=81), default_filter_chain=chain("default"))
    assert simulate(view(served), Request()).filter_chain == "default"


def test_the_same_match_twice() -> None:
    served = listener(chain("one", destination_port=80), chain("two", destination_port=80))
    assert simulate(view(served), Request()).error == "multiple filter chains matched"


@pytest.mark.parametrize(
    ("address", "taken"), [("10.1.2.3", "far"), ("10.1.9.9", "near"), ("10.9.9.9", "wide"), ("9.9.9.9", "rest")]
)
def test_the_longest_range_wins(address: str, taken: str) -> None:
    ranges = {"wide": ("10.0.0.0", 8), "near": ("10.1.0.0", 16), "far": ("10.1.2.0", 24)}
    chains = [chain(name, prefix_ranges=(found,)) for name, found in ranges.items()]
    served = Listener("in", SocketAddress(ANYWHERE, 80), (*chains, chain("rest")))
    assert simulate(view(served), Request(address=address)).filter_chain == taken


@pytest.mark.parametrize(
    ("source", "taken"), [("127.0.0.1", "local"), ("10.0.0.5", "near"), ("9.9.9.9", "far"), ("", "far")]
)
def test_sources(source: str, taken: str) -> None:
    served = listener(
        chain("local", extra=freeze({"source_type": "SAME_IP_OR_LOOPBACK"})),
        chain("near", extra=freeze({"source_prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]})),
        chain("far"),
    )
    assert simulate(view(served), Request(source=source)).filter_chain == taken


@pytest.mark.parametrize(
    ("disabled", "ports"),
    [
        ({"destination_port_range": {"start": 80, "end": 81}}, {80: "bytes", 81: "tls"}),
        ({"not_match": {"destination_port_range": {"start": 80, "end": 82}}}, {80: "tls", 81: "tls", 82: "bytes"}),
        (
            {
                "or_match": {
                    "rules": [
                        {"destination_port_range": {"start": 80, "end": 81}},
                        {"destination_port_range": {"start": 82, "end": 83}},
                    ]
                }
            },
            {80: "bytes", 81: "tls", 82: "bytes"},
        ),
        ({"any_match": True}, {80: "bytes"}),
    ],
)
def test_an_inspector_that_is_off(disabled: dict[str, Any], ports: dict[int, str]) -> None:
    inspector = OpaqueFilter(TLS_INSPECTOR, freeze({"typed_config": {}, "filter_disabled": disabled}))
    served = listener(
        chain("tls", transport_protocol="tls"),
        chain("bytes"),
        port=15006,
        traffic_direction="INBOUND",
        listener_filters=(ORIGINAL_DST, inspector),
    )
    for port, taken in ports.items():
        assert simulate(view(served), Request(port=port, direction="inbound", tls="tls")).filter_chain == taken


NAMED = DownstreamTls(
    (SecretRef("default"),), Validation(SecretRef("ROOTCA"), (StringMatch("prefix", "spiffe://here/"),)), True
)


@pytest.mark.parametrize(
    ("tls", "asked", "error"),
    [
        (SIMPLE, {"tls": "tls"}, ""),
        (SIMPLE, {"tls": "plaintext"}, "invalid TLS"),
        (SIMPLE, {"tls": "mtls"}, "invalid mTLS"),
        (SIMPLE, {"tls": "mtls", "certificate": "kubernetes://cert"}, "invalid mTLS"),
        (MUTUAL, {"tls": "mtls"}, ""),
        (MUTUAL, {"tls": "tls"}, "invalid mTLS"),
        (MUTUAL, {"tls": "mtls", "certificate": "kubernetes://cert"}, "invalid mTLS"),
        (NAMED, {"tls": "mtls", "principal": "spiffe://here/ns/a/sa/b"}, ""),
        (NAMED, {"tls": "mtls", "principal": "spiffe://there/ns/a/sa/b"}, "invalid mTLS"),
        # A reference that Istio found wrong stands for a certificate that never comes.
        (DownstreamTls((SecretRef("invalid://"),)), {"tls": "tls"}, "invalid TLS"),
        (None, {"tls": "tls"}, "protocol error"),
        (None, {"tls": "plaintext", "protocol": "tcp"}, "protocol error"),
        (None, {"tls": "plaintext", "protocol": "http2"}, ""),
    ],
)
def test_handshakes(tls: DownstreamTls | None, asked: dict[str, Any], error: str) -> None:
    served = listener(FilterChain((manager(),), tls=tls, name="http"))
    outcome = simulate(view(served), Request(**asked))
    assert outcome.error == error
    assert outcome.ended_tls == ((tls is not None and error == "") or outcome.ended_tls)
    assert outcome.passes == (error == "")


@pytest.mark.parametrize(
    ("transport", "error"),
    [
        (UpstreamTls(validation=Validation(SecretRef("kubernetes://ca"))), ""),
        (UpstreamTls(validation=Validation(SecretRef("invalid://-cacert"))), "invalid TLS"),
        (UpstreamTls((SecretRef("invalid://"),)), "invalid TLS"),
        (UpstreamTls(), ""),
    ],
)
def test_secrets_toward_endpoints_that_never_come(transport: UpstreamTls, error: str) -> None:
    served = view(listener(FilterChain((manager(),))), clusters=(cluster("a", transport=transport),))
    outcome = simulate(served, Request())
    assert (outcome.error, outcome.status) == (error, 503 if error else None)


@pytest.mark.parametrize(
    ("rules", "error"),
    [
        (Rules("ALLOW", (Policy("p", (Always(),), (Authenticated(StringMatch("exact", "spiffe://me")),)),)), ""),
        (Rules("ALLOW", (Policy("p", (Always(),), (Authenticated(StringMatch("exact", "spiffe://you")),)),)), "denied"),
        (Rules("DENY", (Policy("p", (Always(),), (Authenticated(None),)),)), "denied"),
        (Rules("DENY", (Policy("p", (Always(),), (SourceAddress("direct_remote_ip", "10.0.0.0", 8),)),)), "denied"),
        (Rules("ALLOW", ()), "denied"),
        (Rules("DENY", ()), ""),
        (None, ""),
    ],
)
def test_authorization_of_connections(rules: Rules | None, error: str) -> None:
    filters = (NetworkRbac(rules, "rbac"), TcpProxy("tcp", "a"))
    served = listener(FilterChain(filters, tls=MUTUAL))
    outcome = simulate(view(served), Request(tls="mtls", protocol="tcp", principal="spiffe://me", source="10.1.1.1"))
    assert (outcome.error, outcome.status) == (error, None)
    assert bool(outcome.clusters) == (error == "")


def test_bytes_by_weight() -> None:
    proxy = TcpProxy("tcp", weighted=(("a", 1), ("b", 3), ("c", 0)))
    served = view(listener(FilterChain((proxy,))), clusters=(cluster("a"),))
    outcome = simulate(served, Request(protocol="tcp"))
    assert [(each.cluster, each.weight, each.error) for each in outcome.clusters] == [
        ("a", 1, ""),
        ("b", 3, "unknown cluster"),
    ]
    assert outcome.error == ""
    assert simulate(served, Request(protocol="tcp"), random_value=0).clusters[0].cluster == "a"
    assert simulate(served, Request(protocol="tcp"), random_value=1).error == "unknown cluster"


def test_a_cluster_by_server_name() -> None:
    by_name = OpaqueFilter("envoy.filters.network.sni_cluster", freeze({}))
    served = listener(FilterChain((by_name, TcpProxy("tcp", "BlackHoleCluster"))), listener_filters=(TLS_INSPECTOR,))
    outcome = simulate(view(served), Request(tls="mtls", sni="a"))
    assert [each.cluster for each in outcome.clusters] == ["a"]


def test_a_filter_that_is_not_known_is_told_of() -> None:
    served = listener(FilterChain((OpaqueFilter("acme.filter", freeze({})), TcpProxy("tcp", "a"))))
    outcome = simulate(view(served), Request(protocol="tcp"))
    assert outcome.passes
    assert any("acme.filter is not known" in step.text for step in outcome.why)
