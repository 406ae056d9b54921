"""Every kind of rule acts as declared on real proxies under istiod, applied as files by a pipeline."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

import pulumi_mesh as pm
from pulumi_mesh.canary.binomial import within
from pulumi_mesh.loading import load_program
from pulumi_mesh.local.authority import Authority
from pulumi_mesh.local.load import Target
from pulumi_mesh.local.stub import Behaviour
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.pipeline import apply, render
from tests.cluster.tools.traffic import DataPlane, until

PROGRAM = Path(__file__).parent / "programs" / "counter.py"
HOST = "shop.example.com"
PERMISSIVE, STRICT = 'pm.MutualTLS("PERMISSIVE")', 'pm.MutualTLS("STRICT")'

Applied = Callable[[str], None]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the gateway's certificate."""
    return Authority("example.com", tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def applied(crds: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Applied:
    """``applied(text)`` renders that text as a program, and applies the files."""
    folder = tmp_path_factory.mktemp("pipeline")

    def bring(text: str) -> None:
        program = folder / "counter.py"
        program.write_text(text)
        render(program, folder / "files")
        apply(crds, folder / "files")

    return bring


@pytest.fixture(scope="module")
def running(
    authority: Authority, applied: Applied, crds: Kubectl, data_plane_of: Callable[[pm.Mesh], DataPlane]
) -> Iterator[DataPlane]:
    """The shop and its proxies. The gateway's certificate is in a Secret, as cert-manager would put it there."""
    applied(PROGRAM.read_text())
    issued = authority.issue_server([HOST])
    crds(
        *("create", "secret", "tls", "shop-tls", "--namespace=istio-system"),
        *(f"--cert={issued.chain}", f"--key={issued.key}"),
    )
    started = data_plane_of(load_program(str(PROGRAM)))
    until(lambda: started.ask(public(started, authority, "/items")).status == 200, "the gateway speaks TLS")
    assert started.refused() == {}
    yield started
    crds("delete", "secret", "shop-tls", "--namespace=istio-system")


@pytest.fixture
def shop(running: DataPlane) -> Iterator[DataPlane]:
    """The same; in a test no proxy may refuse anything."""
    before = running.refused()
    yield running
    assert running.refused() == before


def test_a_gateway_ends_tls_and_answers_redirects_itself(shop: DataPlane, authority: Authority) -> None:
    moved = shop.ask(shop.from_outside("/items?a=b", HOST))
    assert (moved.status, moved.headers["location"]) == (301, f"https://{HOST}/items?a=b")
    old = shop.ask(public(shop, authority, "/old"))
    assert (old.status, old.headers["location"]) == (308, "https://new.example.com/new")
    assert shop.ask(public(shop, authority, "/older")).status == 404
    # Someone who trusts other authorities: the certificate is the one of the Secret, not any.
    assert shop.ask(shop.from_outside("/items", HOST, port=443, tls=ssl.create_default_context())).status is None


def test_the_first_rule_that_matches_takes_a_request(shop: DataPlane, authority: Authority) -> None:
    wanted = {
        ("GET", "/items/12"): ("cart", "v2"),
        ("GET", "/items/12/more"): ("cart", "v1"),
        ("GET", "/items/x"): ("cart", "v1"),
        ("POST", "/items"): ("cart", "v2"),
        ("PUT", "/items"): ("cart", "v1"),
        ("GET", "/items?beta=yes"): ("cart", "v2"),
        ("GET", "/items?beta=no"): ("cart", "v1"),
    }
    answered = {(method, path): shop.ask(public(shop, authority, path, method=method)).seen for method, path in wanted}
    assert answered == {request: (who,) for request, who in wanted.items()}


def test_requests_and_answers_are_changed(shop: DataPlane, authority: Authority) -> None:
    answer = shop.ask(public(shop, authority, "/api/things?q=1", headers={"x-secret": "1", "x-kept": "2"}))
    received = shop.stubs["cart-v1"].received[-1]
    assert (received.path, received.headers["host"]) == ("/things?q=1", "inside.example.com")
    assert (received.headers["x-set"], received.headers["x-kept"]) == ("by-the-mesh", "2")
    assert "x-secret" not in received.headers
    assert (answer.status, answer.headers["x-shop"]) == (200, "1")


def test_time_runs_out_faults_strike_and_requests_are_sent_again(shop: DataPlane, authority: Authority) -> None:
    stub = shop.stubs["cart-v1"]
    before = stub.count
    assert shop.ask(public(shop, authority, "/closed")).status == 418
    assert stub.count == before

    tally = shop.measure(public(shop, authority, "/shaky"), 200)
    assert tally.statuses.keys() == {200, 429}
    assert within(200, tally.statuses[429], 0.5)

    try:
        stub.behaviour = Behaviour(delay=1.0)
        assert shop.ask(public(shop, authority, "/slow")).status == 504
        assert shop.ask(public(shop, authority, "/items")).status == 200
        stub.behaviour = Behaviour(fail_every=2)
        statuses = {
            path: [shop.ask(public(shop, authority, path)).status for _ in range(6)] for path in ("/again", "/items")
        }
    finally:
        stub.behaviour = Behaviour()
    assert statuses["/again"] == [200] * 6
    assert Counter(statuses["/items"]) == {200: 3, 503: 3}


def test_a_mirror_gets_a_copy_whose_answer_nobody_sees(shop: DataPlane, authority: Authority) -> None:
    other = shop.stubs["cart-v2"]
    before = other.count
    answers = [shop.ask(public(shop, authority, "/copied")) for _ in range(5)]
    assert {answer.seen for answer in answers} == {(("cart", "v1"),)}
    until(lambda: other.count == before + 5, "five copies came")
    assert all(copy.path == "/copied" for copy in list(other.received)[-5:])


def test_clients_in_the_mesh_have_routes_of_their_own(shop: DataPlane) -> None:
    tally = shop.measure(shop.from_workload("web", "cart"), 300)
    assert tally.statuses == {200: 300}
    assert within(300, tally.versions("cart")["v1"], 2 / 3)
    beta = shop.measure(shop.from_workload("web", "cart", headers={"x-beta": ""}), 20)
    assert beta.versions("cart") == {"v2": 20}


def test_policies_hold_at_the_gateway_and_at_a_version(shop: DataPlane, authority: Authority) -> None:
    assert shop.ask(public(shop, authority, "/admin")).status == 403
    assert shop.ask(public(shop, authority, "/administrator?x=1")).status == 403
    asked = {
        caller: shop.ask(shop.from_workload(caller, "cart", headers={"x-beta": "1"})) for caller in ("web", "stock")
    }
    assert asked["web"].seen == (("cart", "v2"),)
    assert asked["stock"].status == 403


def test_plain_text_passes_until_mutual_tls_is_strict(shop: DataPlane, authority: Authority, applied: Applied) -> None:
    # Whoever is not of the mesh: past all proxies but the workload's own.
    strangers = {name: Target("http://{}:{}/".format(*shop.inbound(name)), HOST) for name in ("cart-v1", "stock")}

    def statuses() -> dict[str, int | None]:
        return {name: shop.ask(target).status for name, target in strangers.items()}

    def caller_of(workload: str) -> str | None:
        return shop.stubs[workload].received[-1].peer

    assert statuses() == {"cart-v1": 200, "stock": 200}
    assert caller_of("cart-v1") is None
    # Of the mesh: mutual TLS, but not to a service that has it off.
    assert shop.ask(shop.from_workload("web", "stock")).status == 200
    assert caller_of("stock") is None
    assert shop.ask(public(shop, authority, "/items")).status == 200
    assert caller_of("cart-v1") == "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account"
    try:
        assert PROGRAM.read_text().count(PERMISSIVE) == 1
        applied(PROGRAM.read_text().replace(PERMISSIVE, STRICT))
        until(lambda: statuses() == {"cart-v1": None, "stock": 200}, "plain text is refused but where it is allowed")
        assert shop.ask(public(shop, authority, "/items")).status == 200
        assert shop.ask(shop.from_workload("web", "stock")).status == 200
    finally:
        applied(PROGRAM.read_text())


def test_what_a_proxy_refuses_is_seen(running: DataPlane, crds: Kubectl) -> None:
    # Shows that the other tests would notice.
    patch = {
        "applyTo": "CLUSTER",
        "match": {"context": "SIDECAR_OUTBOUND"},
        "patch": {"operation": "MERGE", "value": {"connect_timeout": "-1s"}},
    }
    wrong = {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": {"name": "wrong", "namespace": "counter"},
        "spec": {"workloadSelector": {"labels": {"app": "stock"}}, "configPatches": [patch]},
    }
    clusters = "stock.counter type.googleapis.com/envoy.config.cluster.v3.Cluster"
    assert running.refused() == {}
    try:
        crds.apply(wrong)
        until(lambda: len(running.refused()) == 3, "the proxy of stock has refused it, and istiod counts that")
        said = running.refused()
        assert "Expected positive duration" in str(said[clusters])
        assert "cluster_manager.cds.update_rejected" in str(said["stock"])
    finally:
        crds("delete", "envoyfilter", "wrong", "--namespace=counter")
    until(lambda: clusters not in running.refused(), "the proxy of stock has taken what came then")


def public(
    shop: DataPlane, authority: Authority, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
) -> Target:
    """A request over TLS from someone who trusts the authority of the gateway's certificate."""
    tls = ssl.create_default_context(cafile=str(authority.roots))
    return shop.from_outside(path, HOST, port=443, method=method, headers=headers, tls=tls)
