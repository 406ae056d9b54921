"""What Istio's webhook adds for EnvoyFilters (ValidateEnvoyFilter)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_mesh.validation.rules.patterns import pattern_problem
from pulumi_mesh.validation.rules.selectors import selector
from pulumi_mesh.validation.verdict import Problem, warning
from pulumi_mesh.validation.xds.message import OLD_NAMES, patch_problems

Object = Mapping[str, Any]

_LISTENER = frozenset({"LISTENER", "FILTER_CHAIN", "NETWORK_FILTER", "HTTP_FILTER"})
_ROUTE = frozenset({"ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE"})
_CONNECTION_MANAGER = frozenset({"envoy.filters.network.http_connection_manager", "envoy.http_connection_manager"})
_MAX_VERSION = 1024


def envoy_filter(spec: Object, metadata: Object) -> Iterator[Problem]:
    """Patches: what they apply to, what they match, and whether Envoy's API has what they write."""
    del metadata
    yield warning(
        "spec", "an EnvoyFilter builds on Istio's internals, which change: prefer other objects, test upgrades"
    )
    if (chosen := spec.get("workloadSelector")) is not None:
        yield from selector(chosen.get("labels"), "spec.workloadSelector")
    for index, patch in enumerate(spec.get("configPatches") or ()):
        yield from _patch(patch, f"spec.configPatches[{index}]")


def _patch(config: Object, path: str) -> Iterator[Problem]:
    match, patch = config.get("match") or {}, config.get("patch")
    if match.get("context") == "WAYPOINT":
        return
    applies = config.get("applyTo") or "INVALID"
    problem = None
    if applies == "INVALID":
        problem = Problem(f"{path}.applyTo", "a patch says what it applies to")
    elif patch is None:
        problem = Problem(f"{path}.patch", "a patch is required")
    elif (patch.get("operation") or "INVALID") == "INVALID":
        problem = Problem(f"{path}.patch.operation", "a patch has an operation")
    elif patch["operation"] != "REMOVE" and patch.get("value") is None:
        problem = Problem(f"{path}.patch.value", f"{patch['operation']} has a value")
    if problem is not None:
        yield problem
        return
    version = (match.get("proxy") or {}).get("proxyVersion") or ""
    if len(version.encode()) > _MAX_VERSION:
        yield warning(f"{path}.match.proxy.proxyVersion", f"more than {_MAX_VERSION} bytes: it has no effect")
    elif version and (reason := pattern_problem(version)):
        yield Problem(f"{path}.match.proxy.proxyVersion", reason)
        return
    stop = False
    for found in _match(match, f"{path}.match", applies):
        stop = stop or found.severity == "error"
        yield found
    value = (patch or {}).get("value")
    if value is not None and not (stop and applies in _LISTENER):
        yield from patch_problems(applies, value, f"{path}.patch.value")


def _match(match: Object, path: str, applies: str) -> Iterator[Problem]:
    given = [name for name in ("listener", "routeConfiguration", "cluster") if match.get(name) is not None]
    for kinds, wanted in ((_LISTENER, "listener"), (_ROUTE, "routeConfiguration"), ({"CLUSTER"}, "cluster")):
        if applies in kinds and given and wanted not in given:
            yield Problem(f"{path}.{given[0]}", f"a patch of {applies} matches by {wanted}")
            return
    chosen = ((match.get("listener") or {}).get("filterChain") or {}).get("filter")
    if applies in _LISTENER and chosen is not None:
        yield from _filter(chosen, f"{path}.listener.filterChain.filter", applies)


def _filter(chosen: Object, path: str, applies: str) -> Iterator[Problem]:
    if applies in {"LISTENER", "FILTER_CHAIN"}:
        yield warning(path, f"the match on a filter has no effect on a {applies}")
    name, inner = chosen.get("name") or "", chosen.get("subFilter")
    if not name:
        yield Problem(f"{path}.name", "a filter is matched by its name")
        return
    names = [(f"{path}.name", name)]
    if inner is not None:
        if applies != "HTTP_FILTER":
            yield Problem(f"{path}.subFilter", "only patches of an HTTP_FILTER match on one")
            return
        if name not in _CONNECTION_MANAGER:
            yield Problem(f"{path}.name", f"a subFilter is in {min(_CONNECTION_MANAGER)}")
            return
        if not inner.get("name"):
            yield Problem(f"{path}.subFilter.name", "a filter is matched by its name")
            return
        names.append((f"{path}.subFilter.name", inner["name"]))
    for at, each in names:
        if each in OLD_NAMES:
            yield warning(at, f"{each} is an old name of {OLD_NAMES[each]}")
