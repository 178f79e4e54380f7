"""What this machine can do that changes how models are trained and run."""

from __future__ import annotations

import os
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


def memory_mb() -> int:
    """What this process holds in memory now, in MB; its most so far where that can't be asked."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024**2
    except (OSError, ValueError, AttributeError):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // (1024**2 if sys.platform == "darwin" else 1024)


@lru_cache(maxsize=1)
def has_gpu() -> bool:
    """Whether there is an NVIDIA GPU with its driver; says nothing about TensorFlow's own build."""
    return shutil.which("nvidia-smi") is not None
