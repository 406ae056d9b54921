"""From what a user names on the command line to a mesh or an installation: runs the user's Python, or reads a file."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_mesh.loading.program import load_installation, load_program

__all__ = ["load_installation", "load_program"]


if not TYPE_CHECKING:  # on first use: reading files needs no programs

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.program"), name)
