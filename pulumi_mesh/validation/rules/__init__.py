"""What istiod's validating webhook adds to the schemas: one module a kind, plain functions that yield problems.

Rules read an object as it is on the wire, after it has passed the schema and its CEL rules: types are right, what is
required by the schema is there, enums hold. As in Protobuf, a field that holds its type's zero counts as not given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from pulumi_mesh.validation.rules.authorization_policy import authorization_policy
from pulumi_mesh.validation.rules.destination_rule import destination_rule
from pulumi_mesh.validation.rules.envoy_filter import envoy_filter
from pulumi_mesh.validation.rules.gateway import gateway
from pulumi_mesh.validation.rules.metadata import annotation_problems
from pulumi_mesh.validation.rules.peer_authentication import peer_authentication
from pulumi_mesh.validation.rules.proxy_config import proxy_config
from pulumi_mesh.validation.rules.request_authentication import request_authentication
from pulumi_mesh.validation.rules.service_entry import service_entry
from pulumi_mesh.validation.rules.sidecar import sidecar
from pulumi_mesh.validation.rules.telemetry import telemetry
from pulumi_mesh.validation.rules.virtual_service import virtual_service
from pulumi_mesh.validation.rules.wasm import traffic_extension, wasm_plugin
from pulumi_mesh.validation.rules.workload_entry import workload_entry
from pulumi_mesh.validation.rules.workload_group import workload_group
from pulumi_mesh.validation.verdict import Problem

Spec = Mapping[str, Any]


class Rule(NamedTuple):
    """The rules of one kind: they take the spec and the metadata of an object."""

    group: str
    kind: str
    problems: Callable[[Spec, Spec], Iterator[Problem]]


RULES = (
    Rule("networking.istio.io", "VirtualService", virtual_service),
    Rule("networking.istio.io", "DestinationRule", destination_rule),
    Rule("networking.istio.io", "Gateway", gateway),
    Rule("networking.istio.io", "ServiceEntry", service_entry),
    Rule("networking.istio.io", "Sidecar", sidecar),
    Rule("networking.istio.io", "WorkloadEntry", workload_entry),
    Rule("networking.istio.io", "WorkloadGroup", workload_group),
    Rule("networking.istio.io", "EnvoyFilter", envoy_filter),
    Rule("networking.istio.io", "ProxyConfig", proxy_config),
    Rule("security.istio.io", "AuthorizationPolicy", authorization_policy),
    Rule("security.istio.io", "PeerAuthentication", peer_authentication),
    Rule("security.istio.io", "RequestAuthentication", request_authentication),
    Rule("telemetry.istio.io", "Telemetry", telemetry),
    Rule("extensions.istio.io", "WasmPlugin", wasm_plugin),
    Rule("extensions.istio.io", "TrafficExtension", traffic_extension),
)
_BY_KIND = {(rule.group, rule.kind): rule.problems for rule in RULES}


def webhook_problems(group: str, document: Mapping[str, Any], namespace: str = "default") -> Iterator[Problem]:
    """What the webhook says of an object of any kind: nothing of kinds that are not Istio's.

    namespace: where an object goes that names none.
    """
    kind = document["kind"]
    judge = _BY_KIND.get((group, kind))
    if judge is None:
        return
    spec, metadata = document.get("spec") or {}, document.get("metadata") or {}
    if not metadata.get("namespace"):
        metadata = {**metadata, "namespace": namespace}
    refused = False
    for problem in annotation_problems(kind, spec, metadata):
        refused = True
        yield problem
    if not refused:
        yield from judge(spec, metadata)
