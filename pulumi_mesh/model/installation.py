"""What an installation of Istio is made of beside its control plane: charts, their values, and gateways."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import AfterValidator

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.model.fields import LabelName, OptionalLabelName, plain
from pulumi_mesh.typed import Accepts, FieldError, JsonMap, MapOf, PlainText, TextMap, default, typed

CHARTS = ("base", "istiod", "gateway")
"""The charts of an installation, by the names that Istio's repository gives them."""

_EXACT = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z]([0-9A-Za-z.-]*[0-9A-Za-z])?)?", re.ASCII)
_OLDEST = (1, 31)  # older charts set a field of their webhook anew with each apply, which istiod has set by then
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def exact_version(value: object) -> str:
    """A version that names one release, such as ``1.31.1`` or ``1.32.0-rc.1``; empty for an Istio that is there."""
    if value == "":
        return ""
    if isinstance(value, str) and _EXACT.fullmatch(value):
        if tuple(int(part) for part in value.split(".")[:2]) < _OLDEST:
            raise ValueError(f"{value!r} is too old; the charts of 1.31 are the first that istiod and an apply share")
        return value
    if isinstance(value, str) and value.startswith("v") and _EXACT.fullmatch(value[1:]):
        raise ValueError(f"{value!r} has a leading v; charts are named without: {value[1:]!r}")
    told = repr(value) if isinstance(value, str | int | float) and len(repr(value)) <= 60 else "this"
    raise ValueError(f"{told} does not name one release; give an exact version as text, such as '1.31.1'")


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Values put over others as Helm does: mappings key by key, everything else as a whole."""
    found = dict(under)
    for key, value in over.items():
        old = found.get(key)
        found[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return found


def refuse_owned(field: str, given: Mapping[str, Any], owned: Mapping[str, str]) -> None:
    """Raise FieldError for a value that a field of the model sets. owned: path in the values to that field."""
    for path, instead in owned.items():
        here: Any = given
        for key in path.split("."):
            here = here.get(key) if isinstance(here, Mapping) else None
        if here is not None:
            raise FieldError(f"{field}.{path}", f"follows from {instead}; give that instead")


def _repository(value: object) -> str:
    if isinstance(value, str) and value.startswith(("oci://", "https://")) and len(value.partition("://")[2]) > 1:
        return value.rstrip("/")
    raise ValueError("is not a place of charts; give a registry (oci://...) or a chart repository (https://...)")


if TYPE_CHECKING:
    from pulumi_mesh.model.charts import BaseValues, GatewayValues, IstiodValues

    BaseChartValues: TypeAlias = Accepts[BaseValues, FrozenMap[str, Any]]
    IstiodChartValues: TypeAlias = Accepts[IstiodValues, FrozenMap[str, Any]]
    GatewayChartValues: TypeAlias = Accepts[GatewayValues, FrozenMap[str, Any]]
else:

    def _checked(type_: str) -> Any:
        def check(given: Any) -> Any:
            if given:  # most meshes give none, and the types of all values are many
                from pulumi_mesh.model import charts

                if problems := list(charts.check_values(getattr(charts, type_), given, "values")):
                    raise InvalidError(problems, root="values")
            return given

        return Annotated[JsonMap, AfterValidator(check)]

    BaseChartValues = _checked("BaseValues")
    IstiodChartValues = _checked("IstiodValues")
    GatewayChartValues = _checked("GatewayValues")

Version: TypeAlias = Annotated[str, plain(exact_version)]
Repository: TypeAlias = Annotated[str, plain(_repository)]


@typed
class Charts:
    """Where Istio's charts come from.

    repository: a registry (``oci://``) or a chart repository (``https://``); default: Istio's own registry.
    digests: of charts by name (base, istiod, gateway), ``sha256:`` and 64 hex digits: Helm then takes that chart and no
        other, whatever the version's tag points to. Only with a registry.
    paths: folders or packages (.tgz) on this machine by name, seen from where the program runs; they go before the
        repository, for clusters without a way to it.
    """

    repository: Repository = "oci://ghcr.io/istio/release/charts"
    _: KW_ONLY
    digests: MapOf[PlainText] = default(FrozenMap())
    paths: MapOf[PlainText] = default(FrozenMap())

    def __post_init__(self) -> None:
        for field in ("digests", "paths"):
            for name in getattr(self, field):
                if name not in CHARTS:
                    raise FieldError(f"{field}[{name!r}]", f"is no chart of Istio; there are: {', '.join(CHARTS)}")
        for name, digest in self.digests.items():
            if not _DIGEST.fullmatch(digest):
                raise FieldError(f"digests[{name!r}]", "is not a digest; it is 'sha256:' and 64 hex digits")
            if name in self.paths or not self.repository.startswith("oci://"):
                raise FieldError(f"digests[{name!r}]", "only a chart that comes from a registry (oci://) has a digest")
        for name, path in self.paths.items():
            if path == "" or "://" in path:
                raise FieldError(f"paths[{name!r}]", "is not a path; give the chart's folder or its .tgz file")


@typed
class GatewayDeployment:
    """Proxies for gateways: what Istio's chart ``gateway`` installs, a Deployment with its Service.

    name: of the Deployment, the Service and the Helm release. namespace: where it runs; default: ``istio-system``.
    labels: of its pods, which a ``Gateway``'s ``selector`` asks for; default: ``istio`` with the name, but without a
        leading ``istio-``. service_account: the account that it runs as, made with it; default: NAME-service-account.
    values: of the chart, by the chart's own names. unchecked_values: put over them as they are, for what a chart of
        another release takes.

    With the defaults, ``GatewayDeployment("istio-ingressgateway")`` serves every ``Gateway`` that has its defaults.
    """

    name: LabelName
    _: KW_ONLY
    namespace: LabelName = "istio-system"
    labels: TextMap = default(FrozenMap())
    service_account: OptionalLabelName = ""
    values: GatewayChartValues = default(FrozenMap())
    unchecked_values: JsonMap = default(FrozenMap())
    _stands_alone = True

    def __post_init__(self) -> None:
        for field in ("labels", "service_account"):
            if not getattr(self, field):
                object.__setattr__(self, field, self._implied[field])
        refuse_owned(
            "values",
            self.values,
            {
                "labels": "labels",
                "name": "name",
                "serviceAccount.name": "service_account",
                "revision": "the revision of the Istio that lists the gateway",
            },
        )

    @property
    def _implied(self) -> dict[str, Any]:
        return {
            "labels": FrozenMap({"istio": self.name.removeprefix("istio-")}),
            "service_account": f"{self.name}-service-account",
        }
