"""Searches on a Ray cluster: trainings that fall behind those of the same search are stopped early.

Asynchronous successive halving (Li et al., 2020), as Ray Tune has it: at a ninth and a third of its
epochs a training goes on only if it is among the best third of those that came so far. Runs stay
jobs of the queue, so Ray places them, and what is stopped is tested and stands in the same table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.catalog import Catalog, RunRecord
from core.catalog.records import FINISHED
from core.training.spec import parse_spec
from core.who import acting_as, on_behalf_of

_REDUCTION = 3
# With fewer epochs there is no time to save.
_FEWEST_EPOCHS = 4


@dataclass(frozen=True)
class _Trial:
    """What Ray Tune's scheduler asks of a trial."""

    trial_id: str


@dataclass
class _Search:
    scheduler: Any
    seen: dict[str, int] = field(default_factory=dict)
    behind: set[str] = field(default_factory=set)


class Halving:
    """Follows the searches of a catalog. What it knows is in the events of their jobs, so another
    one comes to the same."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._searches: dict[str, _Search] = {}

    def look(self) -> None:
        """Stop what has fallen behind by now; to be called again and again."""
        by_search: dict[str, list[RunRecord]] = {}
        for run in self._catalog.runs.all():
            if run.summary.search is not None:
                by_search.setdefault(run.summary.search, []).append(run)
        for name, runs in by_search.items():
            if all(run.state in FINISHED for run in runs):
                self._searches.pop(name, None)
            elif max(map(_epochs, runs)) >= _FEWEST_EPOCHS:
                self._follow(name, runs)

    def _follow(self, name: str, runs: list[RunRecord]) -> None:
        search = self._searches.get(name)
        if search is None:
            search = self._searches[name] = _Search(_scheduler(max(map(_epochs, runs))))
        told = []
        for run in runs:
            events = self._catalog.jobs.events(
                run.job_id, after=search.seen.get(run.id, 0), kinds=("epoch",)
            )
            told += [(event.at, event.seq, run, event.payload) for event in events]
        for _, seq, run, payload in sorted(told, key=lambda each: each[:2]):
            if run.id not in search.seen:
                search.scheduler.on_trial_add(None, _Trial(run.id))
            search.seen[run.id] = seq
            accuracy = payload.get("val_accuracy")
            if accuracy is None or run.id in search.behind or payload["epoch"] >= _epochs(run):
                continue
            result = {"epoch": payload["epoch"], "val_accuracy": accuracy}
            if search.scheduler.on_trial_result(None, _Trial(run.id), result) == "STOP":
                search.behind.add(run.id)
                self._stop(run, payload["epoch"])

    def _stop(self, run: RunRecord, epoch: int) -> None:
        job = self._catalog.jobs.get(run.job_id)
        if job.state != "running" or job.wishes.stop:
            return
        text = (
            f"Stopped after epoch {epoch} of {_epochs(run)}: it was behind the best third of this "
            "search's trainings."
        )
        self._catalog.jobs.append_event(job.id, "note", {"text": text}, claim=job.claims)
        with acting_as(on_behalf_of(job.by)):
            self._catalog.jobs.wish(job.id, stop="keep")


def _epochs(run: RunRecord) -> int:
    return parse_spec(run.spec).all_epochs


def _scheduler(epochs: int) -> Any:
    from ray.tune.schedulers import ASHAScheduler

    return ASHAScheduler(
        time_attr="epoch",
        metric="val_accuracy",
        mode="max",
        max_t=epochs,
        grace_period=max(1, round(epochs / _REDUCTION**2)),
        reduction_factor=_REDUCTION,
        stop_last_trials=False,
    )
