"""Patches of listeners and filter chains."""

from __future__ import annotations

from typing import Any

from tests.unit.patching.world import TYPES, edge, envoy_filter, listener, patch, web

_CHAIN = {
    "name": "elsewhere",
    "filter_chain_match": {"destination_port": 9999},
    "filters": [
        {
            "name": "envoy.filters.network.tcp_proxy",
            "typed_config": {
                "@type": f"{TYPES}.filters.network.tcp_proxy.v3.TcpProxy",
                "stat_prefix": "elsewhere",
                "cluster": "BlackHoleCluster",
            },
        }
    ],
}


def added(port: int) -> dict[str, Any]:
    """A listener."""
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {"name": "added", "address": address, "filter_chains": [_CHAIN]}


def test_merge_and_remove() -> None:
    view = edge(
        envoy_filter(
            patch("LISTENER", "MERGE", {"perConnectionBufferLimitBytes": 9}, listener={"portNumber": 8443}),
            patch("LISTENER", "REMOVE", listener={"name": "0.0.0.0_8080"}),
        )
    )
    assert [(each.name, each.extra["per_connection_buffer_limit_bytes"]) for each in view.listeners] == [
        ("0.0.0.0_8443", 9)
    ]


def test_added_before_the_one_for_all_else() -> None:
    view = web(envoy_filter(patch("LISTENER", "ADD", added(19000))))
    assert [each.name for each in view.listeners][-3:] == ["added", "virtualOutbound", "virtualInbound"]


def test_added_to_inbound_only_where_that_is_said() -> None:
    own = patch("LISTENER", "INSERT_FIRST", added(19000), context="SIDECAR_INBOUND")
    assert [each.name for each in web(envoy_filter(own)).listeners][-1] == "added"
    assert "added" not in [each.name for each in edge(envoy_filter(own)).listeners]


def test_the_port_of_a_listener_is_its_own() -> None:
    for number, limit in ((15006, 9), (8080, None)):
        own = patch("LISTENER", "MERGE", {"per_connection_buffer_limit_bytes": 9}, listener={"portNumber": number})
        assert listener(web(envoy_filter(own)), "virtualInbound").get("perConnectionBufferLimitBytes") == limit


def test_filter_chains() -> None:
    match = {"listener": {"name": "virtualInbound", "filterChain": {"destinationPort": 8080}}}
    view = web(
        envoy_filter(
            patch("FILTER_CHAIN", "REMOVE", context="SIDECAR_INBOUND", **match),
            patch("FILTER_CHAIN", "ADD", _CHAIN, context="SIDECAR_INBOUND", listener={"name": "virtualInbound"}),
        )
    )
    names = [each["name"] for each in listener(view, "virtualInbound")["filterChains"]]
    assert "0.0.0.0_8080" not in names
    assert names[-1] == "elsewhere"


def test_a_transport_socket_is_merged_by_name() -> None:
    context = {"common_tls_context": {"tls_params": {"tls_maximum_protocol_version": "TLSv1_2"}}}
    config = {"@type": f"{TYPES}.transport_sockets.tls.v3.DownstreamTlsContext", **context}
    value = {"transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": config}, "name": "not merged"}
    view = edge(envoy_filter(patch("FILTER_CHAIN", "MERGE", value, listener={"filterChain": {"sni": "shop.example"}})))
    (chain,) = listener(view, "0.0.0.0_8443")["filterChains"]
    tls = chain["transportSocket"]["typedConfig"]
    assert tls["commonTlsContext"]["tlsParams"]["tlsMaximumProtocolVersion"] == "TLSv1_2"
    assert tls["commonTlsContext"]["tlsCertificateSdsSecretConfigs"]
    assert chain.get("name") != "not merged"
