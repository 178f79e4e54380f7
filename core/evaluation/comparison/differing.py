"""Which settings of trainings differ, in the words of the page Train: a table of nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from core.catalog import Catalog, RunRecord
from core.errors import InvalidInput, NotFound
from core.training import architectures
from core.training.augmentation.catalogue import describe
from core.training.recipes import RECIPES
from core.training.spec import TrainSpec, parse_spec

# Dotted name → what the page calls it; in this order.
TITLES: dict[str, str] = {
    "dataset_id": "Dataset",
    "dataset_version": "Version of the dataset",
    "recipe": "Recipe",
    "architecture": "Architecture",
    "stack": "Own network",
    "weights": "Starts from",
    "image_size": "Image size",
    "resize": "How images become square",
    "color": "Colour",
    "dropout": "Dropout",
    "epochs": "Epochs",
    "tuning.epochs": "Epochs of fine-tuning",
    "tuning.learning_rate": "Learning rate of fine-tuning",
    "frozen": "Frozen share of layers",
    "batch_size": "Batch size",
    "learning_rate": "Learning rate",
    "optimizer.name": "Optimizer",
    "optimizer.momentum": "Momentum",
    "optimizer.nesterov": "Nesterov",
    "optimizer.beta_1": "Beta 1",
    "optimizer.beta_2": "Beta 2",
    "optimizer.weight_decay": "Weight decay",
    "optimizer.clip_norm": "Gradient clipping",
    "schedule.name": "Learning rate over time",
    "schedule.warmup": "Warm-up",
    "schedule.every": "Every so many epochs",
    "schedule.factor": "Falls to",
    "schedule.patience": "Epochs without progress",
    "loss.name": "Loss",
    "loss.gamma": "Gamma",
    "loss.label_smoothing": "Label smoothing",
    "balance": "Classes of different size",
    "stopping.patience": "Stop early after",
    "stopping.metric": "… judged by validation",
    "best_by": "Best epoch by validation",
    "metrics": "Also told of every epoch",
    "augmentation": "Augmentation",
    "test_views": "Looks at each image in use",
    "precision": "Precision",
    "shares.validation": "Validation share",
    "shares.test": "Test share",
    "seed": "Seed",
    "tensorboard": "Write logs for TensorBoard",
}
# Values that are codes, as the page shows them.
VALUES: dict[str, Mapping[Any, str]] = {
    "optimizer.name": {
        "adamw": "AdamW",
        "adam": "Adam",
        "sgd": "SGD with momentum",
        "rmsprop": "RMSprop",
    },
    "schedule.name": {
        "constant": "Constant",
        "cosine": "Cosine with warm-up",
        "one_cycle": "One cycle",
        "step": "Steps",
        "plateau": "Reduce on plateau",
    },
    "loss.name": {
        "categorical": "Categorical cross-entropy",
        "binary": "Binary cross-entropy",
        "focal": "Focal loss",
    },
    "balance": {
        "none": "Leave them as they are",
        "weights": "Let mistakes in rare classes count more",
        "sampling": "Show rare classes as often as others",
    },
    "color": {"rgb": "Colour", "gray": "Lightness only"},
    "resize": {"stretch": "Stretch", "crop": "Crop", "pad": "Pad"},
    "weights": {"none": "Random weights", "imagenet": "ImageNet weights"},
}
_SHARES = {
    "dropout",
    "frozen",
    "schedule.warmup",
    "schedule.factor",
    "loss.label_smoothing",
    "shares.validation",
    "shares.test",
}
# Settings that do nothing unless another is set so.
_ONLY_WITH = {
    "optimizer.momentum": ("optimizer.name", ("sgd", "rmsprop")),
    "optimizer.nesterov": ("optimizer.name", ("sgd",)),
    "optimizer.beta_1": ("optimizer.name", ("adam", "adamw")),
    "optimizer.beta_2": ("optimizer.name", ("adam", "adamw")),
    "schedule.warmup": ("schedule.name", ("one_cycle", "cosine")),
    "schedule.every": ("schedule.name", ("step",)),
    "schedule.factor": ("schedule.name", ("step", "plateau")),
    "schedule.patience": ("schedule.name", ("plateau",)),
    "loss.gamma": ("loss.name", ("focal",)),
}


@dataclass(frozen=True)
class Differing:
    """A setting that not all have alike.

    Attributes:
        name: dotted, as ``train --set`` takes it.
        title: what people call it.
        values: of each run, in their order, as people read them; ``–`` where it does nothing.
    """

    name: str
    title: str
    values: tuple[str, ...]


def differing(catalog: Catalog, runs: Sequence[RunRecord]) -> list[Differing]:
    """The settings in which runs differ; none for one run, or for equals.

    Settings of a version of Lightbox that nobody knows are passed over.
    """
    specs = [_spec(run) for run in runs]
    found = []
    for name, title in TITLES.items():
        raw = [_raw(spec, run, name) for spec, run in zip(specs, runs, strict=True)]
        if any(each != raw[0] for each in raw[1:]):
            found.append(
                Differing(name, title, tuple(_shown(catalog, name, value) for value in raw))
            )
    return found


def _spec(run: RunRecord) -> TrainSpec | None:
    if run.imported:
        return None  # it was trained elsewhere: its settings are not known
    try:
        return parse_spec(run.spec)
    except InvalidInput:
        return None


def _raw(spec: TrainSpec | None, run: RunRecord, name: str) -> Any:
    """The value, or ``None`` where it has no effect or isn't known."""
    if name in ("dataset_id", "dataset_version"):
        return getattr(run, name)
    if spec is None:
        return run.spec.get("recipe") if name == "recipe" else None
    on, kinds = _ONLY_WITH.get(name, ("", ()))
    if on and _leaf(spec, on) not in kinds:
        return None
    if name == "tuning.learning_rate" and not spec.tuning.epochs:
        return None
    if name == "stopping.metric" and not spec.stopping.patience:
        return None
    return _leaf(spec, name)


def _leaf(spec: TrainSpec, name: str) -> Any:
    return reduce(getattr, name.split("."), spec)


def _shown(catalog: Catalog, name: str, value: Any) -> str:
    if value is None:
        return "–"
    named = _named(catalog, name, value)
    if named is not None:
        return named
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in _SHARES:
        return f"{value * 100:.4g} %"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def _named(catalog: Catalog, name: str, value: Any) -> str | None:
    """What has a name of its own; ``None`` for plain values."""
    if name in VALUES and value in VALUES[name]:
        return VALUES[name][value]
    if name == "dataset_id":
        return _dataset(catalog, value)
    if name == "recipe":
        return RECIPES[value].title if value in RECIPES else str(value)
    if name == "architecture":
        return architectures.get(value).title
    if name == "weights":
        return _weights(catalog, value)
    if name == "augmentation":
        return describe(value)
    if name == "stack":
        return f"{len(value)} layers" if value else "none"
    if name == "metrics":
        return ", ".join(each.replace("_", " ") for each in value) or "none"
    if name == "batch_size" and value == 0:
        return "Auto"
    if name == "image_size":
        return f"{value} × {value} pixels"
    if name == "stopping.patience":
        return f"{value} epochs without a better one" if value else "never"
    if name in ("best_by", "stopping.metric"):
        return str(value).replace("_", " ")
    return None


def _dataset(catalog: Catalog, dataset_id: str) -> str:
    try:
        return catalog.datasets.get(dataset_id).name
    except NotFound:
        return "(removed)"


def _weights(catalog: Catalog, value: str) -> str:
    kind, _, name = value.partition(":")
    if kind != "run":
        return name
    try:
        return f"“{catalog.runs.find(name).name}”"
    except NotFound:
        return "(a removed run)"
