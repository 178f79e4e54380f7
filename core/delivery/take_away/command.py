"""The command that trains a run again, or what a page has set."""

from __future__ import annotations

import json
import shlex
from typing import Any

from core.training.catalogue import of_trained
from core.training.recipes import RECIPES
from core.training.setting import leaf
from core.training.spec import SETTINGS, TrainSpec, differences

# What recipes choose by the images, and people for Auto.
_CHOSEN = ("image_size", "decoding", "epochs", "learning_rate", "seed", "minutes")


def command_line(
    spec: TrainSpec, dataset: str, *, base: TrainSpec | None = None, head: str = ""
) -> str:
    """``python -m core train …`` that begins the same training on the dataset as it is now.

    Args:
        base: what the recipe chooses for these images, which goes without saying; where it is
            ``None`` that is said.
        head: that Auto has fitted, by its key; what only a network's training obeys is left out.
    """
    words = ["python", "-m", "core", "train", dataset, "--recipe", spec.recipe]
    told = _told(spec, base)
    if head:
        told = {key: told[key] for key in told if not of_trained(SETTINGS[key])}
    if spec.recipe == "auto" and told.get("minutes"):
        words += ["--minutes", _text("minutes", told.pop("minutes"))]
    for key, value in told.items():
        words += ["--set", f"{SETTINGS[key].short}={_text(key, value)}"]
    return shlex.join(words)


def _told(spec: TrainSpec, base: TrainSpec | None) -> dict[str, Any]:
    """Settings to say, as the command line likes them: presets instead of parts."""
    told: dict[str, Any] = {}
    if base is None:
        base = _usual(spec)
        told = {key: leaf(spec, key) for key in _CHOSEN if key != "minutes" or spec.minutes}
    told |= differences(spec, base)
    preset = spec.augmentation.preset
    if preset != "own" and spec.augmentation != base.augmentation:
        told = {key: told[key] for key in told if not key.startswith("augmentation.")}
        told["augmentation"] = preset
    told.pop("shares.train", None)  # what the others leave
    return told


def _usual(spec: TrainSpec) -> TrainSpec:
    """The recipe's own settings."""
    dataset = {"dataset_id", "dataset_version"}
    own = {"recipe", "architecture", "image_size", "epochs", "learning_rate"}
    recipe = RECIPES.get(spec.recipe)
    return TrainSpec.model_validate(
        spec.model_dump(include=dataset | own) | (recipe.values if recipe is not None else {})
    )


def _text(key: str, value: Any) -> str:
    """A value as ``--set`` reads it."""
    if key == "stack":
        return json.dumps([layer.model_dump(exclude_defaults=True) for layer in value])
    if key == "batch_size" and value == 0:
        return "auto"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return ",".join(str(each) for each in value)
    # All digits of a number, without the last zero of a whole one.
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)
