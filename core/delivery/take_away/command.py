"""The command that trains a run again."""

from __future__ import annotations

import shlex
from typing import Any

from core.training.catalogue import of_trained
from core.training.recipes import RECIPES
from core.training.setting import find
from core.training.spec import TrainSpec

# What recipes choose by the images, and so is always said.
_ALWAYS = ("image_size", "epochs", "learning_rate", "seed")


def command_line(spec: TrainSpec, dataset: str, head: str = "") -> str:
    """``python -m core train …`` that begins the same training on the dataset as it is now.

    Args:
        head: that Auto has fitted, by its key; what only a network's training obeys is left out.

    An own network's layers are read from ``layers.json``, which has to be written out first.
    """
    parts = ["python", "-m", "core", "train", dataset, "--recipe", spec.recipe]
    if spec.minutes:
        parts += ["--minutes", f"{spec.minutes:g}"]
    if spec.stack:
        parts += ["--layers", "layers.json"]
    theirs = _usual(spec)
    usual, preset = _flat(theirs), spec.augmentation.preset
    if not head and preset != "own" and preset != theirs.augmentation.preset:
        parts += ["--set", f"augmentation={preset}"]
    for key, value in _flat(spec).items():
        if key.startswith("augmentation.") and preset != "own":
            continue
        setting = find(TrainSpec, key)
        if key == "minutes" or (head and setting is not None and of_trained(setting)):
            continue
        if key in _ALWAYS or usual.get(key) != value:
            parts += ["--set", f"{key}={_text(value)}"]
    return " ".join(shlex.quote(part) for part in parts)


def _usual(spec: TrainSpec) -> TrainSpec:
    """The recipe's own settings."""
    dataset = {"dataset_id", "dataset_version"}
    own = {"recipe", "architecture", "image_size", "epochs", "learning_rate"}
    recipe = RECIPES.get(spec.recipe)
    return TrainSpec.model_validate(
        spec.model_dump(include=dataset | own) | (recipe.values if recipe is not None else {})
    )


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
