"""What the curves say is said, once."""

from __future__ import annotations

from typing import Any

from core.training.diagnose import diagnose
from core.training.fitting.callbacks.base import FitCallback, FitContext


class Diagnosis(FitCallback):
    """Reports an event ``diagnosis`` when the phase's history shows something new to be wrong."""

    def __init__(self, fit: FitContext) -> None:
        super().__init__(fit)
        self._said: set[str] = set()

    def on_counted_epoch(self, logs: dict[str, Any]) -> None:
        fit, phase = self.fit, self.fit.phase
        own = [entry for entry in fit.kept.history if entry.part == phase.name]
        for found in diagnose(own, len(phase.classes) or 2, phase.epochs):
            if found.key not in self._said:
                self._said.add(found.key)
                fit.report.event(
                    "diagnosis",
                    key=found.key,
                    text=found.text,
                    remedy=found.remedy,
                    epoch=fit.number,
                )
