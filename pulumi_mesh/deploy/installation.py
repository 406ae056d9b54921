"""The component that installs Istio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.helm.v4 import Chart, RepositoryOptsArgs

from pulumi_mesh.deploy.children import Manifested, logical_name, manifests, merged
from pulumi_mesh.deploy.collect import collect_installation
from pulumi_mesh.deploy.judge import in_words, judge_later
from pulumi_mesh.deploy.tokens import Places, put_back, take
from pulumi_mesh.frozen import thaw
from pulumi_mesh.kubernetes.namespace import Namespace
from pulumi_mesh.manifests.wire import AnyObject
from pulumi_mesh.model.control_plane import Istio
from pulumi_mesh.render.installation import Release, installation
from pulumi_mesh.render.result import Entry


class Installation(pulumi.ComponentResource):
    """Istio as Pulumi resources: the charts base, istiod and gateway, namespaces before them, and revision tags.

    istio: the control plane to install, or several revisions side by side, as while one takes over from another.
    Outputs may stand anywhere in the charts' values. opts: the component's; children take its provider, and depend on
    what it depends on.

    Each chart is a ``kubernetes:helm.sh/v4:Chart`` whose objects are applied after those of the charts that it needs:
    base (the CRDs), istiod once its Deployment is ready, gateways. What is in a mesh should depend on the component.
    A tag is an object of the component itself, so that it moves to another revision in one step. CRDs stay when the
    installation is destroyed, as the chart asks for: with them all objects of their kinds would go.

    Output: ``releases``, the name, chart, version and namespace of each. ``charts`` has the charts by release.

    Everything is checked before the component is registered. Raises InvalidError or OutputError.
    """

    releases: pulumi.Output[list[dict[str, str]]]
    charts: Mapping[str, pulumi.Resource]

    def __init__(
        self, name: str, istio: Istio | Sequence[Istio], *, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        control_planes = (istio,) if isinstance(istio, Istio) else tuple(istio)
        collect_installation(control_planes)
        plain, places = take(control_planes, "istio")
        with in_words(places):
            planned = installation(plain)
        values = {each.name: put_back(thaw(each.values), places, f"{each.name}.values") for each in planned.releases}
        namespaces = _made(tuple(Namespace(each) for each in planned.namespaces), places)
        tags = {release: _made(objects, places) for release, objects in planned.tags.items()}
        super().__init__("mesh:index:Installation", name, {}, opts)
        judge_later(plain, places, lambda _: (), (), lambda _: None)
        before = pulumi.ResourceOptions(parent=self, depends_on=opts.depends_on if opts else None)
        first = [Manifested(logical_name(name, entry.identity), made, before) for entry, made in namespaces]
        charts: dict[str, pulumi.Resource] = {}
        for each in planned.releases:
            after = merged(
                before, pulumi.ResourceOptions(depends_on=[*first, *(charts[needed] for needed in each.needs)])
            )
            charts[each.name] = _chart(f"{name}/{each.name}", each, values[each.name], after)
        for release, objects in tags.items():
            after = merged(before, pulumi.ResourceOptions(depends_on=[charts[release]]))
            for entry, made in objects:
                Manifested(logical_name(name, entry.identity), made, after)
        self.charts = charts
        told = [
            {"name": each.name, "chart": each.chart, "version": each.version, "namespace": each.namespace}
            for each in planned.releases
        ]
        self.releases = pulumi.Output.from_input(told)
        self.register_outputs({"releases": told})


def _made(objects: Sequence[AnyObject], places: Places) -> list[tuple[Entry, Mapping[str, Any]]]:
    return manifests([Entry(each.identity, each, "istio") for each in objects], places)


def _chart(name: str, release: Release, values: Mapping[str, Any], opts: pulumi.ResourceOptions) -> Chart:
    """Helm compares a digest with what the version's tag points to, so both are given."""
    repository = None
    if release.path:
        chart, version = release.path, None
    elif release.charts.repository.startswith("oci://"):
        chart, version = release.url + (f"@{release.digest}" if release.digest else ""), release.version
    else:
        chart, version = release.chart, release.version
        repository = RepositoryOptsArgs(repo=release.charts.repository)
    return Chart(
        name,
        chart=chart,
        version=version,
        repository_opts=repository,
        name=release.name,
        namespace=release.namespace,
        values=dict(values),
        opts=opts,
    )
