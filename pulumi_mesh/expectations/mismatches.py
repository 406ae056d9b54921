"""How what happens differs from what is expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from pulumi_mesh.expectations.expectation import Expectation
from pulumi_mesh.expectations.headers import header_mismatches
from pulumi_mesh.expectations.parts import ExpectedDestination, ExpectedMirror, ExpectedRedirect
from pulumi_mesh.expectations.seen import Destination, Seen, joined

_OF_FIRST = ("listener", "filter_chain", "route_config", "virtual_host", "virtual_cluster", "route")
"""Names in the config of the first proxy."""
_USUAL_PORTS = {"http": 80, "https": 443}


def mismatches(expected: Expectation, seen: Seen) -> tuple[str, ...]:
    """Each difference in a sentence, in the order of the expectation's fields; none when all is as expected."""
    return tuple(_found(expected, seen))


def _found(expected: Expectation, seen: Seen) -> Iterator[str]:
    if expected.status is not None and seen.status not in expected.status:
        reason = f" ({seen.error})" if seen.error else ""
        wanted = " or ".join(map(str, expected.status))
        yield f"status: {seen.status if seen.status is not None else 'no HTTP answer'}{reason}, not {wanted}"
    if expected.destinations is not None:
        yield from _destinations(expected.destinations, seen.destinations, seen.error)
    if expected.error is not None and expected.error != seen.error:
        yield f"error: {seen.error or 'none'}, not {expected.error or 'none'}"
    yield from _texts(expected, {name: getattr(seen, name) for name in ("location", "body", "host", "path", "policy")})
    if expected.redirect is not None:
        yield from _redirect(expected.redirect, seen.location)
    yield from header_mismatches(
        "request", seen.request_headers, expected.request_headers, expected.absent_request_headers
    )
    yield from header_mismatches(
        "response", seen.response_headers, expected.response_headers, expected.absent_response_headers
    )
    if expected.mirrors is not None:
        yield from _mirrors(expected.mirrors, seen.mirrors)
    of_first = {name: getattr(seen.first, name) for name in _OF_FIRST}
    yield from _texts(expected, of_first | {"cluster": _cluster(seen)})


def _texts(expected: Expectation, found: dict[str, str]) -> Iterator[str]:
    for name, value in found.items():
        wanted = getattr(expected, name)
        if wanted is not None and wanted != value:
            yield f"{name}: {value or 'none'}, not {wanted or 'none'}"


def _cluster(seen: Seen) -> str:
    """Of a split there is no one cluster."""
    return seen.first.clusters[0].cluster if len(seen.first.clusters) == 1 else ""


def _redirect(expected: ExpectedRedirect, location: str) -> Iterator[str]:
    if not location:
        yield "redirect: none"
        return
    parts = urlsplit(location)
    found = {
        "scheme": parts.scheme,
        "host": parts.hostname or "",
        "port": parts.port or _USUAL_PORTS.get(parts.scheme, 0),
        "path": parts.path,
        "query": parts.query,
    }
    for name, value in found.items():
        wanted = getattr(expected, name)
        if wanted is not None and wanted != value:
            yield f"redirect {name}: {value or 'none'}, not {wanted or 'none'} ({location})"


def _mirrors(wanted: tuple[ExpectedMirror, ...], found: tuple[Destination, ...]) -> Iterator[str]:
    for each in wanted:
        copies = [there for there in found if _takes(each, there)]
        if not copies:
            yield f"mirrors: {_expected(each)} gets no copy"
        elif each.percent is not None and all(abs(100 * there.fraction - each.percent) > 0.01 for there in copies):
            shown = " or ".join(f"{100 * there.fraction:.4g} %" for there in copies)
            yield f"mirrors: {_expected(each)}: {shown}, not {each.percent:g} %"
    for there in found:
        if not any(_takes(each, there) for each in wanted):
            yield f"mirrors: {there.host} gets a copy, and is not expected to"


def _destinations(wanted: tuple[ExpectedDestination, ...], found: tuple[Destination, ...], error: str) -> Iterator[str]:
    if not any(each.workload for each in wanted):
        found = joined(replace(each, workload="") for each in found)
    if wanted and not found:
        yield f"destinations: none{f' ({error})' if error else ''}, not {', '.join(map(_expected, wanted))}"
        return
    for each in wanted:
        share = [there for there in found if _takes(each, there)]
        if not share:
            yield f"destinations: {_expected(each)} gets nothing; {', '.join(map(_shown, found))}"
        elif each.weight is not None:
            percent = 100 * sum(there.fraction for there in share)
            if abs(percent - each.weight) > 0.01:  # weights are whole numbers: what differs differs by more
                yield f"destinations: {_expected(each)}: {percent:.4g} %, not {each.weight:g} %"
    for there in found:
        if not any(_takes(each, there) for each in wanted):
            yield f"destinations: {_shown(there)}, and is not expected to"


def _takes(wanted: ExpectedDestination | ExpectedMirror, found: Destination) -> bool:
    workload = wanted.workload if isinstance(wanted, ExpectedDestination) else None
    return (
        (wanted.host is None or _names(wanted.host, found.host))
        and (workload is None or _is_of(workload, found.workload))
        and (wanted.subset is None or wanted.subset == found.subset)
        and (wanted.port is None or wanted.port == found.port)
    )


def _names(name: str, host: str) -> bool:
    """Whether a name is a host or its beginning, label by label."""
    return host == name or host.startswith(f"{name}.")


def _is_of(name: str, workload: str) -> bool:
    """Whether a name is a workload's or that of the Deployment that made it, whose name begins the pod's."""
    own, _, namespace = name.partition(".")
    pod, _, there = workload.partition(".")
    return (pod == own or pod.startswith(f"{own}-")) and namespace in ("", there)


def _expected(each: ExpectedDestination | ExpectedMirror) -> str:
    name = each.host if isinstance(each, ExpectedMirror) else each.host or each.workload
    return f"{name}{f' ({each.subset})' if each.subset else ''}"


def _shown(each: Destination) -> str:
    to = f"{each.host}{f' ({each.subset})' if each.subset else ''}{f' at {each.workload}' if each.workload else ''}"
    return f"{to} gets {100 * each.fraction:.4g} %"
