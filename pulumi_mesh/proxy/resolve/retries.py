"""When a request is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from pulumi_mesh.frozen import FrozenMap, thaw
from pulumi_mesh.istio import virtual_service
from pulumi_mesh.proxy.resolve.durations import duration
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.proxy.view.routes import RetryPolicy
from pulumi_mesh.typed import build

_CONDITIONS = ("connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes")
_STATUS_CODES = frozenset(each.value for each in HTTPStatus)
_BY_STATUS = "retriable-status-codes"
_REMOTE_LOCALITIES = FrozenMap(
    {
        "name": "envoy.retry_priorities.previous_priorities",
        "typed_config": FrozenMap(
            {
                "@type": "type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3"
                ".PreviousPrioritiesConfig",
                "update_frequency": 2,
            }
        ),
    }
)


def retry_policy(
    retries: virtual_service.Retries | None, default: Mapping[str, object] | None, *, hashed: bool = False
) -> RetryPolicy | None:
    """The retries of a route: Istio's two where nothing is said, none where attempts is 0.

    default: the mesh's ``defaultHttpRetryPolicy``, for routes that say nothing.
    hashed: with consistent hashing a retry goes to the same host, unless the route says otherwise.

    Mirrors ConvertPolicy (core/route/retry).
    """
    if retries is None and default is not None:
        retries = build(virtual_service.Retries, thaw(default), "defaultHttpRetryPolicy")
    if retries is None:
        return RetryPolicy(_CONDITIONS, 2, avoid_tried_hosts=not hashed, host_selection_attempts=5)
    if (retries.attempts or 0) <= 0:
        return None
    conditions, codes = _parsed(retries.retry_on) if retries.retry_on else (_CONDITIONS, ())
    avoid = retries.retry_ignore_previous_hosts
    extra: dict[str, object] = {}
    if retries.retry_remote_localities:
        extra["retry_priority"] = _REMOTE_LOCALITIES
    return RetryPolicy(
        conditions,
        retries.attempts or 0,
        per_try_timeout=duration(retries.per_try_timeout),
        status_codes=codes,
        avoid_tried_hosts=not hashed if avoid is None else avoid,
        host_selection_attempts=5,
        back_off=duration(retries.backoff),
        extra=FrozenMap(extra) if extra else EMPTY,
    )


def _parsed(text: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Conditions, and the numbers among them, which are status codes. Mirrors parseRetryOn (core/route/retry)."""
    conditions: list[str] = []
    codes: list[int] = []
    for part in (each.strip() for each in text.split(",")):
        if part.isdecimal() and int(part) in _STATUS_CODES:
            codes.append(int(part))
        elif part:
            conditions.append(part)
    if codes and not any(_BY_STATUS in each for each in conditions):
        conditions.append(_BY_STATUS)
    return tuple(conditions), tuple(codes)
