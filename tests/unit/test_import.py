"""What ``import pulumi_mesh`` offers, and what it leaves unloaded."""

import json
import subprocess
import sys

import pulumi_mesh as pm

PUBLIC = [
    "Abort",
    "AccessLog",
    "AuthorizationPolicy",
    "AuthorizationRule",
    "Backend",
    "BaseValues",
    "Canary",
    "Charts",
    "ConnectionPool",
    "ConsistentHash",
    "Cookie",
    "Cors",
    "Delay",
    "DescriptorEntry",
    "Destination",
    "DirectResponse",
    "Fault",
    "Finding",
    "FindingsError",
    "Gateway",
    "GatewayDeployment",
    "GatewayValues",
    "GlobalRateLimit",
    "HTTPRoute",
    "HeaderChanges",
    "Identity",
    "InvalidError",
    "Istio",
    "IstiodValues",
    "JWTRule",
    "Listener",
    "LocalRateLimit",
    "Locality",
    "Match",
    "Mesh",
    "MeshError",
    "MetricOverride",
    "Metrics",
    "Mirror",
    "MutualTLS",
    "Namespace",
    "OutlierDetection",
    "OutputError",
    "Path",
    "Port",
    "Redirect",
    "Ref",
    "RequestAuthentication",
    "Retries",
    "Rewrite",
    "Rule",
    "Service",
    "Stage",
    "TCPRoute",
    "TLSRoute",
    "Telemetry",
    "TextMatch",
    "TokenBucket",
    "TraceTag",
    "Tracing",
    "TrafficPolicy",
    "UpstreamTLS",
    "Version",
    "replace",
]


def test_public_names() -> None:
    assert pm.__all__ == PUBLIC
    assert sorted(PUBLIC) == PUBLIC
    assert all(hasattr(pm, name) for name in PUBLIC)


def test_importing_loads_no_pulumi_no_grpc_no_yaml() -> None:
    code = "import json, sys, pulumi_mesh, pulumi_mesh.istio; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert "pulumi_mesh" in loaded
    assert not loaded & {"pulumi", "pulumi_kubernetes", "grpc", "yaml", "click", "rich", "aiohttp", "asyncio"}
