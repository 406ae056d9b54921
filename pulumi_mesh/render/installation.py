"""An installation of Istio as Helm releases: which chart with which values, and which go before which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.manifests.wire import AnyObject
from pulumi_mesh.model.control_plane import Istio
from pulumi_mesh.model.installation import Charts, GatewayDeployment, merged
from pulumi_mesh.render.revision_tags import istiod_service, revision_tags

BASE = "istio-base"
"""The release of the chart base. A cluster has one, whatever revisions run in it."""

_LONGEST_NAME = 53  # Helm's own limit for releases
_MADE_BY_KUBERNETES = frozenset(("default", "kube-node-lease", "kube-public", "kube-system"))


@dataclass(frozen=True, slots=True)
class Release:
    """A chart to install, in Helm's words.

    name: of the release. needs: names of the releases that must be ready before.
    """

    name: str
    chart: Literal["base", "istiod", "gateway"]
    version: str
    charts: Charts
    namespace: str
    values: Mapping[str, Any]
    needs: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where the chart is on this machine; empty when it comes from the repository."""
        return self.charts.paths.get(self.chart, "")

    @property
    def digest(self) -> str:
        """Of the chart; empty when only its version is pinned."""
        return self.charts.digests.get(self.chart, "")

    @property
    def url(self) -> str:
        """The chart's own place in a registry, such as ``oci://ghcr.io/istio/release/charts/base``."""
        return f"{self.charts.repository}/{self.chart}"


@dataclass(frozen=True, slots=True)
class Installation:
    """What is installed.

    namespaces: made before everything else. releases: each after those that it needs. tags: the objects of revision
    tags by the release of the control plane that they stand for, which must be ready before them.
    """

    namespaces: tuple[str, ...]
    releases: tuple[Release, ...]
    tags: Mapping[str, tuple[AnyObject, ...]]


def installation(control_planes: Sequence[Istio]) -> Installation:
    """The releases of one control plane, or of several revisions side by side.

    The chart base, which a cluster has once, comes from the latest version: its CRDs serve older revisions as well.
    Its ``defaultRevision``, which validates objects that name no revision, is the one with the tag ``default``, else
    the one without a name, else the only one.

    Raises InvalidError: none given, one that is not to be installed, a revision, tag or release twice, two places for
    what a cluster has once, or no default.
    """
    _refuse(control_planes)
    latest = max(control_planes, key=lambda each: _order(each.version))
    istiods = [_istiod(each) for each in control_planes]
    gateways = [
        _gateway(each, gateway) for each in control_planes for gateway in sorted(each.gateways, key=lambda g: g.name)
    ]
    wanted = [
        namespace
        for each in control_planes
        if each.create_namespaces
        for namespace in (each.namespace, *(gateway.namespace for gateway in each.gateways))
    ]
    return Installation(
        namespaces=tuple(sorted(set(wanted) - _MADE_BY_KUBERNETES)),
        releases=(_base(latest, control_planes), *istiods, *gateways),
        tags={istiod_service(each): revision_tags(each) for each in control_planes if each.tags},
    )


def _base(latest: Istio, control_planes: Sequence[Istio]) -> Release:
    values = {
        "defaultRevision": _default_revision(control_planes),
        "global": _unless({"istioNamespace": "istio-system"}, {"istioNamespace": latest.namespace}),
        "base": _VALIDATION,
    }
    return Release(
        BASE,
        "base",
        latest.version,
        latest.charts,
        latest.namespace,
        _put_together(values, latest.base_values, latest.unchecked_base_values),
    )


# istiod sets the field to Fail once it serves. A chart that says Ignore takes it back with every apply, or the API
# server refuses the apply, since another manager has the field.
_VALIDATION = {"validationFailurePolicy": "Fail"}


def _istiod(istio: Istio) -> Release:
    values = {
        "revision": istio.revision,
        "global": {
            **_unless({"istioNamespace": "istio-system"}, {"istioNamespace": istio.namespace}),
            "proxy": _unless({"clusterDomain": "cluster.local"}, {"clusterDomain": istio.domain}),
        },
        "meshConfig": _unless(
            {"trustDomain": "cluster.local", "rootNamespace": istio.namespace},
            {"trustDomain": istio.trust_domain, "rootNamespace": istio.root_namespace},
        ),
        "base": _VALIDATION,
    }
    return Release(
        istiod_service(istio),
        "istiod",
        istio.version,
        istio.charts,
        istio.namespace,
        _put_together(values, istio.values, istio.unchecked_values),
        needs=(BASE,),
    )


def _gateway(istio: Istio, gateway: GatewayDeployment) -> Release:
    values = {
        "labels": gateway.labels,
        "serviceAccount": {"name": gateway.service_account},
        "revision": istio.revision,
    }
    return Release(
        gateway.name,
        "gateway",
        istio.version,
        istio.charts,
        gateway.namespace,
        _put_together(values, gateway.values, gateway.unchecked_values),
        needs=(istiod_service(istio),),
    )


def _put_together(ours: Mapping[str, Any], given: Mapping[str, Any], unchecked: Mapping[str, Any]) -> Mapping[str, Any]:
    values: FrozenMap[str, Any] = freeze(merged(merged(_filled(ours), given), unchecked))
    return values


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without empty texts, lists and mappings."""
    inner = {key: _filled(each) if isinstance(each, Mapping) else each for key, each in values.items()}
    return {key: each for key, each in inner.items() if each not in ("", [], {})}


def _unless(defaults: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """What differs from the chart's own defaults."""
    return {key: value for key, value in given.items() if value != defaults[key]}


def _default_revision(control_planes: Sequence[Istio]) -> str:
    tagged = [each for each in control_planes if "default" in each.tags]
    unnamed = [each for each in control_planes if not each.revision]
    found = tagged or unnamed or control_planes
    return found[0].revision or "default"


def _order(version: str) -> tuple[tuple[int, ...], bool, str]:
    """Versions in their order, as far as it matters here: a pre-release comes before its release."""
    numbers, _, before = version.partition("-")
    return tuple(map(int, numbers.split("."))), not before, before


def _refuse(control_planes: Sequence[Istio]) -> None:
    if not control_planes:
        raise InvalidError([("Installation", "has no Istio; give one, or several revisions")])
    problems = [
        (f"Istio[{index}]", "is one that is there already; to install it, give its version")
        for index, each in enumerate(control_planes)
        if not each.version
    ]
    problems += _twice("revision or tag", [[each.revision, *each.tags] for each in control_planes])
    releases = [[istiod_service(each), *(gateway.name for gateway in each.gateways)] for each in control_planes]
    problems += _twice("release", [[BASE], *releases])
    problems += [
        ("Installation", f"the release {name!r} has {len(name)} characters; Helm takes at most {_LONGEST_NAME}")
        for name in (name for each in releases for name in each)
        if len(name) > _LONGEST_NAME
    ]
    for field in ("namespace", "domain", "base_values", "unchecked_base_values"):
        if len({getattr(each, field) for each in control_planes}) > 1:
            problems.append((f"Installation.{field}", "differs between revisions; a cluster has one for all of them"))
    default = [each for each in control_planes if "default" in each.tags]
    if default and any(not each.revision for each in control_planes):
        unnamed = "a revision without a name is the default one; no other may have the tag 'default' beside it"
        problems.append(("Installation", unnamed))
    if not any(not each.revision or "default" in each.tags for each in control_planes) and len(control_planes) > 1:
        problems.append(("Installation", "none of the revisions is the default; give one of them tags=['default']"))
    if problems:
        raise InvalidError(list(dict.fromkeys(problems)))


def _twice(what: str, names: Iterable[Sequence[str]]) -> list[tuple[str, str]]:
    counts = Counter(name for each in names for name in each)
    return [
        ("Installation", f"there are two of the {what} {name or 'without a name'!r}; each has one")
        for name, count in counts.items()
        if count > 1
    ]
