"""A service mesh as typed Python.

Data and pure functions are here. ``pulumi_mesh.deploy`` has the Pulumi components, ``pulumi_mesh.istio`` and
``pulumi_mesh.kubernetes`` the typed objects.
"""

from pulumi_mesh.errors import FindingsError, InvalidError, MeshError, OutputError
from pulumi_mesh.findings import Finding
from pulumi_mesh.model.canary import Canary, Stage
from pulumi_mesh.model.charts import BaseValues, GatewayValues, IstiodValues
from pulumi_mesh.model.control_plane import Istio
from pulumi_mesh.model.gateway import Gateway, Listener
from pulumi_mesh.model.installation import Charts, GatewayDeployment
from pulumi_mesh.model.match import Match, Path, TextMatch
from pulumi_mesh.model.mesh import Mesh, replace
from pulumi_mesh.model.namespace import Namespace
from pulumi_mesh.model.route import (
    Abort,
    Backend,
    Delay,
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
from pulumi_mesh.model.traffic import ConnectionPool, ConsistentHash, OutlierDetection, TrafficPolicy
from pulumi_mesh.refs import Identity, Ref

__all__ = [
    "Abort",
    "AuthorizationPolicy",
    "AuthorizationRule",
    "Backend",
    "BaseValues",
    "Canary",
    "Charts",
    "ConnectionPool",
    "ConsistentHash",
    "Delay",
    "Destination",
    "Fault",
    "Finding",
    "FindingsError",
    "Gateway",
    "GatewayDeployment",
    "GatewayValues",
    "HTTPRoute",
    "HeaderChanges",
    "Identity",
    "InvalidError",
    "Istio",
    "IstiodValues",
    "Listener",
    "Match",
    "Mesh",
    "MeshError",
    "Mirror",
    "MutualTLS",
    "Namespace",
    "OutlierDetection",
    "OutputError",
    "Path",
    "Port",
    "Redirect",
    "Ref",
    "Retries",
    "Rewrite",
    "Rule",
    "Service",
    "Stage",
    "TextMatch",
    "TrafficPolicy",
    "Version",
    "replace",
]
