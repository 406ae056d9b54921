"""What clusters are called, and what their names say."""

from __future__ import annotations

import pytest

from pulumi_mesh.words.cluster_names import ClusterName, cluster_name, inbound_cluster, parsed

HOST = "reviews.bookinfo.svc.cluster.local"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        (f"outbound|9080|v1|{HOST}", ClusterName("outbound", 9080, "v1", HOST)),
        (f"outbound|9080||{HOST}", ClusterName("outbound", 9080, "", HOST)),
        ("inbound|9080||", ClusterName("inbound", 9080)),
        (f"outbound_.9080_.v1_.{HOST}", ClusterName("outbound", 9080, "v1", HOST)),
        (f"outbound_.9080_._.{HOST}", ClusterName("outbound", 9080, "", HOST)),
        ("outbound|http||a.b", ClusterName("outbound", 0, "", "a.b")),
        ("BlackHoleCluster", None),
        ("outbound|9080|v1", None),
        ("outbound|9080|v1|a|b", None),
        ("outbound_.9080_.v1", None),
        ("", None),
    ],
)
def test_what_a_name_says(name: str, key: ClusterName | None) -> None:
    assert parsed(name) == key


@pytest.mark.parametrize("key", [ClusterName("outbound", 80, "v1", "a.b"), ClusterName("inbound", 80)])
def test_both_forms_say_the_same(key: ClusterName) -> None:
    assert parsed(key.text) == parsed(key.server_name) == key


def test_names_that_are_made() -> None:
    assert cluster_name("a.b", 80, "v1") == "outbound|80|v1|a.b"
    assert inbound_cluster(80) == "inbound|80||"
    assert ClusterName("outbound", 80, "", "a.b").server_name == "outbound_.80_._.a.b"
