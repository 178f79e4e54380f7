"""How a run was trained, in the words of the notebook."""

from __future__ import annotations

from collections.abc import Mapping

from core.training.catalogue import in_notebook
from core.training.options import METRICS
from core.training.spec import TrainSpec


def training_words(spec: TrainSpec, holds: Mapping[str, bool]) -> str:
    """Optimizer, loss, learning rate, which epoch is kept, and when training stops."""
    said = [
        in_notebook(spec, ("optimizer.name", "optimizer.weight_decay", "optimizer.clip_norm")),
        in_notebook(spec, ("loss.name", "loss.label_smoothing", "balance")),
        in_notebook(spec, ("schedule.name",)),
        "It was changed by hand while the run was trained, which is done here too."
        if holds["by_hand"]
        else "",
        f"After each epoch the validation images are asked, and the weights of the epoch with the "
        f"best {METRICS[spec.best_by]} on them are kept."
        if holds["validated"]
        else "There are no validation images, so the last epoch's weights are kept.",
        f"Training stops early when the validation {METRICS[spec.stopping.metric]} has not got "
        f"better for {spec.stopping.patience} epochs."
        if holds["stops"]
        else "",
    ]
    return " ".join(each for each in said if each)
