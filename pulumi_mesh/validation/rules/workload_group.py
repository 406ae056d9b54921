"""What Istio's webhook adds for WorkloadGroups (ValidateWorkloadGroup)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_mesh.validation.addresses import port
from pulumi_mesh.validation.rules.headers import probe_name
from pulumi_mesh.validation.rules.names import labels
from pulumi_mesh.validation.verdict import Problem

Object = Mapping[str, Any]


def workload_group(spec: Object, metadata: Object) -> Iterator[Problem]:
    """A template of workloads, and how their readiness is probed; what a workload fills in itself is not judged."""
    del metadata
    if spec.get("template") is None:
        yield Problem("spec.template", "a template is required")
        return
    yield from labels((spec.get("metadata") or {}).get("labels"), "spec.metadata.labels")
    if (probe := spec.get("probe")) is not None:
        yield from _probe(probe, "spec.probe")


def _probe(probe: Object, path: str) -> Iterator[Problem]:
    for field in ("periodSeconds", "initialDelaySeconds", "timeoutSeconds", "successThreshold", "failureThreshold"):
        if (probe.get(field) or 0) < 0:
            yield Problem(f"{path}.{field}", f"{probe[field]} is below 0")
    if (get := probe.get("httpGet")) is not None:
        yield from port(get.get("port") or 0, f"{path}.httpGet.port")
        if (scheme := get.get("scheme")) and scheme not in {"HTTP", "HTTPS"}:
            yield Problem(f"{path}.httpGet.scheme", f"the scheme is HTTP or HTTPS, not {scheme!r}")
        for index, header in enumerate(get.get("httpHeaders") or ()):
            yield from probe_name(header.get("name") or "", f"{path}.httpGet.httpHeaders[{index}].name")
    elif (socket := probe.get("tcpSocket")) is not None:
        yield from port(socket.get("port") or 0, f"{path}.tcpSocket.port")
    elif (command := probe.get("exec")) is not None:
        if not command.get("command"):
            yield Problem(f"{path}.exec.command", "a command is required")
    elif probe.get("grpc") is None:
        yield Problem(path, "a probe has httpGet, tcpSocket or exec")
    else:
        yield Problem(f"{path}.grpc", "istiod knows no probes by gRPC")
