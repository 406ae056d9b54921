"""URI templates: path matches with ``*``, ``**`` and variables (Envoy's extensions/path/uri_template_lib)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pulumi_mesh.proxy.regex import compiled

if TYPE_CHECKING:
    import re2

_SEGMENT = r"[a-zA-Z0-9._~%!$&'()+,;:@=-]+"
_REST = r"[a-zA-Z0-9._~%!$&'()+,;:@=/-]*"
_PART = re.compile(r"\{(?P<name>[a-zA-Z][a-zA-Z0-9_]*)(?:=(?P<inner>[^}]*))?\}|\{(?P<bare>\*\*?)\}|(?P<star>\*\*?)")


def template_matches(template: str, path: str) -> bool:
    """Whether a path is of the template's form."""
    return _pattern(template).fullmatch(path) is not None


def template_rewrite(template: str, rewrite: str, path: str) -> str | None:
    """The rewrite with the variables that the template found in a path; None when the path is of another form."""
    found = _pattern(template).fullmatch(path)
    if found is None:
        return None
    values = found.groupdict()
    return re.sub(r"\{([a-zA-Z][a-zA-Z0-9_]*)\}", lambda name: values.get(name[1]) or "", rewrite)


@lru_cache(maxsize=1024)
def _pattern(template: str) -> re2._Regexp:
    return compiled(pattern_of(template))


def pattern_of(template: str) -> str:
    """A template as a regular expression of whole paths."""
    made, place = "", 0
    for part in _PART.finditer(template):
        made += re.escape(template[place : part.start()])
        place = part.end()
        if part["name"]:
            made += f"(?P<{part['name']}>{_wild(part['inner'] or '*')})"
        else:
            made += _wild(part["bare"] or part["star"])
    return made + re.escape(template[place:])


def _wild(pattern: str) -> str:
    parts = re.split(r"(\*\*|\*)", pattern)
    return "".join({"*": _SEGMENT, "**": _REST}.get(part) or re.escape(part) for part in parts)
