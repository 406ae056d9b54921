"""Files of route tests: on the command line, and under pytest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pulumi_mesh.cli import cli

MESH = """
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {selector: {app: reviews}, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public, namespace: shop}
spec:
  selector: {istio: ingress}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [shop.example.com]
  gateways: [public]
  http:
  - match: [{uri: {prefix: /reviews}}]
    route: [{destination: {host: reviews}}]
"""
TESTS = """
mesh: [mesh.yaml]
tests:
- name: reviews are public
  request: http://shop.example.com/reviews/1
  expect: {destinations: [reviews.shop]}
- name: nothing else is
  request: http://shop.example.com/
  expect: {status: 404}
"""
PLUGIN = ("-pno:pulumi_mesh", "-ppulumi_mesh.testing.plugin")
"""Once, whether the package is installed with its entry points or not."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mesh.yaml").write_text(MESH)
    (tmp_path / "shop_mesh_test.yaml").write_text(TESTS)
    return tmp_path


def test_a_folder_passes(folder: Path) -> None:
    done = CliRunner().invoke(cli, ["test", str(folder)], standalone_mode=False)
    assert done.return_value == 0, done.output
    assert f"✓ reviews are public  ({folder}/shop_mesh_test.yaml:4)" in done.output
    assert done.output.endswith("2 tests: 2 passed, 0 failed\n")


FULL = """
mesh: [mesh.yaml]
tests:
- name: what is expected of an answer
  request: http://shop.example.com/reviews/1
  answer: {headers: {vary: origin, server: app}, after: 1s}
  expect:
    status: [200, 204]
    destinations: [{host: reviews.shop, port: 80, weight: 100}]
    response_headers: {vary: {has: origin}, server: [envoy, app], x-none: {not: {present: true}}}
    mirrors: []
    virtual_cluster: ""
- name: what is expected of a redirect, and an application that is too slow for it
  request: http://shop.example.com/old
  answer: {after: 1h}
  expect: {status: 302, redirect: {scheme: https, host: shop.example.com, port: 443, path: /reviews, query: ""}}
- name: nothing waits that long
  request: http://shop.example.com/slow
  answer: {after: 1h}
  expect: {status: 504}
"""
MORE = """
  - match: [{uri: {prefix: /slow}}]
    timeout: 1s
    route: [{destination: {host: reviews}}]
  - match: [{uri: {prefix: /old}}]
    redirect: {scheme: https, uri: /reviews, redirectCode: 302}
"""


def test_all_that_can_be_expected(folder: Path) -> None:
    (folder / "mesh.yaml").write_text(MESH.rstrip() + MORE)
    (folder / "shop_mesh_test.yaml").write_text(FULL)
    done = CliRunner().invoke(cli, ["test", str(folder)], standalone_mode=False)
    assert done.return_value == 0, done.output
    other = FULL.replace("headers: {vary: origin, server: app}", "headers: {server: other}")
    (folder / "shop_mesh_test.yaml").write_text(other.replace("/reviews, query", "/review, query"))
    done = CliRunner().invoke(cli, ["test", str(folder)], standalone_mode=False)
    assert done.return_value == 1
    for said in (
        "response header vary: not set, not has origin",
        "response header server: other, not envoy or app",
        "redirect path: /reviews, not /review (https://shop.example.com/reviews)",
    ):
        assert said in done.output


def test_a_failing_test_says_how_and_why(folder: Path) -> None:
    file = folder / "shop_mesh_test.yaml"
    file.write_text(TESTS.replace("reviews.shop", "ratings"))
    done = CliRunner().invoke(cli, ["test", str(file)], standalone_mode=False)
    assert done.return_value == 1
    assert "destinations: ratings gets nothing; reviews.shop.svc.cluster.local gets 100 %" in done.output
    assert f"({folder}/mesh.yaml:" in done.output  # the object that decided
    told = json.loads(CliRunner().invoke(cli, ["test", str(file), "--output", "json"], standalone_mode=False).output)
    assert (told["failed"], [each["passed"] for each in told["tests"]]) == (1, [False, True])
    assert told["tests"][0]["mismatches"] and told["tests"][0]["path"]


def test_another_mesh_can_be_tested(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other") / "mesh.yaml"
    other.write_text(MESH.replace("/reviews", "/ratings"))
    done = CliRunner().invoke(cli, ["test", str(folder), "--mesh", str(other)], standalone_mode=False)
    assert done.return_value == 1 and "1 passed, 1 failed" in done.output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tests: []", "names no mesh; add mesh: [PATH]"),
        ("- a", "is a mapping with tests; this is a list"),
        ("mesh: [mesh.yaml]\ntests:\n- name: a\n  request: http://a/\n", "shop_mesh_test.yaml:3: tests[0].expect"),
        (TESTS.replace("status: 404", "state: 404"), "shop_mesh_test.yaml:9: tests[1].expect.state"),
        (TESTS.replace("nothing else is", "reviews are public"), "two tests are called 'reviews are public'"),
        (TESTS.replace("mesh.yaml", "none.yaml"), "none.yaml"),
        (
            TESTS.replace("http://shop.example.com/reviews/1", "ftp://a"),
            "shop_mesh_test.yaml:4: reviews are public: 'ftp://a'",
        ),
        (TESTS.replace("/reviews/1\n", "/reviews/1\n  from: nobody\n"), "no proxy is named 'nobody'"),
    ],
)
def test_mistakes(folder: Path, text: str, message: str) -> None:

    (folder / "shop_mesh_test.yaml").write_text(text)
    done = CliRunner().invoke(cli, ["test", str(folder)], standalone_mode=False)
    assert message in str(done.exception)


def test_a_folder_without_tests(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["test", str(tmp_path)], standalone_mode=False)
    assert "holds no route tests: no file in it is called *_mesh_test.yaml" in str(done.exception)


def test_pytest_collects_and_runs_them(folder: Path, pytester: pytest.Pytester) -> None:
    for file in folder.iterdir():
        (pytester.path / file.name).write_text(file.read_text())
    pytester.runpytest(*PLUGIN).assert_outcomes(passed=2)
    text = TESTS.replace("reviews.shop", "ratings")
    (pytester.path / "shop_mesh_test.yaml").write_text(text)
    failed = pytester.runpytest(*PLUGIN)
    failed.assert_outcomes(passed=1, failed=1)
    failed.stdout.fnmatch_lines(["*destinations: ratings gets nothing*", "*the request's path:*"])
    failed.stdout.no_fnmatch_line("*Traceback*")
    (pytester.path / "shop_mesh_test.yaml").write_text("tests: 1")
    broken = pytester.runpytest(*PLUGIN)
    broken.assert_outcomes(errors=1)
    broken.stdout.fnmatch_lines(["*shop_mesh_test.yaml:1: tests*"])


def test_python_tests_ask_a_mesh(folder: Path, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        import pytest
        from pulumi_mesh.expectations import Expectation, RouteTest

        def test_one(load_mesh, expect_route):
            mesh = load_mesh("{folder}/mesh.yaml")
            assert load_mesh("{folder}/mesh.yaml") is mesh
            test = RouteTest("a", request="http://shop.example.com/reviews", expect=Expectation(status=200))
            expect_route(mesh, test)
            with pytest.raises(AssertionError, match="status: 404 .*, not 200"):
                expect_route(mesh, RouteTest("b", request="http://shop.example.com/", expect=Expectation(status=200)))
        """
    )
    pytester.runpytest(*PLUGIN).assert_outcomes(passed=1)
