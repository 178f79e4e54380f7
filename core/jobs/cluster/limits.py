"""How a process on a Ray cluster begins: with the settings of who sent it, and threads for the
cores that it was given."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_TOLD = {
    *("KERAS_HOME", "LIGHTBOX_BFLOAT16", "LIGHTBOX_CACHE_GB", "LIGHTBOX_FILES"),
    *("LIGHTBOX_MAX_FILES", "LIGHTBOX_MAX_PIXELS", "LIGHTBOX_MAX_UNPACKED_GB"),
    *("LIGHTBOX_RAY_CORES", "LIGHTBOX_ROOTS", "LIGHTBOX_STORES", "LIGHTBOX_USER"),
}


def environment(home: Path) -> dict[str, str]:
    """What it is told of the settings here: nothing that is secret, or about pages."""
    kept = {name: value for name, value in os.environ.items() if name in _TOLD}
    return {**kept, "LIGHTBOX_HOME": str(home)}


def begin(cores: int, told: Mapping[str, str]) -> None:
    """Take settings that the node has not set itself, and have libraries use no more threads than
    there are cores; Ray tells only OpenMP."""
    for name, value in told.items():
        os.environ.setdefault(name, value)
    os.environ["LIGHTBOX_CORES"] = str(cores)  # OpenVINO, and helpers of ours
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(cores)
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = str(cores)
    # As PYTHON_CPU_COUNT does from Python 3.13 on.
    os.cpu_count = lambda: cores
