"""Which virtual host a request is for."""

from __future__ import annotations

from pulumi_mesh.proxy.simulate.connection import without_port
from pulumi_mesh.proxy.view.routes import RouteConfig, VirtualHost


def virtual_host(config: RouteConfig, host: str) -> tuple[VirtualHost | None, str]:
    """The virtual host and the domain of it that matched.

    An exact domain wins over the longest ``*.example.com``, that over the longest ``www.*``, and that over ``*``.
    Mirrors RouteMatcher::findVirtualHost (Envoy's source/common/router/config_impl.cc).
    """
    name = host.lower()
    if config.ignore_port_in_host_matching:
        name = without_port(name)
    domains = [(domain.lower(), each) for each in config.virtual_hosts for domain in each.domains]
    for domain, each in domains:
        if domain == name and domain != "*":
            return each, domain
    endings = [
        found for found in domains if _is_ending(found[0]) and _longer(name, found[0]) and name.endswith(found[0][1:])
    ]
    starts = [
        found for found in domains if _is_start(found[0]) and _longer(name, found[0]) and name.startswith(found[0][:-1])
    ]
    for found in (endings, starts):
        if found:
            domain, each = max(found, key=lambda item: len(item[0]))
            return each, domain
    return next(((each, domain) for domain, each in domains if domain == "*"), (None, ""))


def _is_ending(domain: str) -> bool:
    return domain.startswith("*") and domain != "*"


def _is_start(domain: str) -> bool:
    return domain.endswith("*") and not domain.startswith("*")


def _longer(name: str, wildcard: str) -> bool:
    """The star takes one character at least."""
    return len(name) >= len(wildcard)
