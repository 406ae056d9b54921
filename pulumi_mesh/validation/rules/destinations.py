"""Destinations and their weights, and the names of gateways, in routes of a VirtualService."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_mesh.validation.addresses import port
from pulumi_mesh.validation.rules.headers import manipulation
from pulumi_mesh.validation.rules.names import fqdn, is_dns_label, wildcard_domain
from pulumi_mesh.validation.verdict import Problem, warning


def destination(target: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """A host, and perhaps a subset and a port."""
    host = target.get("host") or ""
    problem = "a destination is not every host" if host == "*" else wildcard_domain(host)
    if problem:
        yield Problem(f"{path}.host", problem)
    if subset := target.get("subset"):
        yield from subset_name(subset, f"{path}.subset")
    if (selected := target.get("port")) is not None:
        yield from port(selected.get("number") or 0, f"{path}.port.number")


def subset_name(name: str, path: str) -> Iterator[Problem]:
    """A subset's name is a DNS label."""
    if not is_dns_label(name):
        yield Problem(path, f"subset {name!r} is not a DNS label" if name else "a subset has a name")


def route_destinations(
    routes: Sequence[Mapping[str, Any]], path: str, *, http: bool = False, converted: bool = False
) -> Iterator[Problem]:
    """Weighted destinations. http: they may change headers. converted: of Gateway API, whose names are not judged.

    Weights are relative: they need not make 100, but of several one is above 0.
    """
    total = 0
    for index, route in enumerate(routes):
        at = f"{path}[{index}]"
        target = route.get("destination")
        if target is None:
            yield Problem(f"{at}.destination", "a destination is required")
        elif not converted:
            yield from destination(target, f"{at}.destination")
        if http and "headers" in route:
            yield from manipulation(route["headers"], f"{at}.headers")
        weight = route.get("weight") or 0
        if weight < 0:
            yield Problem(f"{at}.weight", f"a weight is not below 0, as {weight} is")
        total += weight
    if len(routes) > 1 and _int32(total) == 0:
        yield Problem(path, "the weights of several destinations may not make 0")


def _int32(number: int) -> int:
    return (number + (1 << 31)) % (1 << 32) - (1 << 31)


def gateway_names(names: Sequence[str], path: str, *, converted: bool = False) -> Iterator[Problem]:
    """``namespace/name`` or a plain name, such as ``mesh``; Istio judges none after the first plain one."""
    for index, name in enumerate(names):
        at = f"{path}[{index}]"
        namespace, slash, gateway = name.partition("/")
        if not slash:
            if "." in name:
                first, second = name.split(".")[:2]
                yield warning(at, f"{name} is a gateway in an old form: write {second}/{first}")
            if problem := fqdn(name):
                yield Problem(at, problem)
            return
        if not is_dns_label(namespace):
            yield Problem(at, f"{name!r}: {namespace!r} is not the name of a namespace")
        if not gateway or not (converted or is_dns_label(gateway)):
            yield Problem(at, f"{name!r}: {gateway!r} is not the name of a gateway")
