"""The generated Gateway API types: what is theirs alone, beside what tests/unit/manifests asks of every kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_mesh import gateway_api
from pulumi_mesh.errors import InvalidError
from pulumi_mesh.gateway_api import experimental, http_route
from pulumi_mesh.manifests.wire import to_wire


def test_both_channels_have_all_kinds_of_the_release() -> None:
    standard = {name for name in gateway_api.__all__ if name[0].isupper()}
    assert standard == {
        "BackendTLSPolicy", "GRPCRoute", "Gateway", "GatewayClass", "HTTPRoute", "ListenerSet", "ReferenceGrant",
        "TCPRoute", "TLSRoute", "UDPRoute",
    }  # fmt: skip
    wider = {name for name in experimental.__all__ if name[0].isupper()}
    assert {name for name in wider if name.startswith("X")} == {"XBackend", "XBackendTrafficPolicy", "XMesh"}
    assert {name for name in wider if not name.startswith("X")} < standard


def test_what_the_server_would_fill_in_is_not_said() -> None:
    made = gateway_api.HTTPRoute("a", spec={"rules": [{"backendRefs": [{"name": "b"}]}]})
    assert to_wire(made)["spec"] == {"rules": [{"backendRefs": [{"name": "b"}]}]}
    assert made.spec.rules is not None
    assert made.spec.rules[0].matches is None


def test_fields_that_are_words_of_python_or_of_the_types_end_in_an_underscore() -> None:
    grant = gateway_api.ReferenceGrant(
        "a", spec=gateway_api.reference_grant.ReferenceGrantSpec(
            from_=[{"group": "a", "kind": "B", "namespace": "c"}], to=[{"group": "", "kind": "Service"}]
        )
    )  # fmt: skip
    assert to_wire(grant)["spec"]["from"] == [{"group": "a", "kind": "B", "namespace": "c"}]
    frontend = gateway_api.gateway.Frontend(default_={"validation": {"caCertificateRefs": AUTHORITY}})
    assert frontend.default_.validation is not None


AUTHORITY = [{"group": "", "kind": "ConfigMap", "name": "ca"}]
ROUTE = 'HTTPRoute("a").spec.rules[0]'


def rule(**given: Any) -> Callable[[], Any]:
    return lambda: gateway_api.HTTPRoute("a", spec={"rules": [given]})


WRONG: dict[str, tuple[Callable[[], Any], str, str]] = {
    "port": (
        rule(backendRefs=[{"name": "b", "port": 65536}]), f"{ROUTE}.backendRefs[0].port", "is 65536; at most 65535",
    ),
    "enum": (
        rule(matches=[{"path": {"type": "Prefix"}}]),
        f"{ROUTE}.matches[0].path.type",
        "is 'Prefix'; one of 'Exact', 'PathPrefix' or 'RegularExpression'",
    ),
    "number enum": (
        rule(filters=[{"type": "RequestRedirect", "requestRedirect": {"statusCode": 300}}]),
        f"{ROUTE}.filters[0].requestRedirect.statusCode",
        "is 300; one of 301, 302, 303, 307 or 308",
    ),
    "pattern": (
        rule(timeouts={"request": "1d"}),
        f"{ROUTE}.timeouts.request",
        "is '1d'; must match ^([0-9]{1,5}(h|m|s|ms)){1,4}$",
    ),
    "experimental": (
        rule(retry={}),
        f"{ROUTE}.retry",
        "is not a field here; fields: backendRefs, filters, matches, name, timeouts",
    ),
    "scope": (
        lambda: gateway_api.GatewayClass("a", namespace="b", spec={"controllerName": "a.io/b"}),
        'GatewayClass("a").namespace',
        "must be empty: a GatewayClass is cluster-scoped",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong_structure(case: str) -> None:
    make, where, message = WRONG[case]
    with pytest.raises(InvalidError) as caught:
        make()
    assert caught.value.problems == [(where, message)]


def test_the_experimental_type_takes_more() -> None:
    made = experimental.HTTPRoute("a", spec={"rules": [{"retry": {"codes": [503]}}]})
    assert to_wire(made)["spec"]["rules"][0] == {"retry": {"codes": [503]}}
    assert not isinstance(made, gateway_api.HTTPRoute)
    assert http_route.Rule is not experimental.http_route.Rule
