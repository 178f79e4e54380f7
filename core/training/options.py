"""The parts of a training spec: optimizer, schedule, loss, when to stop. Values, and no more."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Metric = Literal["accuracy", "loss", "f1", "balanced_accuracy"]
ExtraMetric = Literal["f1", "balanced_accuracy", "precision", "recall", "top_3", "auc"]
Balance = Literal["none", "weights", "sampling"]
Color = Literal["rgb", "gray"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Optimizer(_Part):
    """How weights are changed by a step.

    Attributes:
        momentum, nesterov: of ``sgd`` and (momentum) ``rmsprop``.
        beta_1, beta_2: of ``adam`` and ``adamw``.
        weight_decay: how fast weights are drawn to 0; decoupled from the gradient.
        clip_norm: gradients longer than this are shortened to it; 0 leaves them.
    """

    name: Literal["adam", "adamw", "sgd", "rmsprop"] = "adamw"
    momentum: float = Field(default=0.9, ge=0, lt=1)
    nesterov: bool = True
    beta_1: float = Field(default=0.9, ge=0, lt=1)
    beta_2: float = Field(default=0.999, ge=0, lt=1)
    weight_decay: float = Field(default=0.0, ge=0, le=1)
    clip_norm: float = Field(default=0.0, ge=0)


class Schedule(_Part):
    """How the learning rate goes over the epochs, from the spec's as its peak.

    Attributes:
        name: ``one_cycle`` rises and falls along a cosine, ``cosine`` falls after a short rise,
            ``step`` falls by ``factor`` every so many epochs, ``plateau`` when the validation loss
            has not got better for ``patience`` epochs.
        warmup: share of all steps in which it rises, for ``one_cycle`` and ``cosine``.
    """

    name: Literal["constant", "cosine", "one_cycle", "step", "plateau"] = "constant"
    warmup: float = Field(default=0.05, ge=0, le=0.9)
    every: int = Field(default=10, ge=1, le=1000)
    factor: float = Field(default=0.3, gt=0, lt=1)
    patience: int = Field(default=3, ge=1, le=1000)


class Loss(_Part):
    """What training makes small.

    Attributes:
        name: ``binary`` needs two classes; ``focal`` looks more at what is still wrong (Lin et
            al., 2017), by ``gamma``.
        label_smoothing: share of certainty that is withheld (Szegedy et al., 2016).
    """

    name: Literal["categorical", "binary", "focal"] = "categorical"
    label_smoothing: float = Field(default=0.0, ge=0, le=0.5)
    gamma: float = Field(default=2.0, ge=0, le=10)


class Stopping(_Part):
    """When to stop before the last epoch: ``patience`` epochs without a better one; 0 is never."""

    patience: int = Field(default=0, ge=0, le=1000)
    metric: Metric = "loss"


class Tuning(_Part):
    """Fine-tuning of a pretrained network, after its head has been trained.

    Attributes:
        epochs: 0 leaves the network as it was pretrained.
        learning_rate: peak.
    """

    epochs: int = Field(default=0, ge=0, le=1000)
    learning_rate: float = Field(default=1e-3, gt=0, le=1)


Share = Annotated[float, Field(ge=0, le=1)]
