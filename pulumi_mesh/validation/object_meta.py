"""What the API server asks of ``metadata``, of any kind."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from pulumi_mesh.validation.compiled import Found, Key, Place, compiled

_TEXT = {"type": "string"}
_TEXTS = {"type": "object", "additionalProperties": {"type": "string", "nullable": True}, "nullable": True}
_TIME = {"type": "string", "format": "date-time", "nullable": True}
_WHOLE = {"type": "integer"}
_FLAG = {"type": "boolean", "nullable": True}
_OWNER = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("apiVersion", "kind", "name", "uid"), _TEXT),
        **dict.fromkeys(("controller", "blockOwnerDeletion"), _FLAG),
    },
    "required": ["apiVersion", "kind", "name", "uid"],
}
_MANAGED = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("manager", "operation", "apiVersion", "fieldsType", "subresource"), _TEXT),
        "time": _TIME,
        "fieldsV1": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "nullable": True},
    },
}


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "nullable": True}


_FIELDS = compiled({
    "type": "object",
    "properties": {
        **dict.fromkeys(("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion"), _nullable(_TEXT)),
        **dict.fromkeys(("labels", "annotations"), _TEXTS),
        **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), _TIME),
        **dict.fromkeys(("generation", "deletionGracePeriodSeconds"), _nullable(_WHOLE)),
        "finalizers": _nullable({"type": "array", "items": _TEXT}),
        "ownerReferences": _nullable({"type": "array", "items": _OWNER}),
        "managedFields": _nullable({"type": "array", "items": _nullable(_MANAGED)}),
    },
})  # fmt: skip
"""The types of ObjectMeta. JSON null is an unset field to a Go struct, so it may stand anywhere."""

_PLACE: Place = (None, "metadata")
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*\Z")
DNS_LABEL = re.compile(rf"{_LABEL}\Z")
_NAME_PART = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\Z")
VALUE_PART = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\Z")
_ANNOTATIONS_SIZE = 256 * 1024


def metadata_problems(metadata: Any, namespaced: bool | None, found: Found) -> None:
    """Add what is wrong with an object's metadata. namespaced: None where it is not known whether the kind is.

    Kinds that are not known may have names that are no DNS subdomains, as roles do.
    """
    if not isinstance(metadata, dict):
        found.append((_PLACE, "needs a mapping" if metadata is not None else "is required"))
        return
    before = len(found)
    _FIELDS(metadata, _PLACE, found)
    if len(found) > before:
        return
    _names(metadata, namespaced, found)
    if labels := metadata.get("labels"):
        _labels(labels, found)
    if annotations := metadata.get("annotations"):
        _annotations(annotations, found)
    for key in ("creationTimestamp", "deletionTimestamp"):
        if (time := metadata.get(key)) and time != time.upper():
            found.append(((_PLACE, key), f"is {time}; 'T' and 'Z' are upper-case letters"))
    if finalizers := metadata.get("finalizers"):
        _finalizers(finalizers, found)
    if owners := metadata.get("ownerReferences"):
        _owners(owners, found)


def _names(metadata: Mapping[str, Any], namespaced: bool | None, found: Found) -> None:
    name, prefix, namespace = metadata.get("name"), metadata.get("generateName"), metadata.get("namespace")
    if not name and not prefix:
        found.append(((_PLACE, "name"), "is required"))
    problem_of = _path_segment if namespaced is None else _subdomain
    if name and (problem := problem_of(name)):
        found.append(((_PLACE, "name"), problem))
    if prefix and (problem := problem_of(re.sub(r"-\Z", "a", prefix))):  # more characters follow
        found.append(((_PLACE, "generateName"), problem))
    if namespace and namespaced is not False and (len(namespace) > 63 or not DNS_LABEL.match(namespace)):
        text = "is no namespace's name: at most 63 lower-case letters, digits and '-', a letter or digit at each end"
        found.append(((_PLACE, "namespace"), text))


def is_subdomain(name: str) -> bool:
    """Whether text is a DNS subdomain in lower case."""
    return len(name) <= 253 and _SUBDOMAIN.match(name) is not None


def _subdomain(name: str) -> str:
    if len(name) > 253:
        return f"is {len(name)} characters long; at most 253"
    if not _SUBDOMAIN.match(name):
        return "is no name: lower-case letters, digits, '-' and '.', a letter or digit at both ends of each part"
    return ""


def _path_segment(name: str) -> str:
    return "is no name: it holds '/' or '%', or is '.' or '..'" if name in (".", "..") or {"/", "%"} & {*name} else ""


@functools.lru_cache(4096)
def qualified(key: str) -> str:
    """Why text is no qualified name, such as ``app.kubernetes.io/name``; empty where it is one."""
    prefix, slash, name = key.rpartition("/")
    if slash and not is_subdomain(prefix):
        return f"has the key {key!r}, whose part before '/' is no DNS subdomain in lower case"
    if len(name) > 63 or not _NAME_PART.match(name):
        return f"has the key {key!r}; 1 to 63 letters, digits, '-', '_' and '.', a letter or digit at each end"
    return ""


def _labels(labels: Mapping[str, Any], found: Found) -> None:
    for key, value in labels.items():
        if problem := qualified(key):
            found.append(((_PLACE, "labels"), problem))
        if value and (len(value) > 63 or not VALUE_PART.match(value)):
            text = "is no label's value: at most 63 letters, digits, '-', '_' and '.', a letter or digit at each end"
            found.append((((_PLACE, "labels"), Key(key)), text))


def _annotations(annotations: Mapping[str, Any], found: Found) -> None:
    for key in annotations:
        if problem := qualified(key.lower()):
            found.append(((_PLACE, "annotations"), problem))
    size = sum(len(key.encode()) + len((value or "").encode()) for key, value in annotations.items())
    if size > _ANNOTATIONS_SIZE:
        found.append(((_PLACE, "annotations"), f"are {size} bytes in all; at most {_ANNOTATIONS_SIZE}"))


def _finalizers(finalizers: list[str], found: Found) -> None:
    place = (_PLACE, "finalizers")
    for index, name in enumerate(finalizers):
        if problem := qualified(name):
            found.append(((place, index), problem))
    if {"orphan", "foregroundDeletion"} <= {*finalizers}:
        found.append((place, "holds orphan and foregroundDeletion, which exclude each other"))


def _owners(owners: list[Any], found: Found) -> None:
    place = (_PLACE, "ownerReferences")
    controllers = 0
    for index, owner in enumerate(owners):
        for key in ("apiVersion", "kind", "name", "uid"):
            if not owner[key]:
                found.append((((place, index), key), "is required"))
        if owner["apiVersion"].count("/") > 1 or owner["apiVersion"].endswith("/"):
            found.append((((place, index), "apiVersion"), "is no GROUP/VERSION"))
        if (owner["apiVersion"], owner["kind"]) == ("v1", "Event"):
            found.append(((place, index), "is an Event, which owns nothing"))
        controllers += owner.get("controller") is True
    if controllers > 1:
        found.append((place, f"has {controllers} controllers; at most one"))
