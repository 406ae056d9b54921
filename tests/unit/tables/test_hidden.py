"""What config that is shown does not hold."""

from __future__ import annotations

import json

from pulumi_mesh.proxy.tables.hidden import without_secrets


def test_symmetric_and_private_keys_are_hidden() -> None:
    keys = [{"kty": "oct", "k": "c2VjcmV0"}, {"kty": "RSA", "n": "1", "e": "AQAB", "d": "2", "p": "3"}]
    shown = without_secrets({"providers": [{"localJwks": {"inlineString": json.dumps({"keys": keys})}}]})
    (first, second) = json.loads(shown["providers"][0]["localJwks"]["inlineString"])["keys"]
    assert first == {"kty": "oct", "k": "[secret]"}
    assert second == {"kty": "RSA", "n": "1", "e": "AQAB", "d": "[secret]", "p": "[secret]"}


def test_all_else_is_as_it_was() -> None:
    config = {
        "inlineString": "plain",
        "a": [{"k": 1}, 2.5, None],
        "b": {"inlineString": "[1]"},
        "c": {"inlineString": 3},
    }
    assert without_secrets(config) == config
