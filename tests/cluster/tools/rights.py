"""What a user of the API server may do, by RBAC."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.tools.kubectl import Kubectl, RefusedError

READ = ("get", "list", "watch")
"""The verbs of someone who looks and changes nothing."""

_RBAC = "rbac.authorization.k8s.io/v1"
_WITHIN = 30.0


@contextmanager
def may(kubectl: Kubectl, group: str, verbs: tuple[str, ...], *, on: tuple[str, ...] = ("*",)) -> Iterator[None]:
    """A group of users may do this, in every namespace, until the end of the block.

    kubectl: of someone who may give rights. on: plurals of resources, in all API groups; default: all of them.
    """
    name = f"tests:{group}"
    rules = [{"apiGroups": ["*"], "resources": list(on), "verbs": list(verbs)}]
    kubectl.apply(
        {"apiVersion": _RBAC, "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules},
        {
            "apiVersion": _RBAC,
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}],
        },
    )
    try:
        _wait(kubectl, group, verbs[0], on[0], wanted=True)
        yield
    finally:
        kubectl("delete", "clusterrolebinding,clusterrole", name)
        _wait(kubectl, group, verbs[0], on[0], wanted=False)


def _wait(kubectl: Kubectl, group: str, verb: str, resource: str, *, wanted: bool) -> None:
    """The API server reads rights from a cache, so they hold a moment after they are written."""
    until = time.monotonic() + _WITHIN
    while _can(kubectl, group, verb, resource) != wanted:
        if time.monotonic() > until:
            raise TimeoutError(f"{group} may {verb} {resource}: not {wanted} after {_WITHIN:.0f} s")
        time.sleep(0.05)


def _can(kubectl: Kubectl, group: str, verb: str, resource: str) -> bool:
    try:
        kubectl("auth", "can-i", verb, resource, "--all-namespaces", "--as=someone", f"--as-group={group}")
    except RefusedError:  # it fails for "no"
        return False
    return True
