"""Answers of the proxy itself to gRPC: always 200, with the status in a header."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from pulumi_mesh.proxy.simulate.headers import Headers
from pulumi_mesh.proxy.simulate.outcome import Outcome

_STATUSES = {400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14}
"""By HTTP status; another is 2, unknown. Mirrors Grpc::Utility::httpToGrpcStatus (Envoy's source/common/grpc)."""


def is_grpc(headers: Headers) -> bool:
    """Whether a request is one of gRPC, by its content type."""
    kind = headers.text("content-type")
    return kind == "application/grpc" or kind.startswith("application/grpc+")


def in_grpc(outcome: Outcome) -> Outcome:
    """An answer of the proxy itself as a gRPC client gets it: the body becomes the message."""
    if outcome.status is None:
        return outcome
    replaced = ("grpc-status", "grpc-message", "content-length", "content-type")
    headers = [pair for pair in outcome.response_headers if pair[0] not in replaced]
    headers += [("content-type", "application/grpc"), ("grpc-status", str(_STATUSES.get(outcome.status, 2)))]
    if outcome.body:
        headers.append(("grpc-message", quote(outcome.body, safe=" !\"#$&'()*+,/:;<=>?@[\\]^`{|}~")))
    return replace(outcome, status=200, body="", response_headers=tuple(headers))
