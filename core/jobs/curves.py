"""A run's metrics so far, read from its events as they come.

A live view asks several times a second, of runs with thousands of events. So what was read is kept,
for the few runs that are being looked at, and only what is new is fetched.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from core.catalog import Catalog, EventRecord

_KINDS = ("epoch", "batch", "note", "diagnosis", "recovered", "snapshot", "resumed", "rung")
_RUNS = 32


@dataclass(frozen=True)
class Curves:
    """A run's metrics so far. The entries are shared: read them, don't change them.

    Attributes:
        epochs: one entry a finished epoch: the payload of event ``epoch``. Always ``epoch``
            (overall, 1-based), ``epochs``, ``loss`` and ``best``; usually also ``accuracy``,
            ``val_…`` metrics, ``learning_rate``, ``seconds`` and ``part``.
        batches: one entry a reported group of batches: the payload of event ``batch``, with
            ``at``: its place in epochs, 0.5 being half of the first.
        notes: sentences for the person.
        diagnoses: what was noticed and is not over, as ``key``, ``text`` and ``remedy``; of each
            key the latest.
        rungs: all that Auto has tried, in order: payloads of events ``rung``
            (:class:`core.training.auto.ladder.Rung`).
        snapshot: the newest look at validation images, or ``None``.
    """

    epochs: list[dict[str, Any]]
    batches: list[dict[str, Any]]
    notes: list[str]
    diagnoses: list[dict[str, Any]] = field(default_factory=list)
    snapshot: dict[str, Any] | None = None
    rungs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def best(self) -> dict[str, Any] | None:
        """The best epoch so far."""
        return next((entry for entry in reversed(self.epochs) if entry["best"]), None)


def curves(catalog: Catalog, job_id: str) -> Curves:
    """A run's metrics so far, from its events.

    An event ``resumed`` with ``epoch`` k says that training goes on after k finished epochs: what
    an interrupted attempt had reported beyond them is left out. One without (after a pause)
    changes nothing.
    """
    with _lock:
        reading = _readings.setdefault(job_id, _Reading())
        _readings.move_to_end(job_id)
        while len(_readings) > _RUNS:
            _readings.popitem(last=False)
    with reading.lock:
        for event in catalog.jobs.events(job_id, after=reading.seq, kinds=_KINDS):
            reading.take(event)
            reading.seq = event.seq
        return reading.curves()


class _Reading:
    """What was read of one job's events until ``seq``."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.seq = 0
        self._epochs: list[dict[str, Any]] = []
        self._batches: list[dict[str, Any]] = []
        self._notes: dict[str, None] = {}
        # Each with the epoch in which it was noticed.
        self._diagnoses: dict[str, tuple[int, dict[str, Any]]] = {}
        self._snapshot: dict[str, Any] | None = None
        self._rungs: list[dict[str, Any]] = []
        self._epoch = 0

    def curves(self) -> Curves:
        diagnoses = [payload for _, payload in self._diagnoses.values()]
        notes = list(self._notes)
        epochs, batches, rungs = list(self._epochs), list(self._batches), list(self._rungs)
        return Curves(epochs, batches, notes, diagnoses, self._snapshot, rungs)

    def take(self, event: EventRecord) -> None:
        payload = event.payload
        if event.kind == "epoch":
            self._epoch = payload["epoch"]
            self._epochs.append(payload)
        elif event.kind == "batch":
            self._epoch = payload["epoch"]
            at = payload["epoch"] - 1 + payload["batch"] / payload["batches"]
            self._batches.append({**payload, "at": at})
        elif event.kind == "rung":
            self._rungs.append(payload)
        elif event.kind == "note":
            # A resumed run says again what it said at its first start.
            self._notes[str(payload["text"])] = None
        elif event.kind == "diagnosis":
            self._diagnoses.pop(payload["key"], None)
            self._diagnoses[payload["key"]] = (self._epoch, payload)
        elif event.kind == "recovered":
            self._diagnoses.pop(payload["key"], None)
        elif event.kind == "snapshot":
            self._snapshot = payload
        elif payload.get("epoch") is not None:
            self._go_back(payload["epoch"])

    def _go_back(self, epoch: int) -> None:
        """Forget what was reported after so many finished epochs."""
        if not epoch:
            self._rungs = []
        self._epochs = [entry for entry in self._epochs if entry["epoch"] <= epoch]
        self._batches = [entry for entry in self._batches if entry["epoch"] <= epoch]
        self._diagnoses = {key: it for key, it in self._diagnoses.items() if it[0] <= epoch}
        self._epoch = epoch


_readings: OrderedDict[str, _Reading] = OrderedDict()
_lock = threading.Lock()
