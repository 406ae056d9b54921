"""The index of objects."""

from __future__ import annotations

from pulumi_mesh import gateway_api, istio, kubernetes
from pulumi_mesh.manifests.snapshot import snapshot


def test_kinds_of_one_name_in_two_groups_are_kept_apart() -> None:
    ours = istio.Gateway("a", namespace="n")
    theirs = gateway_api.Gateway(
        "b", namespace="n",
        spec={"gatewayClassName": "istio", "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]},
    )  # fmt: skip
    space = kubernetes.Namespace("n", labels={"a": "b"})
    found = snapshot([theirs, space, ours])
    assert found.of(istio.Gateway) == (ours,)
    assert found.of(gateway_api.Gateway) == (theirs,)
    assert found.of(istio.Sidecar) == ()
    assert found.namespaces["n"] == {"a": "b"}
