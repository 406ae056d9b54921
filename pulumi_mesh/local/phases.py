"""The order in which discovery files change, so that nothing is used before it is there or gone while it is
used.

Files: a path below the discovery folder (``cds.json``, ``lds.json``, ``rds/NAME.json``, ``eds/NAME.json``,
``sds/NAME.json``) to an envoy.service.discovery.v3.DiscoveryResponse as a dict. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_mesh.local.stats import stat_name

Files = Mapping[str, Mapping[str, Any]]


def versioned(files: Files) -> dict[str, dict[str, Any]]:
    """The same files, each with a ``version_info`` that follows from its resources."""
    return {path: _response(file["resources"]) for path, file in files.items()}


def phases(old: Files, new: Files) -> tuple[dict[str, dict[str, Any]], ...]:
    """The files to write, step by step, on the way from ``old`` to ``new``; both ``versioned``.

    1. Certificates, endpoints and clusters that are new or changed; what goes stays.
    2. Route tables that are new, then listeners in 3; what goes stays, unless its address is asked for.
    4. Route tables that changed. 5. Listeners without those that go. 6. Clusters and endpoints likewise.
    A step is to be in force in every proxy before the next; one that changes nothing is empty. A proxy that
    has nothing yet takes the same steps.
    """
    steps: tuple[Files, ...] = (
        {
            **{path: file for path, file in new.items() if path.startswith("sds/") or _gains(path, old, new)},
            **_kept(old, new, "cds.json", _same_name),
        },
        {path: file for path, file in new.items() if path.startswith("rds/") and path not in old},
        _kept(old, new, "lds.json", _same_name_or_address),
        {path: file for path, file in new.items() if path.startswith("rds/")},
        {path: file for path, file in new.items() if path == "lds.json"},
        {path: file for path, file in new.items() if path == "cds.json" or path.startswith("eds/")},
    )
    now = dict(old)
    changes = []
    for step in steps:
        change = {path: dict(file) for path, file in step.items() if now.get(path) != file}
        now.update(change)
        changes.append(change)
    return tuple(changes)


def expected(files: Files) -> dict[str, str]:
    """The ``version_text`` statistics of an Envoy in which ``files`` are in force, and their values.

    Route tables and endpoints count where a listener or cluster asks for them. The name of a route table's
    statistic starts at ``rds.``: what stands before is its connection manager's.
    """
    versions = {}
    for path, statistic in (
        ("cds.json", "cluster_manager.cds.version_text"),
        ("lds.json", "listener_manager.lds.version_text"),
    ):
        if path in files:
            versions[statistic] = str(files[path]["version_info"])
    routes = {rds["route_config_name"] for rds in _under("rds", files.get("lds.json", {}))}
    endpoints: dict[str, list[str]] = {}
    for cluster in files.get("cds.json", {}).get("resources", ()):
        if "eds_cluster_config" in cluster:
            asked = cluster["eds_cluster_config"].get("service_name") or cluster["name"]
            endpoints.setdefault(asked, []).append(cluster.get("alt_stat_name") or cluster["name"])
    for path, file in files.items():
        version = str(file["version_info"])
        for resource in file["resources"]:
            if path.startswith("rds/") and resource["name"] in routes:
                versions[f"rds.{stat_name(resource['name'])}.version_text"] = version
            if path.startswith("eds/"):
                for cluster_name in endpoints.get(resource["cluster_name"], ()):
                    versions[f"cluster.{stat_name(cluster_name)}.version_text"] = version
    return versions


def _response(resources: Any) -> dict[str, Any]:
    text = json.dumps(resources, sort_keys=True, separators=(",", ":"))
    return {"version_info": hashlib.sha256(text.encode()).hexdigest()[:16], "resources": list(resources)}


def _gains(path: str, old: Files, new: Files) -> bool:
    """Whether an endpoint file has an endpoint that it had not. One that only loses waits for the routes."""
    if not path.startswith("eds/"):
        return False
    return path not in old or not _addresses(new[path]) <= _addresses(old[path]) or not _addresses(old[path])


def _addresses(file: Mapping[str, Any]) -> set[str]:
    return {json.dumps(address, sort_keys=True) for address in _under("address", file)}


def _kept(old: Files, new: Files, path: str, replaces: Any) -> dict[str, dict[str, Any]]:
    if path not in new:
        return {}
    resources = list(new[path]["resources"])
    if path in old:
        resources += [gone for gone in old[path]["resources"] if not any(replaces(one, gone) for one in resources)]
    return {path: _response(resources)}


def _same_name(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one["name"] == other["name"])


def _same_name_or_address(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return _same_name(one, other) or one.get("address") == other.get("address")


def _under(key: str, value: Any) -> Iterator[Any]:
    """Every value that stands under ``key`` anywhere in ``value``."""
    if isinstance(value, Mapping):
        if key in value:
            yield value[key]
        for inner in value.values():
            yield from _under(key, inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _under(key, inner)
