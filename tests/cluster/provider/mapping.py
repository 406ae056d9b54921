"""Which path of the API server holds the objects of a kind."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.cluster.provider.client import ApiError, Client

_MISSING = 404


class NoMatchError(Exception):
    """The server knows no such kind: its custom resource is not there (yet)."""


@dataclass(frozen=True, slots=True)
class Resource:
    """How the API server calls a kind. root: such as ``/apis/apps/v1``."""

    root: str
    plural: str
    namespaced: bool

    def path(self, namespace: str, name: str = "") -> str:
        """The path of the collection in a namespace, or of one object."""
        space = f"/namespaces/{quote(namespace or 'default')}" if self.namespaced else ""
        return f"{self.root}{space}/{self.plural}" + (f"/{quote(name, safe='')}" if name else "")


class Mapper:
    """Kinds to resources, asked of the server once for each group and version, and again for a kind not found."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._found: dict[tuple[str, str], Resource] = {}
        self._declared: dict[tuple[str, str], bool] = {}

    def resource(self, api_version: str, kind: str) -> Resource:
        """Raises NoMatchError, and what the client raises."""
        with self._lock:
            if (api_version, kind) not in self._found:
                self._found.update(self._ask(api_version))
            try:
                return self._found[api_version, kind]
            except KeyError:
                raise NoMatchError(f'no matches for kind "{kind}" in version "{api_version}"') from None

    def forget(self, api_version: str, kind: str) -> None:
        """What the server said of a kind may be true no more."""
        with self._lock:
            self._found.pop((api_version, kind), None)

    def declare(self, definition: Mapping[str, Any]) -> None:
        """A CustomResourceDefinition of the program: tells the scope of its kind before the server has it."""
        spec = definition.get("spec", {})
        key = (str(spec.get("group")), str(spec.get("names", {}).get("kind")))
        with self._lock:
            self._declared[key] = spec.get("scope") == "Namespaced"

    def namespaced(self, api_version: str, kind: str) -> bool:
        """Whether objects of the kind live in namespaces; of a kind that nobody knows yet, it is taken so."""
        try:
            return self.resource(api_version, kind).namespaced
        except NoMatchError:
            return self._declared.get((api_version.rpartition("/")[0], kind), True)

    def _ask(self, api_version: str) -> dict[tuple[str, str], Resource]:
        root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        try:
            listed = self._client.get(root)
        except ApiError as error:
            if error.code == _MISSING:
                return {}
            raise
        return {
            (api_version, each["kind"]): Resource(root, each["name"], each["namespaced"])
            for each in listed["resources"]
            if "/" not in each["name"]
        }
