"""Names for files and folders that every file system takes, and no two of which meet there.

Windows and macOS take ``Cat`` and ``cat`` for the same name, Windows refuses ``aux.png`` and
``what?.png``, most file systems stop at 255 bytes, and Lightbox itself passes over hidden files.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from core.datasets.formats import SUFFIXES
from core.datasets.layout import is_litter
from core.text import as_text

# Of the usual 255, some are left for a number.
MAX_BYTES = 240
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\/]')
_DEVICES = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE
)


def safe_name(name: str) -> str:
    """``name`` as a folder or file can be called everywhere: at most ``MAX_BYTES`` in UTF-8, never
    empty, hidden, ``..`` or a device, and as close to what was asked for as that allows."""
    name = _FORBIDDEN.sub("_", as_text(name)).rstrip(". ")
    if not name:
        return "unnamed"
    if is_litter(name) or _DEVICES.match(name):
        name = f"_{name}"
    if len(name.encode()) <= MAX_BYTES:
        return name
    stem, suffix = _split(name)
    room = MAX_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + suffix


def _split(name: str) -> tuple[str, str]:
    """A name's stem, and its suffix with the dot if it is that of an image, else ""."""
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if f".{suffix.lower()}" in SUFFIXES else (name, "")


class Names:
    """The names in one folder, given out one after the other.

    Args:
        taken: names that nothing else may have.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {_key(name) for name in taken}
        self._next: dict[str, int] = {}

    def take(self, wanted: str) -> str:
        """A safe form of ``wanted``, or the first of ``name (2)``, ``name (3)``, … that is free."""
        name = safe_name(wanted)
        key = _key(name)
        stem, suffix = _split(name)
        free = name
        while _key(free) in self._taken:
            number = self._next.get(key, 2)
            self._next[key] = number + 1
            free = f"{stem} ({number}){suffix}"
        self._taken.add(_key(free))
        return free


def _key(name: str) -> str:
    """Equal for names that some file system takes for the same."""
    return unicodedata.normalize("NFC", name.casefold())
