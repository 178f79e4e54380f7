"""The decode-once cache: every image at one size, in one memory-mapped file.

Images are found by content: a renamed or moved image is not decoded again, a changed one is.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from core.datasets.content import hash_bytes, read_regular
from core.datasets.images import NOW, Decoding, Fit, decode
from core.datasets.layout import Skipped
from core.datasets.places import image_file, readers, stamps
from core.datasets.slots import SlotFile, forget
from core.errors import NotFound, UnreadableImage
from core.progress import SILENT, Reporter
from core.workspace import Workspace, ensure_space

_BATCH = 256


class Images(Protocol):
    """Images of a table, all of one size.

    Attributes:
        slots: int64, shape (rows,): -1 where there is none.
    """

    @property
    def slots(self) -> np.ndarray: ...

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Some rows' images, in that order: uint8 (len(rows), size, size, 3)."""
        ...


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
        taken = self.store[self.slots[rows]]
        forget(self.store)
        return taken


@dataclass(frozen=True)
class Files:
    """Images of a table as they lie in their files, and as what they are wanted. Taken from here
    they are decoded each time and not kept: for what looks at each once.

    Attributes:
        root: where the images lie.
        table: columns ``path`` (relative to ``root``) and ``hash`` (of the content, as scanned).
        size: side in pixels.
        decoding: how files become pixels.
    """

    root: Path
    table: pd.DataFrame
    size: int
    fit: Fit = "stretch"
    decoding: Decoding = NOW

    @property
    def slots(self) -> np.ndarray:
        """Each row's own number: all were there when they were scanned."""
        return np.arange(len(self.table))

    def take(self, rows: np.ndarray) -> np.ndarray:
        """As :meth:`Pixels.take`.

        Raises:
            NotFound: one can't be read any more.
        """
        some = self.table.iloc[rows]
        images = np.empty((len(rows), self.size, self.size, 3), np.uint8)
        with ThreadPoolExecutor(readers(self.root)) as pool:
            found = pool.map(self.read, some["hash"], some["path"])
            for at, image in enumerate(found):
                if isinstance(image, Skipped):
                    raise gone(self.root, image)
                images[at] = image
        return images

    def read(self, digest: str, path: str) -> np.ndarray | Skipped:
        """The image with this content at this path, uint8 (size, size, 3); or why there is none."""
        try:
            data = read_regular(image_file(self.root, path))
            if hash_bytes(data) != digest:
                return Skipped(path, "It has changed since it was scanned. Scan again to use it.")
            return decode(data, self.size, fit=self.fit, file=path, decoding=self.decoding)
        except UnreadableImage as error:
            return Skipped(path, error.title)
        except OSError:
            return Skipped(path, "It is no longer there, or can't be read.")


def gone(root: Path, first: Skipped | None) -> NotFound:
    """What to say where images were there when the work began and are not any more."""
    return NotFound(
        "Some images can't be read any more.",
        file=first.path if first is not None else root,
        remedy="Put them back where they were, or scan the dataset again.",
    )


def load_pixels(
    workspace: Workspace, dataset_id: str, files: Files, report: Reporter = SILENT
) -> Pixels:
    """Decode what is not decoded yet, and return all.

    An image that has vanished, changed since the scan or can't be decoded is in ``failed``; the
    others are kept. Several processes may call this at once: one decodes, the others wait.

    Raises:
        NoSpace: the decoded images don't fit on the disk.
        Cancelled: the person asked to stop; what was decoded is kept.
    """
    cache = _cache(workspace, dataset_id, files.size, files.fit, files.decoding)
    table = files.table
    with cache.adding():
        wanted = {
            digest: path
            for path, digest in zip(table["path"], table["hash"], strict=True)
            if digest not in cache.slots
        }
        if wanted:
            needed = len(wanted) * cache.record_bytes
            ensure_space(workspace.cache, needed, "preparing the images")
        failed, decoded = _fill(cache, files, wanted, report)
    return Pixels(cache.open(), cache.find(list(table["hash"])), failed, decoded)


def expected_pixels(
    workspace: Workspace, dataset_id: str, files: Files, report: Reporter = SILENT
) -> Pixels:
    """Which images can be decoded, found out without decoding those whose size and time of change
    are still those of the scan, which has read them.

    As :func:`load_pixels`, with nothing in ``store``; ``slots`` are 0 or, where it fails, -1.
    The table has the columns ``bytes`` and ``mtime_ns`` too.
    """
    table = files.table
    then = zip(table["bytes"], table["mtime_ns"], strict=True)
    now = stamps(files.root, table["path"])
    doubtful = np.flatnonzero([each != was for each, was in zip(now, then, strict=True)])
    some = replace(files, table=table.iloc[doubtful])
    looked = load_pixels(workspace, dataset_id, some, report)
    slots = np.zeros(len(table), np.int64)
    slots[doubtful] = np.minimum(looked.slots, 0)
    empty = np.zeros((0, files.size, files.size, 3), np.uint8)
    return Pixels(empty, slots, looked.failed, looked.decoded)


def missing_pixels(
    workspace: Workspace,
    dataset_id: str,
    table: pd.DataFrame,
    size: int,
    fit: Fit = "stretch",
    decoding: Decoding = NOW,
) -> int:
    """How many of a table's images :func:`load_pixels` would have to decode."""
    known = _cache(workspace, dataset_id, size, fit, decoding).peek()
    return sum(digest not in known for digest in set(table["hash"]))


def _cache(
    workspace: Workspace, dataset_id: str, size: int, fit: Fit, decoding: Decoding
) -> SlotFile:
    stem = f"{size}-{fit}-v{str(decoding).replace(':', '-')}"
    return SlotFile(workspace.cache / "pixels" / dataset_id, stem, "uint8", (size, size, 3))


def _fill(
    cache: SlotFile, files: Files, wanted: dict[str, str], report: Reporter
) -> tuple[list[Skipped], int]:
    failed: list[Skipped] = []
    decoded = 0
    left = iter(wanted.items())
    with ThreadPoolExecutor(readers(files.root)) as pool:
        while batch := list(islice(left, _BATCH)):
            report.step("decode", decoded, len(wanted), "Reading images")
            digests, paths = zip(*batch, strict=True)
            for digest, result in zip(digests, pool.map(files.read, digests, paths), strict=True):
                if isinstance(result, Skipped):
                    failed.append(result)
                else:
                    cache.add(digest, result)
                    decoded += 1
    report.progress("decode", len(wanted), len(wanted), "Reading images")
    return failed, decoded
