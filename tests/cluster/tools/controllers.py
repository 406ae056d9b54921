"""Kubernetes' own controllers, of which a bare API server has none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.tools.kubectl import Kubectl, RefusedError
from tests.cluster.tools.process import Running, running

DELETING = ("garbage-collector-controller", "namespace-controller")
"""Those without which a foreground deletion, and that of a namespace, never ends."""

_PROBE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "tests-controllers", "namespace": "default"}}


@contextmanager
def controllers(folder: Path, binary: Path, kubectl: Kubectl, names: Sequence[str] = DELETING) -> Iterator[Running]:
    """Run kube-controller-manager with these controllers until the end of the block.

    The garbage collector looks for new kinds every 30 s: custom resources should be there before it starts.
    """
    command: list[str | Path] = [
        binary,
        f"--kubeconfig={kubectl.kubeconfig}",
        f"--controllers={','.join(names)}",
        "--leader-elect=false",
        "--secure-port=0",
    ]
    kubectl.apply(_PROBE)
    kubectl("delete", "configmap", "tests-controllers", "--cascade=foreground", "--wait=false")
    with running("kube-controller-manager", command, folder=folder, ready=lambda: _collects(kubectl)) as process:
        yield process


def _collects(kubectl: Kubectl) -> bool:
    """Whether the deletion that waited for the garbage collector has come to its end: it knows all kinds then."""
    try:
        kubectl("get", "configmap", "tests-controllers")
    except RefusedError:
        return True
    return False
