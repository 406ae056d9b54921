"""Envoy itself takes what is written (``--mode validate``): the rich view, and views that mean something."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pulumi_mesh.local.validate import binary
from pulumi_mesh.proxy.envoy.write import write_discovery, write_static
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view import clusters as c
from pulumi_mesh.proxy.view import listeners as ls
from pulumi_mesh.proxy.view import matching as m
from pulumi_mesh.proxy.view import rbac as a
from pulumi_mesh.proxy.view import routes as r
from pulumi_mesh.proxy.view.addresses import SocketAddress

from .rich import RICH, SECRET_FILE

SECRET = {
    "resources": [
        {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
            "name": "gateway",
            "generic_secret": {"secret": {"inline_string": ""}},
        }
    ]
}


def refused(bootstrap: Mapping[str, Any], folder: Path) -> str:
    """Envoy's words, or none when it takes the bootstrap."""
    secret = folder / SECRET_FILE
    secret.parent.mkdir(exist_ok=True)
    secret.write_text(json.dumps(SECRET))
    (folder / "envoy.json").write_text(json.dumps(bootstrap))
    done = subprocess.run(
        [binary(), "--mode", "validate", "-c", "envoy.json", "--disable-hot-restart", "-l", "error"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr if done.returncode else ""


def test_rich_view_static(tmp_path: Path) -> None:
    assert refused(write_static(RICH, admin=SocketAddress("127.0.0.1", 0)), tmp_path) == ""


def test_bootstrap_for_discovery(tmp_path: Path) -> None:
    files = write_discovery(RICH, str(tmp_path), admin=SocketAddress("127.0.0.1", 0))
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(files[name]))
    assert refused(files["bootstrap.json"], tmp_path) == ""


def test_what_is_wrong_is_refused(tmp_path: Path) -> None:
    wrong = replace(RICH, clusters=(c.Cluster("x", "STATIC", load_balancing=c.LoadBalancing("CLUSTER_PROVIDED")),))
    assert "cluster provided LB specified" in refused(write_static(wrong), tmp_path)


spans = st.timedeltas(timedelta(milliseconds=1), timedelta(days=1))
paths = st.one_of(
    st.builds(r.PathMatch, st.sampled_from(["prefix", "path"]), st.sampled_from(["/", "/a", "/b/c"]), st.booleans()),
    st.just(r.PathMatch("path_separated_prefix", "/a/b")),
    st.just(r.PathMatch("regex", "/[a-z]+")),
)
strings = st.one_of(
    st.builds(
        m.StringMatch,
        st.sampled_from(["exact", "prefix", "suffix", "contains"]),
        st.sampled_from(["a", "spiffe://b/c", "x.y"]),
        st.booleans(),
    ),
    st.just(m.StringMatch("regex", "a.*")),  # Envoy refuses ignore_case beside it
)
headers = st.builds(
    m.HeaderMatch, st.sampled_from([":method", ":authority", "x-a"]), st.none() | strings, st.booleans(), st.booleans()
)
changes = st.builds(
    r.HeaderChanges,
    st.lists(st.builds(r.HeaderValue, st.sampled_from(["x-a", "x-b"]), st.just("v"), st.booleans()), max_size=2).map(
        tuple
    ),
    st.sampled_from([(), ("x-c",)]),
)
percent = st.builds(m.Fraction, st.integers(0, 100), st.sampled_from([100, 10_000, 1_000_000]))
retries = st.builds(
    r.RetryPolicy,
    st.sampled_from([("5xx",), ("connect-failure", "retriable-status-codes")]),
    st.integers(0, 10),
    st.none() | spans,
    st.sampled_from([(), (503,)]),
    st.booleans(),
    st.integers(0, 9),
)
forwards = st.builds(
    r.Forward,
    weighted=st.lists(
        st.builds(r.WeightedCluster, st.sampled_from("xy"), st.integers(1, 100), changes, changes),
        min_size=1,
        max_size=3,
    ).map(tuple),
    timeout=st.none() | st.just(timedelta(0)) | spans,
    retry=st.none() | retries,
    mirrors=st.lists(st.builds(r.Mirror, st.sampled_from("xy"), st.none() | percent), max_size=2).map(tuple),
    hash_policies=st.lists(st.builds(r.HashPolicy, st.just("x-a"), terminal=st.booleans()), max_size=1).map(tuple),
    host_rewrite=st.sampled_from(["", "a.example.com"]),
)
routes = st.builds(
    r.Route,
    match=st.builds(r.RouteMatch, paths, st.lists(headers, max_size=2).map(tuple)),
    action=forwards
    | st.builds(r.Redirect, host=st.just("x"), code=st.sampled_from([301, 302, 303, 307, 308]))
    | st.builds(r.DirectResponse, st.integers(200, 599), st.sampled_from(["", "body"])),
    name=st.sampled_from(["", "n"]),
    request_headers=changes,
    response_headers=changes,
    fault=st.none()
    | st.builds(r.Fault, spans, percent)
    | st.builds(r.Fault, abort_status=st.integers(200, 599), abort_fraction=percent),
)
permissions = st.recursive(
    st.just(a.Always()) | st.builds(a.UrlPath, strings) | st.builds(a.DestinationPort, st.integers(0, 65535)),
    lambda inner: (
        st.builds(a.Not, inner) | st.builds(a.AllOf, st.tuples(inner)) | st.builds(a.AnyOf, st.tuples(inner, inner))
    ),
    max_leaves=3,
)
rules = st.builds(
    a.Rules,
    st.sampled_from(["ALLOW", "DENY", "LOG"]),
    st.tuples(
        st.builds(
            a.Policy,
            st.just("p"),
            st.tuples(permissions),
            st.tuples(st.builds(a.Authenticated, st.none() | strings)),
        )
    ),
)
clusters = st.builds(
    c.Cluster,
    st.just("x"),
    st.just("EDS"),
    connect_timeout=st.none() | spans,
    load_balancing=st.builds(c.LoadBalancing, st.sampled_from(["ROUND_ROBIN", "LEAST_REQUEST"]), slow_start=spans)
    | st.builds(c.LoadBalancing, st.sampled_from(["RING_HASH", "MAGLEV", "RANDOM"])),
    circuit_breakers=st.none()
    | st.builds(c.CircuitBreakers, st.none() | st.integers(0, 9), track_remaining=st.booleans()),
    outlier_detection=st.none() | st.builds(c.OutlierDetection, st.none() | st.integers(0, 9), interval=spans),
    http=st.none() | st.builds(c.HttpOptions, st.sampled_from(["http2", "downstream"]), st.integers(0, 9), spans),
)


@st.composite
def meaningful_views(draw: st.DrawFn) -> ProxyView:
    """A view that a proxy could have."""
    route = r.RouteConfig(
        "80",
        (r.VirtualHost("all", ("*",), tuple(draw(st.lists(routes, max_size=3))), draw(st.sampled_from(["", "ALL"]))),),
        draw(st.sampled_from([None, False])),
    )
    manager = ls.HttpConnectionManager(
        "http",
        "80",
        (a.HttpRbac(draw(st.none() | rules), draw(st.none() | rules)), ls.FaultFilter(), ls.RouterFilter()),
        upgrades=draw(st.sampled_from([(), ("websocket",)])),
    )
    chain = ls.FilterChain((a.NetworkRbac(None, "tcp."), manager))
    endpoints = (c.LocalityEndpoints((c.Endpoint(SocketAddress("10.0.0.1", 80), "istio", 1),), "r/z", 1),)
    return ProxyView(
        "n",
        "s",
        (ls.Listener("l", SocketAddress("127.0.0.1", 80), (chain,), listener_filters_timeout=draw(spans)),),
        (route,),
        (draw(clusters), c.Cluster("y", "ORIGINAL_DST", load_balancing=c.LoadBalancing("CLUSTER_PROVIDED"))),
        (c.EndpointSet("x", endpoints),),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
@given(meaningful_views())
def test_meaningful_views(view: ProxyView) -> None:
    with TemporaryDirectory() as folder:
        assert refused(write_static(view), Path(folder)) == ""
