"""Mistakes in CORS, direct responses, listeners, and TCP and TLS routes, each with its path and what would be right."""

from collections.abc import Callable
from typing import Any

import pytest

import pulumi_mesh as pm

anything: Any = pm  # the same, but type checkers let mistakes pass
reviews = pm.Service("reviews", namespace="bookinfo", port=9080, versions=["v1", pm.Version("v0", retired=True)])
answer = pm.DirectResponse(200)
db = pm.Service("db", namespace="data", ports=[pm.Port(5432, protocol="TCP"), pm.Port(5433, protocol="TCP"), 80])
vault = pm.Service("vault", namespace="data", ports=[pm.Port(8443, protocol="TLS")], versions=["v1"])
web = pm.Gateway("web", listeners=[pm.Listener("http", port=80)])
streams = pm.Gateway(
    "streams",
    listeners=[
        pm.Listener("tcp", port=5432, protocol="TCP"),
        pm.Listener("tls", port=443, protocol="TLS", tls_mode="PASSTHROUGH", hostnames=["*.example.com"]),
    ],
)


def listener(**given: Any) -> Any:
    return anything.Listener("a", **{"port": 443, **given})


def tcp(**given: Any) -> Any:
    return anything.TCPRoute("r", **{"backends": [vault], **given})


def tls(**given: Any) -> Any:
    return anything.TLSRoute("r", **{"backends": [vault], **given})


CASES: list[tuple[Callable[[], Any], str]] = [
    # rules
    (lambda: pm.DirectResponse(199), "DirectResponse.status: is 199; at least 200"),
    (lambda: pm.DirectResponse(200, body="x" * (2**20 + 1)), "DirectResponse.body: every proxy is sent the body"),
    (
        lambda: pm.Rule(direct_response=answer, backends=[reviews]),
        "Rule.backends: a rule that answers itself sends nothing on; leave it away",
    ),
    (
        lambda: pm.Rule(direct_response=answer, rewrite=pm.Rewrite(path="/")),
        "Rule.rewrite: a rule that answers itself sends nothing on",
    ),
    (
        lambda: pm.Rule(direct_response=answer, redirect=pm.Redirect(path="/")),
        "Rule.direct_response: a rule answers in one way; give redirect or direct_response",
    ),
    (lambda: pm.Cors(allow_origins=[]), "Cors.allow_origins: nobody is allowed; name an origin"),
    (anything.Cors, "Cors.allow_origins: is required"),
    (
        lambda: pm.Cors(allow_origins=[pm.TextMatch(kind="present")]),
        'Cors.allow_origins[0].kind: to allow any origin write "*"',
    ),
    (lambda: pm.Cors(allow_origins=["*"], max_age="1500ms"), "Cors.max_age: browsers are told whole seconds"),
    (lambda: anything.Cors(allow_origins=["*"], allow_methods=["GETS"]), "Cors.allow_methods[0]: is 'GETS'; one of"),
    (lambda: anything.Cors(allow_origins=[5]), "Cors.allow_origins[0]: needs TextMatch or a mapping, not a number"),
    # listeners
    (
        lambda: listener(protocol="TLS"),
        'Listener("a").certificate: a TLS listener needs the name of the Secret that holds its certificate; to pass',
    ),
    (
        lambda: listener(protocol="HTTPS", tls_mode="PASSTHROUGH"),
        "Listener(\"a\").tls_mode: HTTPS ends here; to pass TLS on set protocol='TLS'",
    ),
    (
        lambda: listener(protocol="TLS", tls_mode="PASSTHROUGH", certificate="c"),
        'Listener("a").certificate: TLS that is passed on ends elsewhere',
    ),
    (
        lambda: listener(protocol="TLS", tls_mode="PASSTHROUGH", min_tls_version="TLSV1_3"),
        'Listener("a").min_tls_version: TLS that is passed on ends elsewhere',
    ),
    (
        lambda: listener(tls_mode="MUTUAL"),
        "Listener(\"a\").tls_mode: an HTTP listener has no TLS; set protocol='HTTPS'",
    ),
    (
        lambda: listener(protocol="TCP", certificate="c"),
        "Listener(\"a\").certificate: a TCP listener has no certificate; set protocol='TLS'",
    ),
    (
        lambda: listener(protocol="TCP", hostnames=["a.com"]),
        'Listener("a").hostnames: plain TCP does not tell host names apart',
    ),
    (
        lambda: listener(protocol="HTTPS", certificate="c", client_ca="d"),
        "Listener(\"a\").client_ca: clients are asked for no certificate; set tls_mode='MUTUAL'",
    ),
    (lambda: listener(min_tls_version="TLSV1_3"), 'Listener("a").min_tls_version: an HTTP listener has no TLS version'),
    (
        lambda: anything.Gateway("g", listeners=[listener(protocol="TCP"), {"name": "b", "port": 443}]),
        "Gateway(\"g\").listeners[1]: 'a' and 'b' speak different protocols on port 443",
    ),
    # TCP and TLS routes
    (tcp, 'TCPRoute("r").gateways: give either gateways, for connections from outside, or services'),
    (lambda: tcp(gateways=[streams], services=[db]), 'TCPRoute("r").gateways: give either gateways'),
    (lambda: tls(services=[vault], hostnames=["a.com"]), 'TLSRoute("r").hostnames: a route for services takes'),
    (lambda: tcp(gateways=[streams], backends=[]), 'TCPRoute("r").backends: a route needs backends'),
    (lambda: anything.TCPRoute("r", gateways=[streams]), 'TCPRoute("r").backends: is required'),
    (
        lambda: tcp(gateways=[streams], backends=[vault["v1"], vault["v1"]]),
        'TCPRoute("r").backends[1]: vault v1 is there twice; add its weights up',
    ),
    (
        lambda: tcp(gateways=[streams], backends=[reviews["v0"]]),
        "TCPRoute(\"r\").backends[0]: version 'v0' of reviews is retired",
    ),
    (
        lambda: tcp(gateways=[streams], backends=[pm.Backend(vault, weight=0)]),
        'TCPRoute("r").backends: all weights are 0',
    ),
    (
        lambda: tcp(gateways=[web]),
        'TCPRoute("r").gateways[0]: web has no listener of TCP, or of TLS that ends there',
    ),
    (
        lambda: tls(gateways=[streams], port=5432),
        "TLSRoute(\"r\").gateways[0]: streams has no listener of TLS that is passed on (tls_mode='PASSTHROUGH') on",
    ),
    (
        lambda: tls(gateways=[streams], hostnames=["a.example.com", "a.org"]),
        "TLSRoute(\"r\").hostnames[1]: no listener of its gateways takes 'a.org'; they take *.example.com",
    ),
    (
        lambda: tcp(services=[db]),
        'TCPRoute("r").port: db has several ports that it could act on; name one of [5432, 5433]',
    ),
    (lambda: tcp(services=[db], port=80), 'TCPRoute("r").services[0]: db has no port 80 that speaks anything but HTTP'),
    (lambda: tls(services=[db]), 'TLSRoute("r").services[0]: db has no port that speaks TLS or HTTPS'),
    (
        lambda: pm.HTTPRoute("r", gateways=[streams], rules=[pm.Rule(backends=[vault])]),
        'HTTPRoute("r").gateways[0]: streams has no listener of HTTP or HTTPS',
    ),
]


@pytest.mark.parametrize(("make", "expected"), CASES, ids=[text.partition(";")[0][:70] for _, text in CASES])
def test_problem(make: Callable[[], Any], expected: str) -> None:
    with pytest.raises(pm.InvalidError) as raised:
        make()
    assert str(raised.value).startswith(expected)
    assert "\n" not in str(raised.value)
