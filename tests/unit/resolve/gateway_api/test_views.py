"""What gateways and sidecars are told of Gateway API objects, and what they do with requests."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.resolve.gateway_api import to_istio
from pulumi_mesh.proxy.simulate import simulate
from pulumi_mesh.proxy.simulate.request import Request
from pulumi_mesh.refs import Ref
from tests.unit.resolve.gateway_api.given import (
    backend,
    gateway,
    listener,
    namespace,
    path,
    route,
    rule,
    service,
    snapshot,
)

SPACES = [namespace(each, **{"istio-injection": "enabled"}) for each in ("infra", "apps")]
SERVICES = [service("a"), service("b"), service("a", "apps")]


def world(*manifests: dict[str, Any]) -> Snapshot:
    """Manifests with a few services."""
    return to_istio(snapshot(*SPACES, *SERVICES, *manifests))


def proxy(of: Snapshot, name: str, namespace: str = "infra") -> Proxy:
    """The proxy whose name starts so."""
    return next(each for each in of.proxies if each.name.startswith(name) and each.namespace == namespace)


def answer(of: Snapshot, asked: Proxy, request: Request) -> str:
    """The host that a request goes to, or the proxy's own answer."""
    outcome = simulate(resolve(of, asked), request)
    return outcome.clusters[0].cluster.rpartition("|")[2] if outcome.passes else str(outcome.status or outcome.error)


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("/", "404"),
        ("/a", "a.infra.svc.cluster.local"),
        ("/ab", "404"),
        ("/a/b", "a.infra.svc.cluster.local"),
        ("/a/exact", "b.infra.svc.cluster.local"),
        ("/none", "500"),
        ("/nobody", "500"),
        ("/refused", "500"),
    ],
)
def test_paths_are_whole_words_and_what_cannot_be_used_is_an_error(target: str, found: str) -> None:
    known = world(
        gateway(listener()),
        route(
            rule(backend(), matches=[path("/a/")]),
            rule(backend("b"), matches=[path("/a/exact", "Exact")]),
            rule(matches=[path("/none")]),
            rule(backend("nobody"), matches=[path("/nobody")]),
            rule(backend(namespace="apps"), matches=[path("/refused")]),
        ),
    )
    assert answer(known, proxy(known, "edge"), Request("x.com", target)) == found


@pytest.mark.parametrize(
    ("filter_", "target", "found"),
    [
        ({"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}, "/p/q", "/q"),
        ({"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}, "/p", "/"),
        ({"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new/"}, "/p/q", "/new/q"),
        ({"type": "ReplaceFullPath", "replaceFullPath": "/new"}, "/p/q?r=s", "/new?r=s"),
    ],
)
def test_rewrites(filter_: dict[str, str], target: str, found: str) -> None:
    change = {"type": "URLRewrite", "urlRewrite": {"path": filter_}}
    known = world(gateway(listener()), route(rule(backend(), matches=[path("/p")], filters=[change])))
    assert simulate(resolve(known, proxy(known, "edge")), Request("x.com", target)).path == found


PARENT = {"kind": "Service", "group": "", "name": "a", "namespace": "infra"}


@pytest.mark.parametrize(
    ("client", "found"),
    [("infra", "b.infra.svc.cluster.local"), ("apps", "a.apps.svc.cluster.local")],
)
def test_route_of_the_clients_namespace_comes_before_that_of_the_service(client: str, found: str) -> None:
    known = world(
        route(rule(backend("b")), name="producer", parents=[PARENT]),
        route(rule(backend()), name="consumer", namespace="apps", parents=[PARENT]),
    )
    target = known.service("a.infra.svc.cluster.local")
    assert target is not None
    request = Request("a.infra", port=8080, address=target.address, direction="outbound")
    assert answer(known, proxy(known, "a", client), request) == found


def test_route_of_a_service_says_nothing_at_a_port_that_the_service_has_not() -> None:
    known = world(route(rule(backend("b")), parents=[PARENT]), service("web", "infra", 80))
    tables = {each.name: each.virtual_hosts for each in resolve(known, proxy(known, "b")).routes}
    assert any("a.infra.svc.cluster.local" in host.domains for host in tables["8080"])
    assert not any("a.infra.svc.cluster.local" in host.domains for host in tables["80"])


def test_what_is_told_points_at_what_was_written() -> None:
    known = world(
        gateway(listener("one", 81), listener("two")), route(rule(backend(), matches=[path("/a"), path("/b")]))
    )
    view = resolve(known, proxy(known, "edge"))
    assert [each.ref for each in view.listeners] == [
        Ref("Gateway", "infra", "edge", "spec.listeners[1]"),
        Ref("Gateway", "infra", "edge", "spec.listeners[0]"),
    ]
    (host,) = view.routes[0].virtual_hosts
    assert host.ref == Ref("HTTPRoute", "infra", "route")
    assert [each.ref for each in host.routes] == [
        Ref("HTTPRoute", "infra", "route", "spec.rules[0].matches[0]"),
        Ref("HTTPRoute", "infra", "route", "spec.rules[0].matches[1]"),
    ]
