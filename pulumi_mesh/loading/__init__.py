"""From what a user names on the command line to a mesh or an installation: runs the user's Python, or reads a file."""

from pulumi_mesh.loading.program import load_installation, load_program

__all__ = ["load_installation", "load_program"]
