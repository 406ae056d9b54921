"""kubectl against one API server, as one user."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

Key = tuple[str, str, str]
"""Kind, namespace (empty for what has none) and name."""


def key_of(manifest: Any) -> Key:
    """The key of a manifest, or of an object as the API server gives it."""
    return manifest["kind"], manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]


class RefusedError(Exception):
    """kubectl failed; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl. binary: where it is. kubeconfig: the server. user: a user of the kubeconfig; empty: the current one."""

    binary: Path
    kubeconfig: Path
    user: str = ""

    def as_user(self, user: str) -> Kubectl:
        """The same, as another user of the kubeconfig."""
        return replace(self, user=user)

    def __call__(self, *arguments: str | Path, given: str | None = None) -> str:
        """Run it with ``given`` on standard input; returns what it prints. Raises RefusedError when it fails."""
        command = [str(self.binary), f"--kubeconfig={self.kubeconfig}", *(f"--user={self.user}" for _ in self.user[:1])]
        done = subprocess.run(
            [*command, *map(str, arguments)], input=given, capture_output=True, text=True, check=False, timeout=120
        )
        if done.returncode != 0:
            raise RefusedError(done.stderr.strip())
        return done.stdout

    def get(self, *arguments: str) -> Any:
        """What ``kubectl get`` answers, as data."""
        return json.loads(self("get", "--output=json", *arguments))

    def apply(self, *objects: Any) -> str:
        """Apply plain objects server-side, as a manager that takes every field it names."""
        return self("apply", "--server-side", "--force-conflicts", "--filename=-", given=yaml.safe_dump_all(objects))

    def await_definitions(self) -> None:
        """Wait until every custom resource that was installed is served.

        Not by ``kubectl wait``, which fails for an object that has no conditions yet. Raises RefusedError after
        a minute.
        """
        until = time.monotonic() + 60
        while missing := [each["metadata"]["name"] for each in self.get("crd")["items"] if not _is_served(each)]:
            if time.monotonic() > until:
                raise RefusedError(f"not served after a minute: {', '.join(missing)}")
            time.sleep(0.1)

    def versions(self, kinds: list[str]) -> dict[Key, str]:
        """The resourceVersion of every object of these kinds in all namespaces: any write changes it."""
        found = self.get("--all-namespaces", ",".join(kinds))["items"]
        return {key_of(each): each["metadata"]["resourceVersion"] for each in found}


def _is_served(definition: Any) -> bool:
    conditions = definition.get("status", {}).get("conditions") or []
    return ("Established", "True") in {(each["type"], each["status"]) for each in conditions}
