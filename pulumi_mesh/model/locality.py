"""Localities: which regions and zones requests prefer, and where they go when what they prefer fails."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import KW_ONLY
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import Field

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.model.values import locality
from pulumi_mesh.typed import Accepts, Bool, FieldError, MapOf, PlainText, Texts, default, typed

_TOPOLOGY = frozenset({"topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"})

if TYPE_CHECKING:
    Distribute: TypeAlias = Accepts[Mapping[str, Mapping[str, int]], FrozenMap[str, FrozenMap[str, int]]]
else:
    Distribute = MapOf[MapOf[Annotated[int, Field(strict=True, ge=1, le=100)]]]


@typed
class Locality:
    """How clients weigh the regions and zones of a service's endpoints: DestinationRule ``localityLbSetting``.

    distribute: from where to where, in percent: ``{"eu/a/*": {"eu/a/*": 80, "eu/b/*": 20}}``. A locality is
        ``REGION/ZONE/SUBZONE``, or the first parts of it; ``*`` may be the last.
    failover: the region that takes over from a region, when too few of its endpoints are healthy.
    failover_priority: labels in their order: endpoints that share more of the first of them with the client come first.
        ``NAME=VALUE`` compares with the value instead.
    enabled: False prefers nothing, whatever the mesh says; True prefers what is near the client.

    All but ``distribute`` needs outlier detection, which finds out what is not healthy.
    """

    _: KW_ONLY
    distribute: Distribute = default(FrozenMap())
    failover: MapOf[PlainText] = default(FrozenMap())
    failover_priority: Texts = default(())
    enabled: Bool | None = None

    def __post_init__(self) -> None:
        if self.enabled is None and not self.distribute and not self.fails_over:
            raise FieldError("distribute", "nothing is said; give distribute, failover, failover_priority or enabled")
        if self.distribute and (self.failover or self.failover_priority):
            other = "failover" if self.failover else "failover_priority"
            raise FieldError(other, "distribute says already where requests go; leave one away")
        if self.enabled is False and self.fails_over:
            raise FieldError("enabled", "with enabled=False nothing is preferred; leave failover away")
        _refuse_bad_localities("distribute", self.distribute)
        for origin, shares in self.distribute.items():
            field = f"distribute[{origin!r}]"
            _refuse_bad_localities(field, shares)
            if sum(shares.values()) != 100:
                raise FieldError(field, f"the shares make {sum(shares.values())} %; they have to make 100")
        for origin, target in self.failover.items():
            field = f"failover[{origin!r}]"
            if origin == target:
                raise FieldError(field, f"{origin} fails over to itself; name another region")
            if not origin or not target or any(character in origin + target for character in "/*"):
                raise FieldError(field, 'regions fail over: write a region alone, such as "eu", without zone or "*"')
        if self.failover and (taken := sorted(_TOPOLOGY.intersection(self.failover_priority))):
            raise FieldError("failover_priority", f"failover orders regions already; leave {taken[0]} away")

    @property
    def fails_over(self) -> bool:
        """Whether it says where requests go when endpoints fail."""
        return bool(self.failover or self.failover_priority)


def _refuse_bad_localities(field: str, given: Collection[str]) -> None:
    for each in given:
        try:
            locality(each)
        except ValueError as error:
            raise FieldError(field, str(error)) from None
    for one, other in combinations(given, 2):
        if _covers(one, other) or _covers(other, one):
            raise FieldError(field, f"{one!r} and {other!r} overlap; every endpoint belongs to one of them")


def _covers(wide: str, narrow: str) -> bool:
    """Whether a locality stands for all that another does."""
    parts = wide.removesuffix("*").removesuffix("/").split("/") if wide != "*" else []
    return narrow.split("/")[: len(parts)] == parts
