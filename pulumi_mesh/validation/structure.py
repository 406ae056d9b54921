"""The first stage of the verdict: whether an object is what its kind's schema says, as the API server checks it.

Judged as with strict field validation, kubectl's default. In two places this is stricter than the API server, which
drops what it does not want without a word: a null where the schema allows none, and ``status`` (judged as the
``status`` subresource would judge it).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pulumi_mesh.validation.compiled import Check, Found, compiled_root, path_of
from pulumi_mesh.validation.core import CORE
from pulumi_mesh.validation.defaults import filled
from pulumi_mesh.validation.object_meta import metadata_problems
from pulumi_mesh.validation.schemas import Channel, Definition, definition, groups
from pulumi_mesh.validation.verdict import Problem


class Structure(NamedTuple):
    """What the first stage says of an object.

    problems: in the order of the object's fields. object: with the schema's defaults; the one given where there are
    none. definition, version: of its kind; without a definition it is no custom resource that is known here, and only
    its type, its metadata and, of a Service or Namespace, its own fields were judged.
    """

    problems: tuple[Problem, ...]
    object: Mapping[str, Any]
    definition: Definition | None = None
    version: str = ""


def structure(document: Mapping[str, Any], channel: Channel = "standard", *, metadata: bool = True) -> Structure:
    """Judge one parsed document, whose keys are text.

    channel: of the Gateway API's CRDs in the cluster. metadata: False leaves ``metadata`` unjudged.
    """
    api_version, kind = document.get("apiVersion"), document.get("kind")
    if not isinstance(api_version, str) or not isinstance(kind, str) or not api_version or not kind:
        return Structure(_problems(_header(document)), document)
    group, _, version = api_version.rpartition("/")
    known = definition(group, kind, channel)
    found: Found = []
    if known is None or version not in known.versions:
        if group in groups(channel):
            found.append(((None, "apiVersion"), _not_served(api_version, kind, known)))
        elif metadata:
            metadata_problems(document.get("metadata"), None, found)
        if judge := CORE.get((api_version, kind)):
            judge(document, found)
        return Structure(_problems(found), document)
    check, fill = _functions(known, version)
    full = document if fill is None else fill(document)
    if metadata:
        metadata_problems(document.get("metadata"), known.namespaced, found)
    check(full, None, found)
    return Structure(_problems(found), full, known, version)


@functools.cache
def _functions(known: Definition, version: str) -> tuple[Check, Callable[[Any], Any] | None]:
    schema = known.schema(version)
    return compiled_root(schema), filled(schema)


def _header(document: Mapping[str, Any]) -> Found:
    found: Found = []
    for key in ("apiVersion", "kind"):
        value = document.get(key)
        if not isinstance(value, str) or not value:
            found.append(((None, key), "needs text" if value else "is required"))
    return found


def _not_served(api_version: str, kind: str, known: Definition | None) -> str:
    if known is None:
        return f"is {api_version}, which has no kind {kind}"
    served = ", ".join(f"{known.group}/{version}" for version in known.versions)
    return f"is {api_version}, which is not served; {kind} is there as {served}"


def _problems(found: Found) -> tuple[Problem, ...]:
    return tuple(Problem(path_of(place), message) for place, message in found)
