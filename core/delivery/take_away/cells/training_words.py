"""How a run was trained, in the words of the notebook."""

from __future__ import annotations

from collections.abc import Mapping

from core.training.spec import TrainSpec

# What people call the figures that choose the best epoch.
METRICS = {
    "accuracy": "accuracy",
    "loss": "loss",
    "f1": "F1",
    "balanced_accuracy": "balanced accuracy",
}


def optimizer_words(spec: TrainSpec) -> str:
    """Which optimizer, and what it does besides."""
    chosen = spec.optimizer
    name = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "rmsprop": "RMSprop"}[chosen.name]
    said = f"**{name}** changes the weights after every batch."
    if chosen.weight_decay:
        said += " All weights but offsets and those of normalisation are drawn to 0 a little."
    if chosen.clip_norm:
        said += f" Steps longer than {chosen.clip_norm:g} are shortened."
    return said


def loss_words(spec: TrainSpec) -> str:
    """What is made small, and how rare classes count."""
    said = {
        "categorical": "What is made small is the **cross-entropy**: how surprised the network is by "
        "the true class.",
        "binary": "What is made small is the **cross-entropy** of both classes.",
        "focal": "What is made small is the **focal loss**: cross-entropy that looks less at what is "
        "right already.",
    }[spec.loss.name]
    if spec.loss.label_smoothing:
        said += (
            f" {spec.loss.label_smoothing:.0%} of certainty is withheld from it (label smoothing), so "
            "that it does not become surer than it should."
        ).replace("%", " %", 1)
    if spec.balance == "weights":
        said += " Mistakes in rare classes count more."
    elif spec.balance == "sampling":
        said += " Rare classes are shown as often as the others."
    return said


def schedule_words(spec: TrainSpec, by_hand: Mapping[int, float]) -> str:
    """How the learning rate goes."""
    schedule = spec.schedule
    said = {
        "constant": "The **learning rate** stays the same.",
        "cosine": "The **learning rate** rises for a moment and then falls along a cosine.",
        "one_cycle": "The **learning rate** rises, then falls along a cosine (one cycle).",
        "step": f"The **learning rate** is multiplied by {schedule.factor:g} every {schedule.every} "
        "epochs.",
        "plateau": f"The **learning rate** is multiplied by {schedule.factor:g} when the validation "
        f"loss has not got better for {schedule.patience} epochs.",
    }[schedule.name]
    if by_hand:
        said += " It was changed by hand while the run was trained, which is done here too."
    return said


def best_words(spec: TrainSpec, holds: Mapping[str, bool]) -> str:
    """Which epoch's weights are kept."""
    if not holds["validated"]:
        return "There are no validation images, so the last epoch's weights are kept."
    return (
        f"After each epoch the validation images are asked, and the weights of the epoch with the "
        f"best {METRICS[spec.best_by]} on them are kept."
    )


def stopping_words(spec: TrainSpec, holds: Mapping[str, bool]) -> str:
    """When it stops early; "" where it does not."""
    if not holds["stops"]:
        return ""
    return (
        f"Training stops early when the validation {METRICS[spec.stopping.metric]} has not got "
        f"better for {spec.stopping.patience} epochs."
    )
