"""How far a job is, and how long it still takes: what pages and the command line say.

Of a training that is the whole, from its start to the tested model, not just its present part.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from core.catalog import Catalog, RunRecord
from core.jobs.live import JobView
from core.text import duration

# More is not claimed before the end: what is expected is only what it took another time.
_ALMOST = 0.98
# Seconds beyond what was expected that are worth a word.
_WORTH_A_WORD = 3
_LONGER = "a little longer than thought"


@dataclass(frozen=True)
class Whole:
    """Where a job is.

    Attributes:
        fraction: 0 to 1; ``None`` where nothing is known of its length.
        seconds_left: likewise.
        at_most: it may well end earlier: nothing like it was measured here before.
        late: seconds by which it is behind what was expected.
    """

    fraction: float | None
    seconds_left: float | None
    at_most: bool = False
    late: float = 0.0

    @property
    def words(self) -> str:
        """``about 12 s left``, ``4 min 43 s at most``, ``a little longer than thought``; "" where
        it can't be said, or is over."""
        if self.seconds_left is None:
            return ""
        if self.seconds_left < 1:
            return _LONGER if self.late > _WORTH_A_WORD else ""
        time = duration(self.seconds_left)
        return f"{time} at most" if self.at_most else f"about {time} left"


def how_far(catalog: Catalog, view: JobView) -> Whole:
    """How far a job is by now: a training as a whole, another in the part that it is at."""
    if view.job.kind != "train" or not (run_id := view.job.spec.get("run_id")):
        return Whole(view.fraction, view.seconds_left)
    return whole(catalog.runs.get(run_id), view)


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
        rest = end - (now - view.begun["export"])
        left = max(0.0, rest)
        share = min(_ALMOST, passed / max(1e-3, passed + left))
        return Whole(share, left, late=max(0.0, -rest))
    if job.phase == "fit" and view.seconds_left is not None:
        # Its own steps say it better than what was measured before, and don't count a pause.
        left = view.seconds_left + end
        return Whole(min(_ALMOST, passed / max(1e-3, passed + left)), left)
    limit = 60 * float(run.spec.get("minutes", 0.0))
    if not expected and run.spec.get("refits"):
        return Whole(None, None)
    if not (total := expected or limit):
        return Whole(view.fraction, view.seconds_left)
    left = max(total - passed, min(end, total), 0.0)
    share = min(_ALMOST, passed / max(1e-3, passed + left))
    return Whole(share, left, at_most=not expected, late=max(0.0, passed - total))
