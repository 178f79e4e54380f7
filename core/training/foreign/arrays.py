"""What an HDF5 file of weights holds, found out without reading the weights."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

from core.errors import InvalidInput

_MOST_ARRAYS = 20_000


def check_arrays(file: Path | IO[bytes], most_bytes: int, name: str = "") -> int:
    """Refuse a file that isn't weights alone: plain arrays of numbers, in this file.

    Args:
        most_bytes: that all arrays may have together, unpacked.
        name: what to call it, where it is no path.

    Returns:
        How many bytes they have.

    Raises:
        InvalidInput: it is damaged, too large, or reaches for other files.
    """
    import h5py

    called = file.name if isinstance(file, Path) else name
    total = arrays = 0

    def take(group: Any, depth: int) -> None:
        nonlocal total, arrays
        if depth > 100:
            raise _refused(called, "holds groups within groups without an end")
        for key in group:
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise _refused(called, "holds a link to somewhere else")
            arrays += 1
            if arrays > _MOST_ARRAYS:
                raise _refused(called, f"holds more than {_MOST_ARRAYS:,} arrays")
            found = group[key]
            if isinstance(found, h5py.Group):
                take(found, depth + 1)
                continue
            if found.external or found.is_virtual:
                raise _refused(called, "has its arrays in other files")
            if found.dtype.kind not in "fiubSOV" or (found.dtype.hasobject and found.ndim):
                raise _refused(called, "holds something other than numbers")
            total += int(found.size) * found.dtype.itemsize if found.shape is not None else 0
            if total > most_bytes:
                raise _refused(called, f"unpacks to more than {most_bytes / 1024**3:.0f} GB")

    try:
        with h5py.File(file, "r") as opened:
            take(opened, 0)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise InvalidInput(
            "The weights in this file are damaged.",
            file=called,
            remedy="Copy it again in case it was cut off.",
        ) from error
    return total


def _refused(called: str, why: str) -> InvalidInput:
    return InvalidInput(
        f"The weights in this file can’t be used: it {why}.",
        file=called,
        remedy="Save them again with Keras 3.",
    )
