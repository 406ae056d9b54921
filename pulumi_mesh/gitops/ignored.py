"""Fields that a pipeline leaves to others."""

from __future__ import annotations

from typing import Any

from pulumi_mesh.manifests.wire import declared
from pulumi_mesh.render.ignored import IgnoreChanges, ignored
from pulumi_mesh.render.result import Rendered


def ignore_differences(rendered: Rendered, ignore_changes: IgnoreChanges) -> list[dict[str, Any]]:
    """What ``spec.ignoreDifferences`` of an Argo CD Application says for these fields, sorted.

    The Application also needs the sync option ``RespectIgnoreDifferences=true``: without it Argo CD shows no
    difference, and takes the fields back at the next sync. ignore_changes: as ``deploy.Mesh`` takes it.
    Raises InvalidError as that does.
    """
    fields = ignored(rendered.entries, ignore_changes)
    found = []
    for entry in rendered.entries:
        if entry.identity in fields:
            manifest = declared(entry.object)
            group = manifest["apiVersion"].rpartition("/")[0]
            metadata = manifest["metadata"]
            found.append(
                ({"group": group} if group else {})
                | {"kind": manifest["kind"], "name": metadata["name"]}
                | ({"namespace": metadata["namespace"]} if "namespace" in metadata else {})
                | {"jsonPointers": [f"/{each.replace('.', '/')}" for each in sorted(fields[entry.identity])]}
            )
    return found
