"""From what a user names on the command line to a mesh: runs the user's Python, or reads a file."""

from pulumi_mesh.loading.program import load_program

__all__ = ["load_program"]
