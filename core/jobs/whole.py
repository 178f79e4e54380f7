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
    """

    fraction: float | None
    seconds_left: float | None


def whole(run: RunRecord, view: JobView) -> Whole:
    """How far a run is by now.

    It goes by what was expected of it from what was measured before; Auto, where nothing was, by
    the time that it may take; others by how far they are in the part that they are at.
    """
    job = view.job
    if job.state != "running" or job.started_at is None:
        return Whole(None, None)
    total = run.summary.expected or 60 * float(run.spec.get("minutes", 0.0))
    if not total:
        return Whole(view.fraction, view.seconds_left)
    passed = time.time() - job.started_at
    return Whole(min(_ALMOST, passed / total), max(0.0, total - passed))
