"""An Istio to install: versions, values, charts, tags and gateways, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

import pulumi_mesh as pm

DIGEST = f"sha256:{'a' * 64}"
GATEWAY = pm.GatewayDeployment("istio-ingressgateway")


@pytest.mark.parametrize("version", ["1.31.0", "1.31.12", "1.32.0-rc.1", "1.32.0-beta.0", "2.0.0"])
def test_exact_versions(version: str) -> None:
    assert pm.Istio(version).version == version


def problem(**given: Any) -> tuple[str, str]:
    with pytest.raises(pm.InvalidError) as caught:
        pm.Istio(**given)
    (only,) = caught.value.problems
    return only


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("1.31", "'1.31' does not name one release; give an exact version as text, such as '1.31.1'"),
        (1.31, "1.31 does not name one release; give an exact version as text, such as '1.31.1'"),
        ("1.31.x", "'1.31.x' does not name one release; give an exact version as text, such as '1.31.1'"),
        ("latest", "'latest' does not name one release; give an exact version as text, such as '1.31.1'"),
        (">=1.31.0", "'>=1.31.0' does not name one release; give an exact version as text, such as '1.31.1'"),
        ("1.31.1+build", "'1.31.1+build' does not name one release; give an exact version as text, such as '1.31.1'"),
        ("v1.31.1", "'v1.31.1' has a leading v; charts are named without: '1.31.1'"),
        ("1.30.9", "'1.30.9' is too old; the charts of 1.31 are the first that istiod and an apply share"),
    ],
)
def test_other_versions(version: Any, said: str) -> None:
    assert problem(version=version) == ("Istio.version", said)


@pytest.mark.parametrize(
    ("given", "where", "said"),
    [
        ({"values": {"pilot": {"replicaCount": "3"}}}, "values.pilot.replicaCount", "needs a whole number, not text"),
        (
            {"values": {"pilot": {"replicaCont": 3}}},
            "values.pilot.replicaCont",
            "is no value that the chart takes; did you mean replicaCount?",
        ),
        ({"values": {"replicaCount": True}}, "values.replicaCount", "needs a whole number, not true"),
        ({"values": {"replicaCount": 1.5}}, "values.replicaCount", "needs a whole number, not a number"),
        ({"values": {"autoscaleEnabled": "yes"}}, "values.autoscaleEnabled", "needs true or false, not text"),
        ({"values": {"global": []}}, "values.global", "needs a mapping, not a list"),
        ({"values": {"ipFamilies": ["IPv4", 6]}}, "values.ipFamilies[1]", "needs text, not 6"),
        ({"values": {"traceSampling": "1"}}, "values.traceSampling", "needs a number, not text"),
        ({"values": {"rollingMaxSurge": []}}, "values.rollingMaxSurge", "needs text or a whole number, not a list"),
        ({"values": {"resources": {"limits": {"cpu": 2}}}}, "values.resources.limits['cpu']", "needs text, not 2"),
        (
            {"base_values": {"global": {"resourceScope": "some"}}},
            "base_values.global.resourceScope",
            "needs one of 'undefined', 'all', 'cluster', 'namespace', not text",
        ),
        ({"values": {"revision": "a"}}, "values.revision", "follows from revision; give that instead"),
        (
            {"values": {"meshConfig": {"trustDomain": "a.b"}}},
            "values.meshConfig.trustDomain",
            "follows from trust_domain; give that instead",
        ),
        (
            {"revision": "default"},
            "revision",
            "'default' is what Istio calls the one without a name; leave revision away",
        ),
        ({"revision": "a", "tags": ["b", "b"]}, "tags[1]", "'b' is there twice, or is the revision itself"),
        ({"tags": ["default"]}, "tags", "a revision without a name is the default one already; leave this tag away"),
        (
            {"gateways": [GATEWAY, GATEWAY]},
            "gateways[1]",
            "two gateways are named 'istio-ingressgateway'; a release has one name",
        ),
    ],
)
def test_what_is_refused(given: dict[str, Any], where: str, said: str) -> None:
    assert problem(version="1.31.1", **given) == (f"Istio.{where}", said)


def test_all_problems_of_values_come_together() -> None:
    with pytest.raises(pm.InvalidError) as caught:
        pm.Istio("1.31.1", values={"replicaCount": "3", "pilot": {"env": 1}})  # type: ignore[typeddict-item]  # meant
    assert [where for where, _ in caught.value.problems] == ["Istio.values.replicaCount", "Istio.values.pilot.env"]


def test_null_removes_a_default_and_whole_floats_are_whole() -> None:
    values: pm.IstiodValues = {"replicaCount": None, "autoscaleMax": 3.0, "resources": None}  # type: ignore[typeddict-item]
    assert pm.Istio("1.31.1", values=values).values == values


def test_what_only_an_installation_has_needs_a_version() -> None:
    said = "only an installation has these; give the version to install"
    assert problem(values={"hub": "x"}) == ("Istio.values", said)
    assert problem(gateways=[GATEWAY]) == ("Istio.gateways", said)


def test_the_root_namespace_follows_the_namespace() -> None:
    assert pm.Istio("1.31.1", namespace="mesh").root_namespace == "mesh"
    assert pm.Istio("1.31.1", namespace="mesh", root_namespace="policies").root_namespace == "policies"
    assert repr(pm.Istio("1.31.1", namespace="mesh")) == "Istio('1.31.1', namespace='mesh')"


@pytest.mark.parametrize(
    ("given", "where", "said"),
    [
        ({"repository": "ghcr.io/istio"}, "repository", "(oci://...) or a chart repository (https://...)"),
        ({"repository": "http://charts.internal"}, "repository", "is not a place of charts"),
        ({"digests": {"base": "sha256:1"}}, "digests['base']", "is not a digest; it is 'sha256:' and 64 hex digits"),
        ({"digests": {"pilot": DIGEST}}, "digests['pilot']", "is no chart of Istio; there are: base, istiod, gateway"),
        ({"repository": "https://a.b/c", "digests": {"base": DIGEST}}, "digests['base']", "only a chart that comes"),
        ({"paths": {"base": "charts/base"}, "digests": {"base": DIGEST}}, "digests['base']", "only a chart that comes"),
        ({"paths": {"base": "oci://a/b"}}, "paths['base']", "is not a path; give the chart's folder or its .tgz file"),
    ],
)
def test_charts_that_are_refused(given: dict[str, Any], where: str, said: str) -> None:
    with pytest.raises(pm.InvalidError) as caught:
        pm.Charts(**given)
    ((place, message),) = caught.value.problems
    assert place == f"Charts.{where}"
    assert said in message


def test_a_gateways_defaults_are_those_of_the_proxies() -> None:
    asks = pm.Gateway("public", listeners=[pm.Listener("http", port=80)])
    assert asks.selector.items() <= GATEWAY.labels.items()
    assert (asks.namespace, asks.service_account) == (GATEWAY.namespace, GATEWAY.service_account)
    assert pm.GatewayDeployment("public", labels={"team": "a"}, service_account="b").labels == {"team": "a"}


@pytest.mark.parametrize("owned", [{"labels": {"a": "b"}}, {"name": "a"}, {"serviceAccount": {"name": "a"}}])
def test_values_of_a_gateway_that_its_fields_give(owned: Any) -> None:
    with pytest.raises(pm.InvalidError, match="give that instead"):
        pm.GatewayDeployment("public", values=owned)
