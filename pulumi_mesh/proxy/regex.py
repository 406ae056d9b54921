"""Regular expressions as Envoy and istiod have them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pulumi_mesh.errors import MeshError

if TYPE_CHECKING:
    import re2


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re2._Regexp:
    """A pattern in RE2, which takes linear time whatever it is. Raises MeshError for what is none."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise MeshError(f"{pattern!r} is no regular expression, so proxies refuse it: {said}") from None
