"""``router-check``: a request, and what a table of routes makes of it.

The table is Envoy's own, read into a view; or virtual services, resolved for a sidecar or a gateway. Envoy's cases say
what its router_check_tool is to find, those of virtual services also what istio-config-validator is to find: whether
the rule that matches says what the case wants.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import yaml

from pulumi_mesh.expectations import Expectation, ExpectedHeader, Seen, mismatches, seen_of
from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.manifests.facts import KnownService, Proxy, ServicePort
from pulumi_mesh.manifests.reading import read_text
from pulumi_mesh.manifests.snapshot import snapshot
from pulumi_mesh.manifests.wire import AnyObject, from_wire
from pulumi_mesh.proxy.envoy.read.message import Message
from pulumi_mesh.proxy.envoy.read.routes import route_config
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.simulate import Outcome, Request, simulate
from pulumi_mesh.proxy.simulate.header_tests import header_matches
from pulumi_mesh.proxy.simulate.headers import Headers
from pulumi_mesh.proxy.simulate.raw import header_match
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager, Listener, RouterFilter
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.proxy.view.routes import RouteConfig
from pulumi_mesh.proxy.view.tls import DownstreamTls, SecretRef
from tests.conformance.cases import Case

_NAMES = {
    "cluster_name": "cluster",
    "virtual_cluster_name": "virtual_cluster",
    "virtual_host_name": "virtual_host",
    "path_rewrite": "path",
    "host_rewrite": "host",
    "path_redirect": "location",
}
"""What the cases call it, and what an Expectation does."""
_SIDES = ("request", "response")
_CLIENT = "127.0.0.1"
"""Where router_check_tool's requests come from."""


def disagreement(case: Case) -> str | None:
    """What we say otherwise than the case; None when nothing."""
    if case.data["kind"] == "envoy-route-table":
        failed = _of_table(case)
    elif case.data["kind"] == "virtualservice":
        failed = _of_rule(case)
    else:
        failed = _differences(case, _through_virtual_services(case, _documents(case).values()))
    wanted = "mismatch" if case.data["expectation"] in ("mismatch", "no-match") else "match"
    if wanted == "mismatch":
        return None if failed else "everything is as the case says, and something must not be"
    return "; ".join(failed) or None


def _of_table(case: Case) -> list[str]:
    given = case.data["input"]
    document = _with_runtime(yaml.safe_load(case.text()), str(given.get("runtime", "")))
    encrypted = bool(given.get("ssl"))
    outcome = simulate(
        _view(route_config(Message(document, "")), encrypted, bool(given.get("internal"))),
        _request(given, encrypted),
        random_value=int(given.get("random_value", 0)),
        answer=[(str(each["key"]), str(each["value"])) for each in given.get("additional_response_headers", ())],
    )
    return _differences(case, outcome, "https" if encrypted else "http")


def _view(config: RouteConfig, encrypted: bool, internal: bool) -> ProxyView:
    """internal: whether the client counts as one of the inside."""
    networks = freeze({"internal_address_config": {"cidr_ranges": [{"address_prefix": _CLIENT, "prefix_len": 32}]}})
    manager = HttpConnectionManager(
        "in", config, (RouterFilter(),), use_remote_address=True, extra=networks if internal else EMPTY
    )
    tls = DownstreamTls((SecretRef("default"),)) if encrypted else None
    listener = Listener("in", SocketAddress("0.0.0.0", 80), (FilterChain((manager,), tls=tls),))  # noqa: S104 - not bound
    return ProxyView("router-check", "router-check", listeners=(listener,))


def _request(given: Mapping[str, Any], encrypted: bool) -> Request:
    headers = [(str(each["key"]), str(each["value"])) for each in given.get("additional_request_headers", ())]
    headers += [(name, str(value)) for name, value in (given.get("headers") or {}).items()]
    return Request(
        host=str(given.get("authority", "")),
        path=str(given.get("path") or given.get("uri") or "/"),
        method=str(given.get("method", "GET")),
        headers=tuple(headers),
        tls="tls" if encrypted else "plaintext",
        source=_CLIENT,
    )


def _with_runtime(message: Any, active: str) -> Any:
    """The table with the fractions that the tool takes: its runtime knows one key, and counts the bound of its
    fractions in (0 of 100 holds for the random value 0); what hangs on another key is off."""
    if isinstance(message, list):
        return [_with_runtime(each, active) for each in message]
    if not isinstance(message, dict):
        return message
    if "runtime_key" in message and "default_value" in message:
        share = message["default_value"]
        numerator = share.get("numerator", 0) + 1 if message["runtime_key"] == active else 0
        return {**message, "default_value": {**share, "numerator": numerator}}
    return {name: _with_runtime(value, active) for name, value in message.items()}


def _differences(case: Case, outcome: Outcome, scheme: str = "http") -> list[str]:
    """What of ``validate`` does not hold. Mirrors RouterCheckTool::compareResults (Envoy's test/tools/router_check)."""
    wanted: Mapping[str, Any] = case.data["validate"]
    url = f"{scheme}://{case.data['input'].get('authority', '')}{case.data['input'].get('path', '')}"
    asked: dict[str, Any] = {ours: wanted[theirs] for theirs, ours in _NAMES.items() if theirs in wanted}
    if "code_redirect" in wanted:
        asked["status"] = wanted["code_redirect"] or None
    seen = _as_the_tool_sees(outcome, url)
    failed = [*mismatches(Expectation(**asked), seen)]
    # Of a route that sends on there is no code.
    if wanted.get("code_redirect") == 0 and seen.status is not None:
        failed.append(f"status: {seen.status}, and is expected not to be there")
    for side in _SIDES:
        tests = [_header_test(each) for each in wanted.get(f"{side}_header_matches", ())]
        tests += [(each["key"], ExpectedHeader(has=each["value"])) for each in wanted.get(f"{side}_header_fields", ())]
        for name, test in tests:
            only: dict[str, Any] = {f"{side}_headers": {name: test}}
            failed += mismatches(Expectation(**only), seen)
    read = {*_NAMES, "code_redirect", *(f"{side}_header_{form}" for side in _SIDES for form in ("matches", "fields"))}
    return [*failed, *(f"{name} is not compared" for name in sorted({*wanted} - read))]


def _as_the_tool_sees(outcome: Outcome, url: str) -> Seen:
    """Names only of a route that sends on; of one that answers, its code and where it leads, which is the request's own
    URL where it leads nowhere. Pseudo headers are headers."""
    sent = bool(outcome.clusters)
    answers = not sent and outcome.error in ("", "tls required, sending 301")
    known = outcome if sent else replace(outcome, virtual_cluster="", virtual_host="")
    pseudo = ((":path", outcome.path), (":authority", outcome.host))
    return replace(
        seen_of(known),
        status=outcome.status if answers else None,
        location=(outcome.location or url) if answers else "",
        request_headers=(*pseudo, *outcome.request_headers),
    )


def _header_test(message: Mapping[str, Any]) -> tuple[str, ExpectedHeader]:
    """envoy.config.route.v3.HeaderMatcher: a header that is missing passes no test of its value, inverted or not, but
    where it counts as empty text."""
    inner = message.get("string_match") or {name.removesuffix("_match"): each for name, each in message.items()}
    exact, numbers = inner.get("exact"), message.get("range_match")
    test: dict[str, Any] = {"has": exact} if exact is not None else {}
    test |= {how: inner[how] for how in ("prefix", "suffix", "contains", "ignore_case") if how in inner}
    if "safe_regex" in inner:
        test["regex"] = inner["safe_regex"]["regex"]
    if numbers:
        test |= {"at_least": numbers.get("start", 0), "below": numbers.get("end", 0)}
    inverted = bool(message.get("invert_match"))
    if not test:
        return message["name"], ExpectedHeader(present=message.get("present_match", True) != inverted)
    as_empty = bool(message.get("treat_missing_header_as_empty"))
    if as_empty:
        test["or_absent"] = header_matches(header_match({**message, "invert_match": False}), Headers())
    passes = ExpectedHeader(**test)
    if inverted:
        return message["name"], ExpectedHeader(not_=passes, present=None if as_empty else True)
    return message["name"], passes


def _documents(case: Case) -> dict[tuple[str, str], dict[str, Any]]:
    """The virtual services of the case's files, by namespace and name."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for name in case.data["file"]:
        for document in read_text(case.folder.joinpath(name).read_text("utf-8"), name):
            metadata = {"namespace": "default", **document.data["metadata"]}
            found[metadata["namespace"], metadata["name"]] = {**document.data, "metadata": metadata}
    return found


def _through_virtual_services(case: Case, documents: Iterable[Mapping[str, Any]]) -> Outcome:
    """What a sidecar, or a gateway where they bind to gateways only, makes of the request."""
    documents = tuple(documents)
    objects = [from_wire(each) for each in documents]
    names = [name for each in documents for name in each["spec"].get("gateways", ())]
    gateways = sorted({name for name in names if name != "mesh"})
    inside = "mesh" in names or not gateways
    proxy = Proxy("sidecar", "client", documents[0]["metadata"]["namespace"], address="10.0.0.1")
    if not inside:
        proxy = replace(proxy, kind="router", labels=FrozenMap({"istio": "ingressgateway"}))
        objects += [_gateway(name, proxy.namespace) for name in gateways]
    taken = snapshot(objects, services=_services(documents))
    request = replace(_request(case.data["input"], False), direction="outbound" if inside else "gateway")
    return simulate(resolve(taken, proxy), request, random_value=0)


def _gateway(name: str, namespace: str) -> AnyObject:
    where, _, short = name.rpartition("/")
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
    return from_wire(
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "Gateway",
            "metadata": {"name": short, "namespace": where or namespace},
            "spec": {"selector": {"istio": "ingressgateway"}, "servers": [server]},
        }
    )


def _services(documents: Iterable[Mapping[str, Any]]) -> Iterator[KnownService]:
    """A service for each host: port 80, and the ports that destinations name."""
    ports: dict[str, set[int]] = {}
    for each in documents:
        for host in each["spec"].get("hosts", ()):
            ports.setdefault(host, set()).add(80)
        for rule in each["spec"].get("http", ()):
            for share in rule.get("route", ()):
                to = share["destination"]
                ports.setdefault(to["host"], set()).add(to.get("port", {}).get("number", 80))
    for host in sorted(ports):
        made = tuple(ServicePort(f"http-{port}", port, port, "HTTP") for port in sorted(ports[host]))
        name, _, rest = host.partition(".")
        yield KnownService(
            host, name, rest.partition(".")[0] or "default", made, registry="External", address="240.1.1.1"
        )


def _of_rule(case: Case) -> list[str]:
    """What the rule that matches says otherwise than the case.

    Like istio-config-validator, which looks at virtual services alone: a delegate is not needed where nothing of it is
    asked for, and is matched on its own, though istiod would leave out a rule whose regex meets a regex.
    """
    wanted: Mapping[str, Any] = case.data["validate"]
    documents = _documents(case)
    rooted = [each for each in documents.values() if each["spec"].get("hosts")]
    found = _matching_rule(case, rooted)
    if found is None:
        return ["no rule of the case's virtual services matches"]
    root, rule = found
    failed = []
    to = rule.get("delegate")
    if "delegate" in wanted and wanted["delegate"] != to:
        failed.append(f"delegate: {to!r}, not {wanted['delegate']!r}")
    asked = [name for name in wanted if name not in ("wantMatch", "delegate")]
    if to and asked:
        delegate = documents.get((to.get("namespace", root["metadata"]["namespace"]), to["name"]))
        alone = delegate and {**delegate, "spec": {**delegate["spec"], "hosts": root["spec"]["hosts"]}}
        inner = _matching_rule(case, [alone]) if alone else None
        rule = inner[1] if inner else {}
    return [
        *failed,
        *(f"{name}: {rule.get(name)!r}, not {wanted[name]!r}" for name in asked if rule.get(name) != wanted[name]),
    ]


def _matching_rule(
    case: Case, documents: Iterable[Mapping[str, Any]]
) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """The virtual service and the rule of it that the request meets."""
    given = {(each["metadata"]["namespace"], each["metadata"]["name"]): each for each in documents}
    ref = _through_virtual_services(case, [_with_destinations(each) for each in given.values()]).ref
    found = re.match(r"spec\.http\[(\d+)]", ref.path) if ref and ref.kind == "VirtualService" else None
    if ref is None or found is None:
        return None
    document = given[ref.namespace, ref.name]
    return document, document["spec"]["http"][int(found[1])]


def _with_destinations(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A virtual service with some destination in the place of each delegate."""
    somewhere = {"route": [{"destination": {"host": "delegate.invalid"}}]}
    rules = [
        {name: value for name, value in rule.items() if name != "delegate"} | (somewhere if "delegate" in rule else {})
        for rule in document["spec"].get("http", ())
    ]
    return {**document, "spec": {**document["spec"], "http": rules}}
