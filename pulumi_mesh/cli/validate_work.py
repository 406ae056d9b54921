"""The work of ``pulumi-mesh validate``: files in batches, which several processes judge."""

from __future__ import annotations

import gc
import multiprocessing
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pulumi_mesh.cli.validate_report import FORMATS, Counts, Judged, Placed
from pulumi_mesh.errors import MeshError
from pulumi_mesh.files import decoded, read_bytes
from pulumi_mesh.manifests.reading import Document, Piece, Unread, pieces, scan, scan_pieces
from pulumi_mesh.validation.schemas import Channel

BATCH = 200_000
"""How many bytes of files one process takes at a time."""
ALONE = 4 * BATCH
"""Up to how many bytes it is quicker to start no process."""


class Source(NamedTuple):
    """A file, or some of its pieces where it is large. size: in bytes. ends: whether it is the last of its file.

    refused: why it is no text.
    """

    file: str
    size: int
    ends: bool = True
    pieces: tuple[Piece, ...] | None = None
    refused: MeshError | None = None


class Batch(NamedTuple):
    """What one process does at a time."""

    sources: tuple[Source, ...]
    output: str
    channel: Channel


class Done(NamedTuple):
    """What came of a batch: the parts of the report, and how many files are done."""

    parts: list[str]
    counts: Counts
    files: int


def judge_files(files: Iterable[str], output: str, channel: Channel) -> Iterator[Done]:
    """Judge all files, in order. Raises MeshError for a file that cannot be read."""
    sources = [part for file in files for part in _sources(file)]
    batches = [Batch(part, output, channel) for part in _batches(sources)]
    workers = min(_processors(), len(batches))
    if workers == 1 or sum(source.size for source in sources) <= ALONE:
        yield from map(judge_batch, batches)
        return
    from concurrent.futures import ProcessPoolExecutor

    # A fork has all modules at once. On systems where threads of their own libraries make it unsafe: fresh processes.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_settle) as pool:
        try:
            yield from pool.map(judge_batch, batches)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def judge_batch(batch: Batch) -> Done:
    """Judge the documents of a batch. Raises MeshError for a file that cannot be read."""
    one = FORMATS[batch.output].one
    parts: list[str] = []
    documents = rejected = warnings = files = 0
    for source in batch.sources:
        files += source.ends
        for judged in _judged(source, batch.channel):
            documents += 1
            rejected += not judged.accepted
            if judged.findings:
                warnings += sum(each.severity == "warning" for each in judged.findings)
            parts += one(judged)
    return Done(parts, Counts(documents, rejected, warnings), files)


def _judged(source: Source, channel: Channel) -> Iterator[Judged]:
    from pulumi_mesh.validation.judge import judge

    for each in _documents(source):
        if isinstance(each, Unread):
            finding = Placed("reading", "error", each.error.message, "", each.line)
            yield Judged(each.file, each.index, "", "", "", False, (finding,))
            continue
        verdict = judge(each.data, channel)
        metadata = each.data.get("metadata")
        names = metadata if isinstance(metadata, dict) else {}
        yield Judged(
            each.file,
            each.index,
            _text(each.data.get("kind")),
            _text(names.get("namespace")),
            _text(names.get("name")),
            verdict.accepted,
            tuple(
                Placed(found.code, found.severity, found.message, path, each.line_of(path))
                for found in verdict.findings
                for path in (found.refs[0].path if found.refs else "",)
            ),
        )


def _documents(source: Source) -> Iterator[Document | Unread]:
    if source.refused is not None:
        return iter((Unread(source.file, 0, source.refused),))
    if source.pieces is not None:
        return scan_pieces(source.pieces, source.file)
    data = read_bytes(source.file)
    try:
        return scan(decoded(data, source.file), source.file)
    except MeshError as error:
        return iter((Unread(source.file, 0, error),))


def _sources(file: str) -> Iterator[Source]:
    """A file; cut into parts of several documents where it is large. What is no plain file can be read here only."""
    try:
        status = None if file == "-" else os.stat(file)  # noqa: PTH116 - thousands of files, no Path for each
    except OSError as error:
        raise MeshError(f"cannot be read: {error.strerror}", where=file) from None
    if status is not None and stat.S_ISREG(status.st_mode) and status.st_size <= BATCH:
        yield Source(file, status.st_size)
        return
    data = read_bytes(file)
    try:
        cut = pieces(decoded(data, file))
    except MeshError as error:
        yield Source(file, len(data), refused=error)
        return
    taken: list[Piece] = []
    size = 0
    for piece in cut:
        taken.append(piece)
        size += len(piece.text)
        if size >= BATCH or piece is cut[-1]:
            yield Source(file, size, piece is cut[-1], tuple(taken))
            taken, size = [], 0


def _batches(sources: list[Source]) -> Iterator[tuple[Source, ...]]:
    taken: list[Source] = []
    size = 0
    for source in sources:
        taken.append(source)
        size += source.size
        if size >= BATCH:
            yield tuple(taken)
            taken, size = [], 0
    if taken:
        yield tuple(taken)


def _processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _settle() -> None:
    """What a process of the pool does first: data read from files has no cycles, so looking for them can wait."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
