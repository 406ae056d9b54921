"""A mesh as a whole: finding, replacing, other teams' meshes."""

import pytest

import pulumi_mesh as pm

reviews = pm.Service("reviews", namespace="bookinfo", port=9080, versions=["v1", "v2"])
details = pm.Service("details", namespace="bookinfo", port=9080, calls=[reviews])
other_reviews = pm.Service("reviews", namespace="other", port=80)
public = pm.Gateway("public", listeners=[pm.Listener("http", port=80)])
platform = pm.Mesh(
    "platform",
    namespaces=[pm.Namespace("edge", physical_name="edge-7")],
    gateways=[public],
    mutual_tls=[pm.MutualTLS("STRICT")],
)
shop = pm.Mesh("shop", uses=[platform], services=[details])


def test_what_is_reached_is_known() -> None:
    assert shop.known_services == (details, reviews)
    assert shop.known_gateways == (public,)
    assert shop.gateway("public") is public
    assert shop.service("bookinfo/reviews") is reviews
    assert shop.physical_namespace("edge") == "edge-7"
    assert shop.physical_namespace("bookinfo") == "bookinfo"
    assert shop.all_meshes == (shop, platform)


def test_names_that_are_not_there() -> None:
    with pytest.raises(pm.InvalidError, match=r'Mesh\("shop"\): no gateway is named \'private\'; known: public'):
        shop.gateway("private")
    with pytest.raises(pm.InvalidError, match="known: none"):
        shop.canary("reviews")
    two = shop.replace(services=[details, other_reviews])
    with pytest.raises(pm.InvalidError, match=r"several services are named .*; write NAMESPACE/NAME"):
        two.service("reviews")


def test_replace_validates() -> None:
    assert shop.replace(services=[]).known_services == ()
    with pytest.raises(pm.InvalidError, match=r'Mesh\("shop"\).services\[1\]: \'details\' is declared twice'):
        shop.replace(services=[details, details])
    with pytest.raises(pm.InvalidError, match="only one mesh may set mutual TLS for the whole mesh; shop, platform do"):
        shop.replace(mutual_tls=[pm.MutualTLS("PERMISSIVE")])
    assert shop.services == (details,)


def test_a_namespace_of_the_mesh_may_have_its_own_mode() -> None:
    assert not shop.replace(mutual_tls=[pm.MutualTLS("PERMISSIVE", namespace="bookinfo")]).mutual_tls[0].mesh_wide


def test_a_replaced_object_keeps_its_identity() -> None:
    from pulumi_mesh import istio

    entry = pm.replace(istio.Telemetry("t", namespace="bookinfo"))
    assert shop.replace(objects=[entry]).objects == (entry,)
