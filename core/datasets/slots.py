"""A growing file of equal-sized records, found by content hash; the base of both caches.

Records (decoded pixels, features) lie one after the other in one file that is memory-mapped for
reading; a small file beside it says which hash is in which slot. A slot is noted only after its
record is on disk, so being killed at any moment loses at most what was added since the last note,
which is made every few seconds.
"""

from __future__ import annotations

import json
import mmap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from filelock import FileLock

from core.errors import disk_errors
from core.progress import Throttle
from core.workspace import atomic_path

# How much work a kill may cost; more where notes are long, by how often as long as one takes.
NOTE_EVERY_S = 2.0
_NOTES_SHARE = 30


def forget(records: np.ndarray) -> None:
    """Let go of the pages of a memory map that were read: they count as this process's memory,
    though the system keeps them anyway for as long as it has room."""
    pages = getattr(records, "_mmap", None)
    if isinstance(pages, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        pages.madvise(mmap.MADV_DONTNEED)


class SlotFile:
    """One such pair of files.

    Args:
        folder: where they lie; made if missing.
        stem: their name without suffix; put everything that records depend on into it.
        dtype, shape: of one record.

    Attributes:
        slots: content hash → slot number.
    """

    def __init__(self, folder: Path, stem: str, dtype: str, shape: tuple[int, ...]) -> None:
        with disk_errors("preparing the images"):
            folder.mkdir(parents=True, exist_ok=True)
        self._records = folder / f"{stem}.bin"
        self._notes = folder / f"{stem}.json"
        self._lock = FileLock(folder / f"{stem}.lock")
        self.dtype, self.shape = np.dtype(dtype), shape
        self.record_bytes = int(np.prod(shape)) * self.dtype.itemsize
        self.slots: dict[str, int] = {}

    @contextmanager
    def adding(self) -> Iterator[SlotFile]:
        """Hold the file alone, to look what is missing and to :meth:`add` it.

        Other processes wait. What was added is noted every :data:`NOTE_EVERY_S` seconds and at
        the end, also when an error ends it.
        """
        with self._lock:
            self._load()
            self._time_to_note = Throttle(NOTE_EVERY_S)
            self._time_to_note()
            self._out = self._records.open("r+b" if self._records.exists() else "w+b")
            try:
                self._out.seek(len(self.slots) * self.record_bytes)
                yield self
            finally:
                with disk_errors("preparing the images"):
                    self._out.flush()
                    self._out.truncate(len(self.slots) * self.record_bytes)
                    self._out.close()
                    self._save()

    def add(self, digest: str, record: np.ndarray) -> None:
        """Append one record; ignored if there is one for this hash already."""
        if digest in self.slots:
            return
        with disk_errors("preparing the images"):
            self._out.write(np.ascontiguousarray(record, self.dtype).tobytes())
        self.slots[digest] = len(self.slots)
        if self._time_to_note():
            self.note()

    def note(self) -> None:
        """Make what was added so far survive a kill."""
        began = time.monotonic()
        with disk_errors("preparing the images"):
            self._out.flush()
            self._save()
        # The notes of a million take a while, which stays a small share of the work.
        took = time.monotonic() - began
        self._time_to_note.seconds = max(NOTE_EVERY_S, _NOTES_SHARE * took)

    def peek(self) -> set[str]:
        """Hashes that are there now, without waiting for whoever is adding."""
        self._load()
        return set(self.slots)

    def open(self) -> np.ndarray:
        """All records, memory-mapped and read-only: shape (slots, \\*shape)."""
        if not self.slots:
            return np.zeros((0, *self.shape), self.dtype)
        return np.memmap(self._records, self.dtype, mode="r", shape=(len(self.slots), *self.shape))

    def find(self, digests: list[str]) -> np.ndarray:
        """Slot of each hash, int64; -1 where there is none."""
        return np.array([self.slots.get(digest, -1) for digest in digests], dtype=np.int64)

    def _load(self) -> None:
        try:
            noted = json.loads(self._notes.read_text(encoding="utf-8"))
            present = self._records.stat().st_size // self.record_bytes
            self.slots = {digest: slot for slot, digest in enumerate(noted[:present])}
        except (OSError, ValueError, TypeError):
            self.slots = {}

    def _save(self) -> None:
        with atomic_path(self._notes) as part:
            part.write_text(json.dumps(list(self.slots)), encoding="utf-8")
