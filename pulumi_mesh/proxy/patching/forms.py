"""How a part of a view becomes a message and a part again, with all that says where it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.proxy.envoy.read.clusters import cluster as read_cluster
from pulumi_mesh.proxy.envoy.read.listeners import listener as read_listener
from pulumi_mesh.proxy.envoy.read.message import Message
from pulumi_mesh.proxy.envoy.read.routes import route_config as read_routes
from pulumi_mesh.proxy.envoy.write.clusters import cluster as write_cluster
from pulumi_mesh.proxy.envoy.write.listeners import listener as write_listener
from pulumi_mesh.proxy.envoy.write.message import Json
from pulumi_mesh.proxy.envoy.write.routes import route_config as write_routes
from pulumi_mesh.proxy.patching import origins
from pulumi_mesh.proxy.patching.merge import MismatchError
from pulumi_mesh.proxy.patching.origins import Origins, Visit
from pulumi_mesh.proxy.patching.patch import Patch
from pulumi_mesh.proxy.view.clusters import Cluster
from pulumi_mesh.proxy.view.listeners import Listener

T = TypeVar("T")
Change = Callable[[Json, Origins], bool]
"""Changes a message in place; False where it is removed."""


@dataclass(frozen=True, slots=True)
class Changed(Generic[T]):
    """A part after a change; None where it is removed. given_up: whether the change ended before its end, and with it
    all that is patched together with the part."""

    part: T | None
    given_up: bool = False


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """Writing, reading and visiting one kind of part."""

    write: Callable[[T], Json]
    read: Callable[[Message], T]
    visit: Callable[[T, Json, Visit], T]

    def changed(self, part: T, change: Change) -> Changed[T]:
        """A part after a change of its message. What cannot be read then stays as it was."""
        noted = Origins()
        message = noted.copied(self.write(part), None)
        self.visit(part, message, noted.note)
        given_up = False
        try:
            if not change(message, noted):
                return Changed(None)
        except MismatchError:
            given_up = True  # what was done of it before counts
        found = self._read(message, noted)
        return Changed(part if found is None or found == part else found, given_up)

    def made(self, patch: Patch) -> T | None:
        """What a patch adds; None where it cannot be read."""
        noted = Origins()
        return self._read(noted.copied(patch.value, patch.ref), noted)

    def _read(self, message: Json, noted: Origins) -> T | None:
        try:
            found = self.read(Message(message, ""))
        except InvalidError:
            return None
        return self.visit(found, message, noted.restore)


def _write_listener(value: Listener) -> Json:
    return write_listener(value, lambda name: {"rds": {"route_config_name": name}})


def _write_cluster(value: Cluster) -> Json:
    return write_cluster(value, lambda name: {"type": "EDS", "eds_cluster_config": {"service_name": name}})


LISTENER = Form(_write_listener, read_listener, origins.listener)
ROUTES = Form(write_routes, read_routes, origins.route_config)
CLUSTER = Form(_write_cluster, read_cluster, origins.cluster)
