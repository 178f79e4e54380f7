"""The decode-once cache: every image at one size, in one memory-mapped file.

Images are found by content: a renamed or moved image is not decoded again, a changed one is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from core.datasets.content import hash_bytes, read_regular
from core.datasets.images import NOW, Decoding, Fit, decode
from core.datasets.layout import Skipped
from core.datasets.slots import SlotFile
from core.errors import UnreadableImage
from core.progress import Reporter
from core.workspace import Workspace, ensure_space

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


def load_pixels(
    workspace: Workspace,
    dataset_id: str,
    root: Path,
    table: pd.DataFrame,
    size: int,
    *,
    fit: Fit = "stretch",
    decoding: Decoding = NOW,
    report: Reporter | None = None,
) -> Pixels:
    """Decode what is not decoded yet, and return all.

    Args:
        root: where the images lie.
        table: columns ``path`` (relative to ``root``) and ``hash`` (of the content, as scanned).
        size: side in pixels.
        decoding: how files become pixels.

    An image that has vanished, changed since the scan or can't be decoded is in ``failed``; the
    others are kept. Several processes may call this at once: one decodes, the others wait.

    Raises:
        NoSpace: the decoded images don't fit on the disk.
        Cancelled: the person asked to stop; what was decoded is kept.
    """
    report = report or Reporter()
    folder = workspace.cache / "pixels" / dataset_id
    file = SlotFile(folder, _stem(size, fit, decoding), "uint8", (size, size, 3))
    with file.adding():
        wanted = {
            digest: path
            for path, digest in zip(table["path"], table["hash"], strict=True)
            if digest not in file.slots
        }
        if wanted:
            ensure_space(folder, len(wanted) * file.record_bytes, "preparing the images")
        failed, decoded = _fill(file, root, wanted, (fit, decoding), report)
    return Pixels(file.open(), file.find(list(table["hash"])), failed, decoded)


def missing_pixels(
    workspace: Workspace,
    dataset_id: str,
    table: pd.DataFrame,
    size: int,
    fit: Fit = "stretch",
    decoding: Decoding = NOW,
) -> int:
    """How many of a table's images :func:`load_pixels` would have to decode."""
    folder = workspace.cache / "pixels" / dataset_id
    file = SlotFile(folder, _stem(size, fit, decoding), "uint8", (size, size, 3))
    known = file.peek()
    return sum(digest not in known for digest in set(table["hash"]))


def _stem(size: int, fit: Fit, decoding: Decoding) -> str:
    return f"{size}-{fit}-v{str(decoding).replace(':', '-')}"


def _fill(
    file: SlotFile,
    root: Path,
    wanted: dict[str, str],
    how: tuple[Fit, Decoding],
    report: Reporter,
) -> tuple[list[Skipped], int]:
    failed: list[Skipped] = []
    decoded = 0
    size, (fit, decoding) = file.shape[0], how

    def read(item: tuple[str, str]) -> np.ndarray | Skipped:
        digest, path = item
        try:
            data = read_regular(root / path)
            if hash_bytes(data) != digest:
                return Skipped(path, "It has changed since it was scanned. Scan again to use it.")
            return decode(data, size, fit=fit, file=path, decoding=decoding)
        except UnreadableImage as error:
            return Skipped(path, error.title)
        except OSError:
            return Skipped(path, "It is no longer there, or can't be read.")

    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for batch in _batches(iter(wanted.items())):
            report.check()
            report.progress("decode", decoded, len(wanted), "Reading images")
            for (digest, _), result in zip(batch, pool.map(read, batch), strict=True):
                if isinstance(result, Skipped):
                    failed.append(result)
                else:
                    file.add(digest, result)
                    decoded += 1
    report.progress("decode", len(wanted), len(wanted), "Reading images")
    return failed, decoded


def _batches(items: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    while batch := list(islice(items, _BATCH)):
        yield batch
