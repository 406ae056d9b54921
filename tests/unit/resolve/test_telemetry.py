"""Telemetry: access logs and tracing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from pulumi_mesh.frozen import FrozenMap, freeze, thaw
from pulumi_mesh.istio import Gateway, Telemetry
from pulumi_mesh.manifests.facts import ExtensionProvider, KnownService, MeshConfig, Proxy, ServicePort
from pulumi_mesh.manifests.snapshot import Snapshot, snapshot
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.resolve.telemetry.access_logs import Logging, merged
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.listeners import HttpConnectionManager, Listener, TcpProxy
from pulumi_mesh.proxy.view.telemetry import AccessLog, Tracing

LABELS = FrozenMap({"app": "a"})
PROXY = Proxy("sidecar", "a", "shop", "10.0.0.1", LABELS)
ROUTER = Proxy("router", "gw", "shop", "10.0.0.2", FrozenMap({"istio": "gw"}))
COLLECTOR = KnownService(
    "collector.shop.svc.cluster.local",
    "collector",
    "shop",
    (ServicePort("grpc", 4317, 4317, "GRPC"), ServicePort("http", 9411, 9411, "HTTP")),
    "10.1.0.1",
    selector=FrozenMap({"app": "collector"}),
)
OWN = KnownService(
    "a.shop.svc.cluster.local",
    "a",
    "shop",
    (ServicePort("http", 80, 8080, "HTTP"), ServicePort("tcp", 90, 9090, "TCP")),
    "10.1.0.2",
    selector=LABELS,
)
GATEWAY = Gateway(
    "gw",
    namespace="shop",
    spec={
        "selector": {"istio": "gw"},
        "servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}],
    },
)
AT = {"service": "collector.shop.svc.cluster.local"}


def provider(name: str, kind: str, **config: Any) -> ExtensionProvider:
    return ExtensionProvider(name, kind, freeze({**AT, **config}))


FILE = ExtensionProvider("file", "envoyFileAccessLog", freeze({"path": "/tmp/a.log"}))  # noqa: S108 - never opened
ZIPKIN = provider("zipkin", "zipkin", port=9411)


def telemetry(name: str = "t", namespace: str = "shop", **spec: Any) -> Telemetry:
    return Telemetry(name, namespace=namespace, spec=spec)


def known(*objects: Object, **mesh: Any) -> Snapshot:
    config = MeshConfig(**{"extension_providers": (FILE, ZIPKIN), **mesh})
    return snapshot([GATEWAY, *objects], services=[COLLECTOR, OWN], proxies=[PROXY, ROUTER], mesh=config)


def filters(listener: Listener) -> Iterator[HttpConnectionManager | TcpProxy]:
    default = listener.default_filter_chain
    for chain in (*listener.filter_chains, *([default] if default else [])):
        if not chain.name.endswith("-blackhole"):
            yield from (each for each in chain.filters if isinstance(each, HttpConnectionManager | TcpProxy))


def logs(view: ProxyView, direction: str) -> set[tuple[AccessLog, ...]]:
    listeners = (each for each in view.listeners if each.traffic_direction == direction)
    return {each.access_logs for listener in listeners for each in filters(listener)}


def the_log(*objects: Object, direction: str = "INBOUND", **mesh: Any) -> AccessLog:
    [(log,)] = logs(resolve(known(*objects, **mesh), PROXY), direction)
    return log


def logging(*names: str, **fields: Any) -> dict[str, Any]:
    return {**fields, "providers": [{"name": name} for name in names]} if names else fields


def test_nothing_is_logged_or_traced_where_nobody_asks() -> None:
    view = resolve(known(), PROXY)
    assert logs(view, "INBOUND") == logs(view, "OUTBOUND") == {()}
    assert all(each.access_logs == () for each in view.listeners)
    managers = [each for one in view.listeners for each in filters(one) if isinstance(each, HttpConnectionManager)]
    assert {each.tracing for each in managers} == {None}


def test_the_file_of_the_mesh() -> None:
    view = resolve(known(access_log_file="/dev/stdout"), PROXY)
    [(log,)] = logs(view, "INBOUND") | logs(view, "OUTBOUND")
    config = thaw(log.config)
    assert (log.name, config["path"]) == ("envoy.access_loggers.file", "/dev/stdout")
    line = config["log_format"]["text_format_source"]["inline_string"]
    assert line.startswith('[%START_TIME%] "%REQ(:METHOD)%')
    assert line.endswith("%ROUTE_NAME%\n")


def test_which_listeners_log_themselves() -> None:
    view = resolve(known(access_log_file="/dev/stdout"), PROXY)
    itself = {each.name for each in view.listeners if each.access_logs}
    assert itself == {"virtualInbound", "virtualOutbound"}
    assert {each.access_logs[0].response_flags for each in view.listeners if each.access_logs} == {("NR",)}
    holes = [
        each.filters[-1] for one in view.listeners for each in one.filter_chains if each.name.endswith("-blackhole")
    ]
    assert len(holes) == 2
    assert all(isinstance(each, TcpProxy) and not each.access_logs for each in holes)
    quiet = resolve(known(access_log_file="/dev/stdout", listener_log=False), PROXY)
    assert all(not each.access_logs for each in quiet.listeners)
    gateway = resolve(known(access_log_file="/dev/stdout"), ROUTER)
    assert [bool(each.access_logs) for each in gateway.listeners] == [True]


@pytest.mark.parametrize(
    ("encoding", "given", "field", "wanted"),
    [
        ("TEXT", "%PROTOCOL%", "text_format_source", {"inline_string": "%PROTOCOL%\n"}),
        ("TEXT", "a\n", "text_format_source", {"inline_string": "a\n"}),
        ("JSON", '{"p": "%PROTOCOL%"}', "json_format", {"p": "%PROTOCOL%"}),
        ("TEXT", "%REQ_WITHOUT_QUERY(:PATH)%", "formatters", ["envoy.formatter.req_without_query"]),
        ("JSON", '{"p": "%REQ_WITHOUT_QUERY(:PATH)%"}', "formatters", ["envoy.formatter.req_without_query"]),
    ],
)
def test_forms_of_the_mesh(encoding: Any, given: str, field: str, wanted: Any) -> None:
    log = the_log(access_log_file="/dev/stdout", access_log_encoding=encoding, access_log_format=given)
    found = thaw(log.config)["log_format"][field]
    assert ([each["name"] for each in found] if field == "formatters" else found) == wanted


@pytest.mark.parametrize("given", ["", "no JSON", "[]"])
def test_istios_json(given: str) -> None:
    log = the_log(access_log_file="/dev/stdout", access_log_encoding="JSON", access_log_format=given)
    found = thaw(log.config)["log_format"]["json_format"]
    assert (len(found), found["path"]) == (24, "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%")


def entries(*parts: dict[str, Any]) -> Telemetry:
    return telemetry(accessLogging=list(parts))


OFF, ALL = Logging(disabled=True), Logging()


@pytest.mark.parametrize(
    ("parts", "default", "side", "wanted"),
    [
        ([], ("d",), "SERVER", {"d": ALL}),
        ([entries(logging("a"))], ("d",), "SERVER", {"a": ALL}),
        ([entries(logging())], ("d",), "SERVER", {"d": ALL}),
        ([entries(logging("a")), entries(logging("b"))], (), "SERVER", {"b": ALL}),
        ([entries(logging("a")), entries(logging(disabled=True))], (), "SERVER", {"a": OFF}),
        ([entries(logging("a", match={"mode": "CLIENT"}))], (), "SERVER", {}),
        ([entries(logging("a", match={"mode": "CLIENT"}))], (), "CLIENT", {"a": ALL}),
        ([entries(logging("a", match={"mode": "CLIENT_AND_SERVER"}))], (), "CLIENT", {"a": ALL}),
        ([entries(logging("a", filter={"expression": "x"}))], (), "SERVER", {"a": Logging(False, "x")}),
        (
            [entries(logging("a", filter={"expression": "x"})), entries(logging("a", "b"))],
            (),
            "SERVER",
            {"a": ALL, "b": ALL},
        ),
        (
            [entries(logging("a")), entries(logging(disabled=True, match={"mode": "CLIENT"}))],
            (),
            "CLIENT",
            {"a": OFF},
        ),
        ([entries(logging("a"), logging("b", disabled=True))], (), "SERVER", {"a": ALL, "b": OFF}),
    ],
)
def test_merged(parts: list[Telemetry], default: tuple[str, ...], side: Any, wanted: dict[str, Logging]) -> None:
    assert merged(parts, default, side) == wanted


def test_from_the_widest_to_the_narrowest() -> None:
    root = telemetry("r", "istio-system", accessLogging=[logging("envoy")])
    space = telemetry("s", accessLogging=[logging("file")])
    narrow = telemetry("n", selector={"matchLabels": {"app": "a"}}, accessLogging=[logging(disabled=True)])
    other = telemetry("o", selector={"matchLabels": {"app": "b"}}, accessLogging=[logging("envoy")])
    elsewhere = telemetry("e", "istio-system", selector={"matchLabels": {"app": "a"}}, accessLogging=[logging("envoy")])
    assert the_log(root).config["path"] == "/dev/stdout"
    assert the_log(root, space, other, elsewhere).config["path"] == FILE.config["path"]
    assert logs(resolve(known(root, space, narrow, access_log_file="/x"), PROXY), "INBOUND") == {()}


def test_of_two_that_hold_for_all_the_first_counts() -> None:
    first, second = telemetry("a", accessLogging=[logging("file")]), telemetry("b", accessLogging=[logging("envoy")])
    assert the_log(second, first).config["path"] == FILE.config["path"]


def test_telemetry_takes_the_place_of_the_meshs_file() -> None:
    on_clients = telemetry(accessLogging=[logging("file", match={"mode": "CLIENT"})])
    assert the_log(on_clients, direction="OUTBOUND", access_log_file="/x").config["path"] == FILE.config["path"]
    assert the_log(on_clients, access_log_file="/x").config["path"] == "/x"
    unknown = telemetry(accessLogging=[logging("nobody")])
    assert the_log(unknown, access_log_file="/x").config["path"] == "/x"


def test_the_default_providers_of_the_mesh() -> None:
    assert the_log(access_log_providers=("FILE",), access_log_file="/x").config["path"] == FILE.config["path"]


def test_a_filter() -> None:
    view = resolve(
        known(telemetry(accessLogging=[logging("file", filter={"expression": "response.code >= 400"})])), PROXY
    )
    [(log,)] = logs(view, "INBOUND")
    assert (log.expression, log.response_flags) == ("response.code >= 400", ())
    [caught] = [each for each in view.listeners if each.name == "virtualInbound"]
    assert (caught.access_logs[0].expression, caught.access_logs[0].response_flags) == ("response.code >= 400", ("NR",))


@pytest.mark.parametrize(
    ("kind", "config", "name", "fields"),
    [
        (
            "envoyHttpAls",
            {"additionalRequestHeadersToLog": ["x"]},
            "envoy.access_loggers.http_grpc",
            {"log_name": "http_envoy_accesslog"},
        ),
        ("envoyTcpAls", {"logName": "mine"}, "envoy.tcp_grpc_access_log", {"log_name": "mine"}),
        (
            "envoyOtelAls",
            {"logFormat": {"text": "%PROTOCOL%", "labels": {"a": "%REQ_WITHOUT_QUERY(:PATH)%"}}},
            "envoy.access_loggers.open_telemetry",
            {"log_name": "otel_envoy_accesslog"},
        ),
    ],
)
def test_services(kind: str, config: dict[str, Any], name: str, fields: dict[str, Any]) -> None:
    said = telemetry(accessLogging=[logging("als")])
    log = the_log(said, extension_providers=(provider("als", kind, port=4317, **config),))
    common = thaw(log.config)["common_config"]
    assert log.name == name
    assert common["grpc_service"]["envoy_grpc"]["cluster_name"] == "outbound|4317||collector.shop.svc.cluster.local"
    assert fields.items() <= common.items()
    nowhere = ExtensionProvider("als", kind, freeze({"service": "nowhere", "port": 1}))
    assert logs(resolve(known(said, extension_providers=(nowhere,)), PROXY), "INBOUND") == {()}


@pytest.mark.parametrize("form", [{"text": "%REQ_WITHOUT_QUERY(:PATH)%"}, {"labels": {"p": "%PROTOCOL%"}}, {}])
def test_forms_of_a_provider(form: dict[str, Any]) -> None:
    made = ExtensionProvider("file", "envoyFileAccessLog", freeze({"logFormat": form, "omitEmptyValues": True}))
    log = the_log(telemetry(accessLogging=[logging("file")]), extension_providers=(made,))
    config = thaw(log.config)
    assert (config["path"], config["log_format"]["omit_empty_values"]) == ("/dev/stdout", True)
    assert ("json_format" in config["log_format"]) is ("labels" in form)


def tracing(*objects: Object, proxy: Proxy = PROXY, direction: str = "INBOUND", **mesh: Any) -> Tracing | None:
    view = resolve(known(*objects, **mesh), proxy)
    managers = [
        each
        for listener in view.listeners
        if listener.traffic_direction == direction
        for each in filters(listener)
        if isinstance(each, HttpConnectionManager)
    ]
    [found] = {each.tracing for each in managers}
    return found


def traced(*objects: Object, **mesh: Any) -> Tracing:
    found = tracing(*objects, **mesh)
    assert found is not None
    return found


def test_zipkin() -> None:
    found = traced(telemetry(tracing=[logging("zipkin", randomSamplingPercentage=12.5)]))
    assert (found.provider, found.random_sampling) == ("envoy.tracers.zipkin", 12.5)
    config = thaw(found.config)
    assert config["collector_service"]["http_uri"] == {
        "uri": "http://collector.shop.svc.cluster.local/api/v2/spans",
        "cluster": "outbound|9411||collector.shop.svc.cluster.local",
        "timeout": "5s",
    }
    assert config["trace_id_128bit"] is True
    assert found.extra["client_sampling"] == found.extra["overall_sampling"] == {"value": 100.0}


def test_own_tags() -> None:
    found: Any = traced(tracing_providers=("zipkin",)).extra["custom_tags"]
    tags = {each["tag"]: each for each in found}
    assert [*tags] == sorted(tags)
    assert len(tags) == 9
    assert tags["istio.namespace"]["literal"] == {"value": "shop"}
    assert tags["istio.canonical_revision"]["literal"] == {"value": "latest"}


def test_tags_that_are_given() -> None:
    given = {
        "a": {"literal": {"value": "1"}},
        "b": {"header": {"name": "x-b", "defaultValue": "2"}},
        "c": {"environment": {"name": "C"}},
        "d": {"formatter": {"value": "%PROTOCOL%"}},
    }
    found = traced(telemetry(tracing=[logging("zipkin", customTags=given, enableIstioTags=False)]))
    assert found.extra["custom_tags"] == freeze(
        (
            {"tag": "a", "literal": {"value": "1"}},
            {"tag": "b", "request_header": {"name": "x-b", "default_value": "2"}},
            {"tag": "c", "environment": {"name": "C"}},
            {"tag": "d", "value": "%PROTOCOL%"},
        )
    )


def test_settings_of_the_mesh() -> None:
    settings = freeze(
        {
            "sampling": 50,
            "maxPathTagLength": 99,
            "customTags": {"a": {"literal": {"value": "1"}}, "b": {"header": {"name": "x"}}},
        }
    )
    found = traced(tracing_providers=("zipkin",), tracing=settings)
    assert (found.random_sampling, found.extra["max_path_tag_length"]) == (50, 99)
    tags: Any = found.extra["custom_tags"]
    assert [each["tag"] for each in tags][:2] == ["a", "b"]
    of_bootstrap = traced(tracing=settings)
    assert (of_bootstrap.provider, of_bootstrap.random_sampling) == ("", 50)
    assert tracing(tracing=settings, enable_tracing=False) is None
    assert traced(tracing_providers=("zipkin",), tracing=freeze({"sampling": 101})).random_sampling == 1


@pytest.mark.parametrize(
    "entry",
    [
        logging("zipkin", disableSpanReporting=True),
        logging("nobody"),
        logging("file"),
        logging("zipkin", match={"mode": "CLIENT"}),
    ],
)
def test_not_traced(entry: dict[str, Any]) -> None:
    assert tracing(telemetry(tracing=[entry])) is None


def test_sides_and_levels() -> None:
    root = telemetry("r", "istio-system", tracing=[logging("zipkin", randomSamplingPercentage=10)])
    servers = telemetry(tracing=[{"match": {"mode": "SERVER"}, "randomSamplingPercentage": 20}])
    assert traced(root, servers).random_sampling == 20
    assert traced(root, servers, direction="OUTBOUND").random_sampling == 10
    assert traced(root, servers, proxy=ROUTER, direction="OUTBOUND").extra["spawn_upstream_span"] is True


def test_without_the_requests_id() -> None:
    view = resolve(known(telemetry(tracing=[logging("zipkin", useRequestIdForTraceSampling=False)])), PROXY)
    managers = (each for one in view.listeners for each in filters(one) if isinstance(each, HttpConnectionManager))
    extension: Any = next(managers).extra["request_id_extension"]
    assert extension["typed_config"]["use_request_id_for_trace_sampling"] is False


HEADERS = [{"name": "x", "value": "1"}]


@pytest.mark.parametrize(
    ("made", "tracer"),
    [
        (
            provider("t", "zipkin", port=9411, headers=HEADERS, traceContextOption="USE_B3_WITH_W3C_PROPAGATION"),
            "zipkin",
        ),
        (provider("t", "datadog", port=9411, maxTagLength=7), "datadog"),
        (provider("t", "skywalking", port=4317), "skywalking"),
        (
            provider(
                "t",
                "opentelemetry",
                port=4317,
                resourceDetectors={"environment": {}, "dynatrace": {}},
                grpc={"timeout": "2s", "initialMetadata": HEADERS},
            ),
            "opentelemetry",
        ),
        (
            provider("t", "opentelemetry", port=9411, http={"path": "/v1/traces", "timeout": "2s", "headers": HEADERS}),
            "opentelemetry",
        ),
    ],
)
@pytest.mark.parametrize("proxy", [PROXY, ROUTER])
def test_tracers_that_envoy_takes(made: ExtensionProvider, tracer: str, proxy: Proxy) -> None:
    found = traced(telemetry(tracing=[logging("t")]), proxy=proxy, direction="OUTBOUND", extension_providers=(made,))
    assert found.provider == f"envoy.tracers.{tracer}"
    assert found.extra.get("spawn_upstream_span", False) is (proxy is ROUTER or tracer == "skywalking")


def test_a_proxy_calls_itself_by_its_app() -> None:
    made = provider("t", "datadog", port=9411)
    found = traced(tracing_providers=("t",), extension_providers=(made,))
    assert found.config["service_name"] == "a.shop"
    other = replace(PROXY, labels=FrozenMap())
    assert traced(tracing_providers=("t",), extension_providers=(made,), proxy=other).config["service_name"] == "a.shop"
