"""Pods that become ready without running: a scheduler, and kwok, which plays the machine that they are on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.tools.controllers import DELETING, controllers
from tests.cluster.tools.finding import module_folder
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.process import free_ports, running

CONTROLLERS = (*DELETING, "deployment-controller", "replicaset-controller", "node-lifecycle-controller")
"""What rolls Deployments out, and takes the taint off a node once it is ready."""

_NAME = "pretended"
_NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": _NAME, "labels": {"kubernetes.io/hostname": _NAME, "kubernetes.io/os": "linux"}},
    "status": {
        "allocatable": {"cpu": "64", "memory": "256Gi", "pods": "500"},
        "capacity": {"cpu": "64", "memory": "256Gi", "pods": "500"},
    },
}
_STAGES = ("node/fast/node-initialize", "node/heartbeat-with-lease/node-heartbeat-with-lease")
_POD_STAGES = ("pod/fast/pod-ready", "pod/fast/pod-complete", "pod/fast/pod-delete")


@contextmanager
def pods(folder: Path, binary: Callable[[str], Path], kubectl: Kubectl) -> Iterator[None]:
    """Until the end of the block Deployments become ready, and what is deleted goes with all that it owns."""
    stages = module_folder("kwok", "sigs.k8s.io/kwok") / "kustomize" / "stage"
    config = folder / "kwok.yaml"
    config.write_text("\n---\n".join((stages / f"{each}.yaml").read_text() for each in (*_STAGES, *_POD_STAGES)))
    kwok: list[str | Path] = [
        binary("kwok"),
        f"--kubeconfig={kubectl.kubeconfig}",
        f"--config={config}",
        "--manage-all-nodes",
        "--node-lease-duration-seconds=40",
    ]
    with free_ports(1) as (port,):
        scheduler: list[str | Path] = [
            binary("kube-scheduler"),
            f"--kubeconfig={kubectl.kubeconfig}",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
        ]
        kubectl.apply(_NODE)
        with (
            controllers(folder, binary("kube-controller-manager"), kubectl, CONTROLLERS),
            running("kube-scheduler", scheduler, folder=folder, ready=lambda: True),
            running("kwok", kwok, folder=folder, ready=lambda: _is_ready(kubectl)),
        ):
            yield


def _is_ready(kubectl: Kubectl) -> bool:
    """Whether pods can be put on the node."""
    node = kubectl.get("node", _NAME)
    conditions = {each["type"]: each["status"] for each in node["status"].get("conditions", [])}
    return conditions.get("Ready") == "True" and not node["spec"].get("taints")
