"""Apply a mesh with Pulumi: components whose children are the rendered objects, one each; and install Istio."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_mesh.deploy.installation import Installation
    from pulumi_mesh.deploy.mesh import Mesh
    from pulumi_mesh.deploy.object import Object

__all__ = ["Installation", "Mesh", "Object"]

if not TYPE_CHECKING:  # a type checker that saw this would take any name

    def __getattr__(name: str) -> Any:
        """Pulumi is loaded on first use: the command line needs ``deploy.tokens`` alone, which works without."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{name.lower()}"), name)


def __dir__() -> list[str]:
    return __all__
