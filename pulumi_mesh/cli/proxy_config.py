"""``pulumi-mesh proxy-config``: what a proxy would be told, as ``istioctl proxy-config`` shows it of one that runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from pulumi_mesh.cli import options

if TYPE_CHECKING:
    from pulumi_mesh.proxy.view import ProxyView

_ALIASES = {
    "a": "all",
    "b": "bootstrap",
    "c": "clusters",
    "cluster": "clusters",
    "endpoint": "endpoints",
    "ep": "endpoints",
    "l": "listeners",
    "listener": "listeners",
    "r": "routes",
    "route": "routes",
}


class _Kinds(click.Group):
    """Commands that istioctl has under several names."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, _ALIASES.get(cmd_name, cmd_name))


@click.group(name="proxy-config", cls=_Kinds)
def command() -> None:
    """Show what a proxy would be told, in the tables that istioctl shows of a proxy that runs.

    PROXY is NAME, NAME.NAMESPACE or NAMESPACE/NAME of a gateway or a workload; the name of a service will do if it has
    one workload. Singular names (listener, route, ...) and istioctl's short ones (l, r, c, ep) work as well.
    """


def _shared(default: str = "text") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The arguments and options that all kinds have. default: of --output."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        form = click.option(
            "--output",
            "-o",
            type=click.Choice(["text", "table", "json", "yaml"]),
            default=default,
            show_default=True,
            help="A table (text and table are the same), or Envoy's config as istioctl prints it.",
        )
        function = options.paths(options.stages(form(function)))
        return click.argument("proxy", metavar="PROXY")(function)

    return decorate


def _filter(name: str, help_text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    kind: Any = int if name == "--port" else str
    return click.option(name, type=kind, default=kind(), help=help_text, show_default=False)


@command.command(name="listeners")
@_shared()
@_filter("--address", "Only listeners on this address.")
@_filter("--port", "Only listeners on this port.")
@_filter("--type", "Only listeners of this type: HTTP, TCP or HTTP+TCP.")
def _listeners(output: str, address: str, port: int, type: str, **named: Any) -> None:
    """The listeners of PROXY and their filter chains."""
    from pulumi_mesh.proxy.tables import ListenerFilter, listener_table, table_text

    asked = ListenerFilter(address, port, type)
    found = [each for each in _view(**named).listeners if asked.takes(each)]
    _show(output, lambda: table_text(listener_table(found)), lambda: _written().listeners(found))


@command.command(name="routes")
@_shared()
@_filter("--name", "Only the route config of this name.")
def _routes(output: str, name: str, **named: Any) -> None:
    """The routes of PROXY, in the order in which they are tried."""
    from pulumi_mesh.proxy.tables import RouteFilter, route_configs, route_table, table_text

    asked = RouteFilter(name)
    found = [each for each in route_configs(_view(**named)) if asked.takes(each)]
    _show(output, lambda: table_text(route_table(found)), lambda: _written().routes(found))


@command.command(name="clusters")
@_shared()
@_filter("--fqdn", "Only clusters with this text in the service's host name.")
@_filter("--port", "Only clusters of this service port.")
@_filter("--subset", "Only clusters of this subset.")
@_filter("--direction", "Only clusters of this direction: inbound or outbound.")
def _clusters(output: str, fqdn: str, port: int, subset: str, direction: str, **named: Any) -> None:
    """The clusters of PROXY."""
    from pulumi_mesh.proxy.tables import ClusterFilter, cluster_table, table_text

    asked = ClusterFilter(fqdn, port, subset, direction)
    found = [each for each in _view(**named).clusters if asked.takes(each)]
    _show(output, lambda: table_text(cluster_table(found)), lambda: _written().clusters(found))


@command.command(name="endpoints")
@_shared()
@_filter("--address", "Only endpoints of this address.")
@_filter("--port", "Only endpoints on this port.")
@_filter("--cluster", "Only endpoints of this cluster.")
@_filter("--status", "Only endpoints of this health status.")
def _endpoints(output: str, address: str, port: int, cluster: str, status: str, **named: Any) -> None:
    """The endpoints of the clusters of PROXY."""
    from pulumi_mesh.proxy.tables import EndpointFilter, endpoint_sets, endpoint_table, table_text

    found = endpoint_sets(_view(**named), EndpointFilter(address, port, cluster, status))
    _show(output, lambda: table_text(endpoint_table(found)), lambda: _written().endpoints(found))


@command.command(name="bootstrap")
@_shared(default="json")
def _bootstrap(output: str, **named: Any) -> None:
    """The whole config of PROXY as one bootstrap, which an Envoy can be started with."""
    view = _view(**named)
    _show(output, lambda: _summary(view), lambda: _written().bootstrap(view))


@command.command(name="all")
@_shared()
def _all(output: str, **named: Any) -> None:
    """Clusters, listeners, routes and endpoints of PROXY."""
    from pulumi_mesh.proxy import tables

    view = _view(**named)
    configs, sets = tables.route_configs(view), tables.endpoint_sets(view)

    def text() -> str:
        made = (
            tables.cluster_table(view.clusters),
            tables.listener_table(view.listeners),
            tables.route_table(configs),
            tables.endpoint_table(sets),
        )
        return "\n".join(tables.table_text(each) for each in made)

    def data() -> dict[str, Any]:
        written = _written()
        return {
            "clusters": written.clusters(view.clusters),
            "listeners": written.listeners(view.listeners),
            "routes": written.routes(configs),
            "endpoints": written.endpoints(sets),
        }

    _show(output, text, data)


def _view(proxy: str, paths: tuple[str, ...], stages: dict[str, int], mesh_config: str | None) -> ProxyView:
    from pulumi_mesh.loading.proxies import find_proxy
    from pulumi_mesh.loading.snapshot import load_snapshot
    from pulumi_mesh.proxy.resolve import resolve

    snapshot = load_snapshot(paths, stages, mesh_config).snapshot
    return resolve(snapshot, find_proxy(snapshot, proxy))


def _written() -> Any:
    from pulumi_mesh.proxy.envoy.write import messages

    return messages


def _show(output: str, text: Callable[[], str], data: Callable[[], Any]) -> None:
    from pulumi_mesh.proxy.tables.hidden import without_secrets

    if output in ("text", "table"):
        click.echo(text(), nl=False)
    elif output == "json":
        click.echo(json.dumps(without_secrets(data()), indent=4))
    else:
        import yaml

        click.echo(yaml.safe_dump(without_secrets(data()), sort_keys=True), nl=False)


def _summary(view: ProxyView) -> str:
    from pulumi_mesh.proxy.tables import Table, table_text

    counts = (len(view.listeners), len(view.routes), len(view.clusters), len(view.endpoints))
    row = (view.node, view.service_cluster, *map(str, counts))
    return table_text(Table(("NODE", "CLUSTER", "LISTENERS", "ROUTES", "CLUSTERS", "ENDPOINTS"), (row,)))
