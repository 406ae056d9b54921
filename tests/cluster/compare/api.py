"""The API server over HTTP: some hundred objects a second, where kubectl starts a process for each call."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from tests.cluster.provider.kubeconfig import read_kubeconfig

T = TypeVar("T")

_PARALLEL = 8
_MANAGER = "compare-istiod"

# Kinds that are no group's plural by adding an "s".
_PLURALS = {"AuthorizationPolicy": "authorizationpolicies", "Gateway": "gateways", "ServiceEntry": "serviceentries"}
_PLURALS |= {"GatewayClass": "gatewayclasses", "BackendTLSPolicy": "backendtlspolicies"}
_PLURALS |= {"WorkloadEntry": "workloadentries", "Telemetry": "telemetries", "EnvoyFilter": "envoyfilters"}
_PLURALS |= {"Ingress": "ingresses", "IngressClass": "ingressclasses"}
_CLUSTER_SCOPED = frozenset({"Namespace", "Node", "GatewayClass", "IngressClass"})


class ApiError(Exception):
    """The API server refused a request; the message says which and why."""


class Api:
    """A client of an API server, as the current user of a kubeconfig. Threads may share it."""

    def __init__(self, kubeconfig: Path) -> None:
        cluster = read_kubeconfig(str(kubeconfig))
        self._address = cluster.server.netloc
        self._tls = cluster.trust
        self._headers = {"Authorization": f"Bearer {cluster.token}", "Accept": "application/json"}
        self._own = threading.local()
        self._connections: list[HTTPSConnection] = []
        self._pool = ThreadPoolExecutor(_PARALLEL)

    def close(self) -> None:
        """Give up connections and threads."""
        self._pool.shutdown()
        for each in self._connections:
            each.close()

    def apply(self, manifest: Mapping[str, Any]) -> Any:
        """Apply an object server-side; returns it as stored. Raises ApiError."""
        query = f"?fieldManager={_MANAGER}&force=true"
        stored = self._call("PATCH", path_of(manifest) + query, manifest, "application/apply-patch+yaml")
        if "status" not in manifest:
            return stored
        # What only a kubelet writes has a path of its own.
        return self._call("PATCH", f"{path_of(manifest)}/status{query}", manifest, "application/apply-patch+yaml")

    def delete(self, manifest: Mapping[str, Any]) -> None:
        """Delete an object at once; one that is not there is no error."""
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}
        self._call("DELETE", path_of(manifest), options, "application/json", absent=True)

    def each(self, do: Callable[[Mapping[str, Any]], T], manifests: Iterable[Mapping[str, Any]]) -> list[T]:
        """``apply`` or ``delete`` on several at a time, in no order; returns what each returned, in theirs."""
        return list(self._pool.map(do, manifests))

    def _call(self, method: str, path: str, body: Any, content: str, *, absent: bool = False) -> Any:
        headers = {**self._headers, "Content-Type": content}
        for last in (False, True):
            connection = self._connection()
            try:
                connection.request(method, path, json.dumps(body), headers)
                answer = connection.getresponse()
                read = answer.read()
                break
            except (HTTPException, OSError):
                # The server may close a connection that was idle just when it is used again.
                connection.close()
                if last:
                    raise
        found = json.loads(read)
        if answer.status >= 400 and not (absent and answer.status == 404):
            raise ApiError(f"{method} {path}: {found.get('message', answer.status)}")
        return found

    def _connection(self) -> HTTPSConnection:
        found: HTTPSConnection | None = getattr(self._own, "connection", None)
        if found is None:
            found = self._own.connection = HTTPSConnection(self._address, context=self._tls, timeout=60)
            self._connections.append(found)
        return found


def path_of(manifest: Mapping[str, Any]) -> str:
    """Where the API server has an object."""
    kind, metadata = manifest["kind"], manifest["metadata"]
    api = manifest["apiVersion"]
    root = f"/apis/{api}" if "/" in api else f"/api/{api}"
    place = "" if kind in _CLUSTER_SCOPED else f"/namespaces/{metadata['namespace']}"
    return f"{root}{place}/{_PLURALS.get(kind, f'{kind.lower()}s')}/{quote(metadata['name'])}"
