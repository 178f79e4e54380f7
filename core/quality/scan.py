"""One pass over the files: read, hash, decode, measure, thumbnail. Nothing is opened twice.

Rows of files that have not changed since the last scan (same path, size and time) are taken over.
What is done is written down every few seconds, so a scan that was cancelled or killed goes on
where it was. A file that can't be read is a row like any other, with its reason.
"""

from __future__ import annotations

import contextlib
import io
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from core import settings
from core.catalog import Catalog
from core.datasets.images import SUFFIXES_OF, open_image
from core.datasets.layout import FoundFile, Skipped, read_layout
from core.datasets.pixels import hash_bytes
from core.errors import NotFound, UnreadableImage, disk_errors
from core.progress import Reporter, Throttle
from core.quality import thumbs
from core.quality.curation import count_again, latest_index
from core.quality.index import (
    COLUMNS,
    empty_measurements,
    make_index,
    read_index,
    write_index,
    write_skipped,
)
from core.quality.measure import SIDE as MEASURED_SIDE
from core.quality.measure import measure

_PARTIAL = "partial-"
_SAVE_EVERY_S = 5.0
_AHEAD = 64


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
    report: Reporter | None = None,
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
    report = report or Reporter()
    started = time.monotonic()
    workspace = catalog.workspace
    record = catalog.datasets.get(dataset_id)
    root = workspace.load_path(record.root)
    layout = read_layout(root, max_files=settings.load().max_files, report=report)
    before = latest_index(catalog, dataset_id)
    known = _known_rows(catalog, dataset_id, before)
    rows, fresh = _take_over(layout.files, known)
    reused = len(rows)
    if fresh or before is None or len(before) != len(rows):
        rows += _scan_files(catalog, dataset_id, root, fresh, report)
        if not root.is_dir():  # it went while its files were read: they aren't broken, they're gone
            raise NotFound(
                "The folder disappeared while Lightbox was looking at its images.",
                file=root,
                remedy="Put it back, then scan again.",
            )
        table = make_index(rows)
        number = sum(c.action == "index" for c in catalog.changes.of(dataset_id)) + 1
        name, skipped_name = f"index-{number}.parquet", f"skipped-{number}.json"
        skipped = [*refused, *layout.skipped]
        write_index(workspace, dataset_id, name, table)
        write_skipped(workspace, dataset_id, skipped_name, skipped)
        catalog.changes.append(
            dataset_id,
            "index",
            {"file": name, "skipped": skipped_name, "images": len(table)},
            author=settings.load().author,
            why="scan",
        )
        for part in workspace.dataset(dataset_id).glob(f"{_PARTIAL}*.parquet"):
            part.unlink(missing_ok=True)
    else:
        skipped = [*refused, *layout.skipped]
    version = count_again(catalog, dataset_id)
    return ScanResult(version, len(rows), reused, skipped, time.monotonic() - started)


def _known_rows(catalog: Catalog, dataset_id: str, before: pd.DataFrame | None) -> pd.DataFrame:
    """Rows of the last scan, and of one that was interrupted since."""
    parts = [] if before is None else [before]
    for part in sorted(catalog.workspace.dataset(dataset_id).glob(f"{_PARTIAL}*.parquet")):
        try:
            parts.append(pd.read_parquet(part)[list(COLUMNS)])
        except (OSError, ValueError, KeyError):
            part.unlink(missing_ok=True)
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(parts, ignore_index=True).drop_duplicates("path", keep="last")


def _take_over(
    files: list[FoundFile], known: pd.DataFrame
) -> tuple[list[dict[str, Any]], list[FoundFile]]:
    """Rows that still hold, and the files that must be looked at."""
    if known.empty:
        return [], files
    place = {
        key: row
        for row, key in enumerate(
            zip(known["path"], known["bytes"], known["mtime_ns"], strict=True)
        )
    }
    held: list[int] = []
    fresh: list[FoundFile] = []
    found: list[FoundFile] = []
    for file in files:
        row = place.get((file.path, file.bytes, file.mtime_ns))
        if row is None:
            fresh.append(file)
        else:
            held.append(row)
            found.append(file)
    rows = known.iloc[held].to_dict("records")
    for row_dict, file in zip(rows, found, strict=True):
        row_dict["label"], row_dict["split"] = file.label, file.split
    return rows, fresh


def _scan_files(
    catalog: Catalog, dataset_id: str, root: Path, files: list[FoundFile], report: Reporter
) -> list[dict[str, Any]]:
    workspace = catalog.workspace
    rows: list[dict[str, Any]] = []
    saved = 0
    often, seldom = Throttle(0.2), Throttle(_SAVE_EVERY_S)
    seldom()
    pack = thumbs.pack_path(workspace, dataset_id)
    with disk_errors("the scan"), pack.open("ab") as out:
        at = out.tell()

        def save() -> None:
            nonlocal saved
            out.flush()
            if rows[saved:]:
                name = f"{_PARTIAL}{time.time_ns()}.parquet"
                write_index(workspace, dataset_id, name, make_index(rows[saved:]))
                saved = len(rows)

        try:
            for row, thumbnail in _in_order(files, root):
                row["thumb_at"], row["thumb_bytes"] = at, len(thumbnail)
                out.write(thumbnail)
                at += len(thumbnail)
                rows.append(row)
                if often():
                    report.progress("scan", len(rows), len(files), "Looking at images")
                    report.check()
                if seldom():
                    save()
        except BaseException:
            save()
            raise
    report.progress("scan", len(files), len(files), "Looking at images")
    return rows


def _in_order(files: list[FoundFile], root: Path) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Look at files with several threads, a bounded number ahead, in their order."""
    waiting: deque[Future[tuple[dict[str, Any], bytes]]] = deque()
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        try:
            for file in files:
                waiting.append(pool.submit(look_at, file, root))
                if len(waiting) >= _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def look_at(file: FoundFile, root: Path) -> tuple[dict[str, Any], bytes]:
    """Everything about one file: its row for the index (without the thumbnail's place), and its
    thumbnail (empty if there is nothing to show)."""
    row: dict[str, Any] = {
        "path": file.path,
        "label": file.label,
        "split": file.split,
        "status": "ok",
        "problem": "",
        "format": "",
        "mode": "",
        "width": 0,
        "height": 0,
        "bytes": file.bytes,
        "mtime_ns": file.mtime_ns,
        "hash": "",
        "orientation": 1,
        "wrong_suffix": False,
        **empty_measurements(),
    }
    try:
        data = (root / file.path).read_bytes()
    except OSError:
        row.update(status="unreadable", problem="The file can't be opened, or has gone.")
        return row, b""
    row["hash"] = hash_bytes(data)
    side = max(thumbs.SIDE, MEASURED_SIDE)
    try:
        opened = open_image(data, file=file.path, draft=(side, side))
    except UnreadableImage as error:
        row.update(status=error.kind, problem=f"{error.title} {error.remedy}".strip())
        return row, _what_can_be_seen(data) if error.kind == "truncated" else b""
    suffix = Path(file.path).suffix.lower()
    row.update(
        format=opened.format,
        mode=opened.mode,
        width=opened.width,
        height=opened.height,
        orientation=opened.orientation,
        wrong_suffix=suffix not in SUFFIXES_OF[opened.format],
        **measure(opened.image),
    )
    thumbnail = thumbs.make(
        opened.image, data=data, kind=opened.format, orientation=opened.orientation
    )
    return row, thumbnail


def _what_can_be_seen(data: bytes) -> bytes:
    """A thumbnail of the part of a truncated image that is there, or nothing."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            with contextlib.suppress(OSError, SyntaxError):
                image.load()
            # Pillow has filled in the lines before the end, but calls the image unloaded; a copy
            # of what is in memory can be used like any other. Without a line, there is no memory.
            seen = image._new(image.im)
            return thumbs.make(seen.convert("RGB"), data=b"", kind="", orientation=0)
    except (OSError, SyntaxError, ValueError, AttributeError, AssertionError):
        return b""


__all__ = ["ScanResult", "look_at", "read_index", "scan"]
