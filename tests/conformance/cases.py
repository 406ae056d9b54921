"""Cases of other projects: a folder a set, in each an ``index.json`` and the files that it names."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CORPORA = "MESH_CORPORA"
"""The environment variable that names the folder of the sets."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case. data: its entry of the index. folder: that its files are in."""

    data: Mapping[str, Any]
    folder: Path

    @property
    def id(self) -> str:
        """Its name, which nothing but a report may look at."""
        return str(self.data.get("id", ""))

    def text(self) -> str:
        """What its file holds."""
        return self.folder.joinpath(self.data["file"]).read_text("utf-8")


def corpora() -> Path:
    """The folder of the sets: ``$MESH_CORPORA``, or the one beside this repository."""
    given = os.environ.get(CORPORA)
    return Path(given) if given else Path(__file__).parents[3] / "shared" / "corpora"


def cases(folder: Path) -> list[Case]:
    """The cases of a set's folder."""
    index = json.loads((folder / "index.json").read_text("utf-8"))
    return [Case(each, folder) for each in index["cases"]]
