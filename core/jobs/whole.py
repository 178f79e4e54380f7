"""How far a whole training is, from its start to the tested model, not just its present part."""

from __future__ import annotations

import time
from dataclasses import dataclass

from core.catalog import RunRecord
from core.jobs.live import JobView

# More is not claimed before the end: what is expected is only what it took another time.
_ALMOST = 0.98


@dataclass(frozen=True)
class Whole:
    """Where a training is.

    Attributes:
        fraction: 0 to 1; ``None`` where nothing is known of its length.
        seconds_left: likewise.
        at_most: it may well end earlier: nothing like it was measured here before.
    """

    fraction: float | None
    seconds_left: float | None
    at_most: bool = False


def whole(run: RunRecord, view: JobView) -> Whole:
    """How far a run is by now.

    It goes by what was expected of it from what was measured before; Auto, where nothing was, by
    the time that it may take; others by how far they are in the part that they are at. Once it has
    learned, sooner or later than expected, it goes by what the end takes.
    """
    job = view.job
    if job.state != "running" or job.started_at is None:
        return Whole(None, None)
    now, expected = time.time(), run.summary.expected
    passed, end = now - job.started_at, run.summary.expected_end or 0.0
    if "export" in view.begun and end:
        left = max(0.0, end - (now - view.begun["export"]))
        return Whole(min(_ALMOST, passed / max(1e-3, passed + left)), left)
    limit = 60 * float(run.spec.get("minutes", 0.0))
    if not expected and run.spec.get("refits"):
        return Whole(None, None)
    if not (total := expected or limit):
        return Whole(view.fraction, view.seconds_left)
    left = max(total - passed, min(end, total), 0.0)
    return Whole(min(_ALMOST, passed / max(1e-3, passed + left)), left, at_most=not expected)
