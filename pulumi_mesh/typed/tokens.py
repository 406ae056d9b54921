"""Text that is not known yet: a ``pulumi.Output``, or the private token that stands for one."""

from __future__ import annotations

import sys
from typing import Any

TOKEN_START = "\ue000"  # noqa: S105 - no password
TOKEN_END = "\ue001"  # noqa: S105 - no password


def is_output(value: object) -> bool:
    """Whether the value is a ``pulumi.Output``. Does not import pulumi: without it there is no Output."""
    pulumi: Any = sys.modules.get("pulumi")
    output = getattr(pulumi, "Output", None)
    return output is not None and isinstance(value, output)


FORMATTED_OUTPUT = "an Output was formatted into this text; join them with pulumi.Output.concat"


def is_formatted_output(value: object) -> bool:
    """Whether the value is text that an Output was formatted into: Pulumi puts a help text there instead."""
    return isinstance(value, str) and "Calling __str__ on an Output" in value


def has_token(value: object) -> bool:
    """Whether the value is text that holds a token (private-use characters U+E000 to U+E001)."""
    return isinstance(value, str) and TOKEN_START in value


def is_known(value: object) -> bool:
    """Whether rules on the text (length, pattern, form) can be applied: no Output, and no token in it."""
    return not is_output(value) and not has_token(value)
