"""Whether somebody waits for a worker that trains."""

from __future__ import annotations

from collections.abc import Collection

from core.catalog.database import Catalog
from core.catalog.records import ACTIVE
from core.errors import Unreachable

# What a job's spec says where a training follows it.
_FOLLOWED = ("then_learn", "then_train")


def is_waited_for(catalog: Catalog, *, but: Collection[str] = ("prepare",)) -> bool:
    """Whether somebody wants something of a training's worker, or what a training follows.

    Args:
        but: kinds of jobs that keep nobody waiting, being done on the mere chance.
    """
    try:
        jobs = catalog.jobs.all(states=ACTIVE)
    except Unreachable:
        return False
    return any(
        (job.lane == "train" and job.state == "queued" and job.kind not in but)
        or any(job.spec.get(then) for then in _FOLLOWED)
        for job in jobs
    )
