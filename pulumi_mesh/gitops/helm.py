"""Charts rendered by the helm that is on PATH."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi_mesh.errors import MeshError
from pulumi_mesh.frozen import thaw
from pulumi_mesh.manifests.reading import read_text
from pulumi_mesh.render.installation import Release

_WITHIN = 300.0


def helm_template(release: Release) -> list[Mapping[str, Any]]:
    """The manifests of a release, CRDs included, as ``helm template`` renders them: no cluster is asked.

    Raises MeshError: no helm on PATH, a chart that cannot be had, values that it refuses, with helm's own words.
    """
    helm = shutil.which("helm")
    if helm is None:
        raise MeshError("helm is not on PATH; it renders the charts (https://helm.sh/docs/intro/install)")
    command = [helm, "template", release.name, *_chart(release), f"--namespace={release.namespace}", "--include-crds"]
    with tempfile.TemporaryDirectory() as folder:
        values = Path(folder, "values.json")
        values.touch(mode=0o600)
        values.write_text(json.dumps(thaw(release.values)), encoding="utf-8")
        try:
            done = subprocess.run(  # noqa: S603 - no shell, and every argument is checked text
                [*command, f"--values={values}"], capture_output=True, text=True, check=False, timeout=_WITHIN
            )
        except subprocess.TimeoutExpired:
            raise MeshError(f"helm did not end within {_WITHIN:g} seconds", where=release.name) from None
    if done.returncode != 0:
        raise MeshError(f"helm template: {done.stderr.strip()}", where=release.name)
    return [each.data for each in read_text(done.stdout, release.name)]


def _chart(release: Release) -> list[str]:
    if release.path:
        return [release.path]
    if release.charts.repository.startswith("oci://"):
        return [release.url + (f"@{release.digest}" if release.digest else ""), f"--version={release.version}"]
    return [release.chart, f"--repo={release.charts.repository}", f"--version={release.version}"]
