"""The verdict: its stages in order, and typed objects with Outputs in them."""

from __future__ import annotations

from typing import Any

import pulumi_mesh as pm
from pulumi_mesh import istio
from pulumi_mesh.gateway_api import experimental
from pulumi_mesh.render import render
from pulumi_mesh.typed.tokens import TOKEN_START
from pulumi_mesh.validation.judge import judge
from pulumi_mesh.validation.objects import judge_object, refusals

TOKEN = f"{TOKEN_START}1\ue001"


def virtual_service(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "a", "namespace": "shop"},
        "spec": {"hosts": ["a"], "http": [{"route": [{"destination": {"host": "a"}}]}], **spec},
    }


def told(document: dict[str, Any], **how: Any) -> list[tuple[str, str]]:
    return [(each.code, each.refs[0].path) for each in judge(document, **how).findings]


def test_each_stage_says_what_is_its_own() -> None:
    assert told(virtual_service()) == []
    assert told(virtual_service(host="a")) == [("structure", "spec.host")]
    slow = {"route": [{"destination": {"host": "a"}}], "timeout": "1us"}
    assert told(virtual_service(http=[slow])) == [("cel", "spec.http[0].timeout")]
    assert told(virtual_service(hosts=["*"])) == [("webhook", "spec.hosts[0]")]


def test_a_stage_waits_for_those_before_it() -> None:
    assert told(virtual_service(hosts=["*"], http=[{"timeout": "1us"}], more=1)) == [("structure", "spec.more")]
    assert told(virtual_service(hosts=["*"], http=[{"timeout": "1us"}])) == [("cel", "spec.http[0].timeout")]


def test_warnings_are_accepted() -> None:
    verdict = judge(virtual_service(http=[{"route": [{"destination": {"host": "a"}}]}] * 2))
    assert [each.severity for each in verdict.findings] == ["warning"]
    assert verdict.accepted


def test_the_object_is_named() -> None:
    (finding,) = judge(virtual_service(hosts=["*"])).findings
    assert str(finding.refs[0]) == "VirtualService shop/a spec.hosts[0]"


def test_an_object_without_namespace_goes_to_one() -> None:
    document = virtual_service(exportTo=[".", "default"])
    assert told(document) == []
    del document["metadata"]["namespace"]
    assert told(document) == [("webhook", "spec.exportTo[1]")]
    assert told(document, namespace="b") == []


def test_metadata_can_be_left_to_others() -> None:
    document = {**virtual_service(), "metadata": {"name": "A_B"}}
    assert told(document) == [("structure", "metadata.name")]
    assert told(document, metadata=False) == []


def test_kinds_of_others_are_accepted() -> None:
    assert told({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"x": 1}}) == []


def test_a_typed_object() -> None:
    made = istio.DestinationRule("a", namespace="shop", spec={"host": "a", "trafficPolicy": {}})
    assert [(each.code, each.refs[0].path) for each in judge_object(made).findings] == [
        ("webhook", "spec.trafficPolicy")
    ]


def test_a_finding_on_an_output_waits_for_its_value() -> None:
    made = istio.DestinationRule("a", namespace="shop", spec={"host": f"{TOKEN}_b", "subsets": [{"name": "c_d"}]})
    assert [each.refs[0].path for each in judge_object(made).findings] == ["spec.subsets[0].name"]


def test_the_experimental_channel_is_judged_by_its_own_schemas() -> None:
    spec = {
        "targetRefs": [{"group": "", "kind": "Service", "name": "a"}],
        "retryConstraint": {"budget": {"percent": 20}},
    }
    assert judge_object(experimental.XBackendTrafficPolicy("a", namespace="shop", spec=spec)).accepted
    bad = {**spec, "sessionPersistence": {"type": "Header", "cookieConfig": {"lifetimeType": "Session"}}}
    verdict = judge_object(experimental.XBackendTrafficPolicy("a", namespace="shop", spec=bad))
    assert [each.code for each in verdict.findings] == ["cel"]


def test_what_is_rendered_and_what_is_listed() -> None:
    bad = istio.Sidecar("s", namespace="shop", spec={})
    mesh = pm.Mesh("m", services=[pm.Service("cart", namespace="shop", port=80, versions=["v1"])], objects=[bad])
    findings = refusals(entry.object for entry in render(mesh).entries)
    assert [(each.code, str(each.refs[0])) for each in findings] == [("webhook", "Sidecar shop/s spec")]
