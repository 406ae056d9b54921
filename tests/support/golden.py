"""Golden files: what the code writes, kept beside the tests; ``pytest tests/golden --refresh`` writes them anew."""

from __future__ import annotations

from pathlib import Path


def compare(folder: Path, files: dict[str, str], *, refresh: bool) -> None:
    """Hold ``files`` against those in ``folder``, neither more nor fewer; with ``refresh`` make it so."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if refresh:
        for name in there - files.keys():
            (folder / name).unlink()
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return
    assert there == files.keys(), (
        f"files in {folder.name}: only there {there - files.keys()}, missing {files.keys() - there}"
    )
    for name, text in sorted(files.items()):
        assert (folder / name).read_text() == text, f"{folder.name}/{name} differs; refresh it if that is meant"
