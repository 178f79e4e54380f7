"""Something that a single dense layer learns in milliseconds: points in three heaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.progress import Reporter
from core.training.fitting.batches import Batches, Examples
from core.training.fitting.callbacks.base import FitPhase, Samples
from core.training.fitting.checkpoint import Checkpoint, FitState
from core.training.fitting.fit import Run, epochs_done, fit
from core.training.spec import TrainSpec
from tests.recording import RecordingReporter

FEATURES = 8
N = 45
CLASSES = ("ash", "beech", "cedar")
BATCHES = 5
HELD_OUT = 200


def make_points(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    middles = np.eye(3, FEATURES) * 1.5
    return (middles[labels] + rng.normal(0, 1, (n, FEATURES))).astype(np.float32), labels


def batches(n: int = N, *, seed: int | None = 1, batch_size: int = 10, **options: Any) -> Batches:
    points, labels = make_points(n, 0 if seed is None else 1)
    return Batches(
        Examples([points], np.arange(n), labels, 3), batch_size=batch_size, seed=seed, **options
    )


def held_out() -> Batches:
    return batches(HELD_OUT, seed=None, batch_size=64)


def model(dropout: float = 0.0) -> Any:
    import keras

    keras.utils.set_random_seed(3)
    x = given = keras.Input((FEATURES,), name="features")
    if dropout:
        x = keras.layers.Dropout(dropout)(x)
    return keras.Model(given, keras.layers.Dense(3, activation="softmax")(x))


def spec(**changes: Any) -> TrainSpec:
    values: dict[str, Any] = {
        "dataset_id": "none",
        "dataset_version": 1,
        "recipe": "classic",
        "architecture": "classic",
        "image_size": 16,
        "epochs": 3,
        "batch_size": 10,
        "learning_rate": 0.05,
    }
    wanted = {name.replace("__", "."): value for name, value in changes.items()}
    return TrainSpec(**values).with_values(wanted)


def part_of(settings: TrainSpec, **changes: Any) -> FitPhase:
    points, labels = make_points(3, 0)
    part = FitPhase(
        "",
        settings,
        N,
        settings.batch_size,
        CLASSES,
        Samples(points, ["1.png", "2.png", "3.png"], [CLASSES[n] for n in labels]),
    )
    return replace(part, **changes)


@dataclass
class Done:
    """What came of a fit."""

    model: Any
    fit_state: FitState
    stopped: bool

    @property
    def history(self) -> list[dict[str, Any]]:
        return [entry.as_json() for entry in self.fit_state.history]

    def column(self, name: str) -> list[Any]:
        return [entry[name] for entry in self.history]


def trained(
    report: Reporter | None = None,
    *,
    validate: bool = True,
    made: Any = None,
    fit_state: FitState | None = None,
    checkpoint: Checkpoint | None = None,
    part: dict[str, Any] | None = None,
    options: dict[str, Any] | None = None,
    **changes: Any,
) -> Done:
    """A fit of the points.

    Args:
        part: what is different about it from the only part of a run.
        options: of the training batches.
        changes: of the spec.
    """
    settings = spec(**changes)
    made = model() if made is None else made
    this = part_of(settings, **(part or {}))
    fit_state = fit_state or FitState()
    train = batches(
        batch_size=settings.batch_size,
        seed=settings.seed,
        epoch=epochs_done(fit_state, this),
        **(options or {}),
    )
    run = Run(report or RecordingReporter(), fit_state, checkpoint)
    stopped = fit(run, made, train, held_out() if validate else None, this)
    return Done(made, fit_state, stopped)


def figures(history: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries without what differs from time to time."""
    return [
        {key: value for key, value in entry.items() if key not in ("seconds", "memory_mb")}
        for entry in history
    ]
