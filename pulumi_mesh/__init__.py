"""A service mesh as typed Python.

Data and pure functions are here. ``pulumi_mesh.deploy`` has the Pulumi components, ``pulumi_mesh.istio`` and
``pulumi_mesh.kubernetes`` the typed objects.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_mesh.errors import FindingsError, InvalidError, MeshError, OutputError
    from pulumi_mesh.findings import Finding
    from pulumi_mesh.model.backends import Backend
    from pulumi_mesh.model.canary import Canary, Stage
    from pulumi_mesh.model.charts import BaseValues, GatewayValues, IstiodValues
    from pulumi_mesh.model.control_plane import Istio
    from pulumi_mesh.model.cors import Cors
    from pulumi_mesh.model.gateway import Gateway, Listener
    from pulumi_mesh.model.installation import Charts, GatewayDeployment
    from pulumi_mesh.model.locality import Locality
    from pulumi_mesh.model.match import Match, Path, TextMatch
    from pulumi_mesh.model.mesh import Mesh, replace
    from pulumi_mesh.model.namespace import Namespace
    from pulumi_mesh.model.rate_limits import DescriptorEntry, GlobalRateLimit, LocalRateLimit, TokenBucket
    from pulumi_mesh.model.request_authentication import JWTRule, RequestAuthentication
    from pulumi_mesh.model.route import (
        Abort,
        Delay,
        DirectResponse,
        Fault,
        HeaderChanges,
        HTTPRoute,
        Mirror,
        Redirect,
        Retries,
        Rewrite,
        Rule,
    )
    from pulumi_mesh.model.security import AuthorizationPolicy, AuthorizationRule, MutualTLS
    from pulumi_mesh.model.service import Destination, Port, Service, Version
    from pulumi_mesh.model.stream_routes import TCPRoute, TLSRoute
    from pulumi_mesh.model.telemetry import AccessLog, MetricOverride, Metrics, Telemetry, TraceTag, Tracing
    from pulumi_mesh.model.traffic import ConnectionPool, ConsistentHash, Cookie, OutlierDetection, TrafficPolicy
    from pulumi_mesh.model.upstream_tls import UpstreamTLS
    from pulumi_mesh.refs import Identity, Ref

# Where a name is: imported on first use, since commands such as validate need few of them.
_MODULES = {
    "Abort": "model.route",
    "AccessLog": "model.telemetry",
    "AuthorizationPolicy": "model.security",
    "AuthorizationRule": "model.security",
    "Backend": "model.backends",
    "BaseValues": "model.charts",
    "Canary": "model.canary",
    "Charts": "model.installation",
    "ConnectionPool": "model.traffic",
    "ConsistentHash": "model.traffic",
    "Cookie": "model.traffic",
    "Cors": "model.cors",
    "Delay": "model.route",
    "DescriptorEntry": "model.rate_limits",
    "Destination": "model.service",
    "DirectResponse": "model.route",
    "Fault": "model.route",
    "Finding": "findings",
    "FindingsError": "errors",
    "Gateway": "model.gateway",
    "GatewayDeployment": "model.installation",
    "GatewayValues": "model.charts",
    "GlobalRateLimit": "model.rate_limits",
    "HTTPRoute": "model.route",
    "HeaderChanges": "model.route",
    "Identity": "refs",
    "InvalidError": "errors",
    "Istio": "model.control_plane",
    "IstiodValues": "model.charts",
    "JWTRule": "model.request_authentication",
    "Listener": "model.gateway",
    "LocalRateLimit": "model.rate_limits",
    "Locality": "model.locality",
    "Match": "model.match",
    "Mesh": "model.mesh",
    "MeshError": "errors",
    "MetricOverride": "model.telemetry",
    "Metrics": "model.telemetry",
    "Mirror": "model.route",
    "MutualTLS": "model.security",
    "Namespace": "model.namespace",
    "OutlierDetection": "model.traffic",
    "OutputError": "errors",
    "Path": "model.match",
    "Port": "model.service",
    "Redirect": "model.route",
    "Ref": "refs",
    "RequestAuthentication": "model.request_authentication",
    "Retries": "model.route",
    "Rewrite": "model.route",
    "Rule": "model.route",
    "Service": "model.service",
    "Stage": "model.canary",
    "TCPRoute": "model.stream_routes",
    "TLSRoute": "model.stream_routes",
    "Telemetry": "model.telemetry",
    "TextMatch": "model.match",
    "TokenBucket": "model.rate_limits",
    "TraceTag": "model.telemetry",
    "Tracing": "model.telemetry",
    "TrafficPolicy": "model.traffic",
    "UpstreamTLS": "model.upstream_tls",
    "Version": "model.service",
    "replace": "model.mesh",
}

__all__ = [
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


if not TYPE_CHECKING:  # a type checker that saw this would take any name

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals().setdefault(name, getattr(import_module(f"{__name__}.{_MODULES[name]}"), name))


def __dir__() -> list[str]:
    return __all__
