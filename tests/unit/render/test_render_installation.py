"""An installation as Helm releases, and what several revisions side by side must agree on."""

from __future__ import annotations

from typing import Any

import pytest

import pulumi_mesh as pm
from pulumi_mesh.render.installation import Installation, Release, installation

OLD, NEW = "1.31.1", "1.32.0"


def release(found: Installation, name: str) -> Release:
    (only,) = [each for each in found.releases if each.name == name]
    return only


def test_each_release_comes_after_those_that_it_needs() -> None:
    edge = pm.GatewayDeployment("edge", namespace="edge")
    found = installation([pm.Istio(OLD, revision="a", tags=["default"], gateways=[edge]), pm.Istio(NEW, revision="b")])
    assert [each.name for each in found.releases] == ["istio-base", "istiod-a", "istiod-b", "edge"]
    known: set[str] = set()
    for each in found.releases:
        assert set(each.needs) <= known
        known.add(each.name)
    assert found.namespaces == ("edge", "istio-system")
    assert set(found.tags) == {"istiod-a"}


@pytest.mark.parametrize(
    ("control_planes", "default"),
    [
        ([pm.Istio(OLD)], "default"),
        ([pm.Istio(OLD, revision="a")], "a"),
        ([pm.Istio(OLD), pm.Istio(NEW, revision="b")], "default"),
        ([pm.Istio(OLD, revision="a"), pm.Istio(NEW, revision="b", tags=["default"])], "b"),
    ],
)
def test_base_is_of_the_latest_and_names_the_default(control_planes: list[pm.Istio], default: str) -> None:
    base = release(installation(control_planes), "istio-base")
    assert base.values["defaultRevision"] == default
    assert base.version == max(each.version for each in control_planes)


def test_a_release_candidate_is_older_than_its_release() -> None:
    found = installation([pm.Istio("1.32.0", revision="a", tags=["default"]), pm.Istio("1.32.0-rc.2", revision="b")])
    assert release(found, "istio-base").version == "1.32.0"


def test_values_say_what_differs_from_the_charts_defaults() -> None:
    istio = pm.Istio(
        OLD, revision="a", namespace="mesh", trust_domain="td.org", domain="k8s.internal", root_namespace="policies"
    )
    found = installation([istio])
    assert release(found, "istiod-a").values == {
        "revision": "a",
        "global": {"istioNamespace": "mesh", "proxy": {"clusterDomain": "k8s.internal"}},
        "meshConfig": {"trustDomain": "td.org", "rootNamespace": "policies"},
        "base": {"validationFailurePolicy": "Fail"},
    }
    assert release(found, "istio-base").values["global"] == {"istioNamespace": "mesh"}


def test_a_users_values_go_over_ours_and_unchecked_ones_over_all() -> None:
    istio = pm.Istio(
        OLD,
        values={"base": {"validationFailurePolicy": "Ignore"}, "env": {}, "pilot": {"replicaCount": 2}},
        unchecked_values={"pilot": {"brandNew": 1}},
    )
    assert release(installation([istio]), "istiod").values == {
        "base": {"validationFailurePolicy": "Ignore"},
        "env": {},
        "pilot": {"replicaCount": 2, "brandNew": 1},
    }


def test_namespaces_that_exist_already_are_not_made() -> None:
    assert installation([pm.Istio(OLD, create_namespaces=False)]).namespaces == ()
    edge = pm.GatewayDeployment("edge", namespace="default")
    assert installation([pm.Istio(OLD, gateways=[edge])]).namespaces == ("istio-system",)


@pytest.mark.parametrize(
    ("control_planes", "said"),
    [
        ([], "has no Istio; give one, or several revisions"),
        ([pm.Istio()], "is one that is there already; to install it, give its version"),
        ([pm.Istio(OLD), pm.Istio(NEW)], "there are two of the revision or tag 'without a name'; each has one"),
        (
            [pm.Istio(OLD, revision="a", tags=["default"]), pm.Istio(NEW, revision="b", tags=["a"])],
            "there are two of the revision or tag 'a'; each has one",
        ),
        (
            [pm.Istio(OLD, revision="a"), pm.Istio(NEW, revision="b")],
            "none of the revisions is the default; give one of them tags=['default']",
        ),
        (
            [pm.Istio(OLD), pm.Istio(NEW, revision="b", tags=["default"])],
            "a revision without a name is the default one; no other may have the tag 'default' beside it",
        ),
        (
            [pm.Istio(OLD, revision="a" * 47)],
            f"the release 'istiod-{'a' * 47}' has 54 characters; Helm takes at most 53",
        ),
        (
            [pm.Istio(OLD), pm.Istio(NEW, revision="b", namespace="other")],
            "differs between revisions; a cluster has one for all of them",
        ),
        (
            [pm.Istio(OLD, gateways=[pm.GatewayDeployment("istiod")])],
            "there are two of the release 'istiod'; each has one",
        ),
    ],
)
def test_what_is_refused(control_planes: list[Any], said: str) -> None:
    with pytest.raises(pm.InvalidError) as caught:
        installation(control_planes)
    assert said in [message for _, message in caught.value.problems]
