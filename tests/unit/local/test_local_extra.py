"""Without the extra `local`, one clear error."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pulumi_mesh.errors import MeshError
from pulumi_mesh.local.extra import needed


def test_a_missing_package_names_the_command_that_mends_it() -> None:
    with pytest.raises(MeshError, match=r"pip install 'pulumi-mesh\[local\]'"), needed():
        raise ImportError("gone", name="aiohttp")


@pytest.mark.parametrize(
    ("module", "package"),
    [("authority", "cryptography"), ("envoy", "aiohttp"), ("stub", "aiohttp"), ("load", "aiohttp")],
)
def test_the_modules_that_need_it_say_so(module: str, package: str) -> None:
    program = f"""
import sys
sys.modules[{package!r}] = None
from pulumi_mesh.errors import MeshError
try:
    import pulumi_mesh.local.{module}
except MeshError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert package in said
    assert "pip install 'pulumi-mesh[local]'" in said
