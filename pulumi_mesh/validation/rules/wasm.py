"""What Istio's webhook adds for WasmPlugins and TrafficExtensions: filters of others in Envoy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_mesh.validation.addresses import port
from pulumi_mesh.validation.rules.selectors import policy_targets
from pulumi_mesh.validation.urls import request_url, url
from pulumi_mesh.validation.verdict import Problem

Object = Mapping[str, Any]

_is_sha256 = re.compile(r"[a-f0-9]{64}").fullmatch
_SCHEMES = frozenset({"", "file", "http", "https", "oci"})
_MAX_SECRET = 253
_MAX_NAME = 256
_MAX_CODE = 65536


def wasm_plugin(spec: Object, metadata: Object) -> Iterator[Problem]:
    """Where a WebAssembly module comes from, how its machine is set up, and for what traffic."""
    del metadata
    yield from policy_targets(spec)
    yield from _module(spec, "spec")
    yield from _traffic(spec.get("match") or (), "spec.match")


def traffic_extension(spec: Object, metadata: Object) -> Iterator[Problem]:
    """A WebAssembly module or a program in Lua."""
    del metadata
    wasm, lua = spec.get("wasm"), spec.get("lua")
    if (wasm is None) == (lua is None):
        yield Problem("spec", "one of wasm and lua is set")
    yield from policy_targets(spec)
    if lua is not None:
        size = len((lua.get("inlineCode") or "").encode())
        if not 0 < size <= _MAX_CODE:
            yield Problem("spec.lua.inlineCode", f"1 to {_MAX_CODE} bytes are expected, not {size}")
    if wasm is not None:
        yield from _module(wasm, "spec.wasm")
    yield from _traffic(spec.get("match") or (), "spec.match")


def _module(module: Object, path: str) -> Iterator[Problem]:
    if problem := _source_problem(module.get("url") or ""):
        yield Problem(f"{path}.url", problem)
    if (digest := module.get("sha256")) and not _is_sha256(digest):
        yield Problem(f"{path}.sha256", "64 hexadecimal digits in lower case are expected")
    if len((module.get("imagePullSecret") or "").encode()) > _MAX_SECRET:
        yield Problem(f"{path}.imagePullSecret", f"the name of a Secret has at most {_MAX_SECRET} bytes")
    if len((module.get("pluginName") or "").encode()) > _MAX_NAME:
        yield Problem(f"{path}.pluginName", f"at most {_MAX_NAME} bytes are allowed")
    seen = set()
    for index, variable in enumerate((module.get("vmConfig") or {}).get("env") or ()):
        at = f"{path}.vmConfig.env[{index}]"
        name = variable.get("name") or ""
        if not 0 < len(name.encode()) <= _MAX_NAME:
            yield Problem(f"{at}.name", f"1 to {_MAX_NAME} bytes are expected")
        if name in seen:
            yield Problem(f"{at}.name", f"there is a variable {name} before it")
        seen.add(name)
        if (variable.get("valueFrom") or "INLINE") != "INLINE" and variable.get("value"):
            yield Problem(f"{at}.value", "the value is the host's")


def _source_problem(text: str) -> str | None:
    if not text:
        return "a URL is required"
    parsed, whole = request_url(text), text
    if parsed is None:
        whole = f"http://{text}"
        parsed = request_url(whole)
    if parsed is None or url(whole) is None:
        return f"{text!r} is not a URL"
    return None if parsed.scheme in _SCHEMES else f"modules come by file, http, https and oci, not by {parsed.scheme}"


def _traffic(selectors: Sequence[Object], path: str) -> Iterator[Problem]:
    for index, each in enumerate(selectors):
        for number, chosen in enumerate(each.get("ports") or ()):
            yield from port(chosen.get("number") or 0, f"{path}[{index}].ports[{number}].number")
