"""AuthorizationPolicy with action CUSTOM: an external authorizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pulumi_mesh.frozen import FrozenMap, freeze, thaw
from pulumi_mesh.istio import AuthorizationPolicy, PeerAuthentication
from pulumi_mesh.manifests.facts import ExtensionProvider, KnownService, MeshConfig, Proxy, ServicePort
from pulumi_mesh.manifests.snapshot import Snapshot, snapshot
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.resolve.authorization import custom_http_filters, custom_network_filters
from pulumi_mesh.proxy.view.ext_authz import HttpExtAuthz, NetworkExtAuthz
from pulumi_mesh.proxy.view.listeners import HttpConnectionManager
from pulumi_mesh.proxy.view.matching import MetadataMatch, StringMatch
from pulumi_mesh.proxy.view.rbac import HttpRbac, NetworkRbac

LABELS = FrozenMap({"app": "a"})
PROXY = Proxy("sidecar", "a", "shop", "10.0.0.1", LABELS)
AUTHZ = KnownService(
    "authz.shop.svc.cluster.local",
    "authz",
    "shop",
    (ServicePort("http", 8000, 8000, "HTTP"), ServicePort("grpc", 9000, 9000, "GRPC")),
    "10.1.0.1",
    selector=FrozenMap({"app": "authz"}),
)
OWN = KnownService(
    "a.shop.svc.cluster.local",
    "a",
    "shop",
    (ServicePort("http", 80, 8080, "HTTP"), ServicePort("tcp", 90, 9090, "TCP")),
    "10.1.0.2",
    selector=LABELS,
)
HTTP = {"service": "authz.shop.svc.cluster.local", "port": 8000}
GRPC = {"service": "shop/authz.shop.svc.cluster.local", "port": 9000}


def provider(kind: str = "envoyExtAuthzHttp", name: str = "asked", **config: Any) -> ExtensionProvider:
    base = GRPC if kind.endswith("Grpc") else HTTP
    return ExtensionProvider(name, kind, freeze({**base, **config}))


def policy(name: str = "p", asked: str = "asked", *, dry_run: str = "", **spec: Any) -> AuthorizationPolicy:
    annotations = {"istio.io/dry-run": dry_run} if dry_run else {}
    spec = {"action": "CUSTOM", "rules": [{"to": [{"operation": {"paths": ["/admin*"]}}]}], **spec}
    if asked:
        spec["provider"] = {"name": asked}
    return AuthorizationPolicy(name, namespace="shop", annotations=annotations, spec=spec)


def known(*objects: Object, providers: tuple[ExtensionProvider, ...] = (provider(),)) -> Snapshot:
    mesh = MeshConfig(extension_providers=providers)
    return snapshot(objects, services=[AUTHZ, OWN], proxies=[PROXY], mesh=mesh)


def asked(*providers: ExtensionProvider) -> HttpExtAuthz:
    _, found = custom_http_filters(known(policy(), providers=providers), PROXY)
    assert isinstance(found, HttpExtAuthz)
    return found


def names(found: HttpRbac | NetworkRbac, *, shadow: bool = False) -> list[str]:
    rules = found.shadow if shadow else found.rules
    return [] if rules is None else [each.name for each in rules.policies]


RULE = "istio-ext-authz-asked-ns[shop]-policy[p]-rule[0]"


def test_the_rules_are_tried_out_and_the_authorizer_is_asked_where_they_hold() -> None:
    rbac, authz = custom_http_filters(known(policy()), PROXY)
    assert isinstance(rbac, HttpRbac)
    assert isinstance(authz, HttpExtAuthz)
    assert (rbac.rules, names(rbac, shadow=True), rbac.shadow_prefix) == (None, [RULE], "istio_ext_authz_")
    assert authz.cluster == "outbound|8000||authz.shop.svc.cluster.local"
    assert authz.protocol == "http"
    noted = ("istio_ext_authz_shadow_effective_policy_id",)
    assert authz.only_if == MetadataMatch(
        "envoy.filters.http.rbac", noted, StringMatch("prefix", "istio-ext-authz-asked")
    )
    assert not authz.allow_on_failure


def test_config_over_http() -> None:
    found = asked(
        provider(
            timeout="2s",
            failOpen=True,
            statusOnError="503",
            pathPrefix="/check",
            includeRequestHeadersInCheck=["cookie", "x-*", "*-id"],
            includeAdditionalHeadersInCheck={"b": "2", "a": "1"},
            includeRequestBodyInCheck={"maxRequestBytes": 10, "allowPartialMessage": True},
            headersToUpstreamOnAllow=["authorization"],
            headersToDownstreamOnDeny=["set-cookie"],
            headersToDownstreamOnAllow=["x-ok"],
        )
    )
    assert (found.allow_on_failure, found.status_on_error) == (True, 503)
    extra: Mapping[str, Any] = thaw(found.extra)
    service = extra["http_service"]
    assert service["server_uri"] == {"uri": "http://authz.shop.svc.cluster.local", "timeout": "2s"}
    assert service["path_prefix"] == "/check"
    assert [each["key"] for each in service["authorization_request"]["headers_to_add"]] == ["a", "b"]
    assert [*service["authorization_response"]] == [
        "allowed_upstream_headers",
        "allowed_client_headers",
        "allowed_client_headers_on_success",
    ]
    assert extra["allowed_headers"]["patterns"] == [
        {"exact": "cookie", "ignore_case": True},
        {"prefix": "x-", "ignore_case": True},
        {"suffix": "-id", "ignore_case": True},
    ]
    assert extra["with_request_body"] == {"max_request_bytes": 10, "allow_partial_message": True}


def test_config_over_grpc() -> None:
    found = asked(provider("envoyExtAuthzGrpc"))
    assert (found.cluster, found.protocol) == ("outbound|9000||authz.shop.svc.cluster.local", "grpc")
    service: Any = found.extra["grpc_service"]
    assert service == {"envoy_grpc": {"authority": "authz.shop.svc.cluster.local"}, "timeout": "600s"}


@pytest.mark.parametrize(
    "providers",
    [
        (),
        (provider(name="other"),),
        (provider(service="nowhere"),),
        (provider(port=0),),
        (provider(statusOnError="99"),),
        (provider(pathPrefix="check"),),
        (provider(headersToUpstreamOnAllow=["*"]),),
        (provider(), provider()),
        (ExtensionProvider("asked", "prometheus"),),
    ],
)
def test_without_an_authorizer_what_the_rules_name_is_refused(providers: tuple[ExtensionProvider, ...]) -> None:
    [rbac] = custom_http_filters(known(policy(), providers=providers), PROXY)
    assert isinstance(rbac, HttpRbac)
    assert rbac.rules is not None
    assert (rbac.rules.action, names(rbac)) == ("DENY", [f"{RULE}-deny-due-to-bad-CUSTOM-action"])
    assert rbac.shadow is None


def test_a_policy_without_a_provider_refuses() -> None:
    [rbac] = custom_http_filters(known(policy(asked="")), PROXY)
    assert isinstance(rbac, HttpRbac)
    assert names(rbac) == ["istio-ext-authz-ns[shop]-policy[p]-rule[0]-deny-due-to-bad-CUSTOM-action"]


def test_several_providers_refuse() -> None:
    both = known(policy(), policy("q", "b"), providers=(provider(), provider(name="b")))
    found = custom_http_filters(both, PROXY)
    assert [type(each) for each in found] == [HttpRbac, HttpRbac]
    assert all(isinstance(each, HttpRbac) and each.rules for each in found)


def test_dry_run_is_enforced_as_istiod_does() -> None:
    rbac, _ = custom_http_filters(known(policy(), policy("q", dry_run="true")), PROXY)
    assert isinstance(rbac, HttpRbac)
    assert names(rbac, shadow=True) == [RULE]
    assert names(rbac) == ["istio-ext-authz-asked-ns[shop]-policy[q]-rule[0]"]


def test_connections_are_asked_about_by_grpc_alone() -> None:
    assert custom_network_filters(known(policy()), PROXY) == ()
    found = known(policy(), providers=(provider("envoyExtAuthzGrpc", failOpen=True),))
    rbac, authz = custom_network_filters(found, PROXY)
    assert isinstance(rbac, NetworkRbac)
    assert isinstance(authz, NetworkExtAuthz)
    assert names(rbac, shadow=True) == [RULE]  # paths are for requests only: the rule holds for every connection
    assert (authz.cluster, authz.allow_on_failure) == ("outbound|9000||authz.shop.svc.cluster.local", True)
    assert authz.only_if is not None
    assert authz.only_if.filter == "envoy.filters.network.rbac"
    [refused] = custom_network_filters(known(policy(), providers=()), PROXY)
    assert isinstance(refused, NetworkRbac)
    assert refused.rules is not None


@pytest.mark.parametrize("kind", ["envoyExtAuthzHttp", "envoyExtAuthzGrpc"])
def test_order_of_filters_and_envoy_takes_them(kind: str) -> None:
    deny = AuthorizationPolicy("d", namespace="shop", spec={"action": "DENY", "rules": [{}]})
    off = PeerAuthentication("o", namespace="shop", spec={"mtls": {"mode": "DISABLE"}})
    view = resolve(known(policy(), deny, off, providers=(provider(kind, failOpen=True, statusOnError="503"),)), PROXY)
    inbound = next(each for each in view.listeners if each.name == "virtualInbound")
    manager = next(each for each in inbound.filter_chains if each.name == "0.0.0.0_8080").filters[0]
    assert isinstance(manager, HttpConnectionManager)
    assert [type(each) for each in manager.http_filters[:3]] == [HttpRbac, HttpExtAuthz, HttpRbac]
    tcp = next(each for each in inbound.filter_chains if each.name == "0.0.0.0_9090").filters
    wanted = [NetworkRbac, NetworkExtAuthz, NetworkRbac] if kind.endswith("Grpc") else [NetworkRbac]
    assert [type(each) for each in tcp[:-1]] == wanted
