"""Recipes: whole ways of training, each said in a sentence, with defaults that fit the data.

Importable without TensorFlow, so that pages can offer and check them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.datasets.splits import split_warnings
from core.errors import InvalidInput
from core.quality.export import split_plan
from core.training.spec import TrainSpec


@dataclass(frozen=True)
class Recipe:
    """One way of training.

    Attributes:
        title, sentence: for people; the sentence says what it does and when to take it.
        architecture: key in :mod:`core.training.architectures`.
        smallest, usual: image sizes in pixels.
        frozen: only the head is trained, on features that are computed once.
        schedule: ``one_cycle``, ``constant`` or ``cosine``.
        optimizer: ``adamw`` or ``adam``.
        learning_rate: default.
    """

    key: str
    title: str
    sentence: str
    architecture: str
    smallest: int
    usual: int
    frozen: bool
    schedule: str
    optimizer: str
    learning_rate: float


RECIPES: dict[str, Recipe] = {
    recipe.key: recipe
    for recipe in (
        Recipe(
            "transfer",
            "Transfer learning",
            "Starts from MobileNetV2, which has learned from over a million photos, and learns only "
            "the last step from yours. The best start for photos, and the fastest.",
            "mobilenet_v2",
            smallest=96,
            usual=128,
            frozen=True,
            schedule="cosine",
            optimizer="adamw",
            learning_rate=2e-3,
        ),
        Recipe(
            "compact",
            "Compact network from scratch",
            "A small modern network that learns from your images alone. Good for drawings, scans, "
            "microscopy and anything that doesn't look like everyday photos.",
            "compact",
            smallest=16,
            usual=64,
            frozen=False,
            schedule="one_cycle",
            optimizer="adamw",
            learning_rate=4e-3,
        ),
        Recipe(
            "classic",
            "Classic teaching network",
            "The network of most tutorials (Conv, MaxPool, Dropout, Flatten, Dense). Slower and "
            "usually less accurate; there to learn from and to compare with.",
            "classic",
            smallest=16,
            usual=64,
            frozen=False,
            schedule="constant",
            optimizer="adam",
            learning_rate=1e-3,
        ),
    )
}

# Images seen in all by a network from scratch, over all epochs; more brings little.
_IMAGE_PASSES = 32_000
# Activations of the largest layers, in bytes an image and pixel, measured for the compact net.
_BYTES_PER_PIXEL = 3000
_MEMORY_LIMIT = 6 * 1024**3


def suggest(table: pd.DataFrame) -> str:
    """The recipe to start with, for usable images: photos start from what photos taught."""
    return "compact" if _typical_side(table) < 48 else "transfer"


def default_spec(
    dataset_id: str, dataset_version: int, recipe: str, table: pd.DataFrame
) -> TrainSpec:
    """Sensible settings for these images.

    Args:
        table: usable images, with columns ``width`` and ``height``.

    Raises:
        InvalidInput: there is no such recipe.
    """
    card = get(recipe)
    images = max(1, len(table))
    size = card.usual
    if not card.frozen and _typical_side(table) <= 32:
        size = 32
    epochs = int(np.clip(round(_IMAGE_PASSES / (0.7 * images)), 6, 60))
    return TrainSpec(
        dataset_id=dataset_id,
        dataset_version=dataset_version,
        recipe=recipe,
        image_size=size,
        epochs={"classic": min(epochs, 20), "transfer": 25}.get(recipe, epochs),
        batch_size=32 if images < 20_000 else 128,
        learning_rate=card.learning_rate,
    )


def get(recipe: str) -> Recipe:
    """The recipe of this name.

    Raises:
        InvalidInput: there is none; the sentence names those that there are.
    """
    if recipe not in RECIPES:
        raise InvalidInput(
            f"There is no recipe “{recipe}”.", remedy="There are: " + ", ".join(RECIPES) + "."
        )
    return RECIPES[recipe]


def plan(spec: TrainSpec, table: pd.DataFrame) -> pd.Series:
    """The split of usable images under this spec; copies and near-duplicates stay on one side."""
    return split_plan(table, spec.shares, spec.seed)


def check(spec: TrainSpec, table: pd.DataFrame) -> list[str]:
    """Refuse what can't work before it starts; return what the person should know.

    Args:
        table: usable images.

    Raises:
        InvalidInput: at the setting or the class that is at fault.
    """
    card = get(spec.recipe)
    classes = sorted(table["label"].unique())
    if len(classes) < 2:
        only = f" (“{classes[0]}”)" if classes else ""
        raise InvalidInput(
            f"This dataset has {len(classes)} class{'' if len(classes) == 1 else 'es'} with usable "
            f"images{only}; a classifier needs at least two to tell apart.",
            remedy="Add a folder of images for another class.",
        )
    if spec.image_size < card.smallest:
        raise InvalidInput(
            f"The image size is {spec.image_size} pixels; “{card.title}” needs at least "
            f"{card.smallest}.",
            remedy="Choose a larger size.",
        )
    needed = spec.batch_size * spec.image_size**2 * _BYTES_PER_PIXEL
    if not card.frozen and needed > _MEMORY_LIMIT:
        raise InvalidInput(
            f"The batch size of {spec.batch_size} at {spec.image_size} pixels needs about "
            f"{needed / 1024**3:.0f} GB of memory.",
            remedy="Choose a smaller batch size or image size.",
        )
    splits = plan(spec, table)
    learned = sorted(table.loc[splits == "train", "label"].unique())
    if len(learned) == 1:
        raise InvalidInput(
            f"All training images are of one class (“{learned[0]}”); a classifier needs at least "
            "two to tell apart.",
            remedy="Add training images of another class.",
        )
    for split, what in (("train", "train on"), ("test", "test with")):
        if not (splits == split).any():
            raise InvalidInput(
                f"With these shares no image is left to {what}.",
                remedy="Add images, or change the shares.",
            )
    warnings = split_warnings(table["label"], splits)
    if not (splits == "validation").any():
        warnings.append(
            "There are no validation images, so training can't notice when it goes too far; the "
            "last epoch is kept."
        )
    return warnings


def _typical_side(table: pd.DataFrame) -> float:
    if table.empty:
        return 64.0
    return float(np.median(np.minimum(table["width"], table["height"])))
