"""What a file's tests have loaded goes with them: a worker takes some two hundred files, and held
4.5 GB of networks and tables at the end that nobody asked for any more."""

from __future__ import annotations

import ctypes
import gc
import sys
from functools import lru_cache

from core.features.hardware import resident_bytes
from core.features.kept import Kept

_CACHED = type(lru_cache(lambda: None))
# Looking for what can go takes a third of a second once all libraries are there, so only where
# there is something to look for.
_WORTH_BYTES = 100 * 2**20


class _Last:
    """Bytes that this process held when it had let go last."""

    held = 0


def let_go() -> None:
    """Forget networks and tables that are kept for whoever asks next, and give memory back."""
    for name, module in list(sys.modules.items()):
        if name.startswith("core."):
            for value in list(vars(module).values()):
                if isinstance(value, Kept):
                    value.clear()
                elif isinstance(value, _CACHED) and value.cache_info().maxsize:
                    value.cache_clear()
    if (keras := sys.modules.get("keras")) is not None and hasattr(keras, "backend"):
        keras.backend.clear_session(free_memory=False)
    held = resident_bytes()
    if held is None or held > _Last.held + _WORTH_BYTES:
        gc.collect()
        # What is there now stays, mostly, and is left out of what is looked through from here on.
        gc.freeze()
        if sys.platform == "linux":
            # Freed memory stays with the process else.
            ctypes.CDLL(None).malloc_trim(0)
        _Last.held = resident_bytes() or 0
