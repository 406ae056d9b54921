"""Rules of HTTPRoutes and GRPCRoutes as entries of virtual services, and their order."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.resolve.gateway_api.given import (
    HOST,
    backend,
    destination,
    gateway,
    grant,
    istio,
    listener,
    path,
    route,
    rule,
    rules,
    service,
)

EDGE = gateway(listener(namespaces="All"))
SERVICE_PARENT = [{"kind": "Service", "group": "", "name": "a"}]
TO_A = {"route": [{"destination": destination()}]}
ANY = [{"uri": {"prefix": "/"}}]


def only(*manifests: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries of the only virtual service; none where there is none."""
    found = list(rules(EDGE, service("a"), service("b"), *manifests).values())
    assert len(found) <= 1
    return found[0] if found else []


def entry(given: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What a rule becomes, without its name and the match of everything."""
    (found,) = only(route(given, **more))
    return {key: value for key, value in found.items() if key != "name" and (key, value) != ("match", ANY)}


@pytest.mark.parametrize(
    ("match", "made"),
    [
        ({}, {"uri": {"prefix": "/"}}),
        (path("/a"), {"uri": {"prefix": "/a"}}),
        (path("/a/"), {"uri": {"prefix": "/a"}}),
        (path("/"), {"uri": {"prefix": "/"}}),
        (path("/a/", "Exact"), {"uri": {"exact": "/a/"}}),
        (path("/a.*", "RegularExpression"), {"uri": {"regex": "/a.*"}}),
        ({"method": "POST"}, {"uri": {"prefix": "/"}, "method": {"exact": "POST"}}),
        ({"headers": [{"name": "V", "value": "1"}]}, {"uri": {"prefix": "/"}, "headers": {"V": {"exact": "1"}}}),
        ({"headers": [{"name": "v", "value": "1.*", "type": "RegularExpression"}]},
         {"uri": {"prefix": "/"}, "headers": {"v": {"regex": "1.*"}}}),
        ({"queryParams": [{"name": "q", "value": "1"}, {"name": "r", "value": "2", "type": "RegularExpression"}]},
         {"uri": {"prefix": "/"}, "queryParams": {"q": {"exact": "1"}, "r": {"regex": "2"}}}),
    ],
)  # fmt: skip
def test_http_matches(match: dict[str, Any], made: dict[str, Any]) -> None:
    (found,) = only(route(rule(backend(), matches=[match])))
    assert found["match"] == [made]


@pytest.mark.parametrize(
    ("match", "made"),
    [
        ({"method": {"service": "s.v1", "method": "Get"}}, [{"uri": {"exact": "/s.v1/Get"}}]),
        ({"method": {"service": "s.v1"}}, [{"uri": {"prefix": "/s.v1/"}}]),
        ({"method": {"method": "Get"}}, [{"uri": {"regex": "/[^/]+/Get"}}]),
        ({"method": {"service": "s", "method": "G.*", "type": "RegularExpression"}}, [{"uri": {"regex": "/s/G.*"}}]),
        ({"method": {"service": "s", "type": "RegularExpression"}}, [{"uri": {"regex": "/s/.+"}}]),
        ({"headers": [{"name": "v", "value": "1"}]}, [{"headers": {"v": {"exact": "1"}}}]),
        (None, None),
    ],
)
def test_grpc_matches(match: dict[str, Any] | None, made: list[dict[str, Any]] | None) -> None:
    (found,) = only(route(rule(backend(), **({"matches": [match]} if match else {})), kind="GRPCRoute"))
    assert found.get("match") == made


@pytest.mark.parametrize(
    ("backends", "made"),
    [
        ([], {"directResponse": {"status": 500}}),
        ([backend(weight=0)], {"directResponse": {"status": 500}}),
        ([backend()], TO_A),
        ([backend(), backend("b", weight=0)], TO_A),
        ([backend(weight=2), backend("b")],
         {"route": [{"destination": destination(), "weight": 2}, {"destination": destination("b"), "weight": 1}]}),
        ([backend("nobody")], {"route": [{"destination": destination("nobody")}]}),
        ([backend(kind="Acme", group="acme.example")], {"route": [{"destination": {"host": ""}}]}),
        ([backend(kind="Acme", group="acme.example"), backend()],
         {"route": [{"destination": {"host": ""}, "weight": 1}, {"destination": destination(), "weight": 1}]}),
        ([backend(namespace="apps")], {"route": [{"destination": {"host": ""}}]}),
        ([backend(namespace="infra")], TO_A),
        ([backend("out.example", kind="Hostname", group="networking.istio.io")],
         {"route": [{"destination": {"host": "out.example", "port": {"number": 8080}}}]}),
        ([backend(kind="ServiceImport", group="multicluster.x-k8s.io")], TO_A),
    ],
)  # fmt: skip
def test_backends(backends: list[dict[str, Any]], made: dict[str, Any]) -> None:
    assert entry(rule(*backends)) == made


@pytest.mark.parametrize(
    "given",
    [
        backend("a.infra"),
        {"name": "a"},
        backend("out.example", kind="Hostname", group="networking.istio.io", namespace="infra"),
        backend(filters=[{"type": "URLRewrite", "urlRewrite": {"hostname": "x.com"}}]),
    ],
)
def test_one_rule_that_is_refused_leaves_out_the_route(given: dict[str, Any]) -> None:
    assert only(route(rule(backend(), matches=[path("/ok")]), rule(given))) == []


@pytest.mark.parametrize(
    ("kind", "source", "name", "allowed"),
    [
        ("HTTPRoute", ("HTTPRoute", "infra"), None, True),
        ("HTTPRoute", ("HTTPRoute", "infra"), "a", True),
        ("HTTPRoute", ("HTTPRoute", "infra"), "b", False),
        ("HTTPRoute", ("GRPCRoute", "infra"), None, False),
        ("HTTPRoute", ("HTTPRoute", "elsewhere"), None, False),
        ("GRPCRoute", ("GRPCRoute", "infra"), None, True),
    ],
)
def test_backend_of_another_namespace_needs_a_grant(
    kind: str, source: tuple[str, str], name: str | None, allowed: bool
) -> None:
    given = route(rule(backend(namespace="apps")), kind=kind)
    (found,) = only(given, service("a", "apps"), grant("apps", source, "Service", name))
    assert found["route"] == [{"destination": destination(namespace="apps") if allowed else {"host": ""}}]


def test_backend_of_another_namespace_needs_no_grant_in_the_mesh() -> None:
    (found,) = only(route(rule(backend(namespace="apps")), parents=SERVICE_PARENT))
    assert found["route"] == [{"destination": destination(namespace="apps")}]


HEADERS = {"set": [{"name": "S", "value": "1"}, {"name": "s", "value": "2"}], "add": [{"name": "A", "value": "3"}]}


@pytest.mark.parametrize(
    ("filters", "made"),
    [
        ([{"type": "RequestHeaderModifier", "requestHeaderModifier": {**HEADERS, "remove": ["r"]}}],
         {"headers": {"request": {"set": {"s": "1"}, "add": {"a": "3"}, "remove": ["r"]}}}),
        ([{"type": "ResponseHeaderModifier", "responseHeaderModifier": HEADERS}],
         {"headers": {"response": {"set": {"s": "1"}, "add": {"a": "3"}}}}),
        ([{"type": "RequestRedirect", "requestRedirect": {}}],
         {"redirect": {"redirectCode": 302, "derivePort": "FROM_REQUEST_PORT"}}),
        ([{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}],
         {"redirect": {"redirectCode": 301, "scheme": "https", "derivePort": "FROM_PROTOCOL_DEFAULT"}}),
        ([{"type": "RequestRedirect", "requestRedirect": {"hostname": "x.com", "port": 8443, "scheme": "https"}}],
         {"redirect": {"redirectCode": 302, "scheme": "https", "authority": "x.com", "port": 8443}}),
        ([{"type": "RequestRedirect",
           "requestRedirect": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/new"}}}],
         {"redirect": {"redirectCode": 302, "derivePort": "FROM_REQUEST_PORT", "uri": "/new"}}),
        ([{"type": "RequestRedirect",
           "requestRedirect": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new/"}}}],
         {"redirect": {"redirectCode": 302, "derivePort": "FROM_REQUEST_PORT", "prefixRewrite": "/new/"}}),
    ],
)  # fmt: skip
def test_filters_without_backends(filters: list[dict[str, Any]], made: dict[str, Any]) -> None:
    answer = {} if "redirect" in made else {"directResponse": {"status": 500}}
    assert entry(rule(filters=filters)) == {**made, **answer}


@pytest.mark.parametrize(
    ("filter_", "made"),
    [
        ({"type": "URLRewrite", "urlRewrite": {"hostname": "x.com"}}, {"rewrite": {"authority": "x.com"}}),
        ({"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/new"}}},
         {"rewrite": {"uriRegexRewrite": {"match": "/.*", "rewrite": "/new"}}}),
        ({"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new/"}}},
         {"rewrite": {"uri": "/new"}}),
        ({"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}},
         {"rewrite": {"uri": "/"}}),
        ({"type": "RequestMirror", "requestMirror": {"backendRef": backend("b")}},
         {"mirrors": [{"destination": destination("b")}]}),
        ({"type": "RequestMirror", "requestMirror": {"backendRef": backend("b"), "percent": 20}},
         {"mirrors": [{"destination": destination("b"), "percentage": {"value": 20.0}}]}),
        ({"type": "RequestMirror",
          "requestMirror": {"backendRef": backend("b"), "fraction": {"numerator": 1, "denominator": 8}}},
         {"mirrors": [{"destination": destination("b"), "percentage": {"value": 12.5}}]}),
        ({"type": "RequestMirror", "requestMirror": {"backendRef": backend("b"), "fraction": {"numerator": 5}}},
         {"mirrors": [{"destination": destination("b"), "percentage": {"value": 5.0}}]}),
        ({"type": "RequestMirror", "requestMirror": {"backendRef": backend("nobody")}}, {}),
        ({"type": "RequestMirror", "requestMirror": {"backendRef": backend(namespace="apps")}}, {}),
        ({"type": "CORS", "cors": {"allowOrigins": ["https://a.com", "https://*.b.com", "*", "https://*"]}},
         {"corsPolicy": {"unmatchedPreflights": "IGNORE", "maxAge": "5s", "allowOrigins": [
             {"exact": "https://a.com"}, {"regex": r"^https://.*\.b\.com$"},
             {"regex": r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s?#]+$"}, {"prefix": "https://"}]}}),
        ({"type": "CORS", "cors": {"allowMethods": ["GET"], "allowHeaders": ["x"], "exposeHeaders": ["y"],
                                   "maxAge": 60, "allowCredentials": True}},
         {"corsPolicy": {"unmatchedPreflights": "IGNORE", "maxAge": "60s", "allowMethods": ["GET"],
                         "allowHeaders": ["x"], "exposeHeaders": ["y"], "allowCredentials": True}}),
    ],
)  # fmt: skip
def test_filters(filter_: dict[str, Any], made: dict[str, Any]) -> None:
    assert entry(rule(backend(), filters=[filter_])) == {**made, **TO_A}


def test_filters_that_istio_has_not_leave_out_the_route() -> None:
    reference = {"group": "acme.example", "kind": "Acme", "name": "one"}
    assert only(route(rule(backend(), filters=[{"type": "ExtensionRef", "extensionRef": reference}]))) == []


def test_several_mirrors_and_headers_of_a_backend() -> None:
    mirrors = [{"type": "RequestMirror", "requestMirror": {"backendRef": backend(each)}} for each in ("a", "b")]
    change = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["x"]}}
    assert entry(rule(backend(filters=[change]), backend("b"), filters=mirrors)) == {
        "mirrors": [{"destination": destination("a")}, {"destination": destination("b")}],
        "route": [
            {"destination": destination(), "weight": 1, "headers": {"request": {"remove": ["x"]}}},
            {"destination": destination("b"), "weight": 1},
        ],
    }


@pytest.mark.parametrize(
    ("more", "made"),
    [
        ({"timeouts": {"request": "2s"}}, {"timeout": "2s"}),
        ({"timeouts": {"request": "0s"}}, {}),
        ({"timeouts": {"request": "2s", "backendRequest": "500ms"}}, {"timeout": "500ms"}),
        ({"retry": {}},
         {"retries": {"attempts": 2, "retryOn": "connect-failure,refused-stream,unavailable,cancelled"}}),
        ({"retry": {"attempts": 3, "codes": [503], "backoff": "10ms"}, "timeouts": {"backendRequest": "1s"}},
         {"retries": {"attempts": 3, "backoff": "10ms", "perTryTimeout": "1s",
                      "retryOn": "connect-failure,refused-stream,unavailable,cancelled,503"}}),
        ({"sessionPersistence": {"sessionName": "x"}}, {}),
    ],
)  # fmt: skip
def test_timeouts_and_retries(more: dict[str, Any], made: dict[str, Any]) -> None:
    assert entry(rule(backend(), **more)) == {**made, **TO_A}


def test_mirror_of_a_grpc_route_that_cannot_be_used_leaves_out_the_route() -> None:
    mirror = {"type": "RequestMirror", "requestMirror": {"backendRef": backend("nobody")}}
    assert only(route(rule(backend(), filters=[mirror]), kind="GRPCRoute")) == []


def test_names_of_rules() -> None:
    found = only(route(rule(backend(), matches=[path("/a"), path("/b")]), rule(backend(), name="mine")))
    assert [each["name"] for each in found] == ["infra.route.0", "infra.route.0", "mine"]


def test_precedence_within_and_across_routes() -> None:
    header = {"headers": [{"name": "v", "value": "1"}]}
    query = {"queryParams": [{"name": "q", "value": "1"}]}
    young = route(
        rule(backend("b"), matches=[path("/a/b/.*", "RegularExpression"), path("/a"), path("/a/b", "Exact")], name="y"),
        name="a-young", created="2026-02-01T00:00:00Z",
    )  # fmt: skip
    old = route(
        rule(backend(), matches=[path("/a"), {**path("/a"), **query}, {**path("/a"), **header}], name="o1"),
        rule(backend(), matches=[{**path("/a"), "method": "GET"}, path("/"), path("/a/b")], name="o2"),
        name="b-old", created="2026-01-01T00:00:00Z",
    )  # fmt: skip
    found = only(young, old)
    assert [(each["name"], *(f"{k}={v}" for k, v in each["match"][0]["uri"].items())) for each in found] == [
        ("y", "exact=/a/b"),
        ("o2", "prefix=/a/b"),
        ("o2", "prefix=/a"),  # with a method
        ("o1", "prefix=/a"),  # with a header
        ("o1", "prefix=/a"),  # with a query parameter
        ("o1", "prefix=/a"),
        ("y", "prefix=/a"),  # the younger route
        ("o2", "prefix=/"),
        ("y", "regex=/a/b/.*"),
    ]
    (made,) = istio("VirtualService", EDGE, service(), young, old).values()
    assert (
        made["metadata"]["annotations"]["internal.istio.io/parents"] == "HTTPRoute/b-old.infra,HTTPRoute/a-young.infra"
    )
    assert made["metadata"]["annotations"]["internal.pulumi-mesh.io/places"].splitlines()[:2] == [
        "HTTPRoute infra a-young spec.rules[0].matches[2]",
        "HTTPRoute infra b-old spec.rules[1].matches[2]",
    ]


def test_http_and_grpc_routes_of_one_host_are_merged() -> None:
    grpc = route(rule(backend("b"), matches=[{"method": {"service": "s", "method": "m"}}]), kind="GRPCRoute", name="g")
    found = only(route(rule(backend())), grpc)
    assert [each["match"][0]["uri"] for each in found] == [{"exact": "/s/m"}, {"prefix": "/"}]


def test_routes_of_the_mesh_are_merged_within_a_namespace_and_port() -> None:
    parent = {"kind": "Service", "group": "", "name": "a", "namespace": "infra"}
    routes = [
        route(rule(backend(), matches=[path("/1")]), name="one", parents=[parent]),
        route(rule(backend(), matches=[path("/2")]), name="two", parents=[parent]),
        route(rule(backend(), matches=[path("/3")]), name="three", parents=[{**parent, "port": 8080}]),
        route(rule(backend(), matches=[path("/4")]), name="four", namespace="apps", parents=[parent]),
    ]
    made = istio("VirtualService", service(), *routes)
    host = HOST.format("a", "infra")
    assert {name: [each["match"] for each in found["spec"]["http"]] for name, found in made.items()} == {
        f"infra~{host}": [[{"uri": {"prefix": "/1"}}], [{"uri": {"prefix": "/2"}}]],
        f"infra~8080~{host}": [[{"uri": {"prefix": "/3"}, "port": 8080}]],
        f"apps~{host}": [[{"uri": {"prefix": "/4"}}]],
    }
    assert {each["metadata"]["namespace"] for each in made.values()} == {"infra", "apps"}


def test_long_names_are_cut_and_stay_apart() -> None:
    hosts = [f"{letter}{'x' * 60}.{'y' * 60}.{'z' * 60}.{'w' * 40}.com" for letter in "ab"]
    made = istio("VirtualService", EDGE, service(), route(rule(backend()), hostnames=hosts))
    assert len(made) == 2
    assert all(len(each) == 253 for each in made)
