"""CORS: which pages of other origins a browser lets ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pulumi_mesh.model.fields import HeaderName, OptionalDuration
from pulumi_mesh.model.match import Method, TextMatch, text_match
from pulumi_mesh.typed import Accepts, Bool, FieldError, Many, default, typed

if TYPE_CHECKING:
    Origins: TypeAlias = Accepts[Sequence[str] | Sequence[TextMatch] | Sequence[str | TextMatch], tuple[TextMatch, ...]]
else:
    Origins = Many[Annotated[TextMatch, text_match]]


@typed
class Cors:
    """The gateway or sidecar answers preflight requests, and says in answers who may read them.

    VirtualService ``http[].corsPolicy``:

    allow_origins: such as ``https://shop.example.com``; text stands for an exact value, ``"*"`` for any origin.
    allow_methods: of requests; ``"*"`` is all. allow_headers: that requests may carry. expose_headers: that pages may
        read of answers; ``"*"`` is all of them, unless credentials are sent.
    allow_credentials: whether cookies and the like may be sent; None says nothing, which is no.
    max_age: how long a browser remembers the answer to a preflight request, in whole seconds.
    unmatched_preflights: of origins that are not allowed: ``FORWARD`` (Istio's default) sends these on to the backend,
        ``IGNORE`` answers them without leave.
    """

    _: KW_ONLY
    allow_origins: Origins
    allow_methods: Many[Literal[Method, "*"]] = default(())
    allow_headers: Many[HeaderName] = default(())
    expose_headers: Many[HeaderName] = default(())
    allow_credentials: Bool | None = None
    max_age: OptionalDuration = default(None)
    unmatched_preflights: Literal["FORWARD", "IGNORE"] | None = None

    def __post_init__(self) -> None:
        if not self.allow_origins:
            raise FieldError("allow_origins", 'nobody is allowed; name an origin, such as "https://shop.example.com"')
        for position, each in enumerate(self.allow_origins):
            if each.kind == "present":
                raise FieldError(f"allow_origins[{position}].kind", 'to allow any origin write "*"')
        if self.max_age is not None and self.max_age % timedelta(seconds=1):
            raise FieldError("max_age", "browsers are told whole seconds; give a duration such as 10m or 30s")
