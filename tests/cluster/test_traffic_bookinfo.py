"""Bookinfo answers as it declares: real gateway and workload proxies under istiod, which also is their authority.

Every request passes up to four proxies, with mutual TLS between any two. No proxy sends a request twice, so each
that is lost is seen.
"""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator

import pytest

import pulumi_mesh as pm
from pulumi_mesh.canary.binomial import within
from pulumi_mesh.gitops import files, write
from pulumi_mesh.loading import load_program
from pulumi_mesh.local.load import Target
from pulumi_mesh.local.tally import Tally
from pulumi_mesh.render import render
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.pipeline import apply, prune
from tests.cluster.tools.programs import BOOKINFO
from tests.cluster.tools.traffic import DataPlane, certificate_of, shares, subsets, until

REVIEWS = "reviews.bookinfo.svc.cluster.local"
WEIGHTS = {0: {"v1": 100}, 1: {"v1": 95, "v2": 5}, 2: {"v1": 75, "v2": 25}, 3: {"v1": 50, "v2": 50}, 4: {"v2": 100}}
RATE = 100.0
COUNT = 400

VERSIONS = '["v1", "v2"]'
CANARY = """            stable="v1",
            candidate="v2","""
# What a user writes into the program, one step after the other: text, and what it becomes.
ANOTHER_ROUTE = (
    """        pm.HTTPRoute(
            "reviews",""",
    """        pm.HTTPRoute(
            "reviews-api",
            gateways=[public],
            hostnames=["bookinfo.example.com"],
            rules=[pm.Rule(matches=[pm.Path("/reviews")], backends=[reviews["v2"]])],
        ),
        pm.HTTPRoute(
            "reviews",""",
)
ANOTHER_VERSION = (VERSIONS, '["v1", "v2", "v3"]')
FIRST_RETIRED = (VERSIONS, '[pm.Version("v1", retired=True), "v2", "v3"]')
FIRST_GONE = (VERSIONS, '["v2", "v3"]')
ANOTHER_CANARY = (CANARY, CANARY.replace("v2", "v3").replace("v1", "v2"))

Edited = Callable[..., pm.Mesh]
Applied = Callable[[pm.Mesh], None]


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Edited:
    """``edited(EDIT, ...)`` is the mesh of bookinfo's program after these edits."""
    folder = tmp_path_factory.mktemp("program")

    def load(*edits: tuple[str, str]) -> pm.Mesh:
        text = BOOKINFO.read_text()
        for before, after in edits:
            assert text.count(before) == 1
            text = text.replace(before, after)
        path = folder / "mesh.py"
        path.write_text(text)
        return load_program(str(path))

    return load


@pytest.fixture(scope="module")
def applied(crds: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Applied:
    """``applied(mesh)`` brings the API server to what a mesh without canaries declares, as a pipeline does."""
    folder = tmp_path_factory.mktemp("pipeline")

    def bring(mesh: pm.Mesh) -> None:
        before, now = folder / "before", folder / "now"
        shutil.rmtree(before, ignore_errors=True)
        if now.exists():
            shutil.copytree(now, before)
        changes = write(now, files(render(mesh)))
        apply(crds, now)
        prune(crds, before, list(changes.pruned))

    return bring


@pytest.fixture(scope="module")
def running(edited: Edited, applied: Applied, data_plane_of: Callable[[pm.Mesh], DataPlane]) -> DataPlane:
    """Bookinfo's workloads, also those of the version that is still to come, with its mesh before any stage."""
    applied(edited().at())
    return data_plane_of(edited(ANOTHER_VERSION))


@pytest.fixture
def plane(running: DataPlane, edited: Edited, applied: Applied) -> Iterator[DataPlane]:
    """All of it, with bookinfo's mesh before any stage; after the test nothing may have been refused or retried."""
    applied(edited().at())
    until(lambda: everyone(running) == WEIGHTS[0], "everyone goes to v1")
    yield running
    running.until_synced()
    assert running.rejected() == {}
    assert running.retried() == 0


def test_each_proxy_is_who_istiod_says_and_takes_no_one_else(plane: DataPlane) -> None:
    reviews = {"reviews-v1", "reviews-v2", "reviews-v3"}
    assert plane.placed.apps.keys() == {"productpage-v1", "details-v1", "ratings-v1", *reviews}
    for name, app in plane.placed.apps.items():
        account = f"spiffe://cluster.local/ns/bookinfo/sa/bookinfo-{app.workload.service.name}"
        shown = certificate_of(plane.inbound(name), plane.proxies[name].root)
        assert shown["subjectAltName"] == (("URI", account),)

        # Someone without a certificate of the mesh: in plain text, and over TLS.
        address, port = plane.inbound(name)
        with socket.create_connection((address, port), timeout=10) as client:
            client.sendall(b"GET / HTTP/1.1\r\nhost: reviews\r\n\r\n")
            assert received(client) == b""
        assert plane.stubs[name].count == 0

    answer = plane.ask(public(plane, "/productpage"))
    assert answer.status == 200
    peers = {name: stub.received[-1].peer for name, stub in plane.stubs.items() if stub.count}
    assert peers == {
        "productpage-v1": "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account",
        "reviews-v1": "spiffe://cluster.local/ns/bookinfo/sa/bookinfo-productpage",
        "details-v1": "spiffe://cluster.local/ns/bookinfo/sa/bookinfo-productpage",
        "ratings-v1": "spiffe://cluster.local/ns/bookinfo/sa/bookinfo-reviews",
    }


def test_requests_are_matched_as_declared(plane: DataPlane) -> None:
    for path, status in {
        "/productpage": 200,
        "/static/style.css": 200,
        "/api/v1/products/0": 200,
        "/": 404,
        "/reviews": 404,
    }.items():
        assert plane.ask(public(plane, path)).status == status, path
    assert plane.ask(plane.from_outside("/productpage", "other.example.com", gateway="public", port=80)).status == 404
    for user, version in {"jason": "v2", "jasonx": "v1", "": "v1"}.items():
        answers = [plane.ask(public(plane, "/productpage", **({"end_user": user} if user else {}))) for _ in range(10)]
        assert {("reviews", version)} == {each for answer in answers for each in answer.seen if each[0] == "reviews"}


def test_policies_allow_and_deny_as_declared(plane: DataPlane) -> None:
    statuses = {
        (caller, method): plane.ask(plane.from_workload(caller, "ratings", method=method)).status
        for caller in ("reviews-v1", "reviews-v2", "productpage-v1", "details-v1")
        for method in ("GET", "POST")
    }
    allowed = {("reviews-v1", "GET"), ("reviews-v2", "GET")}
    assert statuses == {each: 200 if each in allowed else 403 for each in statuses}
    # Where no policy is, everyone may.
    assert plane.ask(plane.from_workload("productpage-v1", "details", method="POST")).status == 200


def test_no_request_is_lost_while_the_canary_moves_and_each_stage_has_its_split(
    plane: DataPlane, edited: Edited, applied: Applied
) -> None:
    with plane.load(public(plane, "/productpage"), rate=RATE) as load:
        for stage, weights in WEIGHTS.items():
            applied(edited().at({"reviews": stage}))
            until(lambda weights=weights: everyone(plane) == weights, f"the weights of stage {stage}")  # type: ignore[misc]
            assert_split(load.measure(COUNT), weights)
    assert load.total.requests >= COUNT * len(WEIGHTS)
    assert not load.total.failures


def test_no_request_is_lost_while_a_route_comes_and_a_version_goes(
    plane: DataPlane, edited: Edited, applied: Applied
) -> None:
    applied(edited().at({"reviews": 4}))
    until(lambda: everyone(plane) == {"v2": 100}, "v2 has everything")
    with plane.load(public(plane, "/productpage"), rate=RATE) as load:
        assert plane.ask(public(plane, "/reviews")).status == 404
        applied(edited(ANOTHER_ROUTE).at({"reviews": 4}))
        until(lambda: plane.ask(public(plane, "/reviews")).status == 200, "the new route answers")

        # Its subset and the routes to it come in one step, and no route names v1 any more.
        applied(edited(ANOTHER_ROUTE, FIRST_RETIRED, ANOTHER_CANARY).at({"reviews": 2}))
        until(lambda: everyone(plane) == {"v2": 75, "v3": 25}, "v3 has its share")
        assert all(subsets(plane.view(name), REVIEWS) == {"v1", "v2", "v3"} for name in plane.proxies)
        assert_split(load.measure(COUNT), {"v2": 75, "v3": 25})

        applied(edited(ANOTHER_ROUTE, FIRST_GONE, ANOTHER_CANARY).at({"reviews": 2}))
        until(
            lambda: all(subsets(plane.view(name), REVIEWS) == {"v2", "v3"} for name in plane.proxies),
            "no proxy knows v1",
        )
        assert_split(load.measure(COUNT), {"v2": 75, "v3": 25})
    assert not load.total.failures


def public(plane: DataPlane, path: str, **headers: str) -> Target:
    """A request from outside to bookinfo's host."""
    return plane.from_outside(path, "bookinfo.example.com", gateway="public", port=80, **headers)


def everyone(plane: DataPlane) -> dict[str, int]:
    """Where productpage's proxy sends requests to reviews that no earlier rule takes."""
    return shares(plane.view("productpage-v1"), "everyone")


def assert_split(tally: Tally, weights: dict[str, int]) -> None:
    """Each version has its share, but for a chance of one in a million, and every request was answered."""
    assert tally.statuses == {200: tally.requests}
    answered = tally.versions("reviews")
    assert answered.keys() == weights.keys()
    assert sum(answered.values()) == tally.requests
    for version, weight in weights.items():
        assert within(tally.requests, answered[version], weight / 100), (answered, weights)


def received(client: socket.socket) -> bytes:
    """What the server sends until it closes the connection."""
    try:
        return client.recv(1000)
    except ConnectionResetError:
        return b""
