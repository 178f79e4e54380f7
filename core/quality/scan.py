"""One pass over the files: read, hash, decode, measure, thumbnail. Nothing is opened twice.

Rows of files that have not changed since the last scan (same path, size and time) are taken over.
What is done is written down every few seconds, so a scan that was cancelled or killed goes on
where it was. A file that can't be read is a row like any other, with its reason.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import pandas as pd

from core import settings
from core.catalog import Catalog
from core.datasets.added import added_files
from core.datasets.greys import Range
from core.datasets.layout import (
    FoundFile,
    Skipped,
    keep_layout,
    kept_layout,
    load_choice,
    read_layout,
)
from core.datasets.places import is_folder
from core.datasets.recordings import frames_together
from core.errors import NotFound, disk_errors
from core.progress import SILENT, Reporter, Throttle
from core.quality import thumbs
from core.quality.curation import count_again
from core.quality.index import (
    SCAN_VERSION,
    in_order,
    make_index,
    write_index,
)
from core.quality.known import drop_partials, keep_partial, labels_of, take_over
from core.quality.look import Looked, joined
from core.quality.pool import Pool
from core.quality.scan_parts import WORTH, look_together
from core.who import author
from core.workspace import write_json

_SAVE_EVERY_S = 5.0
# Files looked at in one go: many, so that little time goes into talking, but few enough, and of few
# enough bytes, that progress is seen and a cancelled scan ends soon.
_CHUNK_FILES = 64
_CHUNK_BYTES = 8 * 1024**2


_Answer = tuple[list[FoundFile], Looked]
# The same without thumbnails, and where those lie.
_Rows = tuple[list[FoundFile], Looked, list[tuple[int, int]]]


@dataclass(frozen=True)
class ScanResult:
    """What a scan did.

    Attributes:
        version: the dataset's version with these facts; unchanged if nothing had changed.
        images: rows in the index, unreadable ones included.
        reused: rows taken over from the last scan.
        skipped: files that are no images, with the reason.
        seconds: how long it took.
    """

    version: int
    images: int
    reused: int
    skipped: list[Skipped] = field(repr=False)
    seconds: float


def scan(
    catalog: Catalog,
    dataset_id: str,
    report: Reporter = SILENT,
    *,
    refused: Iterable[Skipped] = (),
) -> ScanResult:
    """Bring a dataset's index up to date with its folder.

    Args:
        refused: what was left out before, on the way in; listed with what is skipped here.

    Raises:
        NotFound, InvalidInput: the folder is gone or holds no class folders with images.
        NoSpace: the disk is full.
        Cancelled: the person asked to stop; what was done is kept for the next scan.
    """
    started = time.monotonic()
    workspace = catalog.workspace
    record = catalog.datasets.get(dataset_id)
    root = workspace.load_path(record.root)
    report.publish()
    limits, choice = settings.load(), load_choice(workspace, dataset_id)
    # What was uploaded or unpacked lies in our own folder, and has no business outside it.
    allowed = limits.roots if record.origin == "folder" else ()
    scans = [c for c in catalog.changes.of(dataset_id) if c.action == "index"]
    last = scans[-1].payload["file"] if scans else None
    layout = read_layout(
        root,
        max_files=limits.max_files,
        report=report,
        choice=choice,
        allowed=allowed,
        had=lambda: labels_of(workspace, dataset_id, last),
    )
    added = added_files(workspace, dataset_id, layout.files)
    files = frames_together([*layout.files, *added])
    files.sort(key=lambda file: file.path)
    skipped = [*refused, *layout.skipped]
    kept = kept_layout(workspace, dataset_id)
    stale_greys = (kept.greys if kept is not None else None) != choice.greys
    known = take_over(workspace, dataset_id, last, files, stale_greys=stale_greys)
    if not known.same:
        found = _look(catalog, dataset_id, root, known.fresh, report, choice.greys)
        if not is_folder(root):  # it went while its files were read: they aren't broken but gone
            raise NotFound(
                "The folder disappeared while Lightbox was looking at its images.",
                file=root,
                remedy="Put it back, then scan again.",
            )
        table = in_order(pd.concat([known.held, *found], ignore_index=True))
        if known.whole is None or not table.equals(known.whole):
            _keep(catalog, dataset_id, len(scans) + 1, table, skipped, report)
        drop_partials(workspace, dataset_id)
        del table, found  # counting reads the index again
    keep_layout(workspace, dataset_id, layout, choice)
    reused, images = len(known.held), len(files)
    del known, layout, files
    version = count_again(catalog, dataset_id)
    return ScanResult(version, images, reused, skipped, time.monotonic() - started)


def _keep(
    catalog: Catalog,
    dataset_id: str,
    number: int,
    table: pd.DataFrame,
    skipped: list[Skipped],
    report: Reporter,
) -> None:
    """Make a table the dataset's index."""
    name, skipped_name = f"index-{number}.parquet", f"skipped-{number}.json"
    write_index(catalog.workspace, dataset_id, name, [table])
    write_json(catalog.workspace.dataset(dataset_id) / skipped_name, skipped)
    report.publish()
    catalog.changes.append(
        dataset_id,
        "index",
        {"file": name, "skipped": skipped_name, "images": len(table)},
        author=author(),
        why="scan",
    )


def _look(
    catalog: Catalog,
    dataset_id: str,
    root: Path,
    files: list[FoundFile],
    report: Reporter,
    greys: Range | None,
) -> list[pd.DataFrame]:
    """Rows of files that must be looked at, in tables; all that was done is kept if it is broken
    off."""
    workspace = catalog.workspace
    often, seldom = Throttle(0.2), Throttle(_SAVE_EVERY_S)
    seldom()
    tables: list[pd.DataFrame] = []
    rows: list[_Rows] = []
    done = told = 0

    def save() -> None:
        if rows:
            tables.append(_table(rows))
            rows.clear()
            keep_partial(workspace, dataset_id, tables[-1])

    def tell(so_far: int = 0) -> None:
        nonlocal told
        told = max(told, done, min(so_far, len(files)))
        report.progress("scan", told, len(files), "Looking at images")
        report.check()

    hands = report.hands() if len(files) >= WORTH else None
    pack = thumbs.pack_path(workspace, dataset_id, whole=True)
    pack.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as opened:
        opened.enter_context(disk_errors("the scan"))
        out = opened.enter_context(pack.open("ab"))
        pool = opened.enter_context(Pool(root, len(files), greys))
        chunks = list(_chunks(files, pool.workers))
        if hands is not None:
            shared = look_together(catalog, dataset_id, chunks, greys, hands, tell)
            answers: Iterator[_Answer] = opened.enter_context(contextlib.closing(shared))
        else:
            found = pool.look([[file.path for file in chunk] for chunk in chunks], tell)
            answers = zip(chunks, found, strict=True)
        try:
            for some, looked in answers:
                out.write(b"".join(looked.thumbnails))
                out.flush()
                places = _places(looked.thumbnails, out.tell())
                rows.append((some, replace(looked, thumbnails=[]), places))
                done += len(some)
                if often():
                    tell()
                if seldom():
                    save()
                    report.kept(f"datasets/{dataset_id}")
        except BaseException:
            save()
            raise
    if rows:
        tables.append(_table(rows))
    report.progress("scan", len(files), len(files), "Looking at images")
    return tables


def _chunks(files: list[FoundFile], workers: int) -> Iterator[list[FoundFile]]:
    """Files in groups, small enough that all workers have something to do to the end."""
    most = max(1, min(_CHUNK_FILES, len(files) // (4 * workers)))
    chunk: list[FoundFile] = []
    size = 0
    for file in files:
        chunk.append(file)
        size += file.bytes
        if len(chunk) >= most or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _places(thumbnails: Sequence[bytes], end: int) -> list[tuple[int, int]]:
    """Where thumbnails begin of which the last ends at ``end``, and how long they are."""
    lengths = [len(thumbnail) for thumbnail in thumbnails]
    starts = accumulate(lengths[:-1], initial=end - sum(lengths))
    return [(at if length else 0, length) for at, length in zip(starts, lengths, strict=True)]


def _table(rows: Sequence[_Rows]) -> pd.DataFrame:
    """What was found in files, in the index's columns."""
    files = [file for some, _, _ in rows for file in some]
    columns: dict[str, Any] = {
        name: [getattr(file, name) for file in files] for name in FoundFile._fields
    }
    columns |= joined([looked for _, looked, _ in rows]).columns()
    places = [place for _, _, some in rows for place in some]
    columns["thumb_at"], columns["thumb_bytes"] = zip(*places, strict=True)
    return make_index({**columns, "scan_version": [SCAN_VERSION] * len(files)})
