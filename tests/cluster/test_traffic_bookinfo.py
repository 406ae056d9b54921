"""Bookinfo answers as it declares: real gateway and workload proxies under istiod, which also is their authority.

Every request passes up to four proxies, with mutual TLS between any two. No proxy sends a request twice, so each
that is lost is seen. ``pulumi up`` applies the program, as its owner edits it.
"""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from pulumi.automation import PulumiCommand

import pulumi_mesh as pm
from pulumi_mesh.canary.binomial import within
from pulumi_mesh.loading import load_program
from pulumi_mesh.local.load import Target
from pulumi_mesh.local.tally import Tally
from tests.cluster.tools.engine import Engine, Stack
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.programs import BOOKINFO
from tests.cluster.tools.traffic import DataPlane, ask_over_tls, shares, subsets, until

REVIEWS = "reviews.bookinfo.svc.cluster.local"
WEIGHTS = {0: {"v1": 100}, 1: {"v1": 95, "v2": 5}, 2: {"v1": 75, "v2": 25}, 3: {"v1": 50, "v2": 50}, 4: {"v2": 100}}
RATE = 60.0
COUNT = 300

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


class Bookinfo:
    """Bookinfo's program as its owner keeps it: a folder, and the stack that it is applied to."""

    def __init__(self, program: Path, stack: Stack) -> None:
        self._text = program / BOOKINFO.name
        self._stack = stack
        self._applied: tuple[str, int] | None = None

    def up(self, stage: int, *edits: tuple[str, str]) -> None:
        """``pulumi up`` of the example's program with these edits, its canary at this stage.

        Nothing is done where that was done last.
        """
        text = self._edited(edits)
        if self._applied != (text, stage):
            self._text.write_text(text)
            self._stack.configure(mesh__stages=json.dumps({"reviews": stage}))
            self._stack.up()
            self._applied = text, stage

    def mesh(self, *edits: tuple[str, str]) -> pm.Mesh:
        """What the program declares with these edits."""
        self._text.write_text(self._edited(edits))
        return load_program(str(self._text))

    @staticmethod
    def _edited(edits: tuple[tuple[str, str], ...]) -> str:
        text = BOOKINFO.read_text()
        for before, after in edits:
            assert text.count(before) == 1
            text = text.replace(before, after)
        return text


@pytest.fixture(scope="module")
def bookinfo(
    crds: Kubectl,
    deleting: None,
    provider_port: int | None,
    pulumi: PulumiCommand,
    binary: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bookinfo]:
    """The program, not applied yet. In the end it is destroyed: nothing of bookinfo is left."""
    folder = tmp_path_factory.mktemp("bookinfo")
    program = shutil.copytree(BOOKINFO.parent, folder / "program")
    crds("delete", "namespace", "bookinfo", "--ignore-not-found")
    engine = Engine(binary("pulumi"), pulumi, folder / "pulumi", provider_port, crds)
    stack = engine.stack("bookinfo", program)
    yield Bookinfo(program, stack)
    stack.destroy()


@pytest.fixture(scope="module")
def running(bookinfo: Bookinfo, data_plane_of: Callable[[pm.Mesh], DataPlane]) -> DataPlane:
    """Bookinfo's workloads, also those of the version that is still to come, with its mesh before any stage."""
    bookinfo.up(0)
    return data_plane_of(bookinfo.mesh(ANOTHER_VERSION))


@pytest.fixture
def plane(running: DataPlane) -> Iterator[DataPlane]:
    """All of it; after the test, nothing may have been refused, and nothing sent twice."""
    yield running
    assert running.refused() == {}
    assert running.retried() == 0


@pytest.fixture
def at_first(plane: DataPlane, bookinfo: Bookinfo) -> DataPlane:
    """The same with the mesh as the program declares it, before any stage."""
    bookinfo.up(0)
    until_split(plane, WEIGHTS[0])
    return plane


def test_each_proxy_is_who_istiod_says_and_takes_no_one_else(at_first: DataPlane) -> None:
    reviews = {"reviews-v1", "reviews-v2", "reviews-v3"}
    assert at_first.placed.apps.keys() == {"productpage-v1", "details-v1", "ratings-v1", *reviews}
    for name, app in at_first.placed.apps.items():
        # Someone without a certificate of the mesh: in plain text, and over TLS.
        address, port = at_first.inbound(name)
        with socket.create_connection((address, port), timeout=10) as client:
            client.sendall(b"GET / HTTP/1.1\r\nhost: reviews\r\n\r\n")
            assert received(client) == b""
        certificate, said = ask_over_tls(at_first.inbound(name), at_first.proxies[name].root)
        account = f"spiffe://cluster.local/ns/bookinfo/sa/bookinfo-{app.workload.service.name}"
        assert certificate["subjectAltName"] == (("URI", account),)
        assert said == b""
        assert at_first.stubs[name].count == 0

    answer = at_first.ask(public(at_first, "/productpage"))
    assert answer.status == 200
    peers = {name: stub.received[-1].peer for name, stub in at_first.stubs.items() if stub.count}
    assert peers == {
        "productpage-v1": "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account",
        "reviews-v1": "spiffe://cluster.local/ns/bookinfo/sa/bookinfo-productpage",
        "details-v1": "spiffe://cluster.local/ns/bookinfo/sa/bookinfo-productpage",
        "ratings-v1": "spiffe://cluster.local/ns/bookinfo/sa/bookinfo-reviews",
    }


def test_requests_are_matched_as_declared(at_first: DataPlane) -> None:
    for path, status in {
        "/productpage": 200,
        "/static/style.css": 200,
        "/api/v1/products/0": 200,
        "/": 404,
        "/reviews": 404,
    }.items():
        assert at_first.ask(public(at_first, path)).status == status, path
    assert at_first.ask(at_first.from_outside("/productpage", "other.example.com")).status == 404
    for user, version in {"jason": "v2", "jasonx": "v1", "": "v1"}.items():
        answers = [
            at_first.ask(public(at_first, "/productpage", {"end-user": user} if user else {})) for _ in range(10)
        ]
        assert {("reviews", version)} == {each for answer in answers for each in answer.seen if each[0] == "reviews"}


def test_policies_allow_and_deny_as_declared(at_first: DataPlane) -> None:
    statuses = {
        (caller, method): at_first.ask(at_first.from_workload(caller, "ratings", method=method)).status
        for caller in ("reviews-v1", "reviews-v2", "productpage-v1", "details-v1")
        for method in ("GET", "POST")
    }
    allowed = {("reviews-v1", "GET"), ("reviews-v2", "GET")}
    assert statuses == {each: 200 if each in allowed else 403 for each in statuses}
    # Where no policy is, everyone may.
    assert at_first.ask(at_first.from_workload("productpage-v1", "details", method="POST")).status == 200


def test_no_request_is_lost_while_the_canary_moves_and_each_stage_has_its_split(
    at_first: DataPlane, bookinfo: Bookinfo
) -> None:
    productpage = public(at_first, "/productpage")
    with at_first.load(productpage, rate=RATE) as load:
        for stage, weights in WEIGHTS.items():
            bookinfo.up(stage)
            until_split(at_first, weights)
            assert_split(at_first.measure(productpage, COUNT), weights)
    assert_all_answered(load.total)


def test_no_request_is_lost_while_a_route_comes_and_a_version_goes(plane: DataPlane, bookinfo: Bookinfo) -> None:
    bookinfo.up(4)
    until_split(plane, WEIGHTS[4])
    productpage = public(plane, "/productpage")
    with plane.load(productpage, rate=RATE) as load:
        assert plane.ask(public(plane, "/reviews")).status == 404
        bookinfo.up(4, ANOTHER_ROUTE)
        until(lambda: plane.ask(public(plane, "/reviews")).status == 200, "the new route answers")

        # The subset of v3 and the routes to it come in one step, and no route names v1 any more.
        bookinfo.up(2, ANOTHER_ROUTE, FIRST_RETIRED, ANOTHER_CANARY)
        until_split(plane, {"v2": 75, "v3": 25})
        assert all(subsets(plane.view(name), REVIEWS) == {"v1", "v2", "v3"} for name in plane.proxies)
        assert_split(plane.measure(productpage, COUNT), {"v2": 75, "v3": 25})

        bookinfo.up(2, ANOTHER_ROUTE, FIRST_GONE, ANOTHER_CANARY)
        until(
            lambda: all(subsets(plane.view(name), REVIEWS) == {"v2", "v3"} for name in plane.proxies),
            "no proxy knows v1",
        )
        assert_split(plane.measure(productpage, COUNT), {"v2": 75, "v3": 25})
    assert_all_answered(load.total)


def public(plane: DataPlane, path: str, headers: Mapping[str, str] | None = None) -> Target:
    """A request from outside to bookinfo's host."""
    return plane.from_outside(path, "bookinfo.example.com", headers=headers)


def until_split(plane: DataPlane, weights: dict[str, int]) -> None:
    """Wait until productpage's proxy splits requests to reviews so, those that no earlier rule takes."""
    until(lambda: shares(plane.view("productpage-v1"), "everyone") == weights, f"reviews is split as {weights}")


def assert_split(tally: Tally, weights: dict[str, int]) -> None:
    """Each version has its share, but for a chance of one in a million, and every request was answered."""
    assert_all_answered(tally)
    answered = tally.versions("reviews")
    assert answered.keys() == weights.keys()
    assert sum(answered.values()) == tally.requests
    for version, weight in weights.items():
        assert within(tally.requests, answered[version], weight / 100), (answered, weights)


def assert_all_answered(tally: Tally) -> None:
    """There were requests, and none got an error or no answer."""
    assert not tally.failures
    assert tally.statuses == {200: tally.requests}
    assert tally.requests


def received(client: socket.socket) -> bytes:
    """What the server sends until it closes the connection."""
    try:
        return client.recv(1000)
    except ConnectionResetError:
        return b""
