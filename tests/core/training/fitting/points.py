"""Something that a single dense layer learns in milliseconds: points in three heaps."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from core.training.fitting.batches import Batches
from core.training.recipes import RECIPES, Recipe
from core.training.spec import TrainSpec

FEATURES = 8
N = 45
RECIPE: Recipe = RECIPES["classic"]


def make_points(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    middles = np.eye(3, FEATURES) * 1.5
    return (middles[labels] + rng.normal(0, 1, (n, FEATURES))).astype(np.float32), labels


def batches(n: int = N, *, seed: int | None = 1, batch_size: int = 10) -> Batches:
    points, labels = make_points(n, 0 if seed is None else 1)
    return Batches(points, np.arange(n), labels, 3, batch_size=batch_size, seed=seed)


def model() -> Any:
    keras.utils.set_random_seed(3)
    given = keras.Input((FEATURES,), name="features")
    return keras.Model(given, keras.layers.Dense(3, activation="softmax")(given))


def spec(**changes: Any) -> TrainSpec:
    values: dict[str, Any] = {
        "dataset_id": "none", "dataset_version": 1, "recipe": "classic", "image_size": 16,
        "epochs": 3, "batch_size": 10, "learning_rate": 0.05,
    }  # fmt: skip
    return TrainSpec(**values | changes)
