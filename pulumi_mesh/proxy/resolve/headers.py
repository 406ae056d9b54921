"""Header changes, and the Host among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pulumi_mesh.istio import virtual_service
from pulumi_mesh.proxy.view.routes import HeaderChanges, HeaderValue


def request_changes(headers: virtual_service.Headers | None) -> HeaderChanges:
    """What is changed in requests, without the Host. Mirrors TranslateHeadersOperations (core/route/route.go)."""
    return _changes(headers.request if headers else None)


def response_changes(headers: virtual_service.Headers | None) -> HeaderChanges:
    """What is changed in responses. Mirrors TranslateHeadersOperations (core/route/route.go)."""
    return _changes(headers.response if headers else None)


def authority(headers: virtual_service.Headers | None) -> str:
    """The Host that header changes ask for; empty for none."""
    request = headers.request if headers else None
    if request is None:
        return ""
    return _host(request.set or {}) or _host(request.add or {})


def joined(*changes: HeaderChanges) -> HeaderChanges:
    """Changes one after the other."""
    return HeaderChanges(
        tuple(each for one in changes for each in one.add), tuple(each for one in changes for each in one.remove)
    )


def _changes(operations: virtual_service.HeaderOperations | None) -> HeaderChanges:
    if operations is None:
        return HeaderChanges()
    return HeaderChanges(
        (*_values(operations.set or {}, append=False), *_values(operations.add or {}, append=True)),
        tuple(name for name in operations.remove or () if not _is_internal(name)),
    )


def _values(values: Mapping[str, str], *, append: bool) -> Iterable[HeaderValue]:
    return (HeaderValue(name, values[name], append) for name in sorted(values) if not _is_internal(name))


def _host(values: Mapping[str, str]) -> str:
    return next((value for name, value in values.items() if name.lower() in (":authority", "host")), "")


def _is_internal(name: str) -> bool:
    return name.startswith(":") or name.lower() == "host"
