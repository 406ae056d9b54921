"""The order of changes: nothing used before it is there, nothing gone while it is used."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh.local.phases import expected, phases, versioned

Files = dict[str, dict[str, Any]]


def listener(name: str, port: int, routes: str = "r") -> dict[str, Any]:
    manager = {"stat_prefix": "in", "rds": {"route_config_name": routes, "config_source": {}}}
    return {
        "name": name,
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
    }


def cluster(name: str) -> dict[str, Any]:
    return {"name": name, "type": "EDS", "eds_cluster_config": {"service_name": name, "eds_config": {}}}


def endpoints(name: str, *ports: int) -> dict[str, Any]:
    addresses = [{"socket_address": {"address": "127.0.0.1", "port_value": port}} for port in ports]
    hosts = [{"endpoint": {"address": address}} for address in addresses]
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": hosts}]}


def files(**kinds: list[dict[str, Any]]) -> Files:
    """Files by kind; a route or endpoint file for each resource."""
    made: Files = {}
    for kind, resources in kinds.items():
        if kind in ("lds", "cds"):
            made[f"{kind}.json"] = {"resources": resources}
        else:
            for resource in resources:
                made[f"{kind}/{resource.get('name') or resource['cluster_name']}.json"] = {"resources": [resource]}
    return versioned(made)


def names(step: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    return {
        path: [resource.get("name") or resource["cluster_name"] for resource in file["resources"]]
        for path, file in step.items()
    }


OLD = files(
    cds=[cluster("v1")],
    eds=[endpoints("v1", 1)],
    lds=[listener("a", 80)],
    rds=[{"name": "r", "to": {"v1": 100}}],
)


def test_the_first_config_is_brought_up_from_its_destinations() -> None:
    taken = [names(step) for step in phases({}, OLD)]
    assert taken == [
        {"eds/v1.json": ["v1"], "cds.json": ["v1"]},
        {"rds/r.json": ["r"]},
        {"lds.json": ["a"]},
        {},
        {},
        {},
    ]


def test_the_same_config_changes_nothing() -> None:
    assert not any(phases(OLD, OLD))


def test_a_weight_step_touches_the_route_table_alone() -> None:
    new = {**OLD, **files(rds=[{"name": "r", "to": {"v1": 95, "v2": 5}}])}
    assert [names(step) for step in phases(OLD, new)] == [{}, {}, {}, {"rds/r.json": ["r"]}, {}, {}]


def test_a_version_replaced_is_there_before_and_gone_after() -> None:
    new = files(
        cds=[cluster("v2")],
        eds=[endpoints("v2", 2)],
        lds=[listener("a", 80)],
        rds=[{"name": "r", "to": {"v2": 100}}],
    )
    assert [names(step) for step in phases(OLD, new)] == [
        {"eds/v2.json": ["v2"], "cds.json": ["v2", "v1"]},
        {},
        {},
        {"rds/r.json": ["r"]},
        {},
        {"cds.json": ["v2"]},
    ]


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        pytest.param([1], [1, 2], 0, id="one more, at once"),
        pytest.param([1], [2], 0, id="another, at once"),
        pytest.param([], [1], 0, id="the first, at once"),
        pytest.param([1, 2], [1], 5, id="one less, after the routes"),
        pytest.param([1], [], 5, id="none left, after the routes"),
    ],
)
def test_endpoints_come_first_and_go_last(before: list[int], after: list[int], step: int) -> None:
    old, new = files(eds=[endpoints("v1", *before)]), files(eds=[endpoints("v1", *after)])
    changed = [number for number, change in enumerate(phases(old, new)) if change]
    assert changed == [step]


def test_a_listener_goes_after_the_routes_unless_its_address_is_asked_for() -> None:
    moved = {**OLD, **files(lds=[listener("b", 81)])}
    assert [names(step).get("lds.json") for step in phases(OLD, moved)] == [
        *(None, None, ["b", "a"]),
        *(None, ["b"], None),
    ]
    renamed = {**OLD, **files(lds=[listener("b", 80)])}
    assert [names(step).get("lds.json") for step in phases(OLD, renamed)] == [
        *(None, None, ["b"]),
        *(None, None, None),
    ]


def test_the_last_step_leaves_what_was_asked_for() -> None:
    new = files(cds=[cluster("v2")], eds=[endpoints("v2", 2)], lds=[listener("b", 80, "q")], rds=[{"name": "q"}])
    reached = dict(OLD)
    for step in phases(OLD, new):
        reached |= step
    assert {path: reached[path] for path in new} == new


def test_versions_follow_from_content() -> None:
    first, second = files(rds=[{"name": "r", "a": 1, "b": 2}]), files(rds=[{"b": 2, "a": 1, "name": "r"}])
    assert first["rds/r.json"]["version_info"] == second["rds/r.json"]["version_info"]
    assert first["rds/r.json"]["version_info"] != OLD["rds/r.json"]["version_info"]


def test_expected_versions_are_of_what_is_asked_for() -> None:
    asked = files(
        cds=[{**cluster("a:80"), "alt_stat_name": "other"}, {"name": "fixed", "type": "STATIC"}],
        eds=[endpoints("a:80", 1), endpoints("unused", 2)],
        lds=[listener("in", 80, "r:80")],
        rds=[{"name": "r:80"}, {"name": "unused"}],
    )
    assert expected(asked) == {
        "cluster_manager.cds.version_text": asked["cds.json"]["version_info"],
        "listener_manager.lds.version_text": asked["lds.json"]["version_info"],
        "rds.r_80.version_text": asked["rds/r:80.json"]["version_info"],
        "cluster.other.version_text": asked["eds/a:80.json"]["version_info"],
    }
    assert expected({}) == {}
