"""Run as ``python -m scripts.xds``."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

ISTIO = "istio.io/istio@v0.0.0-20260827124520-eed52ebb66ad"
OUTPUT = Path(__file__).parent.parent.parent / "pulumi_mesh/proxy/envoy/schema/messages.json"


def main() -> None:
    """Build and run main.go among a copy of Istio's module, which has its requirements."""
    done = subprocess.run(["go", "mod", "download", "-json", ISTIO], check=True, capture_output=True, text=True)
    with tempfile.TemporaryDirectory() as folder:
        module = Path(folder, "istio")
        shutil.copytree(json.loads(done.stdout)["Dir"], module, copy_function=_writable)
        for each in (module, *filter(Path.is_dir, module.rglob("*"))):
            each.chmod(0o755)
        command = module / "cmd/xds/main.go"
        command.parent.mkdir(parents=True)
        command.write_text(Path(__file__).with_name("main.go").read_text("utf-8"), "utf-8")
        arguments = ["go", "run", "-mod=mod", "./cmd/xds"]
        made = subprocess.run(arguments, check=True, capture_output=True, text=True, cwd=module)
    OUTPUT.write_text(made.stdout, "utf-8")
    print(f"{OUTPUT.name}: {len(json.loads(made.stdout)['messages'])} messages")


def _writable(source: str, target: str) -> None:
    shutil.copyfile(source, target)


if __name__ == "__main__":
    main()
