"""What an update would change: the live object, seen through what was declared, against what is declared now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from tests.cluster.provider.normal import normal
from tests.cluster.provider.values import folded, is_unknown

# Fields that an API server refuses to change, or whose change would not reach what uses them: pulumi-kubernetes
# makes a new object instead. Of a kind not named here only the name and the namespace are such.
_SELECTOR = r"spec\.selector"
_POD = (
    r"spec\.(?!activeDeadlineSeconds|tolerations|containers|initContainers)\w+|spec\.(init)?[cC]ontainers\[\d+\]\.\w+"
)
_FIXED: Mapping[tuple[str, str], str] = {
    ("apps/v1", "DaemonSet"): _SELECTOR,
    ("apps/v1", "Deployment"): _SELECTOR,
    (
        "apps/v1",
        "StatefulSet",
    ): r"spec\.(podManagementPolicy|revisionHistoryLimit|selector|serviceName|volumeClaimTemplates)",
    ("batch/v1", "Job"): r"spec\.(completions|parallelism|selector|template)",
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): "roleRef",
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): "roleRef",
    ("storage.k8s.io/v1", "StorageClass"): "parameters|provisioner",
    ("v1", "PersistentVolumeClaim"): r"spec\.(accessModes|selector|storageClassName|volumeName)",
    ("v1", "Pod"): _POD,
    ("v1", "ResourceQuota"): r"spec\.scopes",
    ("v1", "Secret"): "type",
    ("v1", "Service"): r"spec\.clusterIP",
}
_VALUES: Mapping[tuple[str, str], str] = {("v1", "ConfigMap"): "binaryData|data", ("v1", "Secret"): "data|stringData"}
_IDENTITY = r"metadata\.(name|namespace)"


class Change(NamedTuple):
    """One field. path: as Pulumi writes it, such as ``spec.hosts[0]``. replaces: whether it takes a new object."""

    path: str
    kind: Literal["add", "delete", "update"]
    replaces: bool


def changes(
    live: Mapping[str, Any], declared: Mapping[str, Any], wanted: Mapping[str, Any], mutable: frozenset[str]
) -> list[Change]:
    """What differs between a live object, of which only what was declared is looked at, and what is wanted.

    mutable: kinds (``ConfigMap``, ``Secret``) whose values may change in place, unless they are marked immutable.
    """
    kind = (str(wanted.get("apiVersion")), str(wanted.get("kind")))
    fixed = [_IDENTITY, _FIXED.get(kind, "")]
    if kind[1] not in mutable or wanted.get("immutable"):
        fixed.append(_VALUES.get(kind, ""))
    fixes = re.compile(rf"({'|'.join(filter(None, fixed))})(?![\w-])")
    return [
        Change(path, how, fixes.match(path) is not None)
        for path, how in _between(normal(pruned(live, folded(declared))), normal(folded(wanted)), "")
    ]


def pruned(live: Any, declared: Any) -> Any:
    """A live value without what a server added: keys that were not declared, entries of a list beyond those."""
    if isinstance(live, Mapping) and isinstance(declared, Mapping):
        return {key: pruned(value, declared[key]) for key, value in live.items() if key in declared}
    if isinstance(live, list) and isinstance(declared, list):
        return [pruned(one, other) for one, other in zip(live, declared, strict=False)]
    return live


def _between(old: Any, new: Any, path: str) -> Iterator[tuple[str, Literal["add", "delete", "update"]]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in old.keys() | new.keys():
            where = _at(path, key)
            if key not in new:
                yield where, "delete"
            elif key not in old:
                yield where, "add"
            else:
                yield from _between(old[key], new[key], where)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            where = f"{path}[{index}]"
            if index >= len(new):
                yield where, "delete"
            elif index >= len(old):
                yield where, "add"
            else:
                yield from _between(old[index], new[index], where)
    elif old != new or is_unknown(new) or isinstance(old, bool) != isinstance(new, bool):
        yield path, "update"


def _at(path: str, key: str) -> str:
    if re.search(r'[.\[\]"]', key):
        return f'{path}["{key.replace(chr(34), chr(92) + chr(34))}"]'
    return f"{path}.{key}" if path else key
