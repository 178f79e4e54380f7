"""The cache on this disk of what was read from a bucket: by content, up to a limit.

Below ``cache/objects``, ``names/`` says what an address held when the store was last asked (its
tag and its content's hash; the file's time is when), and ``content/`` holds the bytes, each file
called by its hash. So copies are kept once, and what is read again is checked. The files used
longest ago go first. Nothing of this is needed: what is missing is read from the store again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

# So much stays free on the disk, whatever the limit says.
_LEFT_FREE = 1024**3
# When it is full, it is cleared down to this share of its limit.
_CLEARED_TO = 0.9
# A file's time of use is noted this seldom.
_NOTED_EVERY_S = 3600.0
_FORGOTTEN_AFTER_S = 30 * 24 * 3600.0


def hash_bytes(data: bytes) -> str:
    """The content hash used everywhere: BLAKE2b with 128 bits, as 32 hex digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


@dataclass(frozen=True)
class Held:
    """What is known of an address.

    Attributes:
        tag: the store's name for this version of the object.
        data: its bytes.
        age_s: seconds since the store said so.
    """

    tag: str
    data: bytes
    age_s: float


class Kept:
    """The cache in one folder, used by any number of threads and processes.

    Args:
        folder: made when something is kept.
        limit_bytes: that its content may take.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._names, self._content = folder / "names", folder / "content"
        self._lock = threading.Lock()
        # Others may have left it full.
        self._unswept = limit_bytes

    def find(self, address: str) -> Held | None:
        """What is held of an address; ``None`` for nothing, or nothing that is still whole."""
        name = _in(self._names, hash_bytes(address.encode()))
        try:
            said = json.loads(name.read_bytes())
            age = time.time() - name.stat().st_mtime
            file = _in(self._content, str(said["hash"]))
            data = file.read_bytes()
            if hash_bytes(data) != said["hash"]:
                file.unlink(missing_ok=True)
                return None
            if time.time() - file.stat().st_mtime > _NOTED_EVERY_S:
                os.utime(file)
            return Held(str(said["tag"]), data, age)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def still(self, address: str) -> None:
        """Note that the store has just said that what is held of an address is right."""
        with contextlib.suppress(OSError):
            os.utime(_in(self._names, hash_bytes(address.encode())))

    def keep(self, address: str, tag: str, data: bytes) -> None:
        """Keep what an address holds, if there is room for it; a full disk is no error."""
        if len(data) > self.limit_bytes // 4:
            return
        content = hash_bytes(data)
        file = _in(self._content, content)
        with contextlib.suppress(OSError):
            if not file.exists():
                self._make_room(len(data))
                _write(file, data)
            said = json.dumps({"tag": tag, "hash": content})
            _write(_in(self._names, hash_bytes(address.encode())), said.encode())

    def _make_room(self, more: int) -> None:
        """Sweep now and then.

        Raises:
            OSError: the disk is nearly full.
        """
        with self._lock:
            self._unswept += more
            due = self._unswept >= self.limit_bytes / 20
            if due:
                self._unswept = 0
        if due:
            self.sweep()
            place = next(each for each in self._content.parents if each.exists())
            if shutil.disk_usage(place).free < _LEFT_FREE:
                with self._lock:
                    self._unswept = self.limit_bytes
                raise OSError("the disk is nearly full")

    def sweep(self) -> None:
        """Delete what was used longest ago until the cache is within its limit."""
        files = []
        for file in self._content.glob("*/*"):
            with contextlib.suppress(OSError):
                facts = file.stat()
                files.append((facts.st_mtime, facts.st_size, file))
        total = sum(size for _, size, _ in files)
        # What comes in until the next sweep must find room, too.
        if total > self.limit_bytes * (1 - 1 / 20):
            for _, size, file in sorted(files):
                if total <= self.limit_bytes * _CLEARED_TO:
                    break
                with contextlib.suppress(OSError):
                    file.unlink()
                    total -= size
        for name in self._names.glob("*/*"):
            with contextlib.suppress(OSError):
                if time.time() - name.stat().st_mtime > _FORGOTTEN_AFTER_S:
                    name.unlink()


def _in(folder: Path, digest: str) -> Path:
    return folder / digest[:2] / digest


def _write(target: Path, data: bytes) -> None:
    """Whole or not at all; not forced onto the disk, since what is read is checked."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        part.write_bytes(data)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
