"""Kinds of Kubernetes' own that a mesh stands on, as far as their own fields are concerned: Service and Namespace.

Source: the API server's ``pkg/apis/core/validation``. What depends on the cluster (its address ranges, free node ports)
is not judged, nor are the rules of a Service that ``docs/validate.md`` lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from pulumi_mesh.validation.compiled import Found, Key, Place, Schema, compiled
from pulumi_mesh.validation.object_meta import DNS_LABEL, VALUE_PART, is_subdomain, qualified

Judge: TypeAlias = Callable[[Mapping[str, Any], Found], None]

_TEXT: Schema = {"type": "string", "nullable": True}
_TEXTS: Schema = {"type": "array", "items": _TEXT, "nullable": True}
_WHOLE: Schema = {"type": "integer", "format": "int32", "nullable": True}
_FLAG: Schema = {"type": "boolean", "nullable": True}
_ANY: Schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "nullable": True}


def _struct(**properties: Schema) -> Schema:
    """A Go struct: fields that are not there, or null, have its zero value."""
    return {"type": "object", "properties": properties, "nullable": True}


def _enum(*values: str) -> Schema:
    return {"type": "string", "enum": ["", *values, None], "nullable": True}


_PORT = _struct(
    name=_TEXT,
    protocol=_enum("TCP", "UDP", "SCTP"),
    appProtocol=_TEXT,
    port=_WHOLE,
    targetPort={"x-kubernetes-int-or-string": True, "nullable": True},
    nodePort=_WHOLE,
)
_SERVICE = compiled(
    _struct(
        apiVersion=_TEXT,
        kind=_TEXT,
        metadata=_ANY,
        status=_ANY,
        spec=_struct(
            ports={"type": "array", "items": _PORT, "nullable": True},
            selector={"type": "object", "additionalProperties": _TEXT, "nullable": True},
            type=_enum("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
            sessionAffinity=_enum("None", "ClientIP"),
            externalTrafficPolicy=_enum("Cluster", "Local"),
            internalTrafficPolicy=_enum("Cluster", "Local"),
            ipFamilyPolicy=_enum("SingleStack", "PreferDualStack", "RequireDualStack"),
            sessionAffinityConfig=_struct(clientIP=_struct(timeoutSeconds=_WHOLE)),
            healthCheckNodePort=_WHOLE,
            **dict.fromkeys(
                (
                    "clusterIP", "externalName", "loadBalancerIP", "loadBalancerClass", "trafficDistribution",
                ),
                _TEXT,
            ),
            **dict.fromkeys(("clusterIPs", "externalIPs", "ipFamilies", "loadBalancerSourceRanges"), _TEXTS),
            **dict.fromkeys(("publishNotReadyAddresses", "allocateLoadBalancerNodePorts"), _FLAG),
        ),
    )
)  # fmt: skip
_NAMESPACE = compiled(
    _struct(apiVersion=_TEXT, kind=_TEXT, metadata=_ANY, status=_ANY, spec=_struct(finalizers=_TEXTS))
)

_SPEC: Place = (None, "spec")
_LABEL_WORDS = "at most 63 lower-case letters, digits and '-', a letter or digit at each end"
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*\Z")


def _namespace(document: Mapping[str, Any], found: Found) -> None:
    _NAMESPACE(document, None, found)
    _label_name(document, found)


def _service(document: Mapping[str, Any], found: Found) -> None:
    before = len(found)
    _SERVICE(document, None, found)
    _label_name(document, found)
    if len(found) > before:
        return
    spec = document.get("spec") or {}
    kind, headless = spec.get("type") or "ClusterIP", spec.get("clusterIP") == "None"
    ports = [port or {} for port in spec.get("ports") or ()]
    if not ports and not headless and kind != "ExternalName":
        found.append(((_SPEC, "ports"), "is required"))
    if headless and kind in ("NodePort", "LoadBalancer"):
        found.append(((_SPEC, "clusterIP"), f"may not be None for a {kind} service"))
    if kind == "ExternalName":
        name = (spec.get("externalName") or "").removesuffix(".")
        if not name or not is_subdomain(name):
            found.append(((_SPEC, "externalName"), "is no host name" if name else "is required"))
    _ports(ports, kind, found)
    for key, value in (spec.get("selector") or {}).items():
        if qualified(key) or len(value or "") > 63 or not VALUE_PART.match(value or ""):
            found.append((((_SPEC, "selector"), Key(key)), "is no label"))


def _label_name(document: Mapping[str, Any], found: Found) -> None:
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    if isinstance(name, str) and name and (len(name) > 63 or not DNS_LABEL.match(name)):
        found.append((((None, "metadata"), "name"), f"is no name: {_LABEL_WORDS}"))


def _ports(ports: list[dict[str, Any]], kind: str, found: Found) -> None:
    names: set[str] = set()
    numbers: set[tuple[str, Any]] = set()
    for index, port in enumerate(ports):
        place: Place = ((_SPEC, "ports"), index)
        name, number = port.get("name") or "", port.get("port") or 0
        if name in names:
            found.append(((place, "name"), "is the name of another port too"))
        elif name and (len(name) > 63 or not DNS_LABEL.match(name)):
            found.append(((place, "name"), f"is no name: {_LABEL_WORDS}"))
        elif not name and len(ports) > 1:
            found.append(((place, "name"), "is required where there are several ports"))
        if name:
            names.add(name)
        if not 1 <= number <= 65535:
            found.append(((place, "port"), f"is {number}; 1 to 65535" if number else "is required"))
        target = port.get("targetPort")
        if isinstance(target, str) and target and (len(target) > 15 or not _PORT_NAME.match(target)):
            found.append(((place, "targetPort"), "is no port's name: at most 15 lower-case letters, digits and '-'"))
        elif isinstance(target, int | float) and target and not 1 <= target <= 65535:
            found.append(((place, "targetPort"), f"is {target}; 1 to 65535"))
        if (application := port.get("appProtocol")) is not None and qualified(application):
            found.append(((place, "appProtocol"), "is no protocol's name, such as http or kubernetes.io/h2c"))
        if port.get("nodePort") and kind == "ClusterIP":
            found.append(((place, "nodePort"), "may not be set for a ClusterIP service"))
        key = (port.get("protocol") or "TCP", number)
        if key in numbers:
            found.append((place, f"has the protocol and number of another port: {key[0]} {number}"))
        numbers.add(key)


CORE: Mapping[tuple[str, str], Judge] = MappingProxyType({("v1", "Service"): _service, ("v1", "Namespace"): _namespace})
"""apiVersion and kind to what adds the problems of an object's own fields."""
