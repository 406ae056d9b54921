"""The way into a mesh: a request from outside that leads to a service."""

from __future__ import annotations

from dataclasses import dataclass, field

from pulumi_mesh.errors import MeshError
from pulumi_mesh.model.gateway import Gateway, Listener
from pulumi_mesh.model.hostnames import covers
from pulumi_mesh.model.match import Match, TextMatch
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.model.route import HTTPRoute, Rule
from pulumi_mesh.model.service import Service


@dataclass(frozen=True, slots=True)
class Entry:
    """A request that a gateway takes: gateway, declared port, host name, path, method, headers."""

    gateway: Gateway
    listener: Listener
    host: str
    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)


def entries(mesh: Mesh) -> tuple[tuple[Entry, tuple[Service, ...]], ...]:
    """A request for each rule of each route at a gateway, and the services that it is sent to.

    Rules that only match by a pattern are left out: no request can be made up for them.
    """
    found = []
    for route in mesh.routes:
        for gateway in route.gateways:
            for rule in route.rules:
                entry = _entry(gateway, route, rule)
                if entry is not None:
                    found.append((entry, tuple(each.destination.service for each in rule.backends)))
    return tuple(found)


def way_to(mesh: Mesh, service: Service) -> Entry:
    """A request that reaches ``service``, at once or through calls. Raises MeshError where there is none."""
    for entry, backends in entries(mesh):
        if any(service in _reached(each) for each in backends):
            return entry
    raise MeshError(
        f"no route at a gateway leads to {service.name}; route a host to it, or to a service that calls it (calls=...)"
    )


def _reached(service: Service) -> set[Service]:
    found: set[Service] = set()
    waiting = [service]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting.extend(each.calls)
    return found


def _entry(gateway: Gateway, route: HTTPRoute, rule: Rule) -> Entry | None:
    wanted = route.hostnames or ("*",)
    for listener in (each for each in gateway.listeners if each.speaks_http):
        for host in wanted:
            for taken in listener.hostnames:
                if not listener.https_redirect and (covers(taken, host) or covers(host, taken)):
                    name = host if covers(taken, host) else taken
                    return _request(gateway, listener, name.replace("*", "any"), rule)
    return None


def _request(gateway: Gateway, listener: Listener, host: str, rule: Rule) -> Entry | None:
    if not rule.matches:
        return Entry(gateway, listener, host, "/")
    for match in rule.matches:
        path = _path(match)
        if path is None or not all(_value(each) for each in match.headers.values()):
            continue
        headers = {name: _value(each) for name, each in match.headers.items()}
        return Entry(gateway, listener, host, path, match.method or "GET", headers)
    return None


def _path(match: Match) -> str | None:
    if match.path is not None and match.path.kind == "regex":
        return None
    if not all(_value(each) for each in match.query_parameters.values()):
        return None
    query = "&".join(f"{name}={_value(each)}" for name, each in match.query_parameters.items())
    return (match.path.value if match.path else "/") + (f"?{query}" if query else "")


def _value(match: TextMatch) -> str:
    """A value that the match takes; empty where none can be made up."""
    return {"present": "any", "regex": ""}.get(match.kind, match.value)
