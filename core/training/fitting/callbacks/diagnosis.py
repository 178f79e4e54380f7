"""What the curves say is said, once, and taken back when they don't say it any more."""

from __future__ import annotations

from typing import Any

from core.training.diagnose import KEYS, diagnose
from core.training.fitting.callbacks.base import FitCallback, FitContext


class Diagnosis(FitCallback):
    """Reports an event ``diagnosis`` when the phase's history shows something new to be wrong, and
    ``recovered`` when that is over."""

    def __init__(self, fit: FitContext) -> None:
        super().__init__(fit)
        # ``None`` before the first epoch of those that this process counts.
        self._said: set[str] | None = None

    def on_counted_epoch(self, logs: dict[str, Any]) -> None:
        fit, phase = self.fit, self.fit.phase
        own = [entry for entry in fit.kept.history if entry.part == phase.name]
        now = diagnose(own, len(phase.classes) or 2, phase.epochs)
        if self._said is None:
            # Whoever goes on doesn't know what was said before.
            self._said = set(KEYS) if len(own) > 1 else set()
        gone = self._said - {found.key for found in now}
        for key in sorted(gone):
            fit.report.event("recovered", key=key)
        self._said -= gone
        for found in now:
            if found.key not in self._said:
                self._said.add(found.key)
                fit.report.event(
                    "diagnosis",
                    key=found.key,
                    text=found.text,
                    remedy=found.remedy,
                    epoch=fit.number,
                )
