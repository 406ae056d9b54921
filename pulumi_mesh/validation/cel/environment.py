"""The CEL environment of rules in schemas: the standard library, strings, and the functions that Kubernetes adds.

Of the functions that Kubernetes adds (its docs: Common Expression Language in Kubernetes) those are here that the
schemas of Istio and Gateway API call; a rule that calls another does not compile, which a test would show.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from pulumi_mesh.validation.addresses import is_ip
from pulumi_mesh.validation.urls import request_url

if TYPE_CHECKING:
    from cel_expr_python import cel

# A field whose name CEL reserves is written __name__ in a rule; after a dot the official library takes the name itself.
_escaped = re.compile(
    r"(?<=\.)__(as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while|in|true|false|null)__\b"
)
_is_dns_label = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?").fullmatch


def compiled(rule: str) -> cel.Expression:
    """A rule over ``self``, whose type is not declared: the schema has been checked before.

    Raises RuntimeError for what is no CEL or calls a function that is not here.
    """
    return _environment().compile(_escaped.sub(r"\1", rule))


def syntax_problem(expression: str) -> str | None:
    """Why a text is no CEL expression, or None; which names it uses does not matter."""
    try:
        _environment().compile(expression, disable_check=True)
    except RuntimeError as error:
        return str(error).splitlines()[0]
    return None


@cache
def _environment() -> cel.Env:
    # Importing the library loads Protobuf's runtime, which only an object with such rules is to pay for.
    from cel_expr_python import cel
    from cel_expr_python.ext.ext_strings import ExtStrings

    text, boolean, anything = cel.Type.STRING, cel.Type.BOOL, cel.Type.DYN

    def function(name: str, result: Any, parameters: list[Any], implementation: Any, *, member: bool = False) -> Any:
        overload = cel.Overload(f"kubernetes_{name}", result, parameters, member, implementation)
        return cel.FunctionDecl(name, [overload])

    return cel.NewEnv(
        variables={"self": anything},
        extensions=[ExtStrings()],
        functions=[
            function("isIP", boolean, [text], _is_ip),
            function("isURL", boolean, [text], lambda value: request_url(value) is not None),
            # A URL and a format are their own texts here: nothing but the functions below can be done with them.
            function("url", text, [text], _url),
            function("getScheme", text, [text], _scheme, member=True),
            function("format.dns1123Label", text, [], lambda: "dns1123Label"),
            function("validate", anything, [text, text], _format_problems, member=True),
        ],
    )


def _is_ip(value: str) -> bool:
    """As the API server has it: neither zones nor IPv4 addresses in the form of IPv6."""
    return is_ip(value) and "%" not in value and not value.lower().startswith("::ffff:")


def _url(value: str) -> str:
    if request_url(value) is None:
        raise ValueError(f"{value!r} is not a URL")
    return value


def _scheme(value: str) -> str:
    parsed = request_url(value)
    return parsed.scheme if parsed else ""


def _format_problems(form: str, value: str) -> list[str]:
    """What does not fit, as a list that is empty where all does.

    The API server gives an optional, which is never null either: a rule that compares it with null never holds.
    """
    fits = form == "dns1123Label" and len(value) <= 63 and _is_dns_label(value)
    return [] if fits else [f"{value!r} is not a DNS label"]
