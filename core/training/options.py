"""The parts of a training spec: optimizer, schedule, loss, when to stop. Values, each with what
people read about it."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.training.augmentation.catalogue import KINDS
from core.training.setting import DATA, SHARE, TRAINING, WEIGHTS, Parts, Setting, share_of

Metric = Literal["accuracy", "loss", "f1", "balanced_accuracy"]
ExtraMetric = Literal["f1", "balanced_accuracy", "precision", "recall", "top_3", "auc"]
Balance = Literal["none", "weights", "sampling"]
Color = Literal["rgb", "gray"]
Share = Annotated[float, Field(ge=0, le=1)]

# What people call the figures that choose the best epoch.
METRICS: dict[str, str] = {
    "accuracy": "accuracy",
    "loss": "loss",
    "f1": "F1 (mean over classes)",
    "balanced_accuracy": "balanced accuracy",
}
# Headings of the form.
STEPS = "How long, and in which steps"
RULES = "By which rule"
GOAL = "Towards what"
ENDING = "When to stop, and what is kept"
MACHINE = "On this computer"
SIZES = (32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512)
# Settings of parts that are described, or made, in other rooms.
OF_AUGMENTATION: Parts = {each.name: each.setting for each in KINDS.values()}
_held_out = partial(share_of, group=DATA, step=0.01)
OF_SHARES: Parts = {
    "train": Setting("Training share", "What the other two leave.", unit=SHARE),
    "validation": _held_out(
        "Validation share", "Images that choose the best epoch and are not trained on.", high=0.45
    ),
    "test": _held_out(
        "Test share",
        "Images kept for the final exam: training never sees them.",
        low=0.01,
        high=0.5,
    ),
}
_rule = partial(Setting, group=TRAINING, section=RULES, slows=False)
_goal = partial(Setting, group=TRAINING, section=GOAL, slows=False)
_rule_share = partial(share_of, group=TRAINING, section=RULES, slows=False)
_MOMENTUM = ("optimizer.name", ("sgd", "rmsprop"))
_ADAM = ("optimizer.name", ("adam", "adamw"))


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Optimizer(_Part):
    """How weights are changed by a step."""

    name: Literal["adam", "adamw", "sgd", "rmsprop"] = _rule(
        "Optimizer",
        "The rule by which each step changes the weights. AdamW is a good choice.",
        choices={
            "adamw": "AdamW",
            "adam": "Adam",
            "sgd": "SGD with momentum",
            "rmsprop": "RMSprop",
        },
        tries=lambda _: ("adamw", "adam", "sgd"),
        told=True,
        notebook="**{value}** changes the weights after every batch.",
    ).field("adamw")
    momentum: float = _rule(
        "Momentum",
        "How much of the last step is carried into the next, as of a rolling ball.",
        high=0.99,
        step=0.01,
        slider=True,
        only_with=_MOMENTUM,
    ).field(0.9, ge=0, lt=1)
    nesterov: bool = _rule(
        "Nesterov",
        "Looks ahead to where momentum leads before it takes the step.",
        only_with=("optimizer.name", ("sgd",)),
    ).field(True)
    beta_1: float = _rule(
        "Beta 1",
        "How long the direction of earlier steps is remembered; 0.9 is usual.",
        high=0.99,
        step=0.01,
        slider=True,
        only_with=_ADAM,
    ).field(0.9, ge=0, lt=1)
    beta_2: float = _rule(
        "Beta 2",
        "How long the size of earlier gradients is remembered; 0.999 is usual.",
        high=0.999,
        step=0.001,
        slider=True,
        only_with=_ADAM,
    ).field(0.999, ge=0, lt=1)
    weight_decay: float = _rule(
        "Weight decay",
        "Draws all weights towards 0 a little with each step, which keeps the network simple. "
        "0 is off. It is decoupled from the gradient.",
        step=0.005,
        tries=lambda _: (0.0, 0.005, 0.05),
        notebook="All weights but offsets and those of normalisation are drawn to 0 a little.",
    ).field(0.0, ge=0, le=1)
    clip_norm: float = _rule(
        "Gradient clipping",
        "Longest step that a single batch may ask for (norm of the gradient). 0 is off.",
        high=100.0,
        step=0.5,
        notebook="Steps longer than {value} are shortened.",
    ).field(0.0, ge=0)


class Schedule(_Part):
    """How the learning rate goes over the epochs, from the spec's as its peak."""

    name: Literal["constant", "cosine", "one_cycle", "step", "plateau"] = _rule(
        "Learning rate over time",
        "Large steps at first and small ones at the end usually get further.",
        choices={
            "constant": "Constant",
            "cosine": "Cosine with warm-up",
            "one_cycle": "One cycle",
            "step": "Steps",
            "plateau": "Reduce on plateau",
        },
        tries=lambda _: ("constant", "cosine", "one_cycle"),
        told=True,
        notebook={
            "constant": "The **learning rate** stays the same.",
            "cosine": "The **learning rate** rises for a moment and then falls along a cosine.",
            "one_cycle": "The **learning rate** rises, then falls along a cosine (one cycle).",
            "step": "The **learning rate** is multiplied by {spec.schedule.factor:g} every "
            "{spec.schedule.every} epochs.",
            "plateau": "The **learning rate** is multiplied by {spec.schedule.factor:g} when "
            "the validation loss has not got better for {spec.schedule.patience} epochs.",
        },
    ).field("constant")
    warmup: float = _rule_share(
        "Warm-up",
        "Share of all steps in which the learning rate rises to its peak.",
        only_with=("schedule.name", ("cosine", "one_cycle")),
    ).field(0.05, ge=0, le=0.9)
    every: int = _rule(
        "Every so many epochs",
        "After how many epochs the learning rate falls again.",
        only_with=("schedule.name", ("step",)),
    ).field(10, ge=1, le=1000)
    factor: float = _rule_share(
        "Falls to",
        "What is left of the learning rate each time.",
        low=0.05,
        high=0.95,
        only_with=("schedule.name", ("step", "plateau")),
    ).field(0.3, gt=0, lt=1)
    patience: int = _rule(
        "Epochs without progress",
        "How many epochs the validation loss may stay as it is before the rate falls.",
        only_with=("schedule.name", ("plateau",)),
    ).field(3, ge=1, le=1000)


class Loss(_Part):
    """What training makes small; focal loss is that of Lin et al. (2017)."""

    name: Literal["categorical", "binary", "focal"] = _goal(
        "Loss",
        "What training makes small. Binary is for two classes; focal looks more at what is "
        "still wrong.",
        choices={
            "categorical": "Categorical cross-entropy",
            "binary": "Binary cross-entropy",
            "focal": "Focal loss",
        },
        told=True,
        notebook={
            "categorical": "What is made small is the **cross-entropy**: how surprised the "
            "network is by the true class.",
            "binary": "What is made small is the **cross-entropy** of both classes.",
            "focal": "What is made small is the **focal loss**: cross-entropy that looks less "
            "at what is right already.",
        },
    ).field("categorical")
    label_smoothing: float = _goal(
        "Label smoothing",
        "Share of certainty that is withheld, so that the network doesn't become too sure of "
        "itself. Helps where some labels are wrong.",
        unit=SHARE,
        step=0.01,
        slider=True,
        tries=lambda _: (0.0, 0.1),
        notebook="{value} of certainty is withheld from it (label smoothing), so that it does "
        "not become surer than it should.",
    ).field(0.0, ge=0, le=0.5)
    gamma: float = _goal(
        "Gamma",
        "How little images count that are right already; 2 is usual.",
        step=0.5,
        slider=True,
        only_with=("loss.name", ("focal",)),
    ).field(2.0, ge=0, le=10)


class Stopping(_Part):
    """When to stop before the last epoch."""

    patience: int = Setting(
        "Stop early after",
        "Ends training after so many epochs without a better one. 0 never ends it early.",
        TRAINING,
        ENDING,
        unit=" epochs without a better one",
        off="never",
    ).field(0, ge=0, le=1000)
    metric: Metric = Setting(
        "… judged by validation",
        "What has to get better.",
        TRAINING,
        ENDING,
        choices=METRICS,
        only_with=("stopping.patience", ()),
    ).field("loss")


class Tuning(_Part):
    """Fine-tuning of a pretrained network, after its head has been trained."""

    epochs: int = Setting(
        "Epochs of fine-tuning",
        "How many times every training image is looked at while the network’s own layers are "
        "adjusted, after its last step has been learned. 0 leaves them as they are.",
        WEIGHTS,
    ).field(0, ge=0, le=1000)
    learning_rate: float = Setting(
        "Learning rate of fine-tuning",
        "How big its steps are. Smaller than when learning anew, so that little is forgotten.",
        WEIGHTS,
        low=1e-6,
        step=0.0001,
        only_with=("tuning.epochs", ()),
        tries=lambda value: (value / 3, value, value * 3),
    ).field(1e-3, gt=0, le=1)
