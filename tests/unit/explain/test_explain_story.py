"""Journeys as trees of text, from hops made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pulumi_mesh.explain import journey_data, story, tree_text
from pulumi_mesh.explain.words import answer_text, changes, limits, request_line
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.proxy.journey import Answer, Hop, Journey
from pulumi_mesh.proxy.simulate import Outcome, Request, Share
from pulumi_mesh.proxy.simulate.outcome import TO_HTTPS, Step
from pulumi_mesh.proxy.view.matching import Fraction
from pulumi_mesh.proxy.view.routes import Mirror, RetryPolicy
from pulumi_mesh.refs import Ref

GATEWAY = Proxy("router", "public", "edge", "10.0.0.1")
SIDECAR = Proxy("sidecar", "a-1", "shop", "10.0.0.2")
ROUTE = Ref("VirtualService", "shop", "a", "spec.http[0]")
REQUEST = Request(host="shop.example.com", path="/a")
CLUSTER = Share("outbound|80||a.shop.svc.cluster.local")


def hop(proxy: Proxy | None, outcome: Outcome, **given: object) -> Hop:
    request = replace(REQUEST, direction="inbound", tls="mtls") if "share" in given else REQUEST
    name = f"{proxy.name}.{proxy.namespace}" if proxy else "10.0.0.3:80"
    return Hop(proxy, name, request, outcome, **given)  # type: ignore[arg-type]


def two_ways() -> Journey:
    steps = (Step("route r matches", ROUTE), Step("to cluster c", ROUTE), Step("no object asks for this"))
    first = Outcome(clusters=(CLUSTER,), path="/b", host="a", why=steps, ref=ROUTE, timeout=timedelta(seconds=1.5))
    denied = Outcome(error="denied", status=403, principal="spiffe://x", why=(Step("denied by p"),))
    return Journey(
        (
            hop(
                GATEWAY,
                first,
                next=(
                    hop(SIDECAR, denied, share=CLUSTER, weight=0.25, error="denied"),
                    hop(None, Outcome(), share=CLUSTER, weight=0.75),
                ),
            ),
        )
    )


def test_tree() -> None:
    text = tree_text(story(two_ways(), REQUEST), lambda ref: f"{ref.name}.yaml:7" if ref == ROUTE else "")
    assert text == (
        "GET http://shop.example.com/a\n"
        "├─ gateway public.edge, port 80\n"
        "│  ├─ route r matches\n"
        "│  │     at VirtualService shop/a spec.http[0] (a.yaml:7)\n"
        "│  ├─ to cluster c\n"
        "│  ├─ no object asks for this\n"
        "│  ├─ sent on as a/b\n"
        "│  │     at VirtualService shop/a spec.http[0] (a.yaml:7)\n"
        "│  ├─ timeout 1.5 s\n"
        "│  ├─ 25 % by mutual TLS to sidecar of a-1.shop, inbound\n"
        "│  │  ├─ the client is spiffe://x\n"
        "│  │  ├─ denied by p\n"
        "│  │  └─ ✗ denied\n"
        "│  └─ 75 % by mutual TLS to 10.0.0.3:80, which has no proxy\n"
        "└─ the client sees\n"
        "   ├─ ✗ 25 %: 403 (denied, a-1.shop)\n"
        "   └─ ✓ 75 %: answered by 10.0.0.3:80\n"
    )


def test_to_https_is_an_end() -> None:
    sent = Outcome(error=TO_HTTPS, status=301, location="https://shop.example.com/a")
    text = tree_text(story(Journey((hop(GATEWAY, sent, error=TO_HTTPS),)), REQUEST), lambda _: "")
    assert text.splitlines()[2:] == [
        "│  └─ ✓ 301 to https://shop.example.com/a",
        "└─ the client sees",
        "   └─ ✓ 301 to https://shop.example.com/a from the proxy public.edge",
    ]


def test_an_address_that_nobody_declares() -> None:
    gone = Share("PassthroughCluster", transport="plaintext")
    left = hop(None, Outcome(), share=gone)
    text = tree_text(story(Journey((hop(SIDECAR, Outcome(clusters=(gone,)), next=(left,)),)), REQUEST), lambda _: "")
    assert "to 10.0.0.3:80, which the mesh does not know: wherever DNS leads" in text
    assert text.endswith("└─ ✓ answered by 10.0.0.3:80, if anybody is there\n")


def test_styles() -> None:
    text = tree_text(story(two_ways(), REQUEST), lambda _: "", lambda text, kind: f"<{kind}:{text}>")
    assert "├─ <step:route r matches>\n│  │   <ref:  at VirtualService shop/a spec.http[0]>\n" in text
    assert "└─ <error:✗ denied>\n" in text


def test_data() -> None:
    data = journey_data(two_ways(), REQUEST, lambda ref: f"{ref.name}.yaml:7")
    (first,) = data["hops"]
    assert first["steps"][0] == {
        "text": "route r matches",
        "ref": {"kind": "VirtualService", "namespace": "shop", "name": "a", "path": "spec.http[0]"},
        "place": "a.yaml:7",
    }
    assert first["steps"][2] == {"text": "no object asks for this", "ref": None, "place": ""}
    assert first["changes"] == ["sent on as a/b"]
    assert [(each["workload"], each["fraction"], each["error"]) for each in first["next"]] == [
        ("a-1.shop", 0.25, "denied"),
        ("10.0.0.3:80", 0.75, ""),
    ]
    assert [(each["status"], each["error"], each["by"]) for each in data["answers"]] == [
        (403, "denied", "a-1.shop"),
        (200, "", "10.0.0.3:80"),
    ]


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (REQUEST, "GET http://shop.example.com/a"),
        (replace(REQUEST, method="POST", tls="tls"), "POST https://shop.example.com/a"),
        (replace(REQUEST, protocol="tcp", port=5432), "tcp://shop.example.com:5432"),
        (replace(REQUEST, protocol="tcp", host="pg:5432", port=5432), "tcp://pg:5432"),
        (replace(REQUEST, protocol="tcp", host="[2001:db8::1]", port=5432), "tcp://[2001:db8::1]:5432"),
        (replace(REQUEST, protocol="tcp", port=443, tls="tls"), "tls://shop.example.com:443"),
    ],
)
def test_request_line(request_: Request, text: str) -> None:
    assert request_line(request_) == text


@pytest.mark.parametrize(
    ("outcome", "status", "error", "text"),
    [
        (Outcome(), 200, "", "answered by public.edge"),
        (Outcome(), None, "", "connected to public.edge"),
        (Outcome(status=301, location="https://x/"), 301, "", "301 to https://x/ from the proxy public.edge"),
        (Outcome(status=404), 404, "no route matched", "404 (no route matched, public.edge)"),
        (Outcome(), None, "invalid mTLS", "the TLS handshake fails (invalid mTLS, public.edge)"),
        (Outcome(), None, "no listener matched", "the connection is refused (no listener matched, public.edge)"),
    ],
)
def test_answer(outcome: Outcome, status: int | None, error: str, text: str) -> None:
    answer = Answer(1.0, status, error, (hop(GATEWAY, outcome),))  # type: ignore[arg-type]
    assert answer_text(answer) == text


def test_changes_and_limits() -> None:
    request = replace(REQUEST, headers=(("X-Old", "1"), ("x-same", "2"), ("x-new", "3")))
    outcome = Outcome(
        host=REQUEST.host,
        path=REQUEST.path,
        request_headers=(("x-same", "2"), ("x-new", "4"), ("x-more", "5")),
        response_headers=(("server", "s"),),
        response_headers_removed=("via",),
        timeout=timedelta(0),
        retry=RetryPolicy(("5xx", "reset"), 3, per_try_timeout=timedelta(milliseconds=250)),
        mirrors=(Mirror("c"), Mirror("d", Fraction(5))),
    )
    assert list(changes(request, outcome)) == [
        "sets header x-new: 4",
        "sets header x-more: 5",
        "removes header x-old",
        "sets header server: s on the answer",
        "removes header via from the answer",
    ]
    assert list(limits(outcome)) == [
        "tried again up to 3 times, 0.25 s each, on 5xx, reset",
        "it is copied to c",
        "5 % are copied to d",
    ]
    assert list(limits(Outcome(retry=RetryPolicy(("5xx",), 1)))) == ["tried again once, on 5xx"]
    assert list(limits(Outcome(retry=RetryPolicy((), 0)))) == []
