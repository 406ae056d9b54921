"""``pulumi-mesh render``: Istio objects, Envoy config, or an installation, on standard output or as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pulumi_mesh.cli import options

if TYPE_CHECKING:
    from pulumi_mesh.model.mesh import Mesh
    from pulumi_mesh.render import Rendered

INSTALLATIONS = ("argocd", "flux", "helm")
"""What an installation of Istio can be rendered to."""


@click.command(name="render")
@options.program
@options.stages
@click.option(
    "--to",
    "backend",
    type=click.Choice(["istio", "envoy", *INSTALLATIONS]),
    default="istio",
    show_default=True,
    help="Istio objects or Envoy config of the mesh; or the installation of Istio: Applications of Argo CD,"
    " HelmReleases of Flux, or what the helm on PATH renders.",
)
@click.option(
    "--output-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write one object a file here, and remove files of earlier runs that are no longer rendered.",
)
@click.option(
    "--check", "checking", is_flag=True, help="Write nothing; exit code 1 when DIR is not what would be written."
)
@click.option("--proxy", metavar="NAME", help="With --to envoy: only this gateway or workload.")
@click.option(
    "--namespace",
    metavar="NAME",
    help="With --to argocd or flux: of their objects; default: argocd, or flux-system.",
)
@options.output
def command(
    program: str,
    stages: dict[str, int],
    backend: str,
    output_dir: Path | None,
    checking: bool,
    proxy: str | None,
    namespace: str | None,
    output: str,
) -> int:
    """Write the Istio objects of the mesh of PROGRAM, or the Envoy config of each of its proxies.

    With --to argocd, flux or helm: the installation of Istio that PROGRAM describes, for a folder of its own.

    Without --output-dir everything goes to standard output: objects as YAML documents in the order in which they may be
    applied, Envoy config as one JSON object by proxy. Exit code 1, and nothing is written, when `check` finds an error.
    """
    from pulumi_mesh.cli.findings import look
    from pulumi_mesh.loading.plain import load_plain

    if checking and output_dir is None:
        raise click.UsageError("--check compares with a folder; name it with --output-dir")
    if proxy is not None and backend != "envoy":
        raise click.UsageError("--proxy goes with --to envoy")
    if namespace is not None and backend not in ("argocd", "flux"):
        raise click.UsageError("--namespace goes with --to argocd or flux")
    if backend in INSTALLATIONS:
        if stages:
            raise click.UsageError("an installation has no stages; --stage goes with --to istio or envoy")
        return _installation(program, backend, namespace, output_dir, checking, output)
    mesh = load_plain(program).at(stages)
    (rendered,) = look(mesh)
    if backend == "envoy":
        documents = _envoy(mesh, proxy)
        if output_dir is None:
            only = proxy is not None and len(documents) == 1
            click.echo(_json(next(iter(documents.values())) if only else documents))
            return 0
        return _to_folder(output_dir, {f"{key}.json": _json(each) for key, each in documents.items()}, checking, output)
    return _istio(rendered, output_dir, checking, output)


def _istio(rendered: Rendered, output_dir: Path | None, checking: bool, output: str) -> int:
    from pulumi_mesh.gitops import files, stream
    from pulumi_mesh.manifests.wire import declared

    written = files(rendered)
    if output_dir is not None:
        return _to_folder(output_dir, written, checking, output)
    if output == "json":
        click.echo(_json([declared(each) for each in rendered.objects]))
    else:
        click.echo(stream(written), nl=False)
    return 0


def _installation(
    program: str, backend: str, namespace: str | None, output_dir: Path | None, checking: bool, output: str
) -> int:
    from pulumi_mesh import gitops
    from pulumi_mesh.gitops.layout import is_kustomization
    from pulumi_mesh.manifests.reading import load_yaml
    from pulumi_mesh.render.installation import installation

    planned = installation(options.load_plain_installation(program))
    place = {} if namespace is None else {"namespace": namespace}
    if backend == "helm":
        written = gitops.helm_files(planned, gitops.helm_template)
    else:
        made = gitops.argocd_files if backend == "argocd" else gitops.flux_files
        written = made(planned, **place)
    if output_dir is not None:
        return _to_folder(output_dir, written, checking, output)
    if output == "json":
        texts = (text for path, text in written.items() if not is_kustomization(path))
        click.echo(_json([load_yaml(text) for text in texts]))
    else:
        click.echo(gitops.stream(written), nl=False)
    return 0


def _envoy(mesh: Mesh, wanted: str | None) -> dict[str, Any]:
    """The static bootstrap of every proxy, by ``NAMESPACE/NAME``."""
    from pulumi_mesh.proxy.envoy.write import write_static
    from pulumi_mesh.proxy.resolve import resolve_all
    from pulumi_mesh.render import snapshot

    taken = snapshot(mesh)
    chosen = [each for each in taken.proxies if wanted in (None, each.name, f"{each.namespace}/{each.name}")]
    if not chosen:
        known = ", ".join(f"{each.namespace}/{each.name}" for each in taken.proxies) or "none"
        raise click.UsageError(f"no proxy is named {wanted!r}; there are: {known}")
    views = resolve_all(taken, chosen)
    return {f"{each.namespace}/{each.name}": write_static(view) for each, view in views.items()}


def _to_folder(folder: Path, written: dict[str, str], checking: bool, output: str) -> int:
    from pulumi_mesh.gitops import compare, write

    if checking:
        drift = compare(folder, written)
        if output == "json":
            kinds = {"missing": drift.missing, "different": drift.different, "stale": drift.stale}
            click.echo(_json({"clean": drift.clean, **kinds}))
        else:
            click.echo(drift.diff, nl=False)
            click.echo(f"{folder} is as rendered" if drift.clean else f"{folder} is not as rendered; render it anew")
        return 0 if drift.clean else 1
    changes = write(folder, written)
    counts = {"written": changes.written, "unchanged": changes.unchanged, "pruned": changes.pruned}
    if output == "json":
        click.echo(_json(counts))
    else:
        for name in changes.pruned:
            click.echo(f"pruned: {name}")
        click.echo(f"{folder}: " + ", ".join(f"{len(names)} {kind}" for kind, names in counts.items()))
    return 0


def _json(data: Any) -> str:
    return json.dumps(data, indent=2)
