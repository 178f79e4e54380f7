"""Answers made from arrays, for tests of what is derived from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.evaluation.metrics import evaluate
from core.evaluation.predictions import Predictions
from core.evaluation.records import Evaluation


def answered(
    true: Sequence[int] | np.ndarray,
    probabilities: Sequence[Sequence[float]] | np.ndarray,
    labels: Sequence[str] | None = None,
    *,
    on: str = "test",
    classes: int = 3,
    groups: np.ndarray | None = None,
) -> tuple[Evaluation, Predictions]:
    """An evaluation and its answers; answers are the likeliest classes."""
    given = np.asarray(probabilities, np.float32)
    given = given.reshape(len(true), -1) if len(true) else np.zeros((0, classes), np.float32)
    names = list(labels or [f"c{n}" for n in range(given.shape[1])])
    known = np.asarray(true, np.int64)
    said = given.argmax(axis=1) if len(known) else np.zeros(0, np.int64)
    table = pd.DataFrame(
        {
            "path": [f"{n}.png" for n in range(len(known))],
            "label": [names[n] for n in known],
            "predicted": [names[n] for n in said],
            "confidence": given.max(axis=1) if len(known) else np.zeros(0, np.float32),
            "correct": known == said,
            "hash": "",
        }
    )
    return evaluate("run", on, names, known, said, groups=groups), Predictions(
        "run", on, names, table, known, said, given, groups
    )


def called(
    true: Sequence[int] | np.ndarray,
    predicted: Sequence[int] | np.ndarray,
    classes: int = 3,
    *,
    sure: float = 0.8,
    labels: Sequence[str] | None = None,
    on: str = "test",
) -> tuple[Evaluation, Predictions]:
    """As above, with the answers said and the same confidence in each of them."""
    rest = (1 - sure) / max(1, classes - 1)
    given = np.full((len(true), classes), rest if classes > 1 else 1.0)
    given[np.arange(len(true)), np.asarray(predicted, int)] = sure if classes > 1 else 1.0
    return answered(true, given, labels, on=on, classes=classes)


def guessed(
    images: int, classes: int, *, skill: float = 2.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """True classes and probabilities of a model that is right more often the more skill it has."""
    random = np.random.default_rng(seed)
    true = random.integers(0, classes, images)
    logits = random.normal(size=(images, classes))
    logits[np.arange(images), true] += skill
    given = np.exp(logits)
    return true, (given / given.sum(axis=1, keepdims=True)).astype(np.float32)
