"""The agent beside a proxy, which serves its secrets."""

from __future__ import annotations

from typing import Any

from pulumi_mesh.proxy.envoy import names


def agent_cluster() -> dict[str, Any]:
    """The cluster over which the agent beside the proxy serves secrets, as Istio's bootstrap has it."""
    options: dict[str, Any] = {"explicit_http_config": {"http2_protocol_options": {}}}
    endpoint = {"endpoint": {"address": {"pipe": {"path": names.AGENT_SOCKET}}}}
    return {
        "name": names.AGENT_CLUSTER,
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {
            names.HTTP_PROTOCOL_OPTIONS: {"@type": names.HTTP_PROTOCOL_OPTIONS_TYPE, **options}
        },
        "load_assignment": {
            "cluster_name": names.AGENT_CLUSTER,
            "endpoints": [{"lb_endpoints": [endpoint]}],
        },
    }
