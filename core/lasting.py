"""Imports that stay for as long as the process does.

What a library leaves in memory when it is imported, hundreds of thousands of objects, is never
garbage. Python's collector looks through all of it again and again while it comes, at each full
collection afterwards, and once more at the end. Without that the command line starts in two thirds
of the processor's time, Keras in half.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting() -> Iterator[None]:
    """Leave what is imported meanwhile out of garbage collection, then and ever after."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()
