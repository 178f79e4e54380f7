"""How long a model takes for one image: measured on this computer, and kept with what it was.

Only the model itself: the time to open and resize a file is the same for all models, and would hide
what they differ by. Kept as ``latency.json`` in the run's folder.
"""

from __future__ import annotations

import os
import platform
import time

import numpy as np
from pydantic import BaseModel

from core.features.runtime import Compiled
from core.progress import SILENT, Reporter
from core.runs.derived import AsJson, Derived
from core.runs.files import RunFiles
from core.text import plural
from core.workspace import Workspace

_FILE = "latency.json"
_WARM_UP, _ROUNDS, _LEAST, _MOST = 5, 5, 10, 200
_SECONDS = 0.25


class Latency(BaseModel, frozen=True, extra="forbid"):
    """What one image takes.

    Attributes:
        milliseconds: for one image after the other, with all cores: the median of the calmest of a
            few rounds, since other work on the computer can only make it longer.
        slow: the same of the least calm round, milliseconds.
        repeats: images in all.
        busy: a share of this computer's cores that other work took when it began, 0 to 1 and more;
            ``None`` where the system doesn't say. Above a half, the times are longer than usual.
        computer: the processor, and how many cores.
        at: seconds since 1970.
    """

    milliseconds: float
    slow: float
    repeats: int
    busy: float | None
    computer: str
    at: float


def measure_latency(workspace: Workspace, run_id: str, report: Reporter = SILENT) -> Latency:
    """Time a run's model on random pixels (what they show doesn't matter), for about a second.

    Raises:
        NotFound: the run has no finished model.
        Cancelled: the person asked to stop.
    """
    files = RunFiles(workspace, run_id)
    size = files.model().image_size
    busy = _busy()
    report.progress("latency", 0, None, "Measuring how fast the model answers")
    compiled = files.compiled(answer_soon=True)
    image = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype=np.uint8)
    for _ in range(_WARM_UP):
        compiled.predict(image)
    rounds = []
    for _ in range(_ROUNDS):
        report.check()
        rounds.append(_round(compiled, image))
    medians = [float(np.median(each)) for each in rounds]
    cores = plural(os.cpu_count() or 1, "core")
    found = Latency(
        milliseconds=round(min(medians), 4),
        slow=round(max(medians), 4),
        repeats=sum(map(len, rounds)),
        busy=busy,
        computer=f"{platform.processor() or platform.machine()}, {cores}",
        at=time.time(),
    )
    return _derived(workspace, run_id).keep(found)


def _round(compiled: Compiled, image: np.ndarray) -> list[float]:
    """Milliseconds of each of some images in a row."""
    taken: list[float] = []
    ends = time.perf_counter() + _SECONDS
    while len(taken) < _LEAST or (time.perf_counter() < ends and len(taken) < _MOST):
        started = time.perf_counter()
        compiled.predict(image)
        taken.append(1000 * (time.perf_counter() - started))
    return taken


def known_latency(workspace: Workspace, run_id: str) -> Latency | None:
    """What was measured, or ``None`` if nothing was since the model was written."""
    return _derived(workspace, run_id).kept()


def _derived(workspace: Workspace, run_id: str) -> Derived[Latency]:
    files = RunFiles(workspace, run_id)
    return Derived(files.folder / _FILE, AsJson(Latency), 1, files.network)


def _busy() -> float | None:
    try:
        return round(os.getloadavg()[0] / (os.cpu_count() or 1), 2)
    except (AttributeError, OSError):
        return None
