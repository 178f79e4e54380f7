"""Whether images can be marked that look like none that a model was trained on."""

from __future__ import annotations

from core.catalog import RunRecord
from core.catalog.records import ACTIVE
from core.evaluation.out_of_distribution import find_detector
from core.jobs import kinds
from pages._widgets.session import catalog

# What only Lightbox's own end or a correction had stopped is begun anew so often: something that
# ends it each time would else do so for ever.
_ATTEMPTS = 3


def tells_unlike(run: RunRecord, *, busy: bool = False) -> bool:
    """Whether they can be told by now; begins to find out if nobody has, or was interrupted.

    Args:
        busy: another model is about to take its place, which should not have to share the computer.
    """
    store = catalog()
    if find_detector(store.workspace, run.id) is not None:
        return True
    latest = store.jobs.latest("familiar", run.id)
    again = latest is None
    if latest is not None and latest.state in ("interrupted", "cancelled"):
        again = len(store.jobs.all(kind="familiar", subject=run.id)) < _ATTEMPTS
    if again and not busy and not store.jobs.all(states=ACTIVE, kind="scan"):
        kinds.submit_ood_detector(store, run.id)
    return False
