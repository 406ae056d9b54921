"""HTTP to an API server: one request at a time, tried again where the official client does."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.cluster.provider.kubeconfig import Cluster

_TRIES = 10
_TIMEOUT = 60.0
_TOO_MANY = 429
_SERVER_ERROR = 500

APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
_JSON = "application/json"


class ApiError(Exception):
    """The server's answer was an error. code: HTTP's. reason: Kubernetes' word, such as ``AlreadyExists``."""

    def __init__(self, code: int, reason: str, message: str, details: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details


class UnreachableError(Exception):
    """No answer came; whether the server has done what was asked is not known."""


@dataclass(frozen=True, slots=True)
class Client:
    """Requests to one server."""

    cluster: Cluster

    def get(self, path: str, **query: str) -> Any:
        """GET. Raises ApiError and UnreachableError, as the others do."""
        return self.request("GET", path, query)

    def request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None, kind: str = _JSON
    ) -> Any:
        """One request; body: what is sent as JSON (which is YAML too). Returns the answer as data.

        As client-go does, an answer with Retry-After (429, and 5xx) is waited for and asked again, at most ten times,
        whatever the method: the server says that it did nothing. A connection that breaks is tried again for GET
        alone: anything else may have been done.
        """
        for tried in range(_TRIES + 1):
            last = tried == _TRIES
            try:
                code, headers, answer = self._once(method, path, query, body, kind)
            except (http.client.HTTPException, OSError) as error:
                if method == "GET" and not last and isinstance(error, ConnectionResetError | http.client.BadStatusLine):
                    continue
                place = f"{self.cluster.server.hostname}:{self.cluster.server.port or 443}"
                said = str(error) or type(error).__name__
                raise UnreachableError(f"{method} {path}: no answer from {place}: {said}") from None
            if code < http.client.BAD_REQUEST:
                return json.loads(answer) if answer else {}
            wait = headers.get("Retry-After", "")
            if last or not wait.isdigit() or not (code == _TOO_MANY or code >= _SERVER_ERROR):
                raise _error(code, answer)
            time.sleep(int(wait))
        raise AssertionError("unreachable: the last try returns or raises")

    def _once(
        self, method: str, path: str, query: Mapping[str, str] | None, body: Any, kind: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        # A connection of its own for each request: one that was kept might be closed by the server just as it is used.
        server = self.cluster.server
        if self.cluster.trust is not None:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                server.hostname or "", server.port, timeout=_TIMEOUT, context=self.cluster.trust
            )
        else:
            connection = http.client.HTTPConnection(server.hostname or "", server.port, timeout=_TIMEOUT)
        headers = {"Accept": _JSON, "Connection": "close", "User-Agent": "pulumi-kubernetes"}
        if self.cluster.token:
            headers["Authorization"] = f"Bearer {self.cluster.token}"
        if body is not None:
            headers["Content-Type"] = kind
        target = f"{server.path.rstrip('/')}{path}"
        if query:
            target += f"?{urlencode(query)}"
        try:
            connection.request(method, target, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), answer.read()
        finally:
            connection.close()


def _error(code: int, answer: bytes) -> ApiError:
    try:
        status = json.loads(answer)
        message, reason, details = status["message"], status.get("reason", ""), status.get("details") or {}
    except (ValueError, KeyError, TypeError):
        text = answer.decode(errors="replace").strip()[:200]
        message, reason, details = f"the server answered {code} {text}".strip(), "", {}
    return ApiError(code, reason, message, details)
