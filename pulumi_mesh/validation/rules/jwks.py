"""Key sets of RFC 7517, as far as istiod reads them (github.com/lestrrat-go/jwx): JSON, key types, required fields."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

_REQUIRED = {"RSA": ("e", "n"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x"), "oct": ("k",)}
_BYTES = {
    "RSA": ("d", "dp", "dq", "e", "n", "p", "q", "qi"),
    "EC": ("x", "y", "d"),
    "OKP": ("x", "d"),
    "oct": ("k",),
}
_TEXTS = ("alg", "kid", "use", "x5t", "x5t#S256", "x5u")
_OPERATIONS = frozenset({"sign", "verify", "encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"})
_is_base64 = re.compile(r"[A-Za-z0-9_-]*|[A-Za-z0-9+/]*").fullmatch


@lru_cache(maxsize=256)
def jwks_problem(text: str) -> str | None:
    """Why istiod cannot read the key set, or None."""
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        return f"not JSON: {error}"
    if not isinstance(document, dict):
        return "a key set is an object"
    if "keys" not in document:
        return _key_problem(document)
    keys = [] if document["keys"] is None else document["keys"]
    if not isinstance(keys, list):
        return "keys is a list"
    for index, key in enumerate(keys):
        if problem := _key_problem(key):
            return f"keys[{index}]: {problem}"
    return None


def private_keys(text: str) -> list[int]:
    """Where in a readable set there are private or symmetric keys."""
    document = json.loads(text)
    keys = (document["keys"] or []) if "keys" in document else [document]
    return [index for index, key in enumerate(keys) if "d" in key or key.get("kty") == "oct"]


def _key_problem(key: Any) -> str | None:
    if not isinstance(key, dict):
        return "a key is an object"
    kind = key.get("kty")
    if not isinstance(kind, str) or kind not in _REQUIRED:
        return f"the key type (kty) is one of {', '.join(_REQUIRED)}, not {kind!r}"
    required = _REQUIRED[kind]
    for field in required:
        if field not in key:
            return f"a key of type {kind} has the field {field}"
    for field in _BYTES[kind]:
        if field in key and not _is_encoded(key[field]):
            return f"{field} is not base64"
    for field in (*_TEXTS, *({"crv"} & set(required))):
        if field in key and not isinstance(key[field], str):
            return f"{field} is not text"
    operations = [] if key.get("key_ops") is None else key["key_ops"]
    if not isinstance(operations, list) or any(each not in _OPERATIONS for each in operations):
        return "key_ops is a list of operations such as verify"
    return None


def _is_encoded(value: object) -> bool:
    if not isinstance(value, str):
        return False
    plain = value.replace("\r", "").replace("\n", "")
    bare = plain.rstrip("=")
    if bare != plain and (len(plain) % 4 or len(plain) - len(bare) > 2):
        return False
    return _is_base64(bare) is not None and len(bare) % 4 != 1
