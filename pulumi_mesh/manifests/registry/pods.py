"""Pods of a cluster, and the templates that pods are made from, as workloads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import Workload
from pulumi_mesh.manifests.registry.allocation import WORKLOADS, allocate
from pulumi_mesh.manifests.registry.labels import texts
from pulumi_mesh.manifests.snapshot import selects
from pulumi_mesh.manifests.wire import RawObject
from pulumi_mesh.refs import Ref

RUNS_PODS = ("DaemonSet", "Deployment", "ReplicaSet", "ReplicationController", "Rollout", "StatefulSet")
_ENDED = ("Succeeded", "Failed")
_INJECT = "sidecar.istio.io/inject"
_TLS_MODE = "security.istio.io/tlsMode"
_LOCALITY = "istio-locality"
_NETWORK = "topology.istio.io/network"
_REGIONS = ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region")
_ZONES = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
_SUBZONE = "topology.istio.io/subzone"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What pods take from elsewhere. namespaces, nodes: labels by name. network: of the cluster."""

    namespaces: Mapping[str, Mapping[str, str]]
    nodes: Mapping[str, Mapping[str, str]]
    network: str


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod, or what it would be. gateway: whether its proxy is a gateway's, by what injects it."""

    workload: Workload
    annotations: Mapping[str, str]
    gateway: bool


def pods(items: Iterable[RawObject], around: Surroundings) -> list[Pod]:
    """A workload for each Pod that runs, and one for each template of which no Pod is there."""
    items = tuple(items)
    allocated = allocate(WORKLOADS)
    found = [_pod(each, each.labels, each.annotations, each.body, around, allocated) for each in _running(items)]
    # By namespace and each label: a template finds its pods without a look at all others.
    labelled: dict[tuple[str, str, str], list[Workload]] = {}
    for pod in found:
        _note(labelled, pod.workload)
    for item in items:
        template = _template(item)
        if template is None:
            continue
        metadata: Any = template.get("metadata") or {}
        labels = texts(metadata.get("labels"))
        mine = labelled.get((item.namespace, *min(labels.items())), ()) if labels else [each.workload for each in found]
        if not any(each.namespace == item.namespace and selects(labels, each.labels) for each in mine):
            found.append(_pod(item, labels, texts(metadata.get("annotations")), template, around, allocated))
            _note(labelled, found[-1].workload)
    return found


def _note(labelled: dict[tuple[str, str, str], list[Workload]], workload: Workload) -> None:
    for key, value in workload.labels.items():
        labelled.setdefault((workload.namespace, key, value), []).append(workload)


def _running(items: Iterable[RawObject]) -> Iterator[RawObject]:
    for item in items:
        status: Any = item.body.get("status") or {}
        if item.kind == "Pod" and item.api_version == "v1" and status.get("phase") not in _ENDED:
            yield item


def _template(item: RawObject) -> Mapping[str, Any] | None:
    """The template of an object that runs pods by itself: not of a ReplicaSet that a Deployment made."""
    if item.kind not in RUNS_PODS or item.metadata.get("ownerReferences"):
        return None
    spec: Any = item.body.get("spec") or {}
    template: Mapping[str, Any] | None = spec.get("template")
    return template


def _pod(
    item: RawObject,
    labels: Mapping[str, Any],
    annotations: Mapping[str, Any],
    body: Mapping[str, Any],
    around: Surroundings,
    allocated: Iterator[str],
) -> Pod:
    """Mirrors NewEndpointBuilder (pilot/pkg/serviceregistry/kube/controller/endpoint_builder.go)."""
    spec: Any = body.get("spec") or {}
    status: Any = body.get("status") or {} if item.kind == "Pod" else {}
    labels, annotations = texts(labels), texts(annotations)
    node = str(spec.get("nodeName") or "")
    workload = Workload(
        name=item.name,
        namespace=item.namespace,
        address=str(status.get("podIP") or next(allocated)),
        labels=labels,
        service_account=str(spec.get("serviceAccountName") or "default"),
        mesh=_in_mesh(item.namespace, labels, annotations, spec, around),
        ref=Ref(item.kind, item.namespace, item.name),
        locality=locality_of(labels, around.nodes.get(node, {})),
        network=labels.get(_NETWORK) or around.network,
        ports=FrozenMap(_ports(spec)),
        node=node,
        healthy=not any(
            each.get("type") == "Ready" and each.get("status") == "False" for each in status.get("conditions") or ()
        ),
    )
    return Pod(workload, annotations, "gateway" in annotations.get("inject.istio.io/templates", "").split(","))


def locality_of(labels: Mapping[str, str], node: Mapping[str, str]) -> str:
    """``region/zone/subzone`` by the pod's own label, else by its node's. Mirrors getPodLocality (controller.go)."""
    if said := labels.get(_LOCALITY, ""):
        return said if "/" in said else said.replace(".", "/")
    region, zone = (next((node[key] for key in keys if key in node), "") for keys in (_REGIONS, _ZONES))
    subzone = node.get(_SUBZONE, "")
    return f"{region}/{zone}/{subzone}" if region or zone or subzone else ""


def _in_mesh(
    namespace: str,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    spec: Mapping[str, Any],
    around: Surroundings,
) -> bool:
    """Whether the pod has a proxy, or would get one: by its own word, else by its namespace's.

    Mirrors injectRequired (pkg/kube/inject) and the selectors of Istio's injection webhook.
    """
    if _TLS_MODE in labels:
        return labels[_TLS_MODE] == "istio"
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    if "sidecar.istio.io/status" in annotations or any(each.get("name") == "istio-proxy" for each in containers):
        return True
    space = around.namespaces.get(namespace, {})
    if spec.get("hostNetwork") or space.get("istio-injection") == "disabled":
        return False
    asked = labels.get(_INJECT) or annotations.get(_INJECT)
    if asked is not None:
        return asked.lower() in ("true", "y", "yes", "on", "enabled")
    return space.get("istio-injection") == "enabled" or "istio.io/rev" in space or "istio.io/rev" in labels


def _ports(spec: Mapping[str, Any]) -> dict[str, int]:
    """Container ports by name, of init containers that keep running too. Mirrors FindPort (.../controller/util.go)."""
    running = [each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"]
    found: dict[str, int] = {}
    for container in (*(spec.get("containers") or ()), *running):
        for port in container.get("ports") or ():
            if port.get("name") and isinstance(port.get("containerPort"), int):
                found.setdefault(str(port["name"]), port["containerPort"])
    return found
