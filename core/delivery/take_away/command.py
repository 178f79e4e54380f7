"""The command that trains a run again, and its settings for people."""

from __future__ import annotations

import shlex
from typing import Any

from core.training import architectures
from core.training.augmentation.catalogue import describe
from core.training.recipes import RECIPES
from core.training.spec import TrainSpec

# What recipes choose by the images, and so is always said.
_ALWAYS = ("image_size", "epochs", "learning_rate", "seed")
_START = {"none": "random weights", "imagenet": "ImageNet weights"}


def command_line(spec: TrainSpec, dataset: str) -> str:
    """``python -m core train …`` that begins the same training on the dataset as it is now.

    An own network's layers are read from ``layers.json``, which has to be written out first.
    """
    parts = ["python", "-m", "core", "train", dataset, "--recipe", spec.recipe]
    if spec.stack:
        parts += ["--layers", "layers.json"]
    usual = _flat(_usual(spec))
    preset = spec.augmentation.preset
    if preset != "own" and preset != _usual(spec).augmentation.preset:
        parts += ["--set", f"augmentation={preset}"]
    for key, value in _flat(spec).items():
        if key.startswith("augmentation.") and preset != "own":
            continue
        if key in _ALWAYS or usual.get(key) != value:
            parts += ["--set", f"{key}={_text(value)}"]
    return " ".join(shlex.quote(part) for part in parts)


def settings(spec: TrainSpec) -> dict[str, str]:
    """All that a person would ask about a training, name → value in words."""
    network = architectures.get(spec.architecture)
    said = {
        "Recipe": RECIPES[spec.recipe].title if spec.recipe in RECIPES else spec.recipe,
        "Network": network.title,
        "Starts from": _START.get(spec.weights, spec.weights),
        "Image size": f"{spec.image_size} × {spec.image_size} pixels",
        "Images brought to a square": {
            "stretch": "by stretching",
            "crop": "by cutting out the middle",
            "pad": "by black borders",
        }[spec.resize],
        "Colour": "lightness only" if spec.color == "gray" else "in colour",
        "Epochs": str(spec.epochs),
        "Batch size": str(spec.batch_size or "chosen by Lightbox"),
        "Optimizer": spec.optimizer.name,
        "Learning rate": f"{spec.learning_rate:g}, {spec.schedule.name.replace('_', ' ')}",
        "Loss": spec.loss.name,
        "Dropout": f"{spec.dropout:g}",
        "Augmentation": describe(spec.augmentation),
        "Seed": str(spec.seed),
    }
    if spec.tuning.epochs:
        said["Fine-tuning"] = (
            f"{spec.tuning.epochs} epochs at a learning rate of {spec.tuning.learning_rate:g}, "
            f"{spec.frozen:.0%} of the layers frozen".replace("%", " %")
        )
    if spec.balance != "none":
        said["Balancing of classes"] = spec.balance
    if spec.test_views > 1:
        said["Looks at each image in use"] = str(spec.test_views)
    return said


def _usual(spec: TrainSpec) -> TrainSpec:
    """The recipe's own settings."""
    values: dict[str, Any] = {
        "dataset_id": spec.dataset_id,
        "dataset_version": spec.dataset_version,
        "recipe": spec.recipe,
        "architecture": spec.architecture,
        "image_size": spec.image_size,
        "epochs": spec.epochs,
        "learning_rate": spec.learning_rate,
    }
    recipe = RECIPES.get(spec.recipe)
    return TrainSpec.model_validate(values | (recipe.values if recipe is not None else {}))


def _flat(spec: TrainSpec) -> dict[str, Any]:
    """Settings as the command line names them."""
    data = spec.model_dump(
        mode="json", exclude={"dataset_id", "dataset_version", "recipe", "stack"}
    )
    shares = data.pop("shares")
    flat: dict[str, Any] = {"validation": shares["validation"], "test": shares["test"]}
    if spec.stack:
        data.pop("architecture")
    for name, value in data.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{part}": inner for part, inner in value.items()}
        else:
            flat[name] = value
    return flat


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(str(each) for each in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
