"""Routes with rules of every kind, and canaries."""

from __future__ import annotations

from random import Random
from typing import Any, get_args

import pulumi_mesh as pm
from pulumi_mesh.model.match import Method
from pulumi_mesh.words.retry_conditions import RetryCondition

_PATHS = ("/", "/api", "/api/v1/items", "/static", "/health")
_PATTERNS = ("/v[0-9]+/.*", "/items/[a-z]+", ".*")
_HEADERS = ("x-user", "x-tier", "end-user", "X-Capital", "cookie")


def gateway_routes(random: Random, edges: list[pm.Gateway], listed: list[pm.Service]) -> list[pm.HTTPRoute]:
    """Up to three, each at one gateway or more."""
    edges = [each for each in edges if any(listener.speaks_http for listener in each.listeners)]
    if not edges:
        return []
    return [_gateway_route(random, f"outside-{each}", edges, listed) for each in range(random.randint(0, 3))]


def _gateway_route(random: Random, name: str, edges: list[pm.Gateway], listed: list[pm.Service]) -> pm.HTTPRoute:
    used = random.sample(edges, random.randint(1, len(edges)))
    listeners = [listener for each in used for listener in each.listeners if listener.speaks_http]
    served = sorted({host for each in listeners for host in each.hostnames})
    hosts = random.sample(served, random.randint(0, min(2, len(served))))
    hosts = [each.replace("*", random.choice(["*", "a", "b.c"])) if each.startswith("*.") else each for each in hosts]
    ports = [each.port for each in listeners]
    given: dict[str, Any] = {"namespace": listed[0].namespace} if random.random() < 0.3 else {}
    return pm.HTTPRoute(
        name,
        gateways=used,
        hostnames=list(dict.fromkeys(hosts)),
        rules=_rules(random, listed, ports if random.random() < 0.3 else []),
        **given,
    )


def service_routes(random: Random, listed: list[pm.Service]) -> list[pm.HTTPRoute]:
    """For some services that speak HTTP; now and then one route for two."""
    able = [each for each in listed if each.http_ports]
    made = []
    for service in able:
        if random.random() < 0.4:
            together = [service, *random.sample(able, 1)] if random.random() < 0.2 else [service]
            served = list({each.name: each for each in together}.values())
            ports = sorted({port for each in served for port in each.http_ports})
            needed = ports if any(len(each.http_ports) > 1 for each in served) else []
            made.append(pm.HTTPRoute(f"inside-{service.name}", services=served, rules=_rules(random, listed, needed)))
    return made


def canaries(random: Random, listed: list[pm.Service]) -> list[pm.Canary]:
    """For some services that have two versions in use."""
    return [_canary(random, each) for each in listed if each.http_ports and _usable(each) and random.random() < 0.4]


def _usable(service: pm.Service) -> bool:
    return len([each for each in service.versions if not each.retired]) > 1 and service.owner == "mesh"


def _canary(random: Random, service: pm.Service) -> pm.Canary:
    stable, candidate = random.sample([each.name for each in service.versions if not each.retired], 2)
    weights = sorted(random.sample(range(101), random.randint(1, 4)))
    stages = [pm.Stage(weight=each, duration=random.choice([None, "10m"])) for each in weights]
    return pm.Canary(service, stable=stable, candidate=candidate, stages=stages)


def _rules(random: Random, listed: list[pm.Service], ports: list[int]) -> list[pm.Rule]:
    """ports: each match names one of them; none: matches name none."""
    made = [_rule(random, listed, ports, position) for position in range(random.randint(0, 3))]
    last = [_match(random, port, only_port=True) for port in ports]
    return [*made, _last(random, listed, last)]


def _rule(random: Random, listed: list[pm.Service], ports: list[int], position: int) -> pm.Rule:
    matches = [_match(random, random.choice(ports) if ports else None) for _ in range(random.randint(1, 3))]
    name = f"rule-{position}" if random.random() < 0.5 else ""
    if random.random() < 0.2:
        return pm.Rule(name=name, matches=matches, redirect=_redirect(random), **_changes(random))
    if random.random() < 0.1:
        answer = random.choice([pm.DirectResponse(410, body="gone\n"), pm.DirectResponse(204)])
        return pm.Rule(name=name, matches=matches, direct_response=answer, **_changes(random))
    return pm.Rule(name=name, matches=matches, **_forward(random, listed))


def _last(random: Random, listed: list[pm.Service], matches: list[pm.Match]) -> pm.Rule:
    return pm.Rule(matches=matches, **_forward(random, listed))


def _match(random: Random, port: int | None, *, only_port: bool = False) -> pm.Match:
    if only_port and random.random() < 0.7:
        return pm.Match(port=port)
    parts: dict[str, Any] = {
        "path": _path(random),
        "method": random.choice(get_args(Method)),
        "headers": {each: _text(random) for each in random.sample(_HEADERS, random.randint(1, 3))},
        "query_parameters": {
            each: _text(random) for each in random.sample(("q", "page", "Sort"), random.randint(1, 2))
        },
    }
    chosen = random.sample(sorted(parts), random.choice([1, 1, 2, 3]))
    return pm.Match(port=port, **{name: parts[name] for name in chosen})


def _path(random: Random) -> Any:
    kind: Any = random.choice(["text", "exact", "prefix", "regex"])
    if kind == "text":
        return random.choice(_PATHS)
    return pm.Path(random.choice(_PATTERNS if kind == "regex" else _PATHS), kind=kind)


def _text(random: Random) -> Any:
    kind: Any = random.choice(["text", "exact", "prefix", "regex", "present"])
    if kind == "text":
        return "plain"
    if kind == "present":
        return pm.TextMatch(kind="present")
    return pm.TextMatch({"exact": "1", "prefix": "a", "regex": "[a-z]+"}[kind], kind=kind)


def _forward(random: Random, listed: list[pm.Service]) -> dict[str, Any]:
    given: dict[str, Any] = {"backends": _backends(random, listed)}
    if random.random() < 0.2:
        given["rewrite"] = _rewrite(random)
    if random.random() < 0.2:
        given["mirror"] = pm.Mirror(_destination(random, listed), percent=random.choice([100, 50, 12.5, 0.0001, 0]))
    if random.random() < 0.2:
        given["fault"] = _fault(random)
    if random.random() < 0.2:
        given["cors"] = _cors(random)
    if random.random() < 0.4:
        given["timeout"] = random.choice(["2s", "1500ms", "1m", "1h"])
    if random.random() < 0.4:
        given["retries"] = _retries(random)
    return {**given, **_changes(random)}


def _backends(random: Random, listed: list[pm.Service]) -> list[Any]:
    if random.random() < 0.5:
        return [_destination(random, listed)]
    found = list({repr(each): each for each in (_destination(random, listed) for _ in range(3))}.values())
    made = [pm.Backend(each, weight=random.choice([0, 1, 5, 95, 1_000_000])) for each in found]
    return made if any(each.weight for each in made) else [pm.Backend(found[0])]


def _destination(random: Random, listed: list[pm.Service]) -> pm.Destination:
    service = random.choice(listed)
    versions = [each.name for each in service.versions if not each.retired]
    version = random.choice(["", *versions])
    return pm.Destination(service, version=version, port=random.choice(service.ports).number)


def _rewrite(random: Random) -> pm.Rewrite:
    host, path = "inside.example.com", random.choice(["/", "/inside"])
    return random.choice([pm.Rewrite(hostname=host), pm.Rewrite(path=path), pm.Rewrite(hostname=host, path=path)])


def _redirect(random: Random) -> pm.Redirect:
    parts: dict[str, Any] = {
        "scheme": random.choice(["http", "https"]),
        "hostname": "new.example.com",
        "port": random.choice([80, 443, 8443]),
        "path": "/new",
    }
    chosen = {name: parts[name] for name in random.sample(sorted(parts), random.randint(1, 4))}
    return pm.Redirect(**chosen, status_code=random.choice([301, 302, 303, 307, 308]))


def _fault(random: Random) -> pm.Fault:
    delay = pm.Delay(random.choice(["100ms", "2s"]), percent=random.choice([100, 10, 0.5]))
    abort = pm.Abort(random.choice([400, 503, 555]), percent=random.choice([100, 1, 0.0001]))
    return random.choice([pm.Fault(delay=delay), pm.Fault(abort=abort), pm.Fault(delay=delay, abort=abort)])


def _cors(random: Random) -> pm.Cors:
    parts: dict[str, Any] = {
        "allow_methods": random.choice([["*"], random.sample(get_args(Method), random.randint(1, 3))]),
        "allow_headers": ["authorization", "x-a"],
        "expose_headers": ["x-e"],
        "allow_credentials": random.choice([True, False]),
        "max_age": "10m",
        "unmatched_preflights": random.choice(["FORWARD", "IGNORE"]),
    }
    origins: list[Any] = random.choice([["*"], ["https://a.example.com", pm.TextMatch("https://b", kind="prefix")]])
    return pm.Cors(
        allow_origins=origins, **{name: parts[name] for name in random.sample(sorted(parts), random.randint(0, 4))}
    )


def _retries(random: Random) -> pm.Retries:
    attempts = random.choice([0, 1, 3])
    if not attempts:
        return pm.Retries(0)
    given: dict[str, Any] = {}
    if random.random() < 0.5:
        given["per_try_timeout"] = random.choice(["250ms", "1s"])
    if random.random() < 0.6:
        given["conditions"] = random.sample(get_args(RetryCondition), random.randint(1, 3))
    if random.random() < 0.4:
        given["status_codes"] = random.sample([409, 429, 503], random.randint(1, 2))
    return pm.Retries(attempts, **given)


def _changes(random: Random) -> dict[str, Any]:
    sides = [side for side in ("request_headers", "response_headers") if random.random() < 0.15]
    return {side: _header_changes(random) for side in sides}


def _header_changes(random: Random) -> pm.HeaderChanges:
    parts: dict[str, Any] = {
        "set": {"x-set": "1", "x-start": "%START_TIME%"},
        "add": {"x-add": "100%%", "a-first": "1"},
        "remove": ["x-remove", "server"],
    }
    return pm.HeaderChanges(**{name: parts[name] for name in random.sample(sorted(parts), random.randint(1, 3))})
