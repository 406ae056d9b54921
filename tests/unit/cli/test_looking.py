"""The commands that show what would happen: proxy-config, graph, explain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from pulumi_mesh.cli import main
from pulumi_mesh.proxy.envoy.field_names import in_snake_case

BOOKINFO = str(Path(__file__).parents[3] / "examples" / "bookinfo" / "mesh.py")
PAGE = "http://bookinfo.example.com/productpage"


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(list(args))
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return int(end.value.code or 0), out, err


@pytest.mark.parametrize("args", [["explain"], ["graph"], ["proxy-config"], ["pc", "routes"], ["proxy-config", "all"]])
def test_help(capsys: pytest.CaptureFixture[str], args: list[str]) -> None:
    code, out, _ = run(capsys, *args, "--help")
    assert code == 0
    assert "Usage: pulumi-mesh" in out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["explain"], "Missing argument"),
        (["explain", "GET"], "Missing argument 'URL'"),
        (["explain", PAGE], "Missing argument 'PATH...'"),
        (["explain", "GET", PAGE], "Missing argument 'PATH...'"),
        (["explain", PAGE, BOOKINFO, "-H", "x"], "'x' is not 'NAME: VALUE'"),
        (["explain", PAGE, BOOKINFO, "--claim", "x"], "'x' is not NAME=VALUE"),
        (["graph"], "Missing argument 'PATH...'"),
        (["graph", BOOKINFO, "--output", "png"], "png"),
        (["proxy-config", "listeners"], "Missing argument 'PROXY'"),
        (["proxy-config", "listeners", "public"], "Missing argument 'PATH...'"),
        (["proxy-config", "secrets", "public", BOOKINFO], "No such command"),
        (["proxy-config", "routes", "public", BOOKINFO, "--port", "80"], "No such option"),
    ],
)
def test_usage(capsys: pytest.CaptureFixture[str], args: list[str], said: str) -> None:
    code, out, err = run(capsys, *args)
    assert (code, out) == (2, "")
    assert said in err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["explain", "ftp://x/", BOOKINFO], "is no URL of a request"),
        (["explain", "http:///a", BOOKINFO], "names no host"),
        (["explain", PAGE, BOOKINFO, "--from", "reviewz"], "no proxy is named 'reviewz'; did you mean: reviews"),
        (["explain", PAGE, BOOKINFO, "--from", "reviews"], "several proxies are named 'reviews'"),
        (
            ["explain", "http://other.example.com/", BOOKINFO],
            "no gateway has a route for host 'other.example.com' on port 80, so the answer is 404;"
            " gateways have routes for: bookinfo.example.com",
        ),
        (
            ["explain", "http://bookinfo.example.com:81/", BOOKINFO],
            "no gateway listens on port 81; listeners",
        ),
        (["graph", "nothing-here"], "there is no such program"),
        (["proxy-config", "routes", "nobody-at-all", BOOKINFO], "no proxy is named 'nobody-at-all'; there are"),
    ],
)
def test_errors(capsys: pytest.CaptureFixture[str], args: list[str], said: str) -> None:
    code, out, err = run(capsys, *args)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert said in err
    json_ = [] if args[0] == "graph" else ["--output", "json"]
    code, out, err = run(capsys, *args, *json_)
    if json_:
        assert (code, err) == (1, "")
        assert said in json.loads(out)["errors"][0]["message"] + json.loads(out)["errors"][0]["where"]


def test_explain_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    args = ["explain", "http://reviews:9080/", BOOKINFO, "--from", "productpage", "--stage", "reviews=2", "--output"]
    code, out, _ = run(capsys, *args, "json")
    assert code == 0
    data = json.loads(out)
    assert [(each["by"], each["fraction"]) for each in data["answers"]] == [
        ("reviews-v1.bookinfo", 0.75),
        ("reviews-v2.bookinfo", 0.25),
    ]
    assert data["hops"][0]["clusters"][1]["weight"] == 25
    places = [each["place"] for each in data["hops"][0]["steps"] if each["ref"]]
    assert 'routes["reviews"]' in places


def test_explain_takes_headers_and_methods(capsys: pytest.CaptureFixture[str]) -> None:
    args = ["http://reviews:9080/", BOOKINFO, "--from", "productpage-v1.bookinfo"]
    code, out, _ = run(capsys, "explain", *args, "-H", "End-User: jason", "-H", "a:b")
    assert code == 0
    assert "✓ answered by reviews-v2.bookinfo" in out
    code, out, _ = run(capsys, "explain", "POST", "http://ratings:9080/", BOOKINFO, "--from", "reviews-v1")
    assert code == 0
    assert "✗ 403 (denied, ratings-v1.bookinfo)" in out


@pytest.mark.parametrize(
    ("kind", "names", "count"),
    [
        ("listeners", ["listener", "l"], 1),
        ("routes", ["route", "r"], 1),
        ("clusters", ["cluster", "c"], 10),
        ("endpoints", ["endpoint", "ep"], 9),
    ],
)
def test_proxy_config(capsys: pytest.CaptureFixture[str], kind: str, names: list[str], count: int) -> None:
    code, table, _ = run(capsys, "proxy-config", kind, "public", BOOKINFO)
    assert code == 0
    for name in names:
        assert run(capsys, "pc", name, "public.istio-system", BOOKINFO, "-o", "table")[1] == table
    found = json.loads(run(capsys, "proxy-config", kind, "istio-system/public", BOOKINFO, "-o", "json")[1])
    assert len(found) == count
    assert found == yaml.safe_load(run(capsys, "proxy-config", kind, "public", BOOKINFO, "-o", "yaml")[1])
    whole = json.loads(run(capsys, "proxy-config", "all", "public", BOOKINFO, "--output", "json")[1])
    assert whole[kind] == found
    assert table in run(capsys, "proxy-config", "all", "public", BOOKINFO)[1]


def test_proxy_config_filters(capsys: pytest.CaptureFixture[str]) -> None:
    def rows(*args: str) -> int:
        code, out, _ = run(capsys, "proxy-config", args[0], "reviews-v1", BOOKINFO, *args[1:])
        assert code == 0
        return len(out.splitlines()) - 1

    assert rows("clusters", "--fqdn", "reviews", "--subset", "v2") == 1
    assert rows("clusters", "--direction", "inbound") == 1
    assert rows("clusters", "--port", "9080") == rows("clusters") - 3
    assert rows("listeners", "--port", "9080", "--type", "http+tcp") == 2
    assert rows("listeners", "--address", "10.9.9.9") == 0
    assert rows("routes", "--name", "9080") == rows("routes", "--name", "none") + 5
    assert rows("endpoints", "--port", "9080", "--cluster", "outbound|9080|v2|reviews.bookinfo.svc.cluster.local") == 1


def test_proxy_config_bootstrap_is_what_an_envoy_takes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "proxy-config", "bootstrap", "public", BOOKINFO)
    rendered = json.loads(run(capsys, "render", BOOKINFO, "--to", "envoy", "--proxy", "public")[1])
    assert code == 0
    assert in_snake_case(json.loads(out)["bootstrap"]) == rendered
    table = run(capsys, "proxy-config", "bootstrap", "public", BOOKINFO, "--output", "text")[1]
    assert table.splitlines()[0].split() == ["NODE", "CLUSTER", "LISTENERS", "ROUTES", "CLUSTERS", "ENDPOINTS"]


def test_graph(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "graph", BOOKINFO)
    assert code == 0
    assert out.startswith("flowchart LR\n")
    assert run(capsys, "graph", BOOKINFO, "--output", "svg")[1].startswith("<svg ")
    data = json.loads(run(capsys, "graph", BOOKINFO, "--output", "json", "--from", "reviews-v1")[1])
    assert {each["source"] for each in data["edges"]} == {"service:reviews.bookinfo.svc.cluster.local"}
