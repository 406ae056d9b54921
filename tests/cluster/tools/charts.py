"""Istio's charts as a release has them, from the module that istiod is built with."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

import pulumi_mesh as pm
from tests.cluster.tools.finding import module_folder

_FOLDERS = {"base": "base", "istiod": "istio-control/istio-discovery", "gateway": "gateway"}


def charts(folder: Path, version: str) -> pm.Charts:
    """The charts as folders in ``folder/VERSION``; Istio's release puts its version in, and so does this."""
    source = module_folder("istio", "istio.io/istio") / "manifests" / "charts"
    paths = {}
    for name, place in _FOLDERS.items():
        made = folder / version / name
        if not made.is_dir():
            shutil.copytree(source / place, made, copy_function=shutil.copyfile)
            for each in (made, *made.rglob("*")):
                each.chmod(0o755 if each.is_dir() else 0o644)  # a module's are read-only
            described = yaml.safe_load((made / "Chart.yaml").read_text())
            described |= {"version": version, "appVersion": version}
            (made / "Chart.yaml").write_text(yaml.safe_dump(described))
        paths[name] = str(made)
    return pm.Charts(paths=paths)
