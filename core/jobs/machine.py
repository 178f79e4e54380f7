"""What there is to say of the computer that this process runs on."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from core import settings
from core.catalog.machines import Machine
from core.catalog.records import Lane


@lru_cache(maxsize=1)
def this_place() -> str:
    """Where process ids mean the same: this computer since it was started, and on Linux this
    container. Names alone don't say it, since containers often share one."""
    name = socket.gethostname()
    try:
        started = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{name} {started} {os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115
    except OSError:
        return name


def this_machine(lanes: Sequence[Lane]) -> Machine:
    """This computer as a machine that works in these lanes, under a new id."""
    return Machine(
        id=f"m-{uuid.uuid4().hex[:12]}",
        host=socket.gethostname(),
        lanes=tuple(lanes),
        cores=settings.cores(),
        memory=_memory(),
        gpu=_gpus(),
    )


def _memory() -> int:
    """Bytes; 0 where that can't be asked (Windows)."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0


def _gpus() -> str:
    """Names of NVIDIA's GPUs, as their driver says them."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    try:
        asked = [program, "--query-gpu=name", "--format=csv,noheader"]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return ", ".join(line.strip() for line in done.stdout.splitlines() if line.strip())[:255]
