"""How what happens differs from what is expected."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_mesh.expectations.expectation import Expectation, ExpectedDestination
from pulumi_mesh.expectations.seen import Destination, Seen, joined

_TEXTS = ("location", "body", "policy", "listener", "filter_chain", "route_config", "virtual_host", "route")
"""Fields that the expectation and the first proxy's outcome have in common."""


def mismatches(expected: Expectation, seen: Seen) -> tuple[str, ...]:
    """Each difference in a sentence, in the order of the expectation's fields; none when all is as expected."""
    return tuple(_found(expected, seen))


def _found(expected: Expectation, seen: Seen) -> Iterator[str]:
    if expected.status is not None and expected.status != seen.status:
        reason = f" ({seen.error})" if seen.error else ""
        yield f"status: {seen.status if seen.status is not None else 'no HTTP answer'}{reason}, not {expected.status}"
    if expected.destinations is not None:
        yield from _destinations(expected.destinations, joined(seen.destinations), seen.error)
    if expected.error is not None and expected.error != seen.error:
        yield f"error: {seen.error or 'none'}, not {expected.error or 'none'}"
    texts = {name: getattr(seen.first, name) for name in _TEXTS}
    texts |= {"policy": seen.policy, "host": seen.host, "path": seen.path, "cluster": _cluster(seen)}
    for name, value in texts.items():
        wanted = getattr(expected, name)
        if wanted is not None and wanted != value:
            yield f"{name}: {value or 'none'}, not {wanted or 'none'}"
    yield from _headers("request", expected, seen.request_headers, ())
    yield from _headers("response", expected, seen.response_headers, seen.response_headers_removed)
    if expected.mirrors is not None:
        for host in expected.mirrors:
            if not any(_names(host, each) for each in seen.mirrors):
                yield f"mirrors: {host} gets no copy"
        for each in seen.mirrors:
            if not any(_names(host, each) for host in expected.mirrors):
                yield f"mirrors: {each} gets a copy, and is not expected to"


def _cluster(seen: Seen) -> str:
    """Of a split there is no one cluster."""
    return seen.first.clusters[0].cluster if len(seen.first.clusters) == 1 else ""


def _destinations(wanted: tuple[ExpectedDestination, ...], found: tuple[Destination, ...], error: str) -> Iterator[str]:
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


def _takes(wanted: ExpectedDestination, found: Destination) -> bool:
    return (
        _names(wanted.host, found.host)
        and (wanted.subset is None or wanted.subset == found.subset)
        and (wanted.port is None or wanted.port == found.port)
    )


def _names(name: str, host: str) -> bool:
    """Whether a name is a host or its beginning, label by label."""
    return host == name or host.startswith(f"{name}.")


def _expected(each: ExpectedDestination) -> str:
    return f"{each.host}{f' ({each.subset})' if each.subset else ''}"


def _shown(each: Destination) -> str:
    return f"{each.host}{f' ({each.subset})' if each.subset else ''} gets {100 * each.fraction:.4g} %"


def _headers(
    side: str, expected: Expectation, headers: tuple[tuple[str, str], ...], removed: tuple[str, ...]
) -> Iterator[str]:
    """Several values of one header count as one, with commas. removed: of what the destination would have set."""
    found: dict[str, str] = {}
    for name, value in headers:
        found[name.lower()] = f"{found[name.lower()]},{value}" if name.lower() in found else value
    for name, value in getattr(expected, f"{side}_headers").items():
        if found.get(name.lower()) != value:
            yield f"{side} header {name}: {found.get(name.lower(), 'not set')}, not {value}"
    gone = {each.lower() for each in removed}
    for name in getattr(expected, f"absent_{side}_headers"):
        if name.lower() in found and name.lower() not in gone:
            yield f"{side} header {name}: {found[name.lower()]}, and is expected not to be there"
