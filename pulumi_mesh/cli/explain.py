"""``pulumi-mesh explain``: what happens to one request, proxy by proxy."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import click

from pulumi_mesh.cli import options
from pulumi_mesh.errors import MeshError

if TYPE_CHECKING:
    from pulumi_mesh.manifests.snapshot import Snapshot
    from pulumi_mesh.proxy.journey import Journey
    from pulumi_mesh.proxy.simulate import Request

_METHOD = re.compile(r"[A-Z]+")
_COLOURS = {"hop": "cyan", "end": "green", "error": "red"}


@click.command(name="explain")
@click.argument("words", metavar="[METHOD] URL PATH...", nargs=-1, required=True)
@click.option(
    "--header", "-H", "headers", multiple=True, metavar="'NAME: VALUE'", help="A request header, as for curl."
)
@click.option("--from", "source", metavar="PROXY", help="The workload that sends it, or the gateway that it comes by.")
@click.option(
    "--claim",
    "claims",
    multiple=True,
    metavar="NAME=VALUE",
    help="The request carries a valid token with this claim; iss names its issuer. May be repeated.",
)
@options.stages
@options.mesh_config
@options.output
def command(
    words: tuple[str, ...],
    headers: tuple[str, ...],
    source: str | None,
    claims: tuple[str, ...],
    stages: dict[str, int],
    mesh_config: str | None,
    output: str,
) -> None:
    """Say what happens to a request in the mesh of all PATHs, with the object and its place at each step.

    A URL of http or https is a request, of tcp or tls a connection. A client outside comes in at the gateway that
    takes its request; with --from PROXY (NAME, NAME.NAMESPACE, or a service with one workload) it is sent by that
    workload, and its sidecar comes first; or, of a gateway, it comes in there.
    """
    from pulumi_mesh import explain
    from pulumi_mesh.loading.proxies import find_proxy
    from pulumi_mesh.loading.snapshot import load_snapshot
    from pulumi_mesh.proxy.journey import journey
    from pulumi_mesh.proxy.simulate.url import request_of

    method, url, paths = _taken_apart(words)
    named = dict(_pair(each, "=", "--claim", "NAME=VALUE") for each in claims)
    given = [_pair(each, ":", "--header", "'NAME: VALUE'") for each in headers]
    request = request_of(url, method, given, claims=named or None)
    loaded = load_snapshot(paths, stages, mesh_config)
    start = find_proxy(loaded.snapshot, source) if source is not None else None
    found = journey(loaded.snapshot, request, start)
    if start is None:
        _refuse_unknown_host(loaded.snapshot, found, request)
    if output == "json":
        click.echo(json.dumps(explain.journey_data(found, request, loaded.place), indent=2))
    else:
        click.echo(explain.tree_text(explain.story(found, request), loaded.place, _coloured), nl=False)


def _taken_apart(words: tuple[str, ...]) -> tuple[str, str, tuple[str, ...]]:
    method, rest = (words[0], words[1:]) if _METHOD.fullmatch(words[0]) else ("GET", words)
    if not rest:
        raise click.UsageError("Missing argument 'URL'.")
    if len(rest) == 1:
        raise click.UsageError("Missing argument 'PATH...'.")
    return method, rest[0], rest[1:]


def _pair(text: str, sign: str, option: str, form: str) -> tuple[str, str]:
    name, found, value = text.partition(sign)
    if not found or not name.strip():
        raise click.BadParameter(f"{text!r} is not {form}", param_hint=option)
    return name.strip(), value.strip()


def _refuse_unknown_host(snapshot: Snapshot, found: Journey, request: Request) -> None:
    """Raises MeshError, with the hosts that there are, where no gateway listens for the request or knows its host."""
    outcome = found.hops[0].outcome
    if outcome.error not in ("no listener matched", "no virtual host matched"):
        return
    from pulumi_mesh.proxy.resolve import resolve_all

    views = resolve_all(snapshot, [each for each in snapshot.proxies if each.kind == "router"])
    served = {
        f"{domain} ({proxy.name}.{proxy.namespace}, {config.name})"
        for proxy, view in views.items()
        for config in view.routes
        for host in config.virtual_hosts
        for domain in host.domains
        if ":" not in domain
    }
    ports = {each.name for view in views.values() for each in view.listeners}
    if outcome.error == "no listener matched":
        known = f"listeners there are: {', '.join(sorted(ports)) or 'none'}"
        raise MeshError(f"no gateway listens on port {request.port}; {known}")
    known = f"so the answer is 404; gateways have routes for: {', '.join(sorted(served)) or 'none'}"
    raise MeshError(f"no gateway has a route for host {request.host!r} on port {request.port}, {known}")


def _coloured(text: str, kind: str) -> str:
    if kind == "ref":
        return click.style(text, dim=True)
    return click.style(text, fg=_COLOURS[kind]) if kind in _COLOURS else text
