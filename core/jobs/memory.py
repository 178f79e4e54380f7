"""How much memory this process holds."""

from __future__ import annotations

import sys
from pathlib import Path


def resident_bytes() -> int | None:
    """Bytes of memory that this process holds now; ``None`` where that can't be asked (Windows).

    On systems without ``/proc`` it is the most that the process has ever held.
    """
    if sys.platform == "linux":
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * resource.getpagesize()
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, the other Unixes kilobytes.
    return peak if sys.platform == "darwin" else peak * 1024
