"""What a file holds: reading it without ever waiting, and the hash by which its content is
known."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

# Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever. Not all platforms
# have all of these.
_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):
    _FLAGS |= getattr(os, _name, 0)


def hash_bytes(data: bytes) -> str:
    """The content hash used everywhere: BLAKE2b with 128 bits, as 32 hex digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def read_regular(path: str | Path) -> bytes:
    """All bytes of a file.

    Raises:
        OSError: it can't be read, or is by now a pipe, a device or a folder.
    """
    with os.fdopen(os.open(path, _FLAGS), "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("not a regular file")
        return file.readall()


def read_head(path: str | Path, most: int) -> bytes:
    """The first bytes of a file, ``most`` at most.

    Raises:
        OSError: as :func:`read_regular`.
    """
    with os.fdopen(os.open(path, _FLAGS), "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("not a regular file")
        return file.read(most)
