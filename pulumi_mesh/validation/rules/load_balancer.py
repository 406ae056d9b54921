"""Load balancing of a traffic policy: hashing, localities, warm-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isqrt
from typing import Any

from pulumi_mesh.validation.durations import duration, readable
from pulumi_mesh.validation.verdict import Problem, warning

Object = Mapping[str, Any]

_TOPOLOGY = frozenset({"topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"})
_MAGLEV_BELOW = 5_000_011


def load_balancer(settings: Object, path: str, *, detects_outliers: bool) -> Iterator[Problem]:
    """``loadBalancer``; failover to other localities needs outlier detection beside it."""
    if (hashing := settings.get("consistentHash")) is not None:
        yield from _consistent_hash(hashing, f"{path}.consistentHash")
    locality, zone = settings.get("localityLbSetting"), settings.get("zoneAwareLbSetting")
    if locality is not None and zone is not None:
        yield Problem(path, "localityLbSetting and zoneAwareLbSetting are not set together")
    if locality is not None:
        yield from _locality(locality, f"{path}.localityLbSetting", detects_outliers)
    if zone is not None:
        yield from _zone(zone, f"{path}.zoneAwareLbSetting", detects_outliers)
    if (warmup := settings.get("warmup")) is not None:
        yield from _warmup(warmup, f"{path}.warmup")


def _consistent_hash(hashing: Object, path: str) -> Iterator[Problem]:
    cookie, maglev, ring = hashing.get("httpCookie"), hashing.get("maglev"), hashing.get("ringHash")
    if cookie is not None:
        at = f"{path}.httpCookie"
        if not cookie.get("name"):
            yield Problem(f"{at}.name", "a cookie has a name")
        if (length := cookie.get("ttl")) is not None:
            yield from readable(length, f"{at}.ttl")
        seen = set()
        for index, attribute in enumerate(cookie.get("attributes") or ()):
            name = attribute.get("name") or ""
            if not name:
                yield Problem(f"{at}.attributes[{index}].name", "an attribute of a cookie has a name")
            elif name in seen:
                yield Problem(f"{at}.attributes[{index}].name", f"there is an attribute {name} before it")
            seen.add(name)
    if hashing.get("minimumRingSize"):
        yield warning(f"{path}.minimumRingSize", "ringHash has taken its place")
        if maglev is not None or ring is not None:
            yield Problem(f"{path}.minimumRingSize", "it is not set together with maglev or ringHash")
    if maglev is not None:
        size = int(maglev.get("tableSize") or 0)
        if not (0 < size < _MAGLEV_BELOW and _is_prime(size)):
            yield Problem(f"{path}.maglev.tableSize", f"a prime number below {_MAGLEV_BELOW} is expected, not {size}")


def _is_prime(number: int) -> bool:
    """As Envoy tells it, to which 1 is prime."""
    if number < 4:
        return number > 0
    return number % 2 != 0 and all(number % factor for factor in range(3, isqrt(number) + 1, 2))


def _locality(setting: Object, path: str, detects_outliers: bool) -> Iterator[Problem]:
    distribute = setting.get("distribute") or ()
    failover, priority = setting.get("failover") or (), setting.get("failoverPriority") or ()
    if distribute and failover:
        yield Problem(path, "distribute and failover are not set together")
        return
    if failover and (taken := _TOPOLOGY.intersection(priority)):
        yield Problem(f"{path}.failoverPriority", f"failover is set: {min(taken)} is not among the priorities")
        return
    for index, each in enumerate(distribute):
        at = f"{path}.distribute[{index}].to"
        shares = each.get("to") or {}
        if not all(0 < share <= 100 for share in shares.values()):
            yield Problem(at, "the share of a locality is 1 to 100")
            return
        if sum(shares.values()) != 100:
            yield Problem(at, f"the shares make {sum(shares.values())}, not 100")
            return
        yield from _localities(list(shares), at)
    yield from _localities([each.get("from") or "" for each in distribute], f"{path}.distribute")
    yield from _failover(failover, priority, path, detects_outliers)


def _zone(setting: Object, path: str, detects_outliers: bool) -> Iterator[Problem]:
    failover, priority = setting.get("failover") or (), setting.get("failoverPriority") or ()
    for label in sorted(_TOPOLOGY.intersection(priority)):
        yield Problem(f"{path}.failoverPriority", f"regions and zones are in order already, without {label}")
    yield from _failover(failover, priority, path, detects_outliers)


def _failover(
    failover: Sequence[Object], priority: Sequence[str], path: str, detects_outliers: bool
) -> Iterator[Problem]:
    if (failover or priority) and not detects_outliers:
        yield warning(path, "without outlier detection nothing fails over")
    for index, each in enumerate(failover):
        origin, target = each.get("from") or "", each.get("to") or ""
        if origin == target:
            yield Problem(f"{path}.failover[{index}]", f"{origin} fails over to itself")
        if "/" in origin + target or "*" in origin + target:
            yield Problem(f"{path}.failover[{index}]", "regions fail over: no zones, no wildcards")


def _localities(names: Sequence[str], path: str) -> Iterator[Problem]:
    """The first mistake among localities such as ``region/zone/*``: none overlaps one before it."""
    seen: dict[str, dict[str, set[str]]] = {}
    for name in names:
        overlaps = Problem(path, f"locality {name} overlaps one before it")
        if "*" in name and (name.count("*") > 1 or name[-1] != "*"):
            yield Problem(path, f"locality {name}: one wildcard, at the end, is allowed")
            return
        if "*" in seen:
            yield overlaps
            return
        parts = name.split("/", 2)
        if not all(parts):
            yield Problem(path, f"locality {name!r}: a region, zone or subzone is empty")
            return
        region = parts[0]
        zones = seen.get(region)
        if len(parts) == 1:
            if zones is not None:
                yield overlaps
                return
            seen[region] = {"*": {"*"}}
            continue
        zone, subzone = parts[1], parts[2] if len(parts) > 2 else None
        if zones is None:
            seen[region] = {zone: {subzone or "*"}}
            continue
        if "*" in zones or (zone in zones and (subzone is None or zones[zone] & {"*", subzone})):
            yield overlaps
            return
        zones.setdefault(zone, set()).add(subzone or "*")


def _warmup(warmup: Object, path: str) -> Iterator[Problem]:
    if (length := warmup.get("duration")) is None:
        yield Problem(f"{path}.duration", "it is required")
    else:
        yield from duration(length, f"{path}.duration")
    if (warmup.get("minimumPercent") or 0) > 100:
        yield Problem(f"{path}.minimumPercent", f"{warmup['minimumPercent']} is more than 100")
    if warmup.get("aggression") is not None and warmup["aggression"] <= 0:
        yield Problem(f"{path}.aggression", f"{warmup['aggression']} is not above 0")
