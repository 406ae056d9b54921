"""What may be written and what is stored; equality, hashes and reprs."""

from datetime import timedelta

import pytest

import pulumi_mesh as pm
from pulumi_mesh.frozen import FrozenMap

reviews = pm.Service("reviews", namespace="bookinfo", port=9080, versions=["v1", "v2"])
ratings = pm.Service("ratings", namespace=pm.Namespace("bookinfo"), ports=[pm.Port(9080), 9090])
public = pm.Gateway("public", listeners=[pm.Listener("http", port=80, hostnames=["*.example.com"])])


def test_short_forms_are_the_long_ones() -> None:
    assert reviews == pm.Service(
        "reviews",
        namespace=pm.Namespace("bookinfo"),
        ports=(pm.Port(9080, name="http-9080", protocol="HTTP", target_port=9080),),
        labels={"app": "reviews"},
        versions=(pm.Version("v1", labels={"version": "v1"}), pm.Version("v2")),
    )
    assert pm.Rule(matches=[pm.Path("/a")], backends=[reviews]) == pm.Rule(
        matches=(pm.Match(path=pm.Path("/a", kind="prefix")),),
        backends=(pm.Backend(pm.Destination(reviews), weight=1),),
    )
    assert pm.Match(path="/a", headers={"x": "y"}) == pm.Match(
        path=pm.Path("/a"), headers={"x": pm.TextMatch("y", kind="exact")}
    )
    assert pm.Canary(reviews, stable="v1", candidate="v2", stages=[pm.Stage(weight=5)]) == pm.Canary(
        reviews, stable=reviews["v1"], candidate=reviews["v2"], stages=[pm.Stage(weight=5)]
    )


def test_what_is_stored() -> None:
    rule = pm.Rule(backends=[reviews["v1"]], timeout="1m30s", retries=pm.Retries(2, per_try_timeout="500ms"))
    assert rule.timeout == timedelta(seconds=90)
    assert rule.retries is not None
    assert rule.retries.per_try_timeout == timedelta(milliseconds=500)
    assert isinstance(reviews.versions, tuple)
    assert isinstance(reviews.labels, FrozenMap)
    assert ratings.namespace == "bookinfo"
    assert [port.name for port in ratings.ports] == ["http-9080", "http-9090"]
    assert pm.HeaderChanges(set={"X-Team": "a"}).set == {"x-team": "a"}
    formats = {"a": "100%%", "b": "%REQ(:path):20% at %START_TIME(%s)%", "c": "%DOWNSTREAM_REMOTE_ADDRESS%"}
    assert pm.HeaderChanges(add=formats).add == formats
    assert pm.Service("a", namespace="b", port=1, addresses=["2001:DB8::1"]).addresses == ("2001:db8::1",)
    assert pm.Mirror(reviews["v2"], percent=5).percent == 5.0


def test_defaults_that_come_from_elsewhere() -> None:
    internal = pm.HTTPRoute("a", services=[reviews], rules=[pm.Rule(backends=[reviews])])
    assert internal.namespace == "bookinfo"
    redirect = pm.Rule(redirect=pm.Redirect(scheme="https"))
    assert pm.HTTPRoute("a", gateways=[public], rules=[redirect]).namespace == "istio-system"
    assert pm.AuthorizationPolicy("a", target=reviews["v1"], rules=[pm.AuthorizationRule()]).namespace == "bookinfo"
    assert reviews["v1"].port == 9080


def test_every_object_can_be_hashed_and_compared() -> None:
    again = pm.Service("reviews", namespace="bookinfo", port=9080, versions=["v1", "v2"])
    assert again == reviews
    assert hash(again) == hash(reviews)
    assert len({again, reviews, ratings}) == 2
    mesh = pm.Mesh(
        "m", services=[reviews], routes=[pm.HTTPRoute("r", services=[reviews], rules=[pm.Rule(backends=[reviews])])]
    )
    assert mesh == mesh.replace()
    assert hash(mesh) == hash(mesh.replace())
    assert mesh != mesh.replace(name="n")


def test_objects_do_not_change() -> None:
    with pytest.raises(AttributeError):
        reviews.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (
            reviews,
            "Service('reviews', namespace='bookinfo', ports=[Port(9080)], versions=[Version('v1'), Version('v2')])",
        ),
        (pm.Port(1, target_port=2), "Port(1, target_port=2)"),
        (reviews["v1"], "Destination(Service(\"reviews\"), version='v1', port=9080)"),
        (pm.Stage(weight=5, duration="10m"), "Stage(weight=5, duration='600s')"),
        (
            pm.Mesh("shop", services=[reviews], uses=[pm.Mesh("p")]),
            "Mesh('shop', uses=[Mesh('p')], services=[Service('reviews')])",
        ),
        (
            pm.AuthorizationRule(principals=[reviews, "cluster.local/ns/a/sa/b"]),
            "AuthorizationRule(principals=[Service('reviews'), 'cluster.local/ns/a/sa/b'])",
        ),
        (pm.Match(headers={"x": "y"}), "Match(headers={'x': TextMatch('y')})"),
        (pm.Istio.existing(revision="stable"), "Istio(revision='stable')"),
    ],
)
def test_reprs_are_short(made: object, text: str) -> None:
    assert repr(made) == text


def test_external() -> None:
    elsewhere = reviews.external(hostname="reviews.example.com")
    assert (elsewhere.owner, elsewhere.hostname) == ("external", "reviews.example.com")
    assert reviews.external().hostname is None
    assert public.external().owner == "external"
    assert pm.Namespace("a").external().owner == "external"


def test_workloads() -> None:
    assert [each.name for each in reviews.workloads] == ["reviews-v1", "reviews-v2"]
    assert reviews.workloads[0].labels == {"app": "reviews", "version": "v1"}
    assert [each.name for each in ratings.workloads] == ["ratings"]
    account = pm.Service(
        "a", namespace="b", port=1, service_account="x", versions=["v1", pm.Version("v2", service_account="y")]
    )
    assert [each.service_account for each in account.workloads] == ["x", "y"]
    assert reviews.version("v1") == pm.Version("v1")
    with pytest.raises(pm.InvalidError, match="reviews has no version 'v9'; it has: v1, v2"):
        reviews.version("v9")
