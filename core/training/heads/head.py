"""What heads have in common: what they are given, what they give, and that as a Keras model."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
In = TypeVar("In")
Out = TypeVar("Out")
Activation = Literal["linear", "unit", "exponential", "relu"]


@dataclass(frozen=True)
class Step:
    """One dense layer.

    Attributes:
        kernel: float32, shape (inputs, outputs).
        bias: float32, shape (outputs,).
        activation: what follows; ``unit`` divides each row by its Euclidean length.
    """

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    activation: Activation = "linear"

    def __call__(self, rows: Floats) -> NDArray[np.float32]:
        """Shape (n, inputs) to (n, outputs), as Keras computes it."""
        made = rows.astype(np.float32) @ self.kernel + self.bias
        if self.activation == "unit":
            length = np.sqrt(np.square(made).sum(axis=1, keepdims=True))
            return np.asarray(made / np.maximum(length, 1e-12), np.float32)
        if self.activation == "exponential":
            return np.asarray(np.exp(made), np.float32)
        return np.asarray(np.maximum(made, 0) if self.activation == "relu" else made, np.float32)

    def times(self, factor: float) -> Step:
        """The same layer with what it gives multiplied; of linear ones only."""
        by = np.float32(factor)
        return Step(self.kernel * by, self.bias * by)


Steps = tuple[Step, ...]


def answer(steps: Sequence[Step], rows: Floats) -> NDArray[np.float32]:
    """What comes out of all steps, one after the other: shape (n, outputs of the last)."""
    for step in steps:
        rows = step(rows)
    return np.asarray(rows, np.float32)


@dataclass(frozen=True)
class Problem:
    """What a head is fitted on.

    Attributes:
        rows: float32, shape (n, r): coordinates of images (:mod:`core.training.heads.reduce`).
        labels: int64, shape (n,), 0 to ``classes`` - 1.
        classes: how many there are; some may have no image in a fold.
        folds: rows of each fold; together all rows, once.
        weights: shape (n,), mean 1: how much each image counts.
        seed: decides whatever is drawn.
        known: settings to take as they are, for a head that was chosen before; empty to choose.
        check: called now and then; raises where the person wants it to stop.
        tell: called with rows and their scores, from folds without them, as they become known; from
            any thread.
    """

    rows: NDArray[np.float32]
    labels: NDArray[np.int64]
    classes: int
    folds: list[NDArray[np.int64]]
    weights: NDArray[np.float64]
    seed: int = 1
    known: Mapping[str, float] = field(default_factory=dict)
    check: Callable[[], None] = field(default=lambda: None)
    tell: Callable[[NDArray[np.int64], Floats], None] = field(default=lambda *_: None)

    @property
    def targets(self) -> NDArray[np.float64]:
        """One-hot labels, shape (n, classes)."""
        return np.asarray(np.eye(self.classes)[self.labels])

    def some(self, at: NDArray[np.int64], rows: NDArray[np.float32]) -> Problem:
        """Of some of the images only, in folds as before; nobody is told of their scores.

        Args:
            at: which.
            rows: their coordinates.
        """
        place = np.full(len(self.labels), -1)
        place[at] = np.arange(len(at))
        inner = [place[fold][place[fold] >= 0] for fold in self.folds]
        folds = [fold for fold in inner if len(fold)]
        return replace(
            self,
            rows=rows,
            labels=self.labels[at],
            folds=folds,
            weights=self.weights[at],
            tell=lambda *_: None,
        )

    def without(self, fold: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows that are not in a fold; all rows where that would be none."""
        kept = np.ones(len(self.labels), bool)
        kept[fold] = False
        return np.flatnonzero(kept) if kept.any() else np.arange(len(self.labels))


def side_by_side(work: Callable[[In], Out], each: Iterable[In]) -> Iterator[Out]:
    """What comes of each, in order; one core each.

    For work of many small products, in which several cores at one of them wait for one another.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        yield from pool.map(work, each)


def fold_by_fold(
    problem: Problem, answer_without: Callable[[NDArray[np.int64]], Floats]
) -> NDArray[np.float64]:
    """Scores of all images, each fold's from its own call; folds side by side.

    Args:
        answer_without: from a fold's rows to scores of these, fitted on the others.
    """
    out = np.zeros((len(problem.labels), problem.classes))
    for fold, scores in zip(
        problem.folds, side_by_side(answer_without, problem.folds), strict=True
    ):
        out[fold] = scores
        problem.tell(fold, scores)
    return out


@dataclass(frozen=True)
class Judged:
    """What a head has shown of itself.

    Attributes:
        scores: shape (n, classes): of each image from folds without it; the largest is the answer.
        settings: what was chosen, by name, for people who ask.
        fit: fits it on all rows; from coordinates to scores of the kind of ``scores``.
    """

    scores: NDArray[np.float64]
    settings: dict[str, float]
    fit: Callable[[], Steps]


@dataclass(frozen=True)
class Again:
    """How a notebook fits a head once more, with the settings that were found.

    Attributes:
        names: definitions of the head's own file that are given out with it.
        code: what gives ``steps`` from ``problem``, ``every`` (the numbers of its rows) and SEED.
    """

    names: tuple[str, ...]
    code: tuple[str, ...]


@dataclass(frozen=True)
class Head:
    """One kind of head.

    Attributes:
        title: for people, within a sentence.
        cost: about how long it takes beside the quickest one; quicker ones are tried first.
        judge: chooses its settings by the folds. The file that defines it is the head's own.
        again: from these settings, and how many images there are, to what a notebook does.
        fewest: with fewer images than that it was never the best, and is not tried.
    """

    key: str
    title: str
    cost: int
    judge: Callable[[Problem], Judged]
    again: Callable[[Mapping[str, float], int], Again]
    fewest: int = 0


def as_model(steps: Sequence[Step]) -> Any:
    """A ``keras.Model`` named ``head`` from features (n, f) to probabilities (n, classes).

    Args:
        steps: from features to the softmax's inputs.
    """
    import keras
    from keras import layers

    vector = x = keras.Input((steps[0].kernel.shape[0],), name="features")
    values = []
    for number, step in enumerate(steps, 1):
        name = "logits" if number == len(steps) else f"step_{number}"
        plain = step.activation in ("linear", "unit")
        dense = layers.Dense(
            len(step.bias), activation=None if plain else step.activation, name=name
        )
        x = dense(x)
        values.append((dense, step))
        if step.activation == "unit":
            x = layers.UnitNormalization(name=f"unit_{number}")(x)
    probabilities = layers.Activation("softmax", dtype="float32", name="probabilities")(x)
    for dense, step in values:
        dense.set_weights([step.kernel, step.bias])
    return keras.Model(vector, probabilities, name="head")
