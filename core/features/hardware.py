"""What this machine can do that changes how models are trained and run."""

from __future__ import annotations

import shutil
import sys
from functools import lru_cache
from pathlib import Path
from typing import Literal

from core import settings
from core.quiet import openvino

Precision = Literal["auto", "float32", "bfloat16", "float16"]


@lru_cache(maxsize=1)
def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 natively (AVX512_BF16 or AMX), as OpenVINO says."""
    core = openvino().Core()
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def resolve(precision: Precision) -> str:
    """``float32`` or ``bfloat16``: what ``auto`` means here and now."""
    if precision == "auto":
        return "bfloat16" if settings.load().bfloat16 and has_bfloat16() else "float32"
    return precision


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


def own_bytes() -> int | None:
    """Of :func:`resident_bytes`, what only the end of this process would give back: without pages
    of files, which the system drops when it needs the room. The same where that can't be told."""
    if sys.platform == "linux":
        import resource

        _, resident, files, *_ = Path("/proc/self/statm").read_text(encoding="ascii").split()
        return (int(resident) - int(files)) * resource.getpagesize()
    return resident_bytes()


def give_back() -> None:
    """Return memory to the system that was freed, but is kept for what comes next (glibc)."""
    if sys.platform == "linux":
        import ctypes

        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def memory_mb() -> int:
    """:func:`resident_bytes` in MB; 0 where it can't be asked."""
    return (resident_bytes() or 0) // 1024**2


@lru_cache(maxsize=1)
def has_gpu() -> bool:
    """Whether there is an NVIDIA GPU with its driver; says nothing about TensorFlow's own build."""
    return shutil.which("nvidia-smi") is not None
