"""What a cluster says of an object: the API server is asked to store it in a dry run, istiod's webhook with it."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

from pulumi_mesh.validation.schemas import Channel
from pulumi_mesh.validation.verdict import Stage
from tests.cluster.provider.kubeconfig import read_kubeconfig
from tests.cluster.tools.finding import module_folder
from tests.cluster.tools.kubectl import Kubectl

_DENIED = "admission webhook "
_SCHEMA_ALONE = "some validation rules were not checked because the object was invalid"
_REFUSED = frozenset({http.client.BAD_REQUEST, http.client.FORBIDDEN, http.client.UNPROCESSABLE_ENTITY})

_GO_EXPONENT = 1e21  # from here on Go writes a float with an exponent


class NoVerdictError(Exception):
    """The answer says nothing of the object: the kind is not served, or the webhook could not be asked."""


@dataclass(frozen=True, slots=True)
class Said:
    """The cluster's verdict. stages: those whose words these may be, none for an object that would be stored."""

    stages: frozenset[Stage]
    message: str

    @property
    def accepted(self) -> bool:
        """Whether the object would be stored."""
        return not self.stages


class Asking:
    """Dry runs as the current user of a kubeconfig, over a connection for each thread. Use it in a ``with``."""

    def __init__(self, kubectl: Kubectl) -> None:
        cluster = read_kubeconfig(str(kubectl.kubeconfig))
        self._address = cluster.server.netloc
        self._tls = cluster.trust
        self._headers = {"Authorization": f"Bearer {cluster.token}", "Content-Type": "application/json"}
        self._own = threading.local()
        self._connections: list[http.client.HTTPSConnection] = []
        self._places = {
            (each["spec"]["group"], each["spec"]["names"]["kind"]): (
                "/namespaces/default" if each["spec"]["scope"] == "Namespaced" else "",
                each["spec"]["names"]["plural"],
            )
            for each in kubectl.get("crd")["items"]
        }

    def __enter__(self) -> Asking:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in self._connections:
            each.close()

    def verdict(self, document: Mapping[str, Any]) -> Said:
        """What the cluster says of a new object in the namespace ``default``. Raises NoVerdictError."""
        group, _, version = document["apiVersion"].rpartition("/")
        namespace, plural = self._places[group, document["kind"]]
        path = f"/apis/{group}/{version}{namespace}/{plural}?dryRun=All&fieldValidation=Strict"
        code, answer = self._post(path, json.dumps(_as_clients_send(document)))
        message = answer.get("message", "")
        if code == http.client.CREATED:
            return Said(frozenset(), "")
        if code not in _REFUSED:
            raise NoVerdictError(f"POST {path}: {code} {message}")
        if message.startswith(_DENIED):
            return Said(frozenset[Stage]({"webhook"}), message)
        if code == http.client.BAD_REQUEST or _SCHEMA_ALONE in message:
            return Said(frozenset[Stage]({"structure"}), message)
        return Said(frozenset[Stage]({"structure", "cel"}), message)

    def _post(self, path: str, body: str) -> tuple[int, Any]:
        for last in (False, True):
            connection: http.client.HTTPSConnection | None = getattr(self._own, "connection", None)
            if connection is None:
                connection = http.client.HTTPSConnection(self._address, context=self._tls, timeout=60)
                self._own.connection = connection
                self._connections.append(connection)
            try:
                connection.request("POST", path, body, self._headers)
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())
            except (http.client.HTTPException, OSError):
                # The server may close a connection that was idle just when it is used again.
                connection.close()
                if last:
                    raise
        raise AssertionError("unreachable: the last try returns or raises")


def _as_clients_send(value: Any) -> Any:
    """As kubectl and Pulumi send it: Go writes 8.0 as 8. CEL rules about an integer fail on 8.0, which schemas take."""
    if isinstance(value, dict):
        return {key: _as_clients_send(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_clients_send(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _GO_EXPONENT else value


@contextmanager
def gateway_api(kubectl: Kubectl, channel: Channel, *, stays: bool = False) -> Iterator[None]:
    """The Gateway API's custom resources of a channel on the API server until the end of the block.

    The other channel's cannot be there at once: they have the same names. stays: where the server ends with the block
    nobody has to wait until all objects of these kinds are gone.
    """
    folder = module_folder("istio", "sigs.k8s.io/gateway-api") / "config" / "crd" / channel
    definitions = [each for file in sorted(folder.glob("gateway*.yaml")) for each in _definitions(file)]
    kubectl.apply(*definitions)
    try:
        kubectl.await_definitions()
        yield
    finally:
        if not stays:
            kubectl("delete", "crd", *(each["metadata"]["name"] for each in definitions))


def _definitions(file: Path) -> list[Any]:
    # The folder also has a policy against a change of channel.
    found = yaml.load_all(file.read_text(), Loader=yaml.CSafeLoader)
    return [each for each in found if each and each["kind"] == "CustomResourceDefinition"]
