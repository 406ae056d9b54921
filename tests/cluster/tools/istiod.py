"""The real istiod against an API server, and its validating webhook in front of every Istio object."""

from __future__ import annotations

import os
import re
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.process import Running, free_ports, running

NAMESPACE = "istio-system"
_WEBHOOK = "istiod-default-validator"
_GROUPS = ["security.istio.io", "networking.istio.io", "telemetry.istio.io", "extensions.istio.io"]


@dataclass(frozen=True, slots=True)
class Istiod:
    """istiod that runs. xds: the port of plain ADS. secure: that of ADS and certificates over TLS."""

    running: Running
    http: int
    xds: int
    secure: int
    monitoring: int

    def get(self, path: str) -> str:
        """What one of its debug pages answers, such as ``/debug/configz``."""
        return _text(f"http://127.0.0.1:{self.http}{path}")

    def metrics(self) -> str:
        """Its own metrics, as Prometheus would read them."""
        return _text(f"http://127.0.0.1:{self.monitoring}/metrics")

    def refused(self) -> dict[str, int]:
        """How many objects its webhook refused, by the labels of its own count; it has to have seen some."""
        metrics = self.metrics()
        assert re.search(r"^galley_validation_(passed|failed)(_total)?\{.*\} [1-9]", metrics, re.M)
        counted = re.findall(r"^galley_validation_failed(?:_total)?(\{.*\}) (\d+)", metrics, re.M)
        return {labels: int(count) for labels, count in counted if int(count)}


def discovery(
    binary: Path, kubectl: Kubectl, *, http: int, https: int, xds: int, secure: int, monitoring: int
) -> list[str | Path]:
    """The command that runs istiod against an API server. https: where it answers webhooks; the rest: as ``Istiod``."""
    return [
        binary,
        "discovery",
        f"--kubeconfig={kubectl.kubeconfig}",
        f"--httpAddr=127.0.0.1:{http}",
        f"--httpsAddr=127.0.0.1:{https}",
        f"--grpcAddr=127.0.0.1:{xds}",
        f"--secureGRPCAddr=127.0.0.1:{secure}",
        f"--monitoringAddr=127.0.0.1:{monitoring}",
        "--ctrlz_port=0",
        "--shutdownDuration=1s",
    ]


def environment(revision: str) -> dict[str, str]:
    """The environment of istiod: what its Deployment would set."""
    return {
        **os.environ,
        "POD_NAME": "istiod",
        "POD_NAMESPACE": NAMESPACE,
        "REVISION": revision,
        # The name under which the API server finds the webhook; its certificate has to hold it.
        "ISTIOD_CUSTOM_HOST": "localhost",
    }


@contextmanager
def istiod(
    folder: Path,
    binary: Path,
    kubectl: Kubectl,
    mesh_config: dict[str, Any],
    *,
    variables: Mapping[str, str] | None = None,
) -> Iterator[Istiod]:
    """Run istiod until the end of the block; from its start on, the API server asks it about each Istio object.

    binary: pilot-discovery. mesh_config: Istio's MeshConfig, as YAML has it. variables: what else of its environment
    is set, such as feature flags.
    """
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    config = folder / "mesh.yaml"
    config.write_text(yaml.safe_dump(mesh_config))
    with free_ports(5) as (http, https, xds, secure, monitoring):
        kubectl.apply(_webhook(https))
        command = discovery(binary, kubectl, http=http, https=https, xds=xds, secure=secure, monitoring=monitoring)
        try:
            with running(
                "istiod",
                [*command, f"--meshConfig={config}"],
                folder=folder,
                environment={**environment("default"), **(variables or {})},
                ready=lambda: answers(http) and _validates(kubectl),
            ) as process:
                yield Istiod(process, http, xds, secure, monitoring)
        finally:
            kubectl("delete", "validatingwebhookconfiguration", _WEBHOOK)


def _webhook(port: int) -> dict[str, Any]:
    """As Istio's base chart has it, but found by a URL: the API server reaches no Service here.

    istiod puts its authority in, and has failures refuse an object once it saw that its own check works.
    """
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": _WEBHOOK, "labels": {"app": "istiod", "istio": "istiod", "istio.io/rev": "default"}},
        "webhooks": [
            {
                "name": "validation.istio.io",
                "clientConfig": {"url": f"https://localhost:{port}/validate"},
                "rules": [
                    {
                        "operations": ["CREATE", "UPDATE"],
                        "apiGroups": _GROUPS,
                        "apiVersions": ["*"],
                        "resources": ["*"],
                    }
                ],
                "failurePolicy": "Ignore",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }
        ],
    }


def _text(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
        return str(answer.read().decode())


def answers(port: int) -> bool:
    """Whether istiod says on its HTTP port that it is ready."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2) as answer:
        return bool(answer.status == 200)


def _validates(kubectl: Kubectl) -> bool:
    (webhook,) = kubectl.get("validatingwebhookconfiguration", _WEBHOOK)["webhooks"]
    return bool(webhook["failurePolicy"] == "Fail")
