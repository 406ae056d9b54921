"""The control plane that the mesh runs under: one that is there, or one that is to be installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY
from typing import Any

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.model.fields import DomainName, LabelName, OptionalLabelName
from pulumi_mesh.model.installation import (
    BaseChartValues,
    Charts,
    GatewayDeployment,
    IstiodChartValues,
    Version,
    merged,
    refuse_owned,
)
from pulumi_mesh.typed import Bool, FieldError, JsonMap, Many, default, is_known, typed

_OWNED_ISTIOD = {
    "revision": "revision",
    "revisionTags": "tags",
    "global.istioNamespace": "namespace",
    "global.proxy.clusterDomain": "domain",
    "meshConfig.trustDomain": "trust_domain",
    "meshConfig.rootNamespace": "root_namespace",
}
_SHARED = "SHARED_MESH_CONFIG"
"""The variable of istiod that names another ConfigMap to take MeshConfig from."""
_OWNED_BASE = {"defaultRevision": "the revision that has the tag 'default'", "global.istioNamespace": "namespace"}


@typed
class Istio:
    """An Istio control plane. ``Istio.existing()`` is one that is there already; one with a version is installed.

    version: the release to install, exact, such as ``1.31.1``; empty: nothing is installed.
    revision: its revision, which namespaces with injection are labelled with; empty is the default revision.
    trust_domain: of workload identities, Istio's ``meshConfig.trustDomain``.
    root_namespace: where mesh-wide policies live, Istio's ``meshConfig.rootNamespace``; default: ``namespace``.
    domain: of the cluster, which host names of services end in (``NAME.NAMESPACE.svc.DOMAIN``).

    Of an installation alone:

    namespace: where istiod runs; default: ``istio-system``.
    create_namespaces: whether this namespace and those of the gateways are made too.
    tags: other names of the revision, which namespaces can be labelled with as well and which move to another revision
        without touching them. The tag ``default`` stands for what ``istio-injection: enabled`` asks for.
    gateways: proxies for gateways, of this revision.
    charts: where the charts come from; default: Istio's registry.
    values, base_values: of the charts istiod and base, by the charts' own names; Outputs may stand anywhere.
    unchecked_values, unchecked_base_values: put over those as they are, for what a chart of another release takes.
    """

    version: Version = ""
    _: KW_ONLY
    revision: OptionalLabelName = ""
    trust_domain: DomainName = "cluster.local"
    root_namespace: OptionalLabelName = ""
    domain: DomainName = "cluster.local"
    namespace: LabelName = "istio-system"
    create_namespaces: Bool = True
    tags: Many[LabelName] = default(())
    gateways: Many[GatewayDeployment] = default(())
    charts: Charts = default(factory=Charts)
    values: IstiodChartValues = default(FrozenMap())
    base_values: BaseChartValues = default(FrozenMap())
    unchecked_values: JsonMap = default(FrozenMap())
    unchecked_base_values: JsonMap = default(FrozenMap())

    def __post_init__(self) -> None:
        if not self.root_namespace:
            object.__setattr__(self, "root_namespace", self._implied["root_namespace"])
        if not self.version:
            self._refuse_installation()
        if self.revision == "default":
            raise FieldError("revision", "'default' is what Istio calls the one without a name; leave revision away")
        for position, tag in enumerate(self.tags):
            if tag in self.tags[:position] or tag == self.revision:
                raise FieldError(f"tags[{position}]", f"{tag!r} is there twice, or is the revision itself")
        if "default" in self.tags and not self.revision:
            raise FieldError("tags", "a revision without a name is the default one already; leave this tag away")
        names = [each.name for each in self.gateways]
        for position, name in enumerate(names):
            if name in names[:position]:
                raise FieldError(f"gateways[{position}]", f"two gateways are named {name!r}; a release has one name")
        refuse_owned("values", self.values, _OWNED_ISTIOD)
        refuse_owned("base_values", self.base_values, _OWNED_BASE)

    @classmethod
    def existing(
        cls,
        *,
        revision: str = "",
        trust_domain: str = "cluster.local",
        root_namespace: str = "istio-system",
        domain: str = "cluster.local",
    ) -> Istio:
        """A control plane that someone else installed and keeps. Raises InvalidError for what are no names."""
        return cls(revision=revision, trust_domain=trust_domain, root_namespace=root_namespace, domain=domain)

    @property
    def extension_providers(self) -> tuple[FrozenMap[str, Any], ...] | None:
        """``meshConfig.extensionProviders`` of the values. None where the values do not tell: of an Istio that is there
        already, where other objects say what MeshConfig is, where a part is an Output."""
        values = merged(self.values, self.unchecked_values)
        env = [values.get("env"), values.get("envVarFrom"), values.get("pilot")]
        if not self.version or values.get("configMap") is False or _SHARED in _leaves(env):
            return None
        config = values.get("meshConfig") or FrozenMap()
        given = (config.get("extensionProviders") or ()) if isinstance(config, Mapping) else None
        if not isinstance(given, tuple) or not all(isinstance(each, FrozenMap) for each in given):
            return None
        return given if all(map(is_known, _leaves(given))) else None

    @property
    def _implied(self) -> dict[str, Any]:
        return {"root_namespace": self.namespace}

    def _refuse_installation(self) -> None:
        for field in ("tags", "gateways", "values", "base_values", "unchecked_values", "unchecked_base_values"):
            if getattr(self, field):
                raise FieldError(field, "only an installation has these; give the version to install")


def _leaves(value: Any) -> Iterator[Any]:
    """All keys, and all values that hold no others."""
    if isinstance(value, Mapping):
        yield from value
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        for each in value:
            yield from _leaves(each)
    else:
        yield value
