"""Fields that are declared once and then left to whoever changes them, such as a controller that shifts weights."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.manifests.wire import declared
from pulumi_mesh.refs import Identity
from pulumi_mesh.render.result import Entry

IgnoreChanges = Mapping[str, Sequence[str]]
"""``KIND/NAMESPACE/NAME`` of a rendered object to the fields that are left alone: ``{"VirtualService/shop/cart":
["spec.http"]}``. Without NAMESPACE for cluster-scoped objects."""

_PATH = re.compile(r"\w+(\.\w+)*")
_OF_THE_IDENTITY = {"apiVersion", "kind", "metadata", "metadata.name", "metadata.namespace"}


def ignored(entries: Iterable[Entry], given: IgnoreChanges) -> dict[Identity, tuple[str, ...]]:
    """The fields to leave alone of each object that has some.

    A list is left alone as a whole: server-side apply gives each of Istio's lists one owner, so that nobody can own
    a weight inside ``spec.http``. Raises InvalidError for an object that is not rendered, a field that it does not
    declare (nobody else's change to that is touched anyway), and a path into a list.
    """
    known = {key_of(entry.identity): entry for entry in entries}
    problems = []
    for key, fields in given.items():
        where = f"ignore_changes[{key!r}]"
        if key not in known:
            problems.append((where, f"no such object is rendered; there are: {', '.join(known) or 'none'}"))
        elif isinstance(fields, str) or not fields:
            problems.append((where, 'needs a list of fields, such as ["spec.http"]'))
        else:
            manifest = declared(known[key].object)
            problems += [(where, problem) for field in fields if (problem := _problem(manifest, field))]
    if problems:
        raise InvalidError(problems)
    return {known[key].identity: tuple(fields) for key, fields in given.items()}


def key_of(identity: Identity) -> str:
    """``KIND/NAMESPACE/NAME``; ``KIND/NAME`` for cluster-scoped objects."""
    return "/".join(part for part in (identity.cluster, identity.kind, identity.namespace, identity.name) if part)


def _problem(manifest: Mapping[str, Any], field: str) -> str:
    """What is wrong with a field; empty when nothing is."""
    if "[" in field:
        whole = field.partition("[")[0]
        return f"{field} goes into a list, which has one owner as a whole; leave {whole} alone, or nothing of it"
    if not _PATH.fullmatch(field) or field in _OF_THE_IDENTITY:
        return f"{field!r} is no field that can be left alone; one is spec.http"
    value: Any = manifest
    for part in field.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return f"the object declares no {field}; what it does not declare is left alone without being named"
        value = value[part]
    return ""
