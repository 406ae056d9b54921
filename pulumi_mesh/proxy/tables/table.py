"""A table of text, and how it is laid out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """columns: their heads. rows: each with a text for every column."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def table_text(table: Table) -> str:
    """The table in columns that are as wide as their widest text; the last of a row is not padded."""
    lines = (table.columns, *table.rows)
    widths = [max(map(len, texts)) for texts in zip(*lines, strict=True)]
    rows = (zip(line, widths, strict=True) for line in lines)
    return "".join("     ".join(text.ljust(width) for text, width in row).rstrip() + "\n" for row in rows)
