"""Config to be shown, without what nobody may read in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_PRIVATE = frozenset({"k", "d", "p", "q", "dp", "dq", "qi"})
"""Members of a JSON Web Key that hold a secret (RFC 7518): a symmetric key, or the private half of one."""
_HIDDEN = "[secret]"


def without_secrets(config: Any) -> Any:
    """Envoy's config with the secret members of the keys that tokens are checked with replaced by ``[secret]``."""
    if isinstance(config, Mapping):
        return {
            name: _keys(value) if name == "inlineString" and isinstance(value, str) else without_secrets(value)
            for name, value in config.items()
        }
    return [without_secrets(each) for each in config] if isinstance(config, list | tuple) else config


def _keys(text: str) -> str:
    """A key set; any other text as it is."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    if not isinstance(found, Mapping) or not isinstance(found.get("keys"), list):
        return text
    keys = [
        {name: _HIDDEN if name in _PRIVATE else value for name, value in each.items()}
        if isinstance(each, dict)
        else each
        for each in found["keys"]
    ]
    return json.dumps({**found, "keys": keys})
