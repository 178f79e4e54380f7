"""The decode-once cache: every image at one size, in one memory-mapped file.

For each dataset, size and fit there is one file of uint8 pixels, one slot an image, and one small
file saying which content hash is in which slot. A slot is listed only after its pixels are on
disk, so being killed at any moment loses at most the work since the last note. Images are found by
content: a renamed or moved image is not decoded again, a changed one is.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock

from core.datasets.images import DECODER_VERSION, Fit, decode
from core.datasets.layout import Skipped
from core.errors import UnreadableImage, disk_errors
from core.progress import Reporter
from core.workspace import Workspace, atomic_path, ensure_space

_BATCH = 256


@dataclass(frozen=True)
class Pixels:
    """The decoded images of a table.

    Attributes:
        store: uint8, shape (slots, size, size, 3), memory-mapped and read-only.
        slots: int64, shape (rows,): where each row's image is in ``store``; -1 if it failed.
        failed: images that could not be decoded, with the reason.
        decoded: how many had to be decoded now; the rest were here already.
    """

    store: np.ndarray
    slots: np.ndarray
    failed: list[Skipped]
    decoded: int

    def take(self, rows: np.ndarray) -> np.ndarray:
        """A copy of some rows' images, in that order: uint8 (len(rows), size, size, 3)."""
        return self.store[self.slots[rows]]


def hash_bytes(data: bytes) -> str:
    """The content hash used everywhere: BLAKE2b with 128 bits, as 32 hex digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def load_pixels(
    workspace: Workspace,
    dataset_id: str,
    root: Path,
    table: pd.DataFrame,
    size: int,
    *,
    fit: Fit = "stretch",
    report: Reporter | None = None,
) -> Pixels:
    """Decode what is not decoded yet, and return all.

    Args:
        root: where the images lie.
        table: columns ``path`` (relative to ``root``) and ``hash`` (of the content, as scanned).
        size: side in pixels.

    An image that has vanished, changed since the scan or can't be decoded is in ``failed``; the
    others are kept. Several processes may call this at once: one decodes, the others wait.

    Raises:
        NoSpace: the decoded images don't fit on the disk.
        Cancelled: the person asked to stop; what was decoded is kept.
    """
    report = report or Reporter()
    folder = workspace.cache / "pixels" / dataset_id
    with disk_errors("preparing the images"):
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"{size}-{fit}-v{DECODER_VERSION}"
        with FileLock(folder / f"{stem}.lock"):
            cache = _Cache(folder, stem, size)
            failed, decoded = _fill(cache, root, table, size, fit, report)
        store = cache.open()
    slots = np.array([cache.slots.get(digest, -1) for digest in table["hash"]], dtype=np.int64)
    return Pixels(store, slots, failed, decoded)


class _Cache:
    """The pair of files, and the notes in memory."""

    def __init__(self, folder: Path, stem: str, size: int) -> None:
        self.pixels = folder / f"{stem}.u8"
        self.notes = folder / f"{stem}.json"
        self.shape = (size, size, 3)
        self.slots: dict[str, int] = {}
        try:
            noted = json.loads(self.notes.read_text(encoding="utf-8"))
            present = self.pixels.stat().st_size // int(np.prod(self.shape))
            self.slots = {digest: slot for slot, digest in enumerate(noted[:present])}
        except (OSError, ValueError):
            self.slots = {}

    def save(self) -> None:
        ordered = sorted(self.slots, key=self.slots.__getitem__)
        with atomic_path(self.notes) as part:
            part.write_text(json.dumps(ordered), encoding="utf-8")

    def open(self) -> np.ndarray:
        if not self.slots:
            return np.zeros((0, *self.shape), np.uint8)
        return np.memmap(self.pixels, np.uint8, mode="r", shape=(len(self.slots), *self.shape))


def _fill(
    cache: _Cache, root: Path, table: pd.DataFrame, size: int, fit: Fit, report: Reporter
) -> tuple[list[Skipped], int]:
    wanted = {
        digest: path
        for path, digest in zip(table["path"], table["hash"], strict=True)
        if digest not in cache.slots
    }
    if not wanted:
        return [], 0
    ensure_space(cache.pixels.parent, len(wanted) * size * size * 3, "preparing the images")
    failed: list[Skipped] = []
    decoded = 0

    def read(item: tuple[str, str]) -> np.ndarray | Skipped:
        digest, path = item
        try:
            data = (root / path).read_bytes()
            if hash_bytes(data) != digest:
                return Skipped(path, "It has changed since it was scanned. Scan again to use it.")
            return decode(data, size, fit=fit, file=path)
        except UnreadableImage as error:
            return Skipped(path, error.title)
        except OSError:
            return Skipped(path, "It is no longer there, or can't be read.")

    mode = "r+b" if cache.pixels.exists() else "w+b"
    with cache.pixels.open(mode) as out, ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        out.seek(len(cache.slots) * size * size * 3)
        try:
            for batch in _batches(iter(wanted.items())):
                report.check()
                report.progress("decode", decoded, len(wanted), "Reading images")
                for (digest, _), result in zip(batch, pool.map(read, batch), strict=True):
                    if isinstance(result, Skipped):
                        failed.append(result)
                        continue
                    out.write(result.tobytes())
                    cache.slots[digest] = len(cache.slots)
                    decoded += 1
        finally:
            out.flush()
            out.truncate(len(cache.slots) * size * size * 3)
            cache.save()
    report.progress("decode", len(wanted), len(wanted), "Reading images")
    return failed, decoded


def _batches(items: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    while batch := list(islice(items, _BATCH)):
        yield batch
