"""The learning rate of every step: the spec's schedule, or what the person has set since."""

from __future__ import annotations

import math
from typing import Any

from core.training.options import Schedule


def rate_at(schedule: Schedule, peak: float, step: int, steps: int, epoch: int) -> float:
    """The scheduled learning rate; ``plateau`` is constant here, and lowered by :class:`Plateau`.

    Args:
        step: steps done, from 0; ``steps``: of all epochs together.
        epoch: epochs done, from 0.

    ``one_cycle``: Smith and Topin, "Super-Convergence" (2018), with fastai's cosine; ``cosine``:
    Loshchilov and Hutter, "SGDR" (2017), without restarts.
    """
    if schedule.name == "step":
        return peak * schedule.factor ** (epoch // schedule.every)
    if schedule.name not in ("one_cycle", "cosine"):
        return peak
    at = step / max(1, steps)
    if schedule.warmup > 0 and at < schedule.warmup:
        return peak * (0.04 + 0.96 * at / schedule.warmup)
    rest = (at - schedule.warmup) / max(1e-9, 1 - schedule.warmup)
    return peak * max(1e-3, 0.5 * (1 + math.cos(math.pi * min(1.0, rest))))


class Plateau:
    """Lowers the rate when the validation loss stops falling; its state can be saved."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.scale, self.best, self.waited = 1.0, math.inf, 0

    def epoch_ended(self, loss: float | None) -> None:
        """Told of every epoch's validation loss (or training loss where there is none)."""
        if self.schedule.name != "plateau" or loss is None:
            return
        if loss < self.best - 1e-4:
            self.best, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited >= self.schedule.patience:
            self.scale, self.waited = self.scale * self.schedule.factor, 0

    def state(self) -> dict[str, Any]:
        best = None if math.isinf(self.best) else self.best
        return {"scale": self.scale, "best": best, "waited": self.waited}

    def restore(self, state: dict[str, Any]) -> None:
        self.scale, self.waited = state["scale"], state["waited"]
        self.best = math.inf if state["best"] is None else state["best"]
