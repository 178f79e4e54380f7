"""What this machine can do that changes how models are trained and run."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from core import settings
from core.quiet import openvino

Precision = Literal["auto", "float32", "bfloat16"]


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
