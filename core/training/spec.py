"""Everything that a run depends on, as one frozen, validated object that is its identity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.datasets.images import Fit
from core.datasets.splits import Shares
from core.errors import InvalidInput
from core.features.hardware import Precision
from core.training.augmentation.options import PRESETS, Augmentation
from core.training.options import (
    Balance,
    Color,
    ExtraMetric,
    Loss,
    Metric,
    Optimizer,
    Schedule,
    Share,
    Stopping,
    Tuning,
)
from core.training.stack import Layer, from_json

# What people call the settings whose name doesn't say it, on pages and in sentences.
NAMES = {
    "shares.train": "training share",
    "shares.validation": "validation share",
    "shares.test": "test share",
    "color": "colour",
    "stack": "own network",
    "best_by": "metric that chooses the best epoch",
    "frozen": "frozen share of layers",
    "balance": "balancing of classes",
    "test_views": "number of views in use",
    "tuning.epochs": "epochs of fine-tuning",
    "tuning.learning_rate": "learning rate of fine-tuning",
    "loss.name": "loss",
    "optimizer.name": "optimizer",
    "schedule.name": "schedule",
}
# Shares of images that are held out, each in one word; the rest is trained on.
HELD_OUT = ("validation", "test")
_NOT_SETTABLE = {"dataset_id", "dataset_version", "shares"}


class TrainSpec(BaseModel):
    """One training run. The same spec on the same data gives the same split.

    Attributes:
        dataset_version: the version of the dataset that is trained on.
        recipe: key of :data:`core.training.recipes.RECIPES` that it began with.
        architecture: key of :data:`core.training.architectures.ARCHITECTURES`.
        stack: the layers, where ``architecture`` is ``custom``.
        weights: what the network starts from: ``imagenet``, ``none`` (random), ``run:ID`` (one
            trained here before) or ``file:PATH``.
        image_size: side to which images are resized, in pixels.
        resize: ``stretch``, ``crop`` (the middle) or ``pad``.
        color: ``gray`` lets the network see lightness only.
        epochs: times that every training image is seen; by a pretrained network's head, while
            ``tuning`` has its own.
        batch_size: images that each step looks at; 0 lets Lightbox choose.
        learning_rate: of the optimizer; the peak where the schedule varies it.
        dropout: share of features that are hidden before the last layer.
        balance: ``weights`` makes mistakes in rare classes count more, ``sampling`` shows rare
            classes as often as the others.
        best_by: validation metric of which the best epoch's weights are kept.
        frozen: share of layers, from the input on, that keep their pretrained weights while
            fine-tuning or going on from an earlier model.
        test_views: 1, or how many slightly different views of an image the finished model
            averages its answer over.
        metrics: what else is told of every epoch.
        precision: ``auto`` uses bfloat16 (on some GPUs float16) where it is fast.
        seed: decides the split, the first weights, and the order of images.
        tensorboard: whether logs for TensorBoard are written into the run's folder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset_id: str
    dataset_version: int = Field(ge=1)
    recipe: str
    architecture: str
    stack: tuple[Layer, ...] = ()
    weights: str = Field(default="none", pattern=r"^(imagenet|none|run:.+|file:.+)$")
    image_size: int = Field(ge=16, le=512)
    resize: Fit = "stretch"
    color: Color = "rgb"
    epochs: int = Field(ge=1, le=1000)
    batch_size: int = Field(default=0, ge=0, le=1024)
    learning_rate: float = Field(gt=0, le=1)
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    loss: Loss = Loss()
    dropout: float = Field(default=0.2, ge=0, le=0.9)
    balance: Balance = "none"
    stopping: Stopping = Stopping()
    best_by: Metric = "accuracy"
    frozen: Share = 0.0
    tuning: Tuning = Tuning()
    augmentation: Augmentation = Augmentation()
    test_views: int = Field(default=1, ge=1, le=5)
    metrics: tuple[ExtraMetric, ...] = ()
    precision: Precision = "auto"
    seed: int = Field(default=1, ge=0, le=2**31 - 1)
    shares: Shares = Shares()
    tensorboard: bool = False

    @property
    def all_epochs(self) -> int:
        """Epochs of all parts together."""
        return self.epochs + self.tuning.epochs

    def with_values(self, values: Mapping[str, Any]) -> TrainSpec:
        """A copy with some settings changed, given as values or as the text of values.

        Parts of settings are named with a dot (``optimizer.name``, ``augmentation.rotation``); the
        bare name of a part sets what it is known by (``optimizer=sgd``), and ``augmentation`` takes
        a preset. ``batch_size=auto`` and ``validation=0.2`` are understood; setting a held-out
        share leaves the rest to training.

        Raises:
            InvalidInput: naming the setting and what it may be.
        """
        data = self.model_dump()
        known = settable()
        # Whole parts first: a preset must not undo what is set of it beside.
        for key, value in sorted(values.items(), key=lambda item: item[0].count(".")):
            if key not in known:
                raise InvalidInput(
                    f"There is no setting “{key}”.", remedy="There are: " + ", ".join(known) + "."
                )
            part, _, inner = key.partition(".")
            if key in HELD_OUT:
                data["shares"][key] = value
            elif inner:
                # A part that was just set to nonsense is refused as a whole, below.
                if isinstance(data[part], dict):
                    data[part][inner] = value
            elif part == "augmentation" and isinstance(value, str):
                data[part] = dict(PRESETS[value]) if value in PRESETS else value
            elif isinstance(data[part], dict) and isinstance(value, str):
                data[part]["name"] = value
            elif key == "batch_size" and value == "auto":
                data[key] = 0
            elif key == "stack" and isinstance(value, str):
                data[key] = from_json(value)
            elif key == "metrics" and isinstance(value, str):
                data[key] = [name.strip() for name in value.split(",") if name.strip()]
            else:
                data[part] = value
        if any(key in HELD_OUT for key in values) and "shares.train" not in values:
            data["shares"]["train"] = _rest(data["shares"])
        return parse_spec(data)


def settable() -> tuple[str, ...]:
    """Names of all settings that :meth:`TrainSpec.with_values` takes."""
    return (*_names(), *HELD_OUT)


def _names() -> Iterator[str]:
    for name, field in TrainSpec.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        if inner is not None:
            if name == "augmentation" or "name" in inner:
                yield name
            yield from (f"{name}.{part}" for part in inner)
        elif name not in _NOT_SETTABLE:
            yield name


def _rest(shares: Mapping[str, Any]) -> float:
    """What the held-out shares leave, rounded as people write it.

    Raises:
        InvalidInput: they are not shares, or leave nothing.
    """
    for name in HELD_OUT:
        try:
            possible = 0 <= float(shares[name]) < 1
        except (TypeError, ValueError):
            possible = False
        if not possible:
            raise InvalidInput(
                f"The {name} share is {shares[name]!r}, which is no share of all images.",
                remedy="Use a number from 0 to 1, for example 0.2.",
            )
    rest = round(1 - sum(float(shares[name]) for name in HELD_OUT), 6)
    if rest <= 0:
        raise InvalidInput(
            "With these shares of validation and test images none are left to train on.",
            remedy="Use shares that add up to less than 1.",
        )
    return rest


def parse_spec(data: Mapping[str, Any]) -> TrainSpec:
    """A spec from JSON, also from one that an earlier version of Lightbox wrote.

    Raises:
        InvalidInput: the first setting that is wrong, as a sentence.
    """
    try:
        return TrainSpec.model_validate(_upgraded(data))
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:
            raise InvalidInput("These are not the settings of a training.") from error
        where = ".".join(str(part) for part in first["loc"])
        name = NAMES.get(where, where.replace(".", " ").replace("_", " "))
        given = "" if isinstance(first["input"], dict) else f" is {first['input']!r}, which"
        what = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
        raise InvalidInput(
            f"The {name}{given} can't be used: {what}.", remedy="Change it and try again."
        ) from error


_OLD_RECIPES = {
    "transfer": ("quick", "mobilenet_v2", "imagenet", "cosine", "adamw"),
    "compact": ("scratch", "compact", "none", "one_cycle", "adamw"),
    "classic": ("classic", "classic", "none", "constant", "adam"),
}


def _upgraded(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings of the first version, which had fewer, as they are written now."""
    if not isinstance(data, Mapping) or "architecture" in data:
        return data
    if str(data.get("recipe")) not in _OLD_RECIPES:
        return data
    recipe, architecture, weights, schedule, optimizer = _OLD_RECIPES[data["recipe"]]
    new = {key: value for key, value in data.items() if key != "augment"}
    return new | {
        "recipe": recipe,
        "architecture": architecture,
        "weights": weights,
        "schedule": {"name": schedule},
        "optimizer": {"name": optimizer},
        "augmentation": "light" if data.get("augment", True) else "none",
    }
