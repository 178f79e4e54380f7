"""What a run was made with: versions of libraries, Python, the processor."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# What the notebook needs; whichever of two builds of TensorFlow is there is named.
NEEDED = (
    "keras",
    "tensorflow-cpu",
    "tensorflow",
    "numpy",
    "scipy",
    "pillow",
    "scikit-learn",
    "matplotlib",
)
# What a run's figures depend on.
SHOWN = (
    "keras",
    "tensorflow-cpu",
    "tensorflow",
    "openvino",
    "numpy",
    "pillow",
    "scikit-learn",
)
# Lightbox itself does without it; this is the one that the notebook is tested with.
_MATPLOTLIB = "3.11.2"


def installed(names: Sequence[str]) -> dict[str, str]:
    """Versions of packages by name; those that are not here are left out, but for Matplotlib."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            if name == "matplotlib":
                found[name] = _MATPLOTLIB
    return found


def environment() -> dict[str, str]:
    """This computer and its software, name → what it is, in the order in which to show them."""
    from core import __version__

    return {
        "Lightbox": __version__,
        "Python": platform.python_version(),
        **installed(SHOWN),
        "system": f"{platform.system()} {platform.release()} ({platform.machine()})",
        "processor": processor(),
    }


def processor() -> str:
    """The processor's name as its maker has it, as far as the system tells."""
    if sys.platform == "linux":
        try:
            text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        except OSError:
            text = ""
        for line in text.splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "unknown"
