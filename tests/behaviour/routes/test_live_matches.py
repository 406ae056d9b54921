"""Which rule takes a request: each match, and the order of rules."""

from __future__ import annotations

import pulumi_mesh as pm
from pulumi_mesh import Match, Path, TextMatch
from pulumi_mesh.local.mesh import LocalMesh
from tests.behaviour.support import SERVER, ask, live, shop, ways

RULES: dict[str, list[Match | Path]] = {
    "exact": [Path("/p/exact", kind="exact")],
    "header": [Match(path="/p", headers={"x-user": "jason"})],
    "method": [Match(path="/p", method="POST")],
    "query": [Match(path="/p", query_parameters={"page": "1"})],
    "query-regex": [Match(path="/p", query_parameters={"page": TextMatch("[0-9]+", kind="regex")})],
    "query-present": [Match(query_parameters={"debug": TextMatch(kind="present")})],
    "regex": [Path("/p/[a-z]+/[0-9]+", kind="regex")],
    "prefix": [Path("/p")],
    "header-prefix": [Match(headers={"X-Build": TextMatch("beta-", kind="prefix")})],
    "header-regex": [Match(headers={"x-build": TextMatch("rc[0-9]+", kind="regex")})],
    "header-present": [Match(headers={"x-debug": TextMatch(kind="present")})],
    "either": [Path("/a"), Match(path="/b", method="PUT", headers={"x-user": "jason"})],
    "rest": [],
}

REQUESTS: list[tuple[str, str, dict[str, str], str]] = [
    ("GET", "/p/exact", {}, "exact"),
    ("POST", "/p/exact", {"x-user": "jason"}, "exact"),
    ("GET", "/p/exact?page=1", {}, "exact"),
    ("GET", "/p/exact/", {}, "prefix"),
    ("GET", "/p", {"x-user": "jason"}, "header"),
    ("POST", "/p", {"X-USER": "jason"}, "header"),
    ("GET", "/p", {"x-user": "Jason"}, "prefix"),
    ("GET", "/p", {"x-user": "jason2"}, "prefix"),
    ("POST", "/p?page=1", {}, "method"),
    ("GET", "/p?page=1", {}, "query"),
    ("GET", "/p?x=2&page=1", {}, "query"),
    ("GET", "/p?page=12", {}, "query-regex"),
    ("GET", "/p?page=12a", {}, "prefix"),
    ("GET", "/q?debug=", {}, "query-present"),
    ("GET", "/q?debug=yes", {"x-debug": "1"}, "query-present"),
    ("GET", "/p/abc/12", {}, "regex"),
    ("GET", "/p/abc/12?a=b", {}, "regex"),
    ("GET", "/p/abc/12/x", {}, "prefix"),
    ("GET", "/x/p/abc/12", {}, "rest"),
    ("GET", "/pq", {}, "prefix"),
    ("GET", "/P", {}, "rest"),
    ("GET", "/", {"x-build": "beta-7"}, "header-prefix"),
    ("GET", "/", {"x-build": "rc12"}, "header-regex"),
    ("GET", "/", {"x-build": "rc12b"}, "rest"),
    ("GET", "/", {"x-build": "beta-7", "x-debug": ""}, "header-prefix"),
    ("GET", "/", {"x-debug": "anything"}, "header-present"),
    ("GET", "/a/b", {}, "either"),
    ("PUT", "/b", {"x-user": "jason"}, "either"),
    ("GET", "/b", {"x-user": "jason"}, "rest"),
    ("PUT", "/b", {}, "rest"),
]


def test_the_first_rule_that_takes_a_request_decides() -> None:
    rules = [
        pm.Rule(matches=matches, backends=[SERVER["v1"]], response_headers=pm.HeaderChanges(set={"x-rule": name}))
        for name, matches in RULES.items()
    ]

    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            found = []
            for method, path, headers, _ in REQUESTS:
                answer = await ask(target, path, method=method, headers=headers)
                found.append((method, path, headers, answer.headers.get("x-rule", str(answer.status))))
            assert found == REQUESTS, way

    live(shop(rules), scenario)


def test_a_request_that_no_rule_takes_is_not_found() -> None:
    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            assert (await ask(target, "/only")).status == 200, way
            assert (await ask(target, "/other")).status == 404, way

    live(shop([pm.Rule(matches=[Path("/only")], backends=[SERVER["v1"]])]), scenario)
