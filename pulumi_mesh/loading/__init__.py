"""From what a user names on the command line to a mesh, an installation or a snapshot: runs Python, or reads files."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_mesh.loading.program import load_installation, load_program
    from pulumi_mesh.loading.snapshot import Loaded, load_snapshot

__all__ = ["Loaded", "load_installation", "load_program", "load_snapshot"]


if not TYPE_CHECKING:  # on first use: reading files needs no programs

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = "program" if name in ("load_installation", "load_program") else "snapshot"
        return getattr(import_module(f"{__name__}.{module}"), name)
