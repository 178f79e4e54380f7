"""Whether a worker that has done a job may go on to the next, or leaves for a fresh one."""

from __future__ import annotations

from collections.abc import Callable

from core.catalog import JobRecord
from core.catalog.records import Lane
from core.features.hardware import own_bytes
from core.jobs.execute import OUT_OF_MEMORY

JOBS: dict[Lane, int] = {"light": 50, "train": 12}
TRAIN_GROWTH = 1_200_000_000


class Stay:
    """The rule of one worker; make it once the worker is warm.

    A light worker stays for 50 jobs, whatever becomes of them. A train worker stays for 12, as
    long as it is as good as new: no defect left TensorFlow in who knows what state, memory did not
    run out, and the worker holds less than 1.2 GB more than it did when it was warm. Where memory
    can't be measured, it does one job.

    Args:
        memory: bytes that the process holds, or ``None`` if that can't be said.
    """

    def __init__(self, lane: Lane, memory: Callable[[], int | None] = own_bytes) -> None:
        self._lane, self._memory = lane, memory
        self._left = JOBS[lane]
        self._warm = memory()

    def after(self, job: JobRecord) -> bool:
        """Whether to stay after ``job``, which has just ended."""
        self._left -= 1
        if self._left <= 0:
            return False
        return self._lane == "light" or (_left_no_harm(job) and self._is_small())

    def _is_small(self) -> bool:
        now = self._memory()
        return now is not None and self._warm is not None and now - self._warm < TRAIN_GROWTH


def _left_no_harm(job: JobRecord) -> bool:
    if job.state == "failed":
        return not job.error_id and job.error != OUT_OF_MEMORY
    return job.state in ("done", "cancelled")
