"""Recipes: whole ways of training, each said in a sentence, with defaults that fit the data.

A recipe is a set of values of a :class:`TrainSpec`, nothing more. Importable without TensorFlow, so
that pages can offer and check them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from core.datasets.images import Decoding
from core.errors import named
from core.features import backbones
from core.features.weights import find_weights
from core.quality.export import split_plan
from core.quality.index import grey_range, page_of
from core.training import architectures
from core.training.auto import looks
from core.training.spec import TrainSpec, parse_spec


@dataclass(frozen=True)
class Recipe:
    """One way of training.

    Attributes:
        title, sentence: for people; the sentence says what it does and when to take it.
        values: settings that differ from a spec's own defaults.
    """

    key: str
    title: str
    sentence: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def architecture(self) -> architectures.Architecture:
        return architectures.get(self.values["architecture"])


_ADAMW = {"name": "adamw", "weight_decay": 0.02}
_PRETRAINED: dict[str, Any] = {
    "architecture": "mobilenet_v2",
    "weights": "imagenet",
    "image_size": 128,
    "epochs": 15,
    "learning_rate": 2e-3,
    "optimizer": _ADAMW,
    "schedule": {"name": "cosine", "warmup": 0.05},
    "loss": {"label_smoothing": 0.1},
    "dropout": 0.4,
    "augmentation": "light",
}

# The times that are offered, in minutes, with what they are called.
TIMES = {1.0: "1 minute", 5.0: "5 minutes", 30.0: "30 minutes", 240.0: "Until nothing helps"}

RECIPES: dict[str, Recipe] = {
    recipe.key: recipe
    for recipe in (
        Recipe(
            "auto",
            "Auto",
            "You give a time, and Lightbox finds out what works best for your images. It ends "
            "early when nothing is left to try.",
            _PRETRAINED
            | {
                "architecture": "efficientnet_lite0",
                "minutes": 1.0,
            },
        ),
        Recipe(
            "quick",
            "Quick",
            "Builds on what was learned from over a million photos, and learns only your classes "
            "from yours. The fastest start for photos.",
            _PRETRAINED,
        ),
        Recipe(
            "balanced",
            "Balanced",
            "Begins like Quick, then also learns to see your images better. Takes a few times "
            "longer; on some sets it is more accurate, on others not.",
            _PRETRAINED
            | {
                "epochs": 5,
                "frozen": 0.6,
                "tuning": {"epochs": 6, "learning_rate": 1e-3},
            },
        ),
        Recipe(
            "best",
            "Best",
            "Learns to see your images anew, larger and in many variations, and looks at each one "
            "several times in use. For when time matters less than the last mistakes.",
            _PRETRAINED
            | {
                "image_size": 160,
                "epochs": 6,
                "frozen": 0.3,
                "tuning": {"epochs": 20, "learning_rate": 1e-3},
                "augmentation": "medium",
                "test_views": 3,
            },
        ),
        Recipe(
            "scratch",
            "From scratch",
            "Learns from your images alone. Good for drawings, scans, pictures from a microscope "
            "and anything that doesn't look like everyday photos.",
            {
                "architecture": "compact",
                "image_size": 64,
                "learning_rate": 4e-3,
                "optimizer": _ADAMW,
                "schedule": {"name": "one_cycle", "warmup": 0.25},
                "loss": {"label_smoothing": 0.1},
                "dropout": 0.2,
                "augmentation": "light",
            },
        ),
        Recipe(
            "classic",
            "Classic",
            "What most courses on image recognition begin with. Slower and usually less accurate; "
            "there to learn from and to compare with.",
            {
                "architecture": "classic",
                "image_size": 64,
                "learning_rate": 1e-3,
                "optimizer": {"name": "adam"},
                "schedule": {"name": "constant"},
                "dropout": 0.5,
                "augmentation": "light",
            },
        ),
    )
}

# Images seen in all by a network from scratch, over all epochs; more brings little.
_IMAGE_PASSES = 22_000
_SMALL = 48
_SMALL_PHOTO = 112
# Varied views of each image that a head is trained on, by number of training images: the more there
# are, the fewer are needed.
VIEWS = ((6_000, 3), (20_000, 2), (60_000, 1))


def suggest(table: pd.DataFrame) -> str:
    """The recipe to start with, for usable images: photos start from what photos taught."""
    return "scratch" if looks.typical_side(table) < _SMALL else "auto"


def default_spec(
    dataset_id: str, dataset_version: int, recipe: str, table: pd.DataFrame
) -> TrainSpec:
    """Sensible settings for these images.

    A pretrained recipe takes the network that comes with Lightbox where the weights of its own are
    not here. That one sees less in small pictures, so it gets them a size larger.

    Args:
        table: usable images, with columns ``width`` and ``height``.

    Raises:
        InvalidInput: there is no such recipe.
    """
    card = get(recipe)
    values = dict(card.values)
    side = looks.typical_side(table)
    if recipe == "auto":
        values["image_size"] = looks.sizes(table)[0]
    elif card.architecture.backbone is not None:
        # Enlarged pixels show nothing more, and cost as much.
        small = side <= _SMALL_PHOTO and recipe != "best"
        if find_weights(card.architecture.backbone) is None:
            values |= {"architecture": backbones.INCLUDED, "image_size": 128 if small else 160}
        elif small:
            values["image_size"] = 96
    else:
        if side <= 32:
            values["image_size"] = 32
        epochs = int(np.clip(round(_IMAGE_PASSES / (0.7 * max(1, len(table)))), 6, 60))
        values["epochs"] = min(epochs, 20) if recipe == "classic" else epochs
    values["decoding"] = str(Decoding(greys=grey_range(table), page=page_of(table)))
    return parse_spec(
        {"dataset_id": dataset_id, "dataset_version": dataset_version, "recipe": recipe, **values}
    )


def get(recipe: str) -> Recipe:
    """The recipe of this name.

    Raises:
        InvalidInput: there is none; the sentence names those that there are.
    """
    return named("recipe", recipe, RECIPES)


def batch_size(spec: TrainSpec, training_images: int) -> int:
    """Images a step: the spec's, or what suits the number of training images.

    From scratch, steps are what is learned by, so small datasets get small batches; a head on
    finished features gains nothing from more than 32.
    """
    if spec.batch_size:
        return spec.batch_size
    return 128 if training_images >= 20_000 else 64 if training_images >= 5_000 else 32


def plan(spec: TrainSpec, table: pd.DataFrame) -> pd.Series:
    """The split of usable images under this spec; copies and near-duplicates stay on one side."""
    return split_plan(table, spec.shares, spec.seed)
