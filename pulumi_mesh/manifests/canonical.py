"""Canonical YAML: one text for one object, that every YAML reader reads as the same object.

Keys are sorted, except that apiVersion, kind and metadata, and in it name, namespace, labels and annotations, come
first: a manifest that was read has no class to take an order from, and must print as the typed object does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from pulumi_mesh.errors import OutputError
from pulumi_mesh.manifests.wire import AnyObject, RawObject, to_wire
from pulumi_mesh.objects import Object
from pulumi_mesh.typed import has_token, is_output, kind_of

_TOP = ("apiVersion", "kind", "metadata")
_METADATA = ("name", "namespace", "labels", "annotations")

# Text that needs no quotes under YAML 1.1, 1.2 and Go's readers: starts with a letter or a slash, holds nothing
# that has a meaning in YAML, and is none of the words. Whatever else: quotes.
_PLAIN = re.compile(r"[A-Za-z/](?:[A-Za-z0-9_./-]|[: ](?=[A-Za-z0-9_./]))*")
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"))
# Text that may stand as a literal block: printable lines that end in no blank, the first neither blank nor indented.
_BLOCK = re.compile(r"[!-~\u00a1-\u02ff](?:[ -~\u00a1-\u02ff]|(?<! )\n)*(?<! )\n?")


def dump(obj: AnyObject | Mapping[str, Any]) -> str:
    """The YAML text of an object or a manifest, ending in a newline.

    Raises OutputError, naming the path, where an Output or its token stands: a file needs plain text.
    """
    manifest = to_wire(obj) if isinstance(obj, Object | RawObject) else obj
    return _yaml(_ordered(manifest))


def _ordered(manifest: Mapping[str, Any]) -> dict[str, Any]:
    where = f"{manifest.get('kind', 'manifest')}"
    metadata = manifest.get("metadata")
    if isinstance(metadata, Mapping):
        where += f'("{metadata.get("name", "")}")'
    ordered = {key: _checked(manifest[key], f"{where}.{key}") for key in _first(manifest, _TOP)}
    if isinstance(metadata, Mapping):
        ordered["metadata"] = {key: ordered["metadata"][key] for key in _first(metadata, _METADATA)}
    return ordered


def _first(mapping: Mapping[str, Any], keys: tuple[str, ...]) -> list[str]:
    return [key for key in keys if key in mapping] + sorted(key for key in mapping if key not in keys)


def _checked(value: Any, path: str) -> Any:
    """The value with sorted mappings; refuses what a file cannot hold."""
    if isinstance(value, str):
        if has_token(value):
            raise _refusal(path)
        return value
    if isinstance(value, Mapping):
        if any(has_token(key) for key in value):
            raise _refusal(f"{path} (a key)")
        return {key: _checked(value[key], f"{path}.{key}") for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_checked(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if is_output(value):
        raise _refusal(path)
    raise TypeError(f"{path}: {kind_of(value)} cannot stand in a manifest")


def _refusal(path: str) -> OutputError:
    return OutputError("holds an Output, whose value only a deployment knows; a file needs plain text", where=path)


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        style = None
    elif "\n" in text and _BLOCK.fullmatch(text):
        style = "|"
    else:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _yaml(data: Any) -> str:
    text: str = yaml.dump(
        data,
        Dumper=_Dumper,
        default_flow_style=False,
        sort_keys=False,
        allow_unicode=True,
        indent=2,
        width=1_000_000,
    )
    return text
