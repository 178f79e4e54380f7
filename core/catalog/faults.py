"""What a database complains about, as sentences: a full disk, a closed folder, a damaged file."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.errors import Conflict, Damaged, LightboxError, NoSpace, NotAllowed, NotFound

_READ_ONLY = ("readonly database", "read-only", "unable to open database file")
_FULL = ("disk is full", "disk i/o error", "no space left")
_DAMAGED = ("not a database", "malformed", "disk image is")
_BUSY = ("database is locked", "database table is locked")
# What a file says that the lists have left, to whoever still writes to it.
MOVED = "lists were moved"
# A database needs some room for what it writes on the way.
_LEAST_FREE = 1024**2


def sentence_for(error: BaseException, database: Path) -> LightboxError | None:
    """What a database's error means to a person; ``None`` for what only we can cause."""
    said = str(error).lower()
    full = any(words in said for words in _FULL)
    closed = any(words in said for words in _READ_ONLY)
    if full or (closed and _free(database) < _LEAST_FREE):
        return NoSpace(
            "The disk is full, so nothing can be written down.",
            file=database.parent,
            remedy="Free some space, then try again; what was there before is untouched.",
        )
    if closed:
        return NotAllowed(
            "Lightbox may not write to its own folder.",
            file=database.parent,
            remedy="Give it the right to write, or set LIGHTBOX_HOME to another folder.",
        )
    if any(words in said for words in _DAMAGED):
        return Damaged(
            "The file in which Lightbox keeps its lists is damaged.",
            file=database,
            remedy="Put a copy of it back, or move it away to begin anew; images and models beside "
            "it are untouched.",
        )
    if MOVED in said:
        return NotFound(
            "The lists of this workspace have just been moved to another database.",
            remedy="Set LIGHTBOX_DATABASE to its address, and start this again.",
        )
    if any(words in said for words in _BUSY):
        return Conflict("Another program keeps the database busy.", remedy="Try again in a moment.")
    return None


def _free(database: Path) -> int:
    try:
        return shutil.disk_usage(database.parent).free
    except OSError:
        return _LEAST_FREE
