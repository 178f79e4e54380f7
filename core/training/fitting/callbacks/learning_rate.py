"""The learning rate of every step: scheduled, lowered on a plateau, or asked for."""

from __future__ import annotations

from typing import Any

from core.training.fitting.callbacks.base import FitCallback, FitContext
from core.training.rates import Plateau, rate_at


class LearningRate(FitCallback):
    """Sets the rate before each step: the person's if they have asked for one, else the schedule's,
    times what the plateau rule has made of it by now.

    The rate is written to the optimizer only when it differs from that of the step before, so other
    callbacks must leave it alone.
    """

    def __init__(self, fit: FitContext) -> None:
        super().__init__(fit)
        self._plateau = Plateau(fit.spec.schedule)
        if fit.kept.plateau is not None:
            self._plateau.restore(fit.kept.plateau)

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        fit = self.fit
        asked = fit.report.wishes().learning_rate
        if asked is not None and asked != fit.kept.rate:
            fit.report.event(
                "note", text=f"The learning rate was set to {asked:g} in epoch {fit.number}."
            )
            fit.kept.rate = asked
        rate = self._scheduled(batch) if fit.kept.rate is None else fit.kept.rate
        if rate != fit.rate:
            self.model.optimizer.learning_rate = fit.rate = rate

    def on_counted_epoch(self, logs: dict[str, Any]) -> None:
        entry = self.fit.kept.history[-1]
        loss = entry.measured("loss") if entry.val_loss is None else entry.val_loss
        self._plateau.epoch_ended(loss)
        self.fit.kept.plateau = self._plateau.state()

    def _scheduled(self, batch: int) -> float:
        fit, phase = self.fit, self.fit.phase
        step = fit.epoch * phase.batches + batch
        steps = phase.epochs * phase.batches
        rate = rate_at(fit.spec.schedule, phase.peak, step, steps, fit.epoch)
        return rate * self._plateau.scale
