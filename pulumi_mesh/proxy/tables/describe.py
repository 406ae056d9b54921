"""Matches of filter chains and routes in the words of istioctl."""

from __future__ import annotations

from pulumi_mesh.proxy.view.listeners import ChainMatch
from pulumi_mesh.proxy.view.routes import Forward, RouteConfig, RouteMatch

_APPLICATIONS = {
    ("http/1.0", "http/1.1", "h2c"): "App: HTTP",
    ("http/1.0", "http/1.1", "h2c", "istio-http/1.0", "istio-http/1.1", "istio-h2"): "App: HTTP TLS",
    ("istio", "istio-http/1.0", "istio-http/1.1", "istio-h2"): "App: Istio HTTP Plain",
    ("istio-peer-exchange", "istio"): "App: TCP TLS",
}
"""Well-known sets of ALPN words."""

_DOMAINS = 2
"""How many domains of a virtual host are listed."""


def chain_match(match: ChainMatch) -> str:
    """Which connections a filter chain takes, such as ``Trans: tls; Addr: *:9080``; ``ALL`` for any."""
    parts: list[str] = []
    if match.server_names:
        parts.append(f"SNI: {','.join(match.server_names)}")
    if match.transport_protocol:
        parts.append(f"Trans: {match.transport_protocol}")
    if match.application_protocols:
        words = match.application_protocols
        parts.append(_APPLICATIONS.get(words) or f"App: {','.join(words)}")
    port = "" if match.destination_port is None else f":{match.destination_port}"
    if match.prefix_ranges:
        ranges = ",".join(f"{prefix}/{length}" for prefix, length in match.prefix_ranges)
        parts.append(f"Addr: {ranges}{port}")
    elif port:
        parts.append(f"Addr: *{port}")
    return "; ".join(parts) or "ALL"


def route_match(match: RouteMatch) -> str:
    """The path that a route takes: ``/a*`` for a prefix, ``PathPrefix:/a``, ``/a``, ``regex /a.*``; no headers."""
    path = match.path
    if path.kind == "prefix":
        return f"{path.value}*"
    if path.kind == "path_separated_prefix":
        return f"PathPrefix:{path.value}"
    return f"regex {path.value}" if path.kind == "regex" else path.value


def route_config(config: RouteConfig) -> str:
    """What an inline route config does: its only cluster, or the paths of its virtual hosts."""
    hosts = config.virtual_hosts
    if len(hosts) == 1 and hosts[0].domains == ("*",) and len(hosts[0].routes) == 1:
        only = hosts[0].routes[0]
        path = only.match.path
        if (path.kind, path.value) == ("prefix", "/") and isinstance(only.action, Forward) and only.action.cluster:
            return cluster(only.action.cluster)
    described = []
    for host in hosts:
        domains = "" if host.domains == ("*",) else "/".join(host.domains)
        routes = ", ".join(route_match(each.match) for each in host.routes)
        described.append(f"{domains} {routes}" if domains else routes)
    return f"Inline Route: {'; '.join(described)}"


def cluster(name: str) -> str:
    """``PassthroughCluster``, or ``Cluster: NAME`` for one whose name does not say that it is one."""
    return name if "Cluster" in name else f"Cluster: {name}"


def domains(given: tuple[str, ...]) -> str:
    """The first domains of a virtual host, without ports, and of a service's names only the shortest of each form."""
    if len(given) <= 1:
        return "".join(given)
    plain = [each for each in given if ":" not in each or (each.count(":") > 2 and each.endswith("]"))]
    known = set(plain)
    longer = {
        each
        for each in plain
        for ending in (".svc.cluster.local", ".svc")
        if each.endswith(ending) and each.removesuffix(ending) in known
    }
    shown = [each for each in plain if each not in longer]
    more = f" + {len(shown) - _DOMAINS} more..." if len(shown) > _DOMAINS else ""
    return ", ".join(shown[:_DOMAINS]) + more
