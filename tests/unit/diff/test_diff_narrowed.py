"""Looking only at what a change can concern finds the same as looking at everything."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_mesh.manifests.registry import snapshot_of
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.manifests.wire import AnyObject, from_wire
from pulumi_mesh.proxy.diff import compare, diff
from pulumi_mesh.proxy.diff.narrow import Narrowed, narrowed

from .world import istio

NAMES = tuple("abcdefghij")


def _facts() -> list[AnyObject]:
    labels: dict[str, Any] = {"istio-injection": "enabled"}
    found: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": labels}}
    ]
    for place, name in enumerate(NAMES, 1):
        spec = {"clusterIP": f"10.2.0.{place}", "selector": {"app": name}, "ports": [{"name": "http", "port": 80}]}
        metadata: dict[str, Any] = {"name": name, "namespace": "shop"}
        found.append({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
        pod = {"serviceAccountName": name, "containers": [{"name": name, "image": "app:1"}]}
        status = {"podIP": f"10.0.1.{place}", "phase": "Running"}
        metadata = {**metadata, "labels": {"app": name, "version": "v1"}}
        found.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod, "status": status})
    return [from_wire(each) for each in found]


FACTS = _facts()
HOSTS = st.sampled_from(NAMES[:4])
SELECTED = HOSTS.map(lambda name: {"selector": {"matchLabels": {"app": name}}})


def _routed(host: str, to: str, subset: str) -> tuple[str, dict[str, Any]]:
    destination = {"host": to, **({"subset": subset} if subset else {})}
    return "VirtualService", {"hosts": [host], "http": [{"route": [{"destination": destination}]}]}


OBJECTS = st.one_of(
    st.builds(_routed, HOSTS, st.sampled_from([*NAMES[:5], "gone"]), st.sampled_from(["", "v1", "v2"])),
    HOSTS.map(
        lambda host: ("DestinationRule", {"host": host, "subsets": [{"name": "v1", "labels": {"version": "v1"}}]})
    ),
    st.builds(
        lambda host, mode: ("DestinationRule", {"host": host, "trafficPolicy": {"tls": {"mode": mode}}}),
        HOSTS,
        st.sampled_from(["DISABLE", "ISTIO_MUTUAL"]),
    ),
    st.builds(
        lambda selected, mode: ("PeerAuthentication", {**selected, "mtls": {"mode": mode}}),
        SELECTED,
        st.sampled_from(["STRICT", "DISABLE"]),
    ),
    st.builds(
        lambda selected, path: (
            "AuthorizationPolicy",
            {**selected, "action": "DENY", "rules": [{"to": [{"operation": {"paths": [path]}}]}]},
        ),
        SELECTED,
        st.sampled_from(["/a", "/b*"]),
    ),
)
Objects = list[tuple[str, dict[str, Any]]]


def _snapshot(objects: Objects) -> Snapshot:
    made = [istio(kind, spec, f"o{place}") for place, (kind, spec) in enumerate(objects)]
    return snapshot_of([*FACTS, *made])


def _whole(old: Snapshot, new: Snapshot) -> Narrowed:
    return Narrowed(old, new, tuple(each for each in new.proxies if each.kind == "sidecar"))


@settings(  # derandomized: a landing is no lottery
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.lists(OBJECTS, max_size=3), OBJECTS, OBJECTS)
def test_narrowed_and_whole_are_alike(
    monkeypatch: pytest.MonkeyPatch, shared: Objects, one: tuple[str, dict[str, Any]], other: tuple[str, dict[str, Any]]
) -> None:
    old, new = _snapshot([*shared, one]), _snapshot([*shared, other])
    found = diff(old, new)
    with monkeypatch.context() as patched:
        patched.setattr(compare, "narrowed", _whole)
        assert diff(old, new) == found


def test_a_change_of_one_route_leaves_out_what_it_does_not_concern() -> None:
    old, new = (_snapshot([_routed("a", each, ""), _routed("c", "d", "")]) for each in ("a", "b"))
    part = narrowed(old, new)
    assert {each.name for each in part.new.services} == {"a", "b"}
    assert (part.servers, part.clients) == ((), True)
