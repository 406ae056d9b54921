"""Who an object is, and a pointer to the place in it that something came from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """What tells one object from every other: always plain text.

    namespace: empty for cluster-scoped objects. cluster: empty for the only or default cluster.
    """

    kind: str
    namespace: str
    name: str
    cluster: str = ""

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {self.cluster + ':' if self.cluster else ''}{place}"


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """A place inside an object: ``path`` is in the object's own field names, such as ``spec.http[0].route[1]``."""

    kind: str
    namespace: str
    name: str
    path: str = ""

    @property
    def identity(self) -> Identity:
        """The object that the place is in."""
        return Identity(self.kind, self.namespace, self.name)

    def __str__(self) -> str:
        return f"{self.identity} {self.path}".rstrip()
