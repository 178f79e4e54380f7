"""Training that doesn't get better any more ends by itself."""

from __future__ import annotations

from typing import Any

from core.training.fitting.callbacks.base import FitCallback, score


class EarlyStopping(FitCallback):
    """Ends the fit when the spec's metric hasn't got better for as many epochs as its patience.

    Does nothing without validation images, or where the patience is 0. What it has seen is kept in
    the checkpoint, so a run that goes on counts on.
    """

    def on_counted_epoch(self, logs: dict[str, Any]) -> None:
        stopping, kept = self.fit.spec.stopping, self.fit.kept
        entry = kept.history[-1]
        found = score(entry, stopping.metric)
        if not stopping.patience or found is None:
            return
        if kept.stop_best is None or found > kept.stop_best:
            kept.stop_best, kept.waited = found, 0
            return
        kept.waited += 1
        if kept.waited >= stopping.patience:
            self.fit.report.event(
                "note",
                text=f"Stopped early after epoch {entry.epoch}: no better validation "
                f"{stopping.metric.replace('_', ' ')} in {kept.waited} epochs.",
            )
            self.model.stop_training = True
