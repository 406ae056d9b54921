"""``python -m pulumi_mesh.cli``: the command line where the script is not on PATH."""

from pulumi_mesh.cli import main

main()
