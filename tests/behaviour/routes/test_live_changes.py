"""Rewrites, redirects, and changes of headers."""

from __future__ import annotations

import pulumi_mesh as pm
from pulumi_mesh.local.mesh import LocalMesh
from tests.behaviour.support import SERVER, ask, live, shop, ways

V1 = [SERVER["v1"]]


def test_rewrites() -> None:
    rules = [
        pm.Rule(matches=[pm.Path("/exact", kind="exact")], backends=V1, rewrite=pm.Rewrite(path="/whole")),
        pm.Rule(matches=[pm.Path("/old")], backends=V1, rewrite=pm.Rewrite(path="/new")),
        pm.Rule(matches=[pm.Path("/host")], backends=V1, rewrite=pm.Rewrite(hostname="inner.example.com")),
        pm.Rule(backends=V1, rewrite=pm.Rewrite(path="/all", hostname="inner.example.com")),
    ]

    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            seen = {
                path: ((answer := await ask(target, path)).body["path"], answer.body["headers"]["host"])
                for path in ("/exact?a=1", "/old", "/old/x?a=1", "/older", "/host/x", "/x")
            }
            assert seen == {
                "/exact?a=1": ("/whole?a=1", target.host),
                "/old": ("/new", target.host),
                "/old/x?a=1": ("/new/x?a=1", target.host),
                "/older": ("/newer", target.host),
                "/host/x": ("/host/x", "inner.example.com"),
                "/x": ("/allx", "inner.example.com"),
            }, way

    live(shop(rules), scenario)


REDIRECTS = {
    "/default": (pm.Redirect(path="/elsewhere"), 301, "http://HOST/elsewhere"),
    "/code": (pm.Redirect(path="/elsewhere", status_code=308), 308, "http://HOST/elsewhere"),
    "/host": (pm.Redirect(hostname="new.example.com", status_code=302), 302, "http://new.example.com/host/x?a=1"),
    "/scheme": (pm.Redirect(scheme="https", status_code=307), 307, "https://HOST/scheme/x?a=1"),
    "/port": (pm.Redirect(port=8443, status_code=303), 303, "http://HOST:8443/port/x?a=1"),
    "/all": (
        pm.Redirect(scheme="https", hostname="new.example.com", port=8443, path="/elsewhere"),
        301,
        "https://new.example.com:8443/elsewhere",
    ),
}


def test_redirects() -> None:
    rules = [pm.Rule(matches=[pm.Path(path)], redirect=redirect) for path, (redirect, _, _) in REDIRECTS.items()]

    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            for path, (redirect, status, location) in REDIRECTS.items():
                answer = await ask(target, f"{path}/x?a=1")
                kept = "?a=1" if redirect.path else ""
                assert (answer.status, answer.headers["location"]) == (
                    status,
                    location.replace("HOST", target.host) + kept,
                ), (way, path)
        assert all(stub.count == 0 for stub in running.stubs.values())

    live(shop(rules), scenario)


def test_headers_of_requests_and_answers() -> None:
    request = pm.HeaderChanges(set={"x-set": "new", "x-made": "made"}, add={"x-add": "second"}, remove=["x-gone"])
    response = pm.HeaderChanges(set={"x-made": "made"}, add={"x-added": "added"}, remove=["content-type"])
    rules = [
        pm.Rule(matches=[pm.Path("/plain")], backends=V1),
        pm.Rule(backends=V1, request_headers=request, response_headers=response),
    ]
    sent = {"x-set": "old", "x-add": "first", "x-gone": "here", "x-kept": "kept"}

    async def scenario(running: LocalMesh) -> None:
        for way, target in ways(running).items():
            plain = await ask(target, "/plain", headers=sent)
            assert sent.items() <= plain.body["headers"].items(), way
            assert "content-type" in plain.headers, way
            changed = await ask(target, "/", headers=sent)
            received = changed.body["headers"]
            assert {name: received.get(name) for name in (*sent, "x-made")} == {
                "x-set": "new",
                "x-add": "first, second",
                "x-gone": None,
                "x-kept": "kept",
                "x-made": "made",
            }, way
            assert (changed.headers["x-made"], changed.headers["x-added"]) == ("made", "added"), way
            assert "content-type" not in changed.headers, way

    live(shop(rules), scenario)
