"""The custom resources of a cluster with Istio and the Gateway API: kinds, served versions, schemas."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal, TypeAlias

Channel: TypeAlias = Literal["standard", "experimental"]
"""Which of the Gateway API's two sets of CRDs the cluster has."""

_FOLDERS = {"standard": ("istio", "gateway_api"), "experimental": ("istio", "gateway_api_experimental")}


@dataclass(frozen=True, eq=False)
class Definition:
    """One kind, as its CRD defines it.

    versions: those that are served, newest first. schemas: of whole objects, CEL rules included: the newest version's,
    and each other's that differs from it.
    """

    group: str
    kind: str
    namespaced: bool
    versions: tuple[str, ...]
    schemas: dict[str, dict[str, Any]]

    def schema(self, version: str) -> dict[str, Any]:
        """The schema of a served version."""
        return self.schemas.get(version) or self.schemas[self.versions[0]]


@functools.cache
def definition(group: str, kind: str, channel: Channel) -> Definition | None:
    """The kind's definition; None where no CRD of the cluster has it. Reads one file of the package, once."""
    for files in kinds(channel):
        if file := files.get(f"{group}/{kind}"):
            data = json.loads(_text(file))
            return Definition(group, kind, data["namespaced"], tuple(data["versions"]), data["schemas"])
    return None


@functools.cache
def groups(channel: Channel) -> frozenset[str]:
    """The API groups whose kinds are all known here."""
    return frozenset(name.rpartition("/")[0] for files in kinds(channel) for name in files)


@functools.cache
def kinds(channel: Channel) -> tuple[dict[str, str], ...]:
    """``GROUP/KIND`` to the file with its definition, for each source of CRDs."""
    index = json.loads(_text("index.json"))
    return tuple(index[folder] for folder in _FOLDERS[channel])


def _text(file: str) -> str:
    return resources.files("pulumi_mesh.validation").joinpath("_generated", file).read_text("utf-8")
